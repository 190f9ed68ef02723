//! Several processes, a replica of the database, a pooler before it, and objects that all share.

mod pooler;
mod replica;
mod standby;
mod walk;
