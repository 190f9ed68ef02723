//! How much a customer, or one of its spaces, stores.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::StoragePolicy;
use super::addresses::{self, CustomerAddress, SpaceAddress, StoragePolicyAddress};
use crate::counters::{self, Counts};
use crate::hydra::{Fault, Problem};
use crate::resource::*;
use crate::schema::{customer_storages, customers, spaces, storage_policies};

/// The storage of a whole customer.
#[derive(Debug)]
pub struct CustomerStorage {
    customer: i32,
    policy: String,
    totals: Totals,
}

/// The storage of one space; the same class without a policy.
#[derive(Debug)]
pub struct SpaceStorage {
    at: SpaceAddress,
    totals: Totals,
}

#[derive(Debug)]
struct Totals {
    counts: Counts,
    calculated: DateTime<Utc>,
}

impl Totals {
    /// As they are maintained with every change; `since`: what they are totals of was made then.
    fn new(counts: Counts, since: DateTime<Utc>) -> Self {
        Self { counts, calculated: counts.changed.unwrap_or(since) }
    }
}

/// What may be written of a customer's storage, by an administrator.
#[derive(Debug)]
pub struct CustomerStorageDraft {
    pub storage_policy: String,
}

impl Default for CustomerStorageDraft {
    fn default() -> Self {
        Self { storage_policy: "default".into() }
    }
}

/// The rows that both have.
macro_rules! totals {
    ($($more:expr,)*) => {
        &[
            &field("numberOfStoredImages", "Images", |s: &Self| &s.totals.counts.images)
                .non_negative(),
            &field("totalSizeOfStoredImages", "Bytes of originals, thumbnails apart", |s: &Self| {
                &s.totals.counts.size
            })
            .non_negative(),
            &field("totalSizeOfThumbnails", "Bytes of thumbnails", |s: &Self| {
                &s.totals.counts.thumbnail_size
            })
            .non_negative(),
            &field("lastCalculated", "When this last changed, and so was calculated", |s: &Self| {
                &s.totals.calculated
            }),
            $(&$more,)*
        ]
    };
}

impl Resource for CustomerStorage {
    type Address = CustomerAddress;
    type Draft = CustomerStorageDraft;

    const NAME: &'static str = "CustomerStorage";
    const TEMPLATE: &'static str = addresses::CUSTOMER_STORAGE;
    const CLASS: Class<Self> = Class {
        doc: "How much a customer, or one of its spaces, stores at this moment. An \
              administrator assigns the storage policy of a customer here.",
        parent: None,
        properties: totals!(
            reference::<Self, StoragePolicy>("storagePolicy", "How much it may store", |s| {
                Some(StoragePolicyAddress { storage_policy: s.policy.clone() })
            })
            .writable(|d, at| {
                d.storage_policy = at.map_or_else(
                    || CustomerStorageDraft::default().storage_policy,
                    |at| at.storage_policy,
                );
            })
            .optional()
            .example("default"),
        ),
        operations: &[retrieve_counting::<Self>(), update::<Self>().for_administrators()],
        children: &[],
    };

    fn address(&self) -> CustomerAddress {
        CustomerAddress { customer: self.customer }
    }
    fn draft(&self) -> CustomerStorageDraft {
        CustomerStorageDraft { storage_policy: self.policy.clone() }
    }

    fn check(
        s: &mut UnitOfWork<'_>,
        _tenant: Option<i32>,
        _at: Option<&CustomerAddress>,
        draft: &CustomerStorageDraft,
    ) -> Result<Vec<Fault>, Problem> {
        let policy = diesel::dsl::exists(storage_policies::table.find(&draft.storage_policy));
        let known: bool = diesel::select(policy).get_result(s.conn)?;
        let fault = || Fault::new("storagePolicy", "names a policy that is not there");
        Ok((!known).then(fault).into_iter().collect())
    }
}

impl Resource for SpaceStorage {
    type Address = SpaceAddress;
    type Draft = ();

    const NAME: &'static str = "CustomerStorage";
    const TEMPLATE: &'static str = addresses::SPACE_STORAGE;
    const CLASS: Class<Self> = Class {
        doc: CustomerStorage::CLASS.doc,
        parent: None,
        properties: totals!(),
        operations: &[retrieve_counting::<Self>()],
        children: &[],
    };

    fn address(&self) -> SpaceAddress {
        self.at
    }
    fn draft(&self) {}
}

impl Retrieve for CustomerStorage {
    fn find(s: &mut UnitOfWork<'_>, at: &CustomerAddress) -> Result<Self, Problem> {
        let customer = at.customer;
        let (policy, since) = customer_storages::table
            .find(customer)
            .inner_join(customers::table)
            .select((customer_storages::storage_policy, customers::created))
            .first(s.conn)?;
        let totals = Totals::new(counters::of_customer(s.conn, customer)?, since);
        Ok(Self { customer, policy, totals })
    }
}

impl Retrieve for SpaceStorage {
    fn find(s: &mut UnitOfWork<'_>, at: &SpaceAddress) -> Result<Self, Problem> {
        let space = spaces::table.find((at.customer, at.space));
        let since = space.select(spaces::created).first(s.conn)?;
        let totals = Totals::new(counters::of_space(s.conn, at.customer, at.space)?, since);
        Ok(Self { at: *at, totals })
    }
}

impl Update for CustomerStorage {
    fn lock(s: &mut UnitOfWork<'_>, at: &CustomerAddress) -> Result<Self, Problem> {
        lock(s.conn, at.customer)?;
        Self::find(s, at)
    }
    fn save(
        s: &mut UnitOfWork<'_>,
        locked: Locked<Self>,
        draft: CustomerStorageDraft,
    ) -> Result<Self, Problem> {
        diesel::update(customer_storages::table.find(locked.customer))
            .set(customer_storages::storage_policy.eq(&draft.storage_policy))
            .execute(s.conn)?;
        Self::find(s, &locked.address())
    }
}

/// Holds a customer's storage until the transaction ends; answers the policy's id.
fn lock(conn: &mut PgConnection, customer: i32) -> Result<String, Problem> {
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
/// [`Problem::QuotaExceeded`] where it may not.
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

/// How many images a customer stores, and how many it may.
struct Quota {
    stored: i64,
    maximum: i64,
    /// Connections that the database server allows at once.
    connections: i64,
}

impl Quota {
    /// Whether `more` images, and those that transactions under way may add, leave it far from the limit.
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

/// Whether a customer may store an original of so many bytes more, beside what it stores.
///
/// # Errors
/// Where the database does not answer.
pub fn has_room(conn: &mut PgConnection, customer: i32, more: i64) -> Result<bool, Problem> {
    let policy: String = customer_storages::table
        .find(customer)
        .select(customer_storages::storage_policy)
        .first(conn)?;
    let maximum: i64 = storage_policies::table
        .find(&policy)
        .select(storage_policies::maximum_total_size_of_stored_images)
        .first(conn)?;
    Ok(counters::of_customer(conn, customer)?.size.saturating_add(more) <= maximum)
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
