//! Storage policies: limits on what a customer stores.

use diesel::prelude::*;

use super::addresses::{self, Root, StoragePolicyAddress};
use crate::resource::*;
use crate::schema::storage_policies;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = storage_policies, check_for_backend(diesel::pg::Pg))]
pub struct StoragePolicy {
    pub id: String,
    #[diesel(embed)]
    pub draft: StoragePolicyDraft,
}

/// The part of a storage policy that an administrator may write.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = storage_policies, check_for_backend(diesel::pg::Pg))]
pub struct StoragePolicyDraft {
    pub maximum_number_of_stored_images: i64,
    pub maximum_total_size_of_stored_images: i64,
}

impl Default for StoragePolicyDraft {
    /// As the policy `default` has it: more than one machine stores.
    fn default() -> Self {
        Self {
            maximum_number_of_stored_images: 1_000_000_000,
            maximum_total_size_of_stored_images: 1_000_000_000_000_000,
        }
    }
}

impl Resource for StoragePolicy {
    type Address = StoragePolicyAddress;
    type Draft = StoragePolicyDraft;

    const NAME: &'static str = "StoragePolicy";
    const TEMPLATE: &'static str = addresses::STORAGE_POLICY;
    const CLASS: Class<Self> = Class {
        doc: "How much a customer, or one of its spaces, may store. It is checked when images are \
              registered, which answers 507 where there would be too many, or where the bytes are used up; an image \
              whose original turns out to be too large for what is left fails with an error.",
        properties: &[
            &field("id", "Last segment of its address", |p: &Self| &p.id),
            &field("maximumNumberOfStoredImages", "Images, at most", |p: &Self| {
                &p.draft.maximum_number_of_stored_images
            })
            .writable(|d| &mut d.maximum_number_of_stored_images)
            .non_negative(),
            &field("maximumTotalSizeOfStoredImages", "Bytes of originals, at most", |p: &Self| {
                &p.draft.maximum_total_size_of_stored_images
            })
            .writable(|d| &mut d.maximum_total_size_of_stored_images)
            .non_negative(),
        ],
        operations: &[
            retrieve::<Self>(),
            replace::<Self>().for_administrators(),
            update::<Self>().for_administrators(),
            remove::<Self>().for_administrators().answering(statuses::REMOVED_UNLESS_USED),
        ],
        ..Class::EMPTY
    };

    fn address(&self) -> StoragePolicyAddress {
        StoragePolicyAddress { storage_policy: self.id.clone() }
    }
    fn draft(&self) -> StoragePolicyDraft {
        self.draft.clone()
    }
}

pub static STORAGE_POLICIES: Collection<Root, StoragePolicy> =
    collection_of("StoragePolicyCollection", "The storage policies there are, by id.")
        .lists()
        .creates()
        .for_administrators()
        .ordered(ORDERABLE);

crate::orders! {
    storage_policies by storage_policies::id, then id:
    "id" is id, "maximumNumberOfStoredImages" is maximum_number_of_stored_images,
    "maximumTotalSizeOfStoredImages" is maximum_total_size_of_stored_images,
}

crate::stored! {
    StoragePolicy in storage_policies { id: storage_policy }:
    retrieve, list(in Root), create(in Root by |_, storage_policy| StoragePolicyAddress { storage_policy }),
    update, replace, remove,
}
