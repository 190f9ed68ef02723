//! Tables of the queue that are no class: jobs, retries, bulk jobs, and the rows of batches and their members.

pub mod batch;
pub mod bulk;
pub mod hold;
pub mod job;
pub mod retry;
