//! `hydria check`: do rows, counters and objects agree?

use super::Failure;
use super::binding;
use super::setup::Rows;
use crate::config::Config;
use crate::engine::check::{self, Options};

/// Looks, and mends where told to; says what it finds as it finds it.
///
/// # Errors
/// Fails if something does not agree and was not mended, or the database does not answer.
pub fn run(config: &Config, repair: bool) -> Result<(), Failure> {
    let rows = if repair { Rows::change(config) } else { Rows::look(config) }?;
    let storage = binding::existing_storage(config, &rows.deployment)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut say = |finding: &str| println!("{finding}{}", if repair { " (mended)" } else { "" });
    let options = Options { repair, ..Options::default() };
    let found = runtime.block_on(check::check(&rows.database, &storage, options, &mut say));
    rows.close()?;
    match found? {
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
