//! The work of requests on connections of the pool: few at once for each core, divided among those who ask, so that
//! whatever one asks for, others do not wait.

use std::num::NonZero;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::fairness::{Limiter, Overloaded, Permit, Shares, Turn, Usage, Waiter};
use crate::hydra::Problem;
use crate::resource::Caller;

/// Time that a request waits for what is done on another thread: a little longer than any statement may take.
const PATIENCE: Duration = Duration::from_secs(65);

/// Connections that all share, for each core: more would only make the statements of one customer wait for one another,
/// and those of all others for them.
const SHARED_PER_CORE: usize = 2;
/// Connections that all share, at least and at most.
const SHARED: (u32, u32) = (4, 16);
/// Connections beyond them, for those who have nothing under way.
const EXTRA: u32 = 8;
/// Connections of the requests of a process, at most.
pub const CONNECTIONS: u32 = SHARED.1 + EXTRA;
/// Items (members of a body, rows of a page) for each unit that an act takes beyond its first.
const THINGS_PER_UNIT: usize = 200;
/// Units that one act takes, at most; of one core or two, a customer then has one such act under way at a time.
const MOST_UNITS: usize = 3;
/// Requests of one customer that may wait for a connection; more are refused, to be sent again later.
const MAX_WAITING: usize = 256;

/// The holder of a share of the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// The service itself, to find out whether it is well.
    Service,
    /// All who have no key.
    Visitors,
    /// Those who log in, until it is known who they are.
    LogIns,
    Customer(i32),
}

impl From<Caller> for Holder {
    fn from(caller: Caller) -> Self {
        caller.customer().map_or(Self::Visitors, Self::Customer)
    }
}

/// Returns the units that an act takes which reads or writes so many things.
///
/// An act holds one connection whatever it does; one that does much counts more, so that statements of one customer
/// do not take all cores of the database for long.
pub fn units(things: usize) -> usize {
    (1 + things / THINGS_PER_UNIT).min(MOST_UNITS)
}

/// An act that waits for its turn; the thread that ends one takes the next.
struct Job {
    act: Box<dyn Act>,
    /// The runtime of the request, which has the threads that may wait.
    runtime: Handle,
}

trait Act: Send {
    /// Returns whether nobody waits for the outcome any more.
    fn has_gone(&self) -> bool;

    /// Notes that its turn has come, from when on its time is limited.
    fn admitted(&self);

    fn run(self: Box<Self>);
}

struct Pending<T, F> {
    act: Owned<F>,
    /// Time when its turn came, from then on.
    started: Arc<OnceLock<Instant>>,
    outcome: oneshot::Sender<Result<T, Problem>>,
}

/// An act that its request owns: where the request goes before its turn, the act goes with it, and with it the body that
/// it is about, although its place in the queue stays.
type Owned<F> = Arc<Mutex<Option<F>>>;

/// Drops an act that has not begun.
struct Withdraw<F>(Owned<F>);

impl<F> Drop for Withdraw<F> {
    fn drop(&mut self) {
        let act = self.0.lock().take();
        // Without the lock.
        drop(act);
    }
}

impl<T: Send, F: FnOnce() -> Result<T, Problem> + Send> Act for Pending<T, F> {
    fn has_gone(&self) -> bool {
        self.outcome.is_closed()
    }

    fn admitted(&self) {
        self.started.get_or_init(Instant::now);
    }

    fn run(self: Box<Self>) {
        self.admitted();
        let Some(act) = self.act.lock().take() else { return };
        // A request that has gone meanwhile needs no answer.
        let _ = self.outcome.send(act());
    }
}

impl Waiter<Holder> for Job {
    fn has_gone(&self) -> bool {
        self.act.has_gone()
    }

    fn admit(self, permit: Permit<Holder, Self>) {
        self.act.admitted();
        let runtime = self.runtime.clone();
        drop(runtime.spawn_blocking(move || work(self, permit)));
    }
}

/// Runs an act, and then those that its end admits: the first of them on this thread, because waking another takes
/// about as long as a look-up.
fn work(job: Job, permit: Permit<Holder, Job>) {
    let mut next = Some((job, permit));
    while let Some((job, permit)) = next {
        job.act.run();
        let mut admitted = permit.release().into_iter();
        next = admitted.next();
        for (job, permit) in admitted {
            job.admit(permit);
        }
    }
}

/// The connections of requests, divided by [`Shares`].
pub struct Scheduler(Limiter<Holder, Job>);

impl Default for Scheduler {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let capacity = (cores * SHARED_PER_CORE).clamp(SHARED.0 as usize, SHARED.1 as usize);
        let shares = Shares { capacity, extra: EXTRA as usize };
        Self(Limiter::new(shares))
    }
}

impl Scheduler {
    /// Returns what tells at any time how many turns are taken, and how many requests wait for one.
    pub fn usage(&self) -> impl Fn() -> Usage + Send + use<> {
        let turns = self.0.clone();
        move || turns.usage()
    }

