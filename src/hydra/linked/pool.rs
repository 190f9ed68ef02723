//! Threads that bodies are expanded on: with stacks for deep ones, and no harm done by a panic.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::sync::oneshot;

use crate::hydra::Problem;

/// Stack of each thread, in bytes, of which only what is used is taken.
const STACK_BYTES: usize = 64 << 20;
/// Bodies larger than this, in bytes, wait for one another and not among the small ones.
const SMALL_BYTES: usize = 64 << 10;
/// Small bodies that wait, at most.
const SMALL_WAITING: usize = 256;
/// Large bodies that wait, at most.
const LARGE_WAITING: usize = 16;

type Job = Box<dyn FnOnce() + Send>;

/// One thread for small bodies and one for large ones; both end when this is dropped.
#[derive(Debug)]
pub struct Pool {
    small: SyncSender<Job>,
    large: SyncSender<Job>,
}

impl Pool {
    /// # Errors
    /// Where the system gives no thread.
    pub fn start() -> io::Result<Self> {
        Ok(Self {
            small: thread("small bodies", SMALL_WAITING)?,
            large: thread("large bodies", LARGE_WAITING)?,
        })
    }

    /// Does something for a body of so many bytes, when its turn comes.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] where too many wait, [`Problem::Unreadable`] where the act panics.
    pub async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move || {
            if sender.is_closed() {
                return;
            }
            let panicked =
                |_| Err(Problem::Unreadable("the body makes no sense as JSON-LD".into()));
            // Who asked may have gone meanwhile.
            let _ = sender.send(catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(panicked));
        });
        let queue = if bytes > SMALL_BYTES { &self.large } else { &self.small };
        queue.try_send(job).map_err(|_full| {
            Problem::Unavailable("too many bodies wait to be read; try again".into(), None)
        })?;
        receiver.await.unwrap_or_else(|gone| Err(Problem::internal(gone)))
    }
}

fn thread(name: &str, waiting: usize) -> io::Result<SyncSender<Job>> {
    let (sender, receiver): (_, Receiver<Job>) = sync_channel(waiting);
    std::thread::Builder::new()
        .name(name.into())
        .stack_size(STACK_BYTES)
        .spawn(move || receiver.into_iter().for_each(|job| job()))?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_bad_body_and_the_thread_lives_on() {
        let pool = Pool::start().expect("threads");
        let act = || -> Result<(), Problem> { std::panic::resume_unwind(Box::new("on purpose")) };
        let answer = pollster::block_on(pool.run(1, act));
        assert!(matches!(answer, Err(Problem::Unreadable(_))), "{answer:?}");
        assert!(matches!(pollster::block_on(pool.run(1, || Ok(7))), Ok(7)));
    }

    #[test]
    fn who_finds_too_many_waiting_is_told_at_once() {
        let pool = Pool::start().expect("threads");
        let (release, held) = std::sync::mpsc::channel::<()>();
        let first = pool.run(1 << 20, move || {
            // Released by dropping the sender.
            let _ = held.recv();
            Ok(())
        });
        let mut waiting = vec![Box::pin(first) as std::pin::Pin<Box<dyn Future<Output = _>>>];
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(waiting[0].as_mut().poll(&mut context).is_pending());
        let refused = (0..=LARGE_WAITING + 1).any(|_| {
            let mut next = Box::pin(pool.run(1 << 20, || Ok(())));
            let answer = next.as_mut().poll(&mut context);
            waiting.push(next);
            matches!(answer, std::task::Poll::Ready(Err(Problem::Unavailable(..))))
        });
        assert!(refused);
        // Small bodies have a thread of their own.
        assert!(pollster::block_on(pool.run(1, || Ok(()))).is_ok());
        drop(release);
    }
}
