//! Pools of threads for what blocks or computes.

use std::fmt;
use std::io;

use tokio::runtime::{Builder, Runtime};

use crate::fairness::priority;

/// A pool of threads that are started as they are needed.
pub struct Threads {
    /// Only its threads for what blocks are used.
    pool: Option<Runtime>,
}

impl Threads {
    /// Returns a pool of at most so many threads, with a scheduling priority that is lower by so many steps.
    ///
    /// # Errors
    /// Fails if the system gives no resources for it.
    pub fn start(name: &str, threads: usize, nice: i32) -> io::Result<Self> {
        let pool = Builder::new_current_thread()
            .thread_name(name)
            .max_blocking_threads(threads.max(1))
            .on_thread_start(move || {
                if nice > 0 {
                    priority::lower(nice);
                }
            })
            .build()?;
        Ok(Self { pool: Some(pool) })
    }

    /// Does something on a thread of the pool. It is begun even if nobody waits for it.
    ///
    /// # Errors
    /// Fails if it panics, or the pool is being closed.
    pub fn run<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
        &self,
        act: F,
    ) -> impl Future<Output = io::Result<T>> + use<T, F> {
        let done = self.pool.as_ref().map(|pool| pool.spawn_blocking(act));
        async move {
            match done {
                Some(done) => done.await.map_err(io::Error::other),
                None => Err(io::Error::other("the threads are closed")),
            }
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Waiting for threads is refused in a thread of a runtime, which may be the one that drops this.
        if let Some(pool) = self.pool.take() {
            pool.shutdown_background();
        }
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Threads")
    }
}
