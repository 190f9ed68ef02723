//! One file for each class. The list of classes stands here, once.

pub mod auth_service;
pub mod batch;
pub mod change;
pub mod customer;
pub mod customer_origin_strategy;
pub mod customer_storage;
pub mod entry_point;
pub mod image;
pub mod image_optimisation_policy;
pub mod image_storage;
pub mod job;
pub mod key;
pub mod named_query;
pub mod origin_credentials;
pub mod origin_strategy;
pub mod portal_role;
pub mod portal_user;
pub mod queue;
pub mod role;
pub mod role_provider;
pub mod space;
pub mod space_metadata;
pub mod storage_policy;
pub mod thumbnail_policy;
pub mod webhook;
pub mod webhook_delivery;

/// Classes are named by addresses, as jobs and batches are, which stand in a layer below.
pub use crate::addresses;

pub use auth_service::AuthService;
pub use batch::{Batch, BatchTest};
pub use change::Change;
pub use customer::Customer;
pub use customer_origin_strategy::CustomerOriginStrategy;
pub use customer_storage::{CustomerStorage, SpaceStorage};
pub use entry_point::EntryPoint;
pub use image::Image;
pub use image_optimisation_policy::ImageOptimisationPolicy;
pub use image_storage::ImageStorage;
pub use job::Job;
pub use key::Key;
pub use named_query::NamedQuery;
pub use origin_credentials::OriginCredentials;
pub use origin_strategy::OriginStrategy;
pub use portal_role::PortalRole;
pub use portal_user::PortalUser;
pub use queue::{PriorityQueue, Queue};
pub use role::Role;
pub use role_provider::RoleProvider;
pub use space::Space;
pub use space_metadata::SpaceMetadata;
pub use storage_policy::StoragePolicy;
pub use thumbnail_policy::ThumbnailPolicy;
pub use webhook::Webhook;
pub use webhook_delivery::WebhookDelivery;

use crate::resource::Resource;

/// Something done once for each class: mounting it, writing its context, testing it.
pub trait Visit {
    fn visit<R: Resource>(&mut self);
}

pub fn each(visitor: &mut impl Visit) {
    visitor.visit::<EntryPoint>();
    visitor.visit::<Customer>();
    visitor.visit::<Key>();
    visitor.visit::<PortalUser>();
    visitor.visit::<PortalRole>();
    visitor.visit::<NamedQuery>();
    visitor.visit::<OriginStrategy>();
    visitor.visit::<CustomerOriginStrategy>();
    visitor.visit::<OriginCredentials>();
    visitor.visit::<AuthService>();
    visitor.visit::<RoleProvider>();
    visitor.visit::<Role>();
    visitor.visit::<Space>();
    visitor.visit::<SpaceMetadata>();
    visitor.visit::<Image>();
    visitor.visit::<Job>();
    visitor.visit::<Change>();
    visitor.visit::<Webhook>();
    visitor.visit::<WebhookDelivery>();
    visitor.visit::<Queue>();
    visitor.visit::<PriorityQueue>();
    visitor.visit::<Batch>();
    visitor.visit::<BatchTest>();
    visitor.visit::<CustomerStorage>();
    visitor.visit::<SpaceStorage>();
    visitor.visit::<ImageStorage>();
    visitor.visit::<StoragePolicy>();
    visitor.visit::<ThumbnailPolicy>();
    visitor.visit::<ImageOptimisationPolicy>();
}
