//! Quotas: whether a customer may store more than it does.

use diesel::prelude::*;

use crate::counters;
use crate::hydra::Problem;
use crate::schema::{customer_storages, storage_policies};

/// Locks a customer's storage until the transaction ends; returns the id of its policy.
///
/// # Errors
/// Fails if the database does not answer.
pub fn lock(conn: &mut PgConnection, customer: i32) -> Result<String, Problem> {
    Ok(customer_storages::table
        .find(customer)
        .select(customer_storages::storage_policy)
        .for_no_key_update()
        .first(conn)?)
}

/// Images that one transaction adds, at most: what `HYDRIA_BATCH_LIMIT` may be.
const MOST_AT_ONCE: i64 = 50_000;

/// Makes sure that a customer may store so many images more, until the transaction ends.
///
/// Far from the limit, those who add do not wait for one another: the row is locked so that it can be shared, and
/// far means that all the transactions that the server allows at once could not reach the limit together. Near the
/// limit, which begins at 99 % of it at the latest, they come one after another.
///
/// # Errors
/// Returns [`Problem::QuotaExceeded`] if it may not.
pub fn check_quota(conn: &mut PgConnection, customer: i32, more: usize) -> Result<(), Problem> {
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    if more == 0 {
        return Ok(());
    }
    let row = customer_storages::table.find(customer).select(customer_storages::storage_policy);
    let policy: String = row.first(conn)?;
    let quota = quota(conn, customer, &policy)?;
    if quota.is_far(more) {
        let policy: String = row.for_share().first(conn)?;
        // It may have come near before the row was locked: then all begins anew, with the other lock.
        return match self::quota(conn, customer, &policy)?.is_far(more) {
            true => Ok(()),
            false => Err(Problem::SerializationConflict(None)),
        };
    }
    let policy = lock(conn, customer)?;
    let Quota { stored, maximum, .. } = self::quota(conn, customer, &policy)?;
    if stored.saturating_add(more) <= maximum {
        return Ok(());
    }
    Err(Problem::QuotaExceeded(format!(
        "the storage policy {policy} allows {maximum} images; {stored} are stored, and this adds {more}"
    )))
}

/// The number of images that a customer stores, and its limit.
struct Quota {
    stored: i64,
    maximum: i64,
    /// Connections that the database server allows at once.
    connections: i64,
}

impl Quota {
    /// Returns whether `more` images, and those that transactions under way may add, leave it far from the limit.
    fn is_far(&self, more: i64) -> bool {
        let with_it = self.stored.saturating_add(more);
        let under_way = self.connections.saturating_mul(MOST_AT_ONCE);
        with_it <= self.maximum / 100 * 99 && with_it.saturating_add(under_way) <= self.maximum
    }
}

fn quota(conn: &mut PgConnection, customer: i32, policy: &str) -> Result<Quota, Problem> {
    let connections =
        diesel::dsl::sql::<diesel::sql_types::BigInt>("current_setting('max_connections')::bigint");
    let (maximum, connections) = storage_policies::table
        .find(policy)
        .select((storage_policies::maximum_number_of_stored_images, connections))
        .first(conn)?;
    Ok(Quota { stored: counters::of_customer(conn, customer)?.images, maximum, connections })
}

/// Returns whether a customer may store an original of so many bytes more, beside what it stores.
///
/// # Errors
/// Fails if the database does not answer.
pub fn has_room(conn: &mut PgConnection, customer: i32, more: i64) -> Result<bool, Problem> {
    let policy: String = customer_storages::table
        .find(customer)
        .select(customer_storages::storage_policy)
        .first(conn)?;
    let maximum: i64 = storage_policies::table
        .find(&policy)
        .select(storage_policies::maximum_total_size_of_stored_images)
        .first(conn)?;
    // What replaces as much, or more, needs no room, even where a policy was lowered below what is stored.
    Ok(more <= 0 || counters::of_customer(conn, customer)?.size.saturating_add(more) <= maximum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_from_the_limit_is_where_all_transactions_at_once_could_not_reach_it() {
        let quota = |stored| Quota { stored, maximum: 1_000_000_000, connections: 100 };
        assert!(quota(0).is_far(1000));
        assert!(quota(989_999_000).is_far(1000));
        assert!(!quota(989_999_001).is_far(1000), "99 %");
        let small = |stored| Quota { stored, maximum: 10_000_000, connections: 100 };
        assert!(small(4_999_000).is_far(1000));
        assert!(!small(4_999_001).is_far(1000), "5 million could be under way");
        assert!(!Quota { stored: 0, maximum: 10, connections: 100 }.is_far(1));
    }
}
