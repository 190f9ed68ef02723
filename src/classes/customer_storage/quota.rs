//! Quotas: whether a customer, and those of its spaces that have a storage policy, may store more than they do.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};

use crate::addresses::ImageAddress;
use crate::database::prepared::Prepared;
use crate::hydra::Problem;
use crate::resource::expect_one_row;
use crate::uploads::Waiting;

/// Images that one transaction adds, at most: what `HYDRIA_BATCH_LIMIT` may be.
const MOST_AT_ONCE: i64 = 50_000;

/// Bytes of an original for which room is kept near the limit, for each transaction that may be under way.
const LARGE: i64 = 2 << 30;

/// Usage and limits of a customer or of a space.
#[derive(Debug, QueryableByName)]
struct Quota {
    /// Number of the space; `None`: it is that of the whole customer.
    #[diesel(sql_type = Nullable<Integer>)]
    space: Option<i32>,
    #[diesel(sql_type = Text)]
    policy: String,
    #[diesel(sql_type = BigInt)]
    images: i64,
    #[diesel(sql_type = BigInt)]
    maximum_images: i64,
    /// Bytes of originals.
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = BigInt)]
    maximum_size: i64,
    /// Connections that the database server allows at once.
    #[diesel(sql_type = BigInt)]
    connections: i64,
}

/// First parts of the advisory locks under which images of a customer, or of a space, take the last of the room one after another.
/// They are no locks of rows, because registrations far from their limit would hold those, one or another of them always.
const ROOM: (i32, i32) = (0x726f_6f6d, 0x726f_6f6e);

/// The lock of a row that guards a number of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lock {
    Shared,
    Exclusive,
}

/// Locks a customer's storage until the transaction ends.
///
/// # Errors
/// Returns [`Problem::NotFound`] if there is no such customer.
pub fn lock(conn: &mut PgConnection, customer: i32) -> Result<(), Problem> {
    lock_row(conn, customer, None, Lock::Exclusive)
}

/// Makes sure that a customer may store so many images more in each of its spaces, until the transaction ends.
///
/// Far from a limit, those who add do not wait for one another: its row is locked so that it can be shared, and
/// far means that all the transactions that the server allows at once could not reach the limit together. Near a
/// limit, which begins at 99 % of it at the latest, they come one after another. The number is exact by that; of bytes it is
/// only looked at whether any are left, because nobody knows yet how many are needed.
///
/// # Errors
/// Returns [`Problem::QuotaExceeded`] if it may not.
pub fn check_quota(
    conn: &mut PgConnection,
    customer: i32,
    more: &BTreeMap<i32, i64>,
) -> Result<(), Problem> {
    let all: i64 = more.values().sum();
    if all == 0 {
        return Ok(());
    }
    let spaces: Vec<i32> = more.keys().copied().collect();
    let of = |quota: &Quota| match quota.space {
        Some(space) => more.get(&space).copied().unwrap_or_default(),
        None => all,
    };
    let mut far = Vec::new();
    for quota in quotas(conn, customer, &spaces)? {
        let is_far = quota.is_far(of(&quota));
        lock_row(conn, customer, quota.space, if is_far { Lock::Shared } else { Lock::Exclusive })?;
        if is_far {
            far.push(quota.space);
        }
    }
    for quota in quotas(conn, customer, &spaces)? {
        if let Some(reason) = quota.excess(of(&quota)) {
            return Err(Problem::QuotaExceeded(reason));
        }
        if far.contains(&quota.space) && !quota.is_far(of(&quota)) {
            // It came near before its row was locked: all begins anew, with the other lock.
            return Err(Problem::SerializationConflict(None));
        }
    }
    Ok(())
}

/// Returns why an image whose original has so many bytes cannot be stored, if it cannot; `added` is the difference in bytes
/// from the original that it replaces.
///
/// # Errors
/// Fails if the database does not answer.
pub fn lacking_room(
    conn: &mut PgConnection,
    at: &ImageAddress,
    (size, added): (i64, i64),
) -> Result<Option<String>, Problem> {
    // An original no larger than the one it replaces needs no room, even where a policy was lowered below what is stored.
    if added <= 0 {
        return Ok(None);
    }
    let quotas = quotas(conn, at.customer, &[at.space])?;
    Ok(quotas.iter().find(|quota| !quota.has_room(added)).map(|quota| {
        let (policy, of) = (&quota.policy, quota.of());
        format!(
            "the storage policy {policy}{of} has no room for this image, which has {size} bytes"
        )
    }))
}

