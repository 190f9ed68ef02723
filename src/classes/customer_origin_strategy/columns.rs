//! The columns that an origin strategy of a customer is written to.

use diesel::dsl::max;
use diesel::prelude::*;

use super::host_keys;
use super::rules::place;
use super::{CustomerOriginStrategy, CustomerOriginStrategyDraft};
use crate::addresses::CustomerOriginStrategyAddress;
use crate::hydra::{Fault, Problem};
use crate::origins::Strategy;
use crate::resource::UnitOfWork;
use crate::resource::credentials::Credentials;
use crate::schema::{customer_origin_strategies as strategies, customers};

/// Strategies that a customer may have, at most: each image is held against all of them.
const MAX_STRATEGIES: i64 = 100;

/// Refuses one more strategy where a customer has [`MAX_STRATEGIES`]; concurrent additions are serialised.
fn check_number(conn: &mut PgConnection, customer: i32) -> Result<(), Problem> {
    // Two who add at once must not both find the last place free.
    customers::table.find(customer).select(customers::id).for_no_key_update().first::<i32>(conn)?;
    let locked: i64 =
        strategies::table.filter(strategies::customer.eq(customer)).count().get_result(conn)?;
    if locked < MAX_STRATEGIES {
        return Ok(());
    }
    let reason = format!("are {locked} already, and a customer may have {MAX_STRATEGIES} at most");
    // Nothing of the body is wrong.
    Err(Fault { pointer: String::new(), ..Fault::new("originStrategies", reason) }.into())
}

/// Returns the position that was given, or the one after all others of the customer.
fn position(
    conn: &mut PgConnection,
    at: &CustomerOriginStrategyAddress,
    given: Option<i32>,
) -> Result<i32, Problem> {
    if let Some(given) = given {
        return Ok(given);
    }
    let last: Option<i32> = strategies::table
        .filter(strategies::customer.eq(at.customer))
        .filter(strategies::id.ne(&at.origin_strategy))
        .select(max(strategies::position))
        .first(conn)?;
    Ok(last.map_or(0, |last| last.saturating_add(1)))
}

/// The columns that a draft is written to.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = strategies, treat_none_as_null = true)]
pub(super) struct Columns {
    regex: String,
    origin_strategy: String,
    /// Sealed.
    credentials: Option<Vec<u8>>,
    position: i32,
}

/// Returns the columns of a draft: in the last place where it names none, its credentials sealed.
///
/// # Errors
/// Returns [`Problem::Invalid`] where the customer has as many strategies as it may have.
pub(super) fn columns(
    s: &mut UnitOfWork<'_>,
    at: &CustomerOriginStrategyAddress,
    locked: Option<&CustomerOriginStrategy>,
    draft: CustomerOriginStrategyDraft,
) -> Result<Columns, Problem> {
    if locked.is_none() {
        check_number(s.conn, at.customer)?;
    }
    let position = position(s.conn, at, draft.position)?;
    let strategy = Strategy::parse(&draft.origin_strategy);
    let credentials = match strategy.and_then(|strategy| strategy.credentials().shape()) {
        Some(shape) => {
            let held = locked.filter(|locked| locked.takes(shape));
            let held = held.and_then(|locked| locked.credentials.clone());
            let place = place(at.customer, &at.origin_strategy);
            draft.credentials.seal(held, shape, s, &place)?
        }
        // A strategy that takes no credentials keeps none.
        None => None,
    };
    if locked.is_some() && matches!(draft.credentials, Credentials::Given(_)) {
        // Who writes them anew may have found that a host has another key.
        host_keys::forget(s.conn, at)?;
    }
    // The id of a strategy may have been given by an older name.
    let origin_strategy = strategy.map_or(draft.origin_strategy, |s| s.id().to_owned());
    Ok(Columns { regex: draft.regex, origin_strategy, credentials, position })
}