    /// Does something that takes a connection, on a thread that may wait, once it is the holder's turn.
    ///
    /// # Errors
    /// Returns what `act` does, and [`Problem::Unavailable`] where too many requests of the holder's wait.
    pub async fn run<T: Send + 'static>(
        &self,
        holder: impl Into<Holder>,
        act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.run_of(holder, 1, act).await
    }

    /// Does something that takes as many [`units`].
    ///
    /// # Errors
    /// Returns what [`Scheduler::run`] does.
    pub async fn run_of<T: Send + 'static>(
        &self,
        holder: impl Into<Holder>,
        units: usize,
        act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.run_within(holder.into(), units, Turn::Last(MAX_WAITING), act).await
    }

    /// Does the rest of what was begun: it waits its turn, and is never refused.
    ///
    /// # Errors
    /// Returns what `act` does.
    pub async fn go_on<T: Send + 'static>(
        &self,
        holder: impl Into<Holder>,
        act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.run_within(holder.into(), 1, Turn::Last(usize::MAX), act).await
    }

    /// Does what had its turn and could not be done then: it is the first of the holder's to have the next.
    ///
    /// # Errors
    /// Returns what `act` does.
    pub async fn run_next<T: Send + 'static>(
        &self,
        holder: impl Into<Holder>,
        units: usize,
        act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.run_within(holder.into(), units, Turn::First, act).await
    }

    async fn run_within<T: Send + 'static>(
        &self,
        holder: Holder,
        units: usize,
        turn: Turn,
        act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (sender, outcome) = oneshot::channel();
        let started = Arc::new(OnceLock::new());
        let act = Arc::new(Mutex::new(Some(act)));
        let _withdraw = Withdraw(Arc::clone(&act));
        let pending = Pending { act, started: Arc::clone(&started), outcome: sender };
        let job = Job { act: Box::new(pending), runtime: Handle::current() };
        let admitted = self.0.enter(holder, units, turn, job).map_err(|full: Overloaded| {
            let words = "too many of your requests wait already; send fewer at once, or try again";
            Problem::Unavailable(words.into(), Some(Box::new(full)))
        })?;
        for (job, permit) in admitted {
            job.admit(permit);
        }
        done(outcome, &started).await
    }
}

/// Waits for the outcome of an act: for its turn as long as it takes, and then for [`PATIENCE`].
async fn done<T>(
    mut outcome: oneshot::Receiver<Result<T, Problem>>,
    started: &OnceLock<Instant>,
) -> Result<T, Problem> {
    let mut wait = PATIENCE;
    loop {
        match tokio::time::timeout(wait, &mut outcome).await {
            // The thread broke off, which its panic has told.
            Ok(done) => return done.unwrap_or_else(|error| Err(Problem::internal(error))),
            Err(_elapsed) => {
                let since = started.get().map_or(Duration::ZERO, Instant::elapsed);
                wait = PATIENCE.saturating_sub(since);
                if wait.is_zero() {
                    let words = "the database does not answer; try again";
                    return Err(Problem::Unavailable(words.into(), None));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resource::Input;

    fn alone() -> (Scheduler, tokio::runtime::Runtime) {
        let scheduler = Scheduler(Limiter::new(Shares { capacity: 1, extra: 0 }));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        (scheduler, runtime.expect("a runtime"))
    }

    #[test]
    fn an_act_goes_with_its_request_before_its_turn() {
        let (scheduler, runtime) = alone();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let body = Arc::new(());
        runtime.block_on(async {
            let first = scheduler.run(Holder::Visitors, move || {
                // Until the sender is dropped.
                let _ = ended.recv();
                Ok(())
            });
            let held = Arc::clone(&body);
            let second = scheduler.run(Holder::Visitors, move || {
                drop(held);
                Ok(())
            });
            let (mut first, mut second) = (Box::pin(first), Box::pin(second));
            for waiting in [&mut first as &mut (dyn Future<Output = _> + Unpin), &mut second] {
                let now = tokio::time::timeout(Duration::from_millis(10), waiting).await;
                assert!(now.is_err(), "it waits");
            }
            assert_eq!(Arc::strong_count(&body), 2);
            drop(second);
            assert_eq!(Arc::strong_count(&body), 1, "though its place in the queue is still there");
            drop(end);
            first.await.expect("done");
        });
    }

    #[test]
    fn an_act_that_panics_gives_its_turn_to_the_next() {
        let (scheduler, runtime) = alone();
        runtime.block_on(async {
            let broken =
                scheduler.run(Holder::Visitors, || -> Result<(), Problem> { panic!("on purpose") });
            let next = scheduler.run(Holder::Visitors, || Ok(2));
            let (broken, next) = tokio::join!(broken, next);
            assert!(matches!(broken, Err(Problem::Internal(_))));
            assert_eq!(next.expect("done"), 2);
        });
    }

    #[test]
    fn large_requests_weigh_more_however_their_bodies_are_wrapped() {
        let of = |body| units(Input { body: Some(body), ..Input::default() }.things());
        let members = |count: usize| json!({ "member": vec![json!({}); count] });
        assert_eq!((of(members(10)), of(members(200)), of(members(1000))), (1, 2, MOST_UNITS));
        assert_eq!(of(json!([members(1000)])), MOST_UNITS);
        assert_eq!(of(json!(vec!["a"; 500])), MOST_UNITS);
        assert!(MOST_UNITS < SHARED.0 as usize, "it would wait for ever");
    }
}
