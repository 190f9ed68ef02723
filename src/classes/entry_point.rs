//! The root of the API: links and nothing else.

use super::addresses::{self, Root};
use super::customer::CUSTOMERS;
use super::storage_policy::STORAGE_POLICIES;
use super::{
    ImageOptimisationPolicy, OriginStrategy, PortalRole, ThumbnailPolicy,
    image_optimisation_policy, origin_strategy, portal_role, thumbnail_policy,
};
use crate::hydra::Problem;
use crate::resource::*;

pub struct EntryPoint;

impl Resource for EntryPoint {
    type Address = Root;
    type Draft = ();

    const NAME: &'static str = "EntryPoint";
    const TEMPLATE: &'static str = addresses::ENTRY_POINT;
    const CLASS: Class<Self> = Class {
        doc: "The starting point of the API: everything is reached from here by links.",
        properties: &[
            &collection("customers", "The customers the caller may act for", &CUSTOMERS),
            &collection(
                "originStrategies",
                "The ways in which origins can be fetched",
                &ORIGIN_STRATEGIES,
            ),
            &collection("portalRoles", "What a portal user may do", &PORTAL_ROLES),
            &collection(
                "imageOptimisationPolicies",
                "How images are encoded for delivery",
                &IMAGE_OPTIMISATION_POLICIES,
            ),
            &collection("thumbnailPolicies", "Which thumbnails images get", &THUMBNAIL_POLICIES),
            &collection("storagePolicies", "How much customers may store", &STORAGE_POLICIES),
        ],
        operations: &[retrieve::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> Root {
        Root
    }
    fn draft(&self) {}
}

static ORIGIN_STRATEGIES: Collection<Root, OriginStrategy> =
    collection_of("OriginStrategyCollection", "The ways in which origins can be fetched, by id.")
        .lists()
        .ordered(origin_strategy::ORDERABLE);

static PORTAL_ROLES: Collection<Root, PortalRole> =
    collection_of("PortalRoleCollection", "What a portal user may do, by id.")
        .lists()
        .ordered(portal_role::ORDERABLE);

static IMAGE_OPTIMISATION_POLICIES: Collection<Root, ImageOptimisationPolicy> =
    collection_of("ImageOptimisationPolicyCollection", "The policies there are, by id.")
        .lists()
        .ordered(image_optimisation_policy::ORDERABLE);

static THUMBNAIL_POLICIES: Collection<Root, ThumbnailPolicy> =
    collection_of("ThumbnailPolicyCollection", "The policies there are, by id.")
        .lists()
        .ordered(thumbnail_policy::ORDERABLE);

impl Retrieve for EntryPoint {
    fn find(_: &mut UnitOfWork<'_>, _: &Root) -> Result<Self, Problem> {
        Ok(Self)
    }
}
