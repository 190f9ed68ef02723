//! Threads on which images of the queue are decoded: of lower priority than those that answer requests.

use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::fairness::priority;

/// By how much their priority is lower. With more, the batches of one customer took 3 times as long beside another's
/// registrations as alone; with less, requests did.
const STEPS: i32 = 4;

/// A pool of threads; they end once this is dropped and what they do is done.
#[derive(Debug)]
pub struct Decoders(Option<Runtime>);

impl Decoders {
    /// Returns a pool without threads: they are started as they are needed.
    ///
    /// # Errors
    /// Returns what the system says where it has no descriptors for a pool.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .thread_name("decoder")
            .on_thread_start(|| priority::lower(STEPS))
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Runs an act on one of the threads, or on one of full priority where a request waits for it.
    pub fn run<T: Send + 'static>(
        &self,
        immediate: bool,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        match &self.0 {
            Some(runtime) if !immediate => runtime.spawn_blocking(act),
            _ => tokio::task::spawn_blocking(act),
        }
    }
}

impl Drop for Decoders {
    fn drop(&mut self) {
        // Waiting for the threads is not allowed on one of another runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn images_of_the_queue_yield_to_those_that_a_request_waits_for() {
        let of_this_thread = || rustix::process::getpriority_process(None).expect("a priority");
        let decoders = Decoders::start().expect("a pool");
        let queued = decoders.run(false, of_this_thread).await.expect("it runs");
        let immediate = decoders.run(true, of_this_thread).await.expect("it runs");
        assert_eq!(immediate, of_this_thread());
        assert!(queued > immediate, "{queued}");
        drop(decoders);
    }
}
