//! The storage of a customer and of each of its spaces.

pub mod quota;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::StoragePolicy;
use super::addresses::{self, CustomerAddress, SpaceAddress, StoragePolicyAddress};
use crate::counters::{self, Counts};
use crate::hydra::Problem;
use crate::resource::*;
use crate::schema::{customer_storages, customers, space_storages, spaces};
use quota::lock;

/// The storage of a whole customer.
#[derive(Debug)]
pub struct CustomerStorage {
    customer: i32,
    policy: String,
    totals: Totals,
}

/// The storage of one space.
///
/// It is of the same class, and has a policy only if one was assigned.
#[derive(Debug)]
pub struct SpaceStorage {
    at: SpaceAddress,
    policy: Option<String>,
    totals: Totals,
}

/// The part of a space's storage that an administrator may write.
#[derive(Debug, Default)]
pub struct SpaceStorageDraft {
    pub storage_policy: Option<String>,
}

#[derive(Debug)]
struct Totals {
    counts: Counts,
    calculated: DateTime<Utc>,
}

impl Totals {
    /// Returns totals as they are maintained with every change.
    ///
    /// `since`: what they are totals of was made then.
    fn new(counts: Counts, since: DateTime<Utc>) -> Self {
        Self { counts, calculated: counts.changed.unwrap_or(since) }
    }
}

/// The part of a customer's storage that an administrator may write.
#[derive(Debug)]
pub struct CustomerStorageDraft {
    pub storage_policy: String,
}

impl Default for CustomerStorageDraft {
    fn default() -> Self {
        Self { storage_policy: "default".into() }
    }
}

/// Description of `storagePolicy`.
const POLICY: &str = "How much it may store; absent on a space that has no limit of its own";

/// The rows that both have.
macro_rules! totals {
    ($($more:expr,)*) => {
        &[
            &field("numberOfStoredImages", "Images", |s: &Self| &s.totals.counts.images)
                .non_negative(),
            &field("totalSizeOfStoredImages", "Bytes of originals, and of uploads", |s: &Self| {
                &s.totals.counts.size
            })
            .non_negative(),
            &field(
                "totalSizeOfUploads",
                "Bytes of uploads, which are part of totalSizeOfStoredImages; those of a space are none",
                |s: &Self| &s.totals.counts.uploads
            )
            .non_negative(),
            &field("totalSizeOfThumbnails", "Bytes of all that was made of images", |s: &Self| {
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
        doc: "How much a customer, or one of its spaces, stores at this moment; of a customer, uploads count \
              from when they are made. An administrator assigns a storage policy here. A space without one is limited by that of its customer alone.",
        properties: totals!(
            reference::<Self, StoragePolicy>("storagePolicy", POLICY, |s| {
                Some(StoragePolicyAddress { storage_policy: s.policy.clone() })
            })
            .writable(|d, at| {
                d.storage_policy = at.map_or_else(
                    || CustomerStorageDraft::default().storage_policy,
                    |at| at.storage_policy,
                );
            })
            .must_exist("policy", |d, _| {
                Some(StoragePolicyAddress { storage_policy: d.storage_policy.clone() })
            })
            .optional()
            .example("default"),
        ),
        operations: &[retrieve_counting::<Self>(), update::<Self>().for_administrators()],
        ..Class::EMPTY
    };

    fn address(&self) -> CustomerAddress {
        CustomerAddress { customer: self.customer }
    }
    fn draft(&self) -> CustomerStorageDraft {
        CustomerStorageDraft { storage_policy: self.policy.clone() }
    }
}

impl Resource for SpaceStorage {
    type Address = SpaceAddress;
    type Draft = SpaceStorageDraft;

    const NAME: &'static str = "CustomerStorage";
    const TEMPLATE: &'static str = addresses::SPACE_STORAGE;
    const CLASS: Class<Self> = Class {
        doc: CustomerStorage::CLASS.doc,
        properties: totals!(
            reference::<Self, StoragePolicy>("storagePolicy", POLICY, |s| {
                s.policy.clone().map(|storage_policy| StoragePolicyAddress { storage_policy })
            })
            .writable(|d, at| d.storage_policy = at.map(|at| at.storage_policy))
            .must_exist("policy", |d, _| {
                let policy = d.storage_policy.clone();
                policy.map(|storage_policy| StoragePolicyAddress { storage_policy })
            })
            .optional()
            .example("default"),
        ),
        operations: &[retrieve_counting::<Self>(), update::<Self>().for_administrators()],
        ..Class::EMPTY
    };

    fn address(&self) -> SpaceAddress {
        self.at
    }
    fn draft(&self) -> SpaceStorageDraft {
        SpaceStorageDraft { storage_policy: self.policy.clone() }
    }
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
        let policy = space_storages::table
            .find((at.customer, at.space))
            .select(space_storages::storage_policy)
            .single_value();
        let (since, policy) = space.select((spaces::created, policy)).first(s.conn)?;
        let totals = Totals::new(counters::of_space(s.conn, at.customer, at.space)?, since);
        Ok(Self { at: *at, policy, totals })
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

impl Update for SpaceStorage {
    /// The space is locked, because there need not be a policy.
    fn lock(s: &mut UnitOfWork<'_>, at: &SpaceAddress) -> Result<Self, Problem> {
        let space = spaces::table.find((at.customer, at.space)).select(spaces::id);
        space.for_no_key_update().first::<i32>(s.conn)?;
        Self::find(s, at)
    }
    fn save(
        s: &mut UnitOfWork<'_>,
        locked: Locked<Self>,
        draft: SpaceStorageDraft,
    ) -> Result<Self, Problem> {
        let at = locked.at;
        if let Some(policy) = draft.storage_policy {
            let key =
                (space_storages::customer.eq(at.customer), space_storages::space.eq(at.space));
            diesel::insert_into(space_storages::table)
                .values((key, space_storages::storage_policy.eq(policy)))
                .on_conflict((space_storages::customer, space_storages::space))
                .do_update()
                .set(space_storages::storage_policy.eq(excluded(space_storages::storage_policy)))
                .execute(s.conn)?;
        } else {
            let own = space_storages::table.find((at.customer, at.space));
            diesel::delete(own).execute(s.conn)?;
        }
        Self::find(s, &at)
    }
}
