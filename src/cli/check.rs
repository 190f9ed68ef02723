//! `hydria check`: do rows, counters and objects agree?

use super::{Failure, setup::Setup};
use crate::config::Config;
use crate::engine::check;

/// Looks, and mends where told to.
///
/// # Errors
/// Where something does not agree and was not mended, or the database does not answer.
pub fn run(config: &Config, repair: bool) -> Result<(), Failure> {
    let setup = Setup::join(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found = runtime.block_on(check::check(&setup.database, &setup.storage, repair));
    setup.close()?;
    let findings = found?;
    for finding in &findings {
        println!("{finding}{}", if repair { " (mended)" } else { "" });
    }
    match findings.len() {
        0 => {
            println!("rows, counters and objects agree");
            Ok(())
        }
        count if repair => {
            println!("{count} findings mended");
            Ok(())
        }
        count => Err(format!("{count} findings; `hydria check --repair` mends them").into()),
    }
}
