//! Bounds on what one client may take of the service, and what is answered when something is used up.

mod answers;
mod connections;
mod heads;
mod silent;
mod size;
mod starved;