/// Returns what [`lacking_room`] does, and near a limit keeps others from taking the same room until the transaction ends.
///
/// Far from it nothing is locked: the originals of twice as many transactions as the server allows at once would still fit.
///
/// # Errors
/// Fails if the database does not answer.
pub fn take_room(
    conn: &mut PgConnection,
    at: &ImageAddress,
    (size, added): (i64, i64),
) -> Result<Option<String>, Problem> {
    if added <= 0 {
        return Ok(None);
    }
    let mut is_far = true;
    for quota in quotas(conn, at.customer, &[at.space])? {
        if !quota.is_far_in_size(added) {
            is_far = false;
            lock_room(conn, at.customer, quota.space)?;
        }
    }
    if is_far { Ok(None) } else { lacking_room(conn, at, (size, added)) }
}

/// Makes sure that so many bytes of an upload fit among the originals of a customer, until the transaction ends.
///
/// Near the limit, others who take room wait meanwhile, as [`take_room`] has it; so it comes before anything else is locked.
///
/// # Errors
/// Returns [`Problem::QuotaExceeded`] if they do not fit.
pub fn reserve(conn: &mut PgConnection, customer: i32, bytes: i64) -> Result<(), Problem> {
    if quotas(conn, customer, &[])?.iter().all(|quota| quota.is_far_in_size(bytes)) {
        return Ok(());
    }
    lock_room(conn, customer, None)?;
    let quotas = quotas(conn, customer, &[])?;
    let Some(full) = quotas.iter().find(|quota| !quota.has_room(bytes)) else { return Ok(()) };
    let Quota { policy, size, maximum_size, .. } = full;
    let waiting = Waiting::of(conn, customer)?;
    Err(Problem::QuotaExceeded(format!(
        "the storage policy {policy} allows {maximum_size} bytes; {size} are stored, and this upload adds {bytes}{waiting}"
    )))
}

impl Quota {
    /// Returns whether `more` images, and those that transactions under way may add, leave it far from the limit.
    fn is_far(&self, more: i64) -> bool {
        let with_it = self.images.saturating_add(more);
        let under_way = self.connections.saturating_mul(MOST_AT_ONCE);
        with_it <= self.maximum_images / 100 * 99
            && with_it.saturating_add(under_way) <= self.maximum_images
    }

    /// Returns whether so many bytes, and those that transactions under way may add, leave it far from the limit.
    fn is_far_in_size(&self, added: i64) -> bool {
        let under_way = self.connections.saturating_mul(2).saturating_mul(LARGE.max(added));
        self.size.saturating_add(under_way) <= self.maximum_size
    }

    fn has_room(&self, added: i64) -> bool {
        self.size.saturating_add(added) <= self.maximum_size
    }

    /// Returns why no `more` images may be registered, if they may not.
    fn excess(&self, more: i64) -> Option<String> {
        let Self { policy, images, maximum_images, size, maximum_size, .. } = self;
        let of = self.of();
        if more == 0 {
            None
        } else if images.saturating_add(more) > *maximum_images {
            Some(format!(
                "the storage policy {policy}{of} allows {maximum_images} images; {images} are stored, and this adds {more}"
            ))
        } else if size >= maximum_size {
            Some(format!(
                "the storage policy {policy}{of} allows {maximum_size} bytes; {size} are stored, so no image is added"
            ))
        } else {
            None
        }
    }

    /// Returns the words that tell of which space it is.
    fn of(&self) -> String {
        self.space.map_or_else(String::new, |space| format!(" of space {space}"))
    }
}

