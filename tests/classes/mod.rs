//! What is particular to a class; what is the same for all stands in `contract`.

mod access;
mod auth_service;
mod bulk;
mod change;
mod delivery;
mod events;
mod idempotency;
mod image;
mod image_orders;
mod image_query;
mod key;
mod origin_strategy;
mod paging;
mod policies;
mod portal_user;
mod queue;
mod role;
mod session;
mod space;
mod walking;
