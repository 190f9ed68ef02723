//! What is the same for all classes, tried on each.

mod documents;
mod families;
mod linked_data;
mod routes;
mod tenants;
mod world;
