//! Policies for encoding images for delivery.

use diesel::prelude::*;

use super::addresses::{self, ImageOptimisationPolicyAddress, Root};
use crate::resource::*;
use crate::schema::image_optimisation_policies;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = image_optimisation_policies, check_for_backend(diesel::pg::Pg))]
pub struct ImageOptimisationPolicy {
    pub id: String,
    pub name: String,
    pub technical_details: String,
    pub global: bool,
}

impl Resource for ImageOptimisationPolicy {
    type Address = ImageOptimisationPolicyAddress;
    type Draft = ();

    const NAME: &'static str = "ImageOptimisationPolicy";
    const TEMPLATE: &'static str = addresses::IMAGE_OPTIMISATION_POLICY;
    const CLASS: Class<Self> = Class {
        doc: "How an image is encoded for delivery.",
        properties: &[
            &field("id", "Last segment of its address", |p: &Self| &p.id),
            &field("name", "Name for people", |p: &Self| &p.name),
            &field("technicalDetails", "What it does, in words", |p: &Self| &p.technical_details),
            &field("global", "Whether every customer may use it", |p: &Self| &p.global),
        ],
        operations: &[retrieve::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> ImageOptimisationPolicyAddress {
        ImageOptimisationPolicyAddress { image_optimisation_policy: self.id.clone() }
    }
    fn draft(&self) {}
}

crate::stored! {
    ImageOptimisationPolicy in image_optimisation_policies { id: image_optimisation_policy }:
    retrieve, list(in Root),
}

crate::orders! {
    image_optimisation_policies by image_optimisation_policies::id, then id:
    "id" is id, "name" is name, "technicalDetails" is technical_details, "global" is global,
}
