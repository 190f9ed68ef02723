//! Keys by which the hosts of a strategy are known, kept at the first fetch from each.

use diesel::prelude::*;

use crate::addresses::CustomerOriginStrategyAddress;
use crate::hydra::Problem;
use crate::origins::OriginError;
use crate::schema::{customer_origin_strategies as strategies, host_keys};

/// Hosts of which keys are kept, for one strategy.
const MAX_HOSTS: i64 = 1000;

/// Returns the key that is kept of a host; where none is, keeps this one and returns it.
///
/// Of several who come first, one is kept. A strategy that was removed meanwhile keeps none.
///
/// # Errors
/// Fails if the database does not answer; within, returns [`OriginError::TooManyHosts`].
pub fn pin(
    conn: &mut PgConnection,
    at: &CustomerOriginStrategyAddress,
    host: &str,
    key: &str,
) -> Result<Result<String, OriginError>, Problem> {
    let kept = host_keys::table.find((at.customer, &at.origin_strategy, host));
    let kept = kept.select(host_keys::key);
    if let Some(kept) = kept.first(conn).optional()? {
        return Ok(Ok(kept));
    }
    // Nobody adds or forgets keys of the strategy meanwhile.
    let strategy = strategies::table.find((at.customer, &at.origin_strategy));
    let strategy = strategy.select(strategies::id).for_no_key_update();
    if strategy.first::<String>(conn).optional()?.is_none() {
        return Ok(Ok(key.to_owned()));
    }
    if let Some(kept) = kept.first(conn).optional()? {
        return Ok(Ok(kept));
    }
    let of_strategy = host_keys::table
        .filter(host_keys::customer.eq(at.customer))
        .filter(host_keys::origin_strategy.eq(&at.origin_strategy));
    if of_strategy.count().get_result::<i64>(conn)? >= MAX_HOSTS {
        return Ok(Err(OriginError::TooManyHosts { limit: MAX_HOSTS }));
    }
    let row = (
        host_keys::customer.eq(at.customer),
        host_keys::origin_strategy.eq(&at.origin_strategy),
        host_keys::host.eq(host),
        host_keys::key.eq(key),
    );
    diesel::insert_into(host_keys::table).values(row).execute(conn)?;
    Ok(Ok(key.to_owned()))
}

/// Forgets the keys of all hosts of a strategy.
///
/// # Errors
/// Fails if the database does not answer.
pub fn forget(conn: &mut PgConnection, at: &CustomerOriginStrategyAddress) -> Result<(), Problem> {
    let of_strategy = host_keys::table
        .filter(host_keys::customer.eq(at.customer))
        .filter(host_keys::origin_strategy.eq(&at.origin_strategy));
    diesel::delete(of_strategy).execute(conn)?;
    Ok(())
}
