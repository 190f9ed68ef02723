//! What is the same for all classes, tried on each.

mod advertised;
mod compression;
mod conditions;
mod credentials;
mod documents;
mod families;
mod handling;
mod linked_data;
mod meaning;
mod negotiation;
mod nul;
mod openapi;
mod robots;
mod routes;
mod sameness;
mod search;
mod tenants;
mod world;
