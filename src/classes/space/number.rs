//! Numbers of spaces, which the service gives.

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::hydra::Problem;
use crate::schema::{customers, spaces};

/// Gives the next free number after the last that was given; numbers chosen by PUT are skipped.
///
/// # Errors
/// Returns [`Problem::Invalid`] if the numbers are used up.
pub fn next_number(conn: &mut PgConnection, customer: i32) -> Result<i32, Problem> {
    let last: i32 = customers::table
        .find(customer)
        .select(customers::last_space)
        .for_no_key_update()
        .first(conn)?;
    let overflow = || {
        let reason = "cannot be given: the numbers of spaces are used up; PUT to one that is free";
        Problem::invalid("id", reason)
    };
    let candidate = last.checked_add(1).ok_or_else(overflow)?;
    let is_free = |conn: &mut PgConnection, number: i32| -> Result<bool, Problem> {
        let taken = exists(spaces::table.find((customer, number)));
        Ok(!diesel::select(taken).get_result::<bool>(conn)?)
    };
    let number = if is_free(conn, candidate)? {
        candidate
    } else {
        let (taken, after) = diesel::alias!(spaces as taken, spaces as after);
        // The first number in use from the candidate on that has no neighbour above.
        let end: i32 = taken
            .filter(taken.field(spaces::customer).eq(customer))
            .filter(taken.field(spaces::id).ge(candidate))
            .filter(diesel::dsl::not(exists(
                after
                    .filter(after.field(spaces::customer).eq(customer))
                    .filter((after.field(spaces::id) - 1).eq(taken.field(spaces::id))),
            )))
            .order(taken.field(spaces::id))
            .select(taken.field(spaces::id))
            .first(conn)?;
        end.checked_add(1).ok_or_else(overflow)?
    };
    diesel::update(customers::table.find(customer))
        .set(customers::last_space.eq(number))
        .execute(conn)?;
    Ok(number)
}
