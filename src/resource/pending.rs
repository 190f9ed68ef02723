//! Jobs that an answer waits for.

use std::sync::Arc;

use diesel::PgConnection;

use crate::hydra::Problem;

/// Looks up the number of the job that is waited for now; `None` if it is done.
///
/// It may be another each time, because what was asked for may be asked for again meanwhile.
pub type PendingJob = Arc<dyn Fn(&mut PgConnection) -> Result<Option<i64>, Problem> + Send + Sync>;
