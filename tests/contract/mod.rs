//! What is the same for all classes, tried on each.

mod advertised;
mod conditions;
mod documents;
mod families;
mod linked_data;
mod meaning;
mod negotiation;
mod openapi;
mod routes;
mod sameness;
mod search;
mod tenants;
mod world;