/// Returns the quota of a customer, and then those of these spaces that have one, in the order of their numbers.
fn quotas(conn: &mut PgConnection, customer: i32, spaces: &[i32]) -> Result<Vec<Quota>, Problem> {
    // Counts and changes in one statement, so that no roll-up comes between.
    let select = |space: &str, table: &str, within: &str| {
        format!(
            "SELECT {space} AS space, p.id AS policy, c.images, c.size, \
             p.maximum_number_of_stored_images AS maximum_images, \
             p.maximum_total_size_of_stored_images AS maximum_size, \
             current_setting('max_connections')::bigint AS connections \
             FROM {table} AS s JOIN storage_policies AS p ON p.id = s.storage_policy CROSS JOIN LATERAL (\
               SELECT coalesce(sum(images), 0)::bigint AS images, coalesce(sum(size), 0)::bigint AS size FROM (\
                 SELECT images, size FROM tallies AS t WHERE t.customer = $1{within} UNION ALL \
                 SELECT images, size FROM tally_changes AS t WHERE t.customer = $1{within}) AS t) AS c \
             WHERE s.customer = $1"
        )
    };
    let quotas = diesel::sql_query(format!(
        "{} UNION ALL {} AND s.space = ANY ($2) ORDER BY space NULLS FIRST",
        select("NULL::integer", "customer_storages", ""),
        select("s.space", "space_storages", " AND t.space = s.space"),
    ))
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(spaces);
    Ok(Prepared(quotas).load(conn)?)
}

/// Locks the row that guards the number of images of a customer, or of one of its spaces.
fn lock_row(
    conn: &mut PgConnection,
    customer: i32,
    space: Option<i32>,
    lock: Lock,
) -> Result<(), Problem> {
    let mode = match lock {
        Lock::Shared => "FOR SHARE",
        Lock::Exclusive => "FOR NO KEY UPDATE",
    };
    let locked = match space {
        None => {
            diesel::sql_query(format!("SELECT FROM customer_storages WHERE customer = $1 {mode}"))
                .bind::<Integer, _>(customer)
                .execute(conn)?
        }
        Some(space) => diesel::sql_query(format!(
            "SELECT FROM space_storages WHERE customer = $1 AND space = $2 {mode}"
        ))
        .bind::<Integer, _>(customer)
        .bind::<Integer, _>(space)
        .execute(conn)?,
    };
    match space {
        None => expect_one_row(locked),
        // Its limit was ended meanwhile.
        Some(_) => Ok(()),
    }
}

/// Waits for others that take room of a customer, or of one of its spaces, near the limit.
fn lock_room(conn: &mut PgConnection, customer: i32, space: Option<i32>) -> Result<(), Problem> {
    let (first, second) = match space {
        None => (ROOM.0, customer),
        // Two spaces with one number would wait for each other, and nothing worse.
        Some(space) => (ROOM.1, customer.wrapping_mul(65_537).wrapping_add(space)),
    };
    diesel::sql_query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind::<Integer, _>(first)
        .bind::<Integer, _>(second)
        .execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(images: i64, maximum_images: i64) -> Quota {
        Quota {
            space: None,
            policy: "default".into(),
            images,
            maximum_images,
            size: 0,
            maximum_size: 1_000_000_000_000_000,
            connections: 100,
        }
    }

    #[test]
    fn far_from_the_limit_is_where_all_transactions_at_once_could_not_reach_it() {
        let large = |stored| quota(stored, 1_000_000_000);
        assert!(large(0).is_far(1000));
        assert!(large(989_999_000).is_far(1000));
        assert!(!large(989_999_001).is_far(1000), "99 %");
        let small = |stored| quota(stored, 10_000_000);
        assert!(small(4_999_000).is_far(1000));
        assert!(!small(4_999_001).is_far(1000), "5 million could be under way");
        assert!(!quota(0, 10).is_far(1));
        assert!(large(0).is_far_in_size(1));
        let full = Quota { size: 999_900_000_000_000, ..large(0) };
        assert!(!full.is_far_in_size(1), "400 GiB are kept for what is under way");
    }

    #[test]
    fn a_policy_that_is_full_takes_no_image_and_one_beside_it_is_not_asked() {
        let full = Quota { size: 10, maximum_size: 10, ..quota(1, 10) };
        assert!(full.excess(1).is_some_and(|reason| reason.contains("10 bytes")));
        assert_eq!(full.excess(0), None, "what is sent again adds none");
        let of_space = Quota { space: Some(3), ..quota(10, 10) };
        assert!(of_space.excess(1).is_some_and(|reason| reason.contains("of space 3")));
    }
}
