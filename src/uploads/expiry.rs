//! The removal of uploads whose time is over and that no image names.

use diesel::dsl::now;
use diesel::prelude::*;

use super::{drop_locked, is_named};
use crate::hydra::Problem;
use crate::schema::uploads;

/// Uploads that are looked at in one transaction, at most.
const AT_ONCE: i64 = 100;

/// Parts that one transaction removes, after which it begins with no other upload.
const PARTS: usize = 2_000;

/// Removes some uploads that are due, and keeps those that images name; returns whether there may be more.
///
/// An upload whose row is locked, as by who is naming it, waits for the next round. Whoever names one locks its row first, so
/// that what is seen under the lock is so.
///
/// # Errors
/// Fails if the database does not answer.
pub fn remove_old(conn: &mut PgConnection) -> Result<bool, Problem> {
    let due: Vec<(i32, String)> = uploads::table
        .filter(uploads::expires.le(now))
        .order(uploads::expires)
        .limit(AT_ONCE)
        .select((uploads::customer, uploads::id))
        .for_update()
        .skip_locked()
        .load(conn)?;
    let mut parts = 0;
    for (customer, id) in &due {
        if parts >= PARTS {
            return Ok(true);
        }
        if is_named(conn, *customer, id)? {
            let kept = uploads::expires.eq(None::<chrono::DateTime<chrono::Utc>>);
            diesel::update(uploads::table.find((customer, id))).set(kept).execute(conn)?;
        } else {
            parts += drop_locked(conn, *customer, id)?;
        }
    }
    Ok(due.len() == usize::try_from(AT_ONCE).unwrap_or_default())
}

/// Returns whether an upload does not expire though no image names it; with `repair`, it does from now on.
///
/// # Errors
/// Fails if the database does not answer.
pub fn is_left_over(
    conn: &mut PgConnection,
    (customer, id): (i32, &str),
    repair: bool,
) -> Result<bool, Problem> {
    let row = uploads::table.find((customer, id));
    let kept = row.filter(uploads::expires.is_null()).select(uploads::id);
    let kept: Option<String> = kept.for_update().first(conn).optional()?;
    if kept.is_none() || is_named(conn, customer, id)? {
        return Ok(false);
    }
    if repair {
        diesel::update(row).set(uploads::expires.eq(Some(chrono::Utc::now()))).execute(conn)?;
    }
    Ok(true)
}
