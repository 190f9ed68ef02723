//! The work of requests on connections of the pool: few at once for each core, divided among those who ask, so that
//! whatever one asks for, others do not wait.

use std::num::NonZero;
use std::time::Duration;

use actix_web::web;

use crate::fairness::{Limiter, Overloaded, Shares};
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
/// Things (members of a body, rows of a page) for each unit that an act takes beyond its first.
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

/// The connections of requests, divided by [`Shares`].
pub struct Acts(Limiter<Holder>);

impl Default for Acts {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let capacity = (cores * SHARED_PER_CORE).clamp(SHARED.0 as usize, SHARED.1 as usize);
        let shares = Shares { capacity, extra: EXTRA as usize };
        Self(Limiter::new(shares))
    }
}

impl Acts {
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
    /// Returns what [`Acts::run`] does.
    pub async fn run_of<T: Send + 'static>(
        &self,
        holder: impl Into<Holder>,
        units: usize,
        act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.run_within(holder.into(), units, MAX_WAITING, act).await
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
        self.run_within(holder.into(), 1, usize::MAX, act).await
    }

    async fn run_within<T: Send + 'static>(
        &self,
        holder: Holder,
        units: usize,
        most: usize,
        act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = self.0.acquire_within(holder, units, most).await;
        let permit = permit.map_err(|full: Overloaded| {
            let words = "too many of your requests wait already; send fewer at once, or try again";
            Problem::Unavailable(words.into(), Some(Box::new(full)))
        })?;
        blocking(move || {
            let done = act();
            drop(permit);
            done
        })
        .await
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::time::timeout(PATIENCE, web::block(act)).await {
        Ok(done) => done.unwrap_or_else(|error| Err(Problem::internal(error))),
        Err(_elapsed) => {
            Err(Problem::Unavailable("the database does not answer; try again".into(), None))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resource::Input;

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
