//! Keeps keys of hosts in the database, for fetches that are under way.

use crate::addresses::CustomerOriginStrategyAddress;
use crate::classes::customer_origin_strategy::host_keys;
use crate::database::Database;
use crate::fairness::Limiter;
use crate::origins::{HostKeys, OriginError, Pinning};

/// Keys of the hosts of one strategy.
pub(super) struct KeysOfStrategy {
    pub database: Database,
    /// Transactions at once, by customer.
    pub acts: Limiter<i32>,
    pub at: CustomerOriginStrategyAddress,
}

impl HostKeys for KeysOfStrategy {
    fn pin<'a>(&'a self, host: &'a str, key: &'a str) -> Pinning<'a> {
        Box::pin(async move {
            let permit = self.acts.acquire(self.at.customer, 1).await;
            let (database, at) = (self.database.clone(), self.at.clone());
            let (host, key) = (host.to_owned(), key.to_owned());
            let act = tokio::task::spawn_blocking(move || {
                let pinned = crate::resource::transaction::write(&database, |conn| {
                    host_keys::pin(conn, &at, &host, &key)
                });
                drop(permit);
                pinned
            });
            match act.await {
                Ok(Ok(pinned)) => pinned,
                Ok(Err(problem)) => Err(OriginError::HostKeys { source: problem.into() }),
                Err(broken) => Err(OriginError::HostKeys { source: broken.into() }),
            }
        })
    }
}

/// Keys of no host: for strategies by which none is known.
pub(super) struct NoKeys;

impl HostKeys for NoKeys {
    fn pin<'a>(&'a self, _host: &'a str, key: &'a str) -> Pinning<'a> {
        Box::pin(async move { Ok(key.to_owned()) })
    }
}
