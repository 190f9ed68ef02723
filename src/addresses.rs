//! The map of the URL space: where each class stands, and the variables of its address.
//!
//! Classes name addresses, never the class files of their parents, so that parents know their children and not the
//! reverse. Rows of a class's table add further addresses below its own: a row `collection("keys", …)` of
//! `Customer` answers at `/customers/{customer}/keys`.

use crate::address;
use crate::resource::{Address, Filling, Parts};

pub const ENTRY_POINT: &str = "/";
pub const ORIGIN_STRATEGY: &str = "/originStrategies/{origin_strategy}";
pub const PORTAL_ROLE: &str = "/portalRoles/{portal_role}";
pub const IMAGE_OPTIMISATION_POLICY: &str =
    "/imageOptimisationPolicies/{image_optimisation_policy}";
pub const THUMBNAIL_POLICY: &str = "/thumbnailPolicies/{thumbnail_policy}";
pub const STORAGE_POLICY: &str = "/storagePolicies/{storage_policy}";

pub const CUSTOMER: &str = "/customers/{customer}";
pub const CUSTOMER_STORAGE: &str = "/customers/{customer}/storage";
pub const KEY: &str = "/customers/{customer}/keys/{key}";
pub const PORTAL_USER: &str = "/customers/{customer}/portalUsers/{portal_user}";
pub const NAMED_QUERY: &str = "/customers/{customer}/namedQueries/{named_query}";
pub const CUSTOMER_ORIGIN_STRATEGY: &str =
    "/customers/{customer}/originStrategies/{origin_strategy}";
pub const ORIGIN_CREDENTIALS: &str =
    "/customers/{customer}/originStrategies/{origin_strategy}/credentials";
pub const AUTH_SERVICE: &str = "/customers/{customer}/authServices/{auth_service}";
pub const ROLE_PROVIDER: &str = "/customers/{customer}/authServices/{auth_service}/roleProvider";
pub const ROLE: &str = "/customers/{customer}/roles/{role}";

pub const JOB: &str = "/customers/{customer}/jobs/{job}";
pub const CHANGE: &str = "/customers/{customer}/changes/{change}";
pub const WEBHOOK: &str = "/customers/{customer}/webhooks/{webhook}";
pub const WEBHOOK_DELIVERY: &str = "/customers/{customer}/webhooks/{webhook}/deliveries/{delivery}";

pub const QUEUE: &str = "/customers/{customer}/queue";
pub const PRIORITY_QUEUE: &str = "/customers/{customer}/queue/priority";
pub const BATCH: &str = "/customers/{customer}/queue/batches/{batch}";
pub const BATCH_TEST: &str = "/customers/{customer}/queue/batches/{batch}/test";

pub const SPACE: &str = "/customers/{customer}/spaces/{space}";
pub const SPACE_METADATA: &str = "/customers/{customer}/spaces/{space}/metadata";
pub const SPACE_STORAGE: &str = "/customers/{customer}/spaces/{space}/storage";
pub const IMAGE: &str = "/customers/{customer}/spaces/{space}/images/{image}";
pub const IMAGE_STORAGE: &str = "/customers/{customer}/spaces/{space}/images/{image}/storage";

/// The address of the entry point, which has no variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root;

impl Address for Root {
    const FORMATS: &'static [Option<&'static str>] = &[];

    fn read(_: &mut Parts<'_>) -> Option<Self> {
        Some(Self)
    }
    fn write(&self, _: &mut Filling<'_>) {}
}

address! {
    pub struct OriginStrategyAddress { origin_strategy: String }
}
address! {
    pub struct PortalRoleAddress { portal_role: String }
}
address! {
    pub struct ImageOptimisationPolicyAddress { image_optimisation_policy: String }
}
address! {
    pub struct ThumbnailPolicyAddress { thumbnail_policy: String }
}
address! {
    pub struct StoragePolicyAddress { storage_policy: String }
}

address! {
    #[derive(Copy)]
    pub struct CustomerAddress { customer: i32 }
}
address! {
    pub struct KeyAddress { customer: i32, key: String }
}
address! {
    pub struct PortalUserAddress { customer: i32, portal_user: String }
}
address! {
    pub struct NamedQueryAddress { customer: i32, named_query: String }
}
address! {
    pub struct CustomerOriginStrategyAddress { customer: i32, origin_strategy: String }
}
address! {
    pub struct AuthServiceAddress { customer: i32, auth_service: String }
}
address! {
    pub struct RoleAddress { customer: i32, role: String }
}

address! {
    #[derive(Copy)]
    pub struct ChangeAddress { customer: i32, change: i64 }
}
address! {
    #[derive(Copy)]
    pub struct JobAddress { customer: i32, job: i64 }
}
address! {
    pub struct WebhookAddress { customer: i32, webhook: String }
}
address! {
    pub struct WebhookDeliveryAddress { customer: i32, webhook: String, delivery: i64 }
}
address! {
    #[derive(Copy)]
    pub struct BatchAddress { customer: i32, batch: i64 }
}
address! {
    #[derive(Copy)]
    pub struct SpaceAddress { customer: i32, space: i32 }
}
address! {
    pub struct ImageAddress { customer: i32, space: i32, image: String }
}
