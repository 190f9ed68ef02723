//! Policies for the thumbnails of images.

use diesel::prelude::*;

use super::addresses::{self, Root, ThumbnailPolicyAddress};
use crate::resource::*;
use crate::schema::thumbnail_policies;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = thumbnail_policies, check_for_backend(diesel::pg::Pg))]
pub struct ThumbnailPolicy {
    pub id: String,
    pub name: String,
    pub sizes: Vec<i32>,
}

impl Resource for ThumbnailPolicy {
    type Address = ThumbnailPolicyAddress;
    type Draft = ();

    const NAME: &'static str = "ThumbnailPolicy";
    const TEMPLATE: &'static str = addresses::THUMBNAIL_POLICY;
    const CLASS: Class<Self> = Class {
        doc: "Which thumbnails an image gets: never one larger than itself.",
        properties: &[
            &field("id", "Last segment of its address", |p: &Self| &p.id),
            &field("name", "Name for people", |p: &Self| &p.name),
            &field("sizes", "Longest edge of each thumbnail, in pixels", |p: &Self| &p.sizes),
        ],
        operations: &[retrieve::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> ThumbnailPolicyAddress {
        ThumbnailPolicyAddress { thumbnail_policy: self.id.clone() }
    }
    fn draft(&self) {}
}

crate::stored! {
    ThumbnailPolicy in thumbnail_policies { id: thumbnail_policy }: retrieve, list(in Root),
}

crate::orders! {
    thumbnail_policies by thumbnail_policies::id, then id:
    "id" is id, "name" is name,
}
