//! Fetches of the queue from one host at once, divided among customers, so that no origin gets more than it bears and none of those
//! who share one waits for another.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::fairness::{Limiter, Permit, Shares};

/// Customers that fetch beyond the limit of a host, one each, while others hold all of it.
const EXTRA: usize = 64;

/// The hosts that are asked just now.
#[derive(Debug)]
pub(super) struct Hosts {
    /// Fetches from one host that customers share.
    limit: usize,
    asked: Arc<Mutex<HashMap<String, Host>>>,
}

#[derive(Debug)]
struct Host {
    fetches: Limiter<i32>,
    /// Those who fetch or wait; a host without any is forgotten.
    users: usize,
}

/// The permission to fetch from a host until this is dropped.
#[derive(Debug)]
pub(super) struct Fetching {
    // Before `_user`, so that it is given back before the host may be forgotten.
    _permit: Permit<i32>,
    _user: User,
}

#[derive(Debug)]
struct User {
    host: String,
    asked: Arc<Mutex<HashMap<String, Host>>>,
}

impl Hosts {
    pub fn new(limit: usize) -> Self {
        Self { limit, asked: Arc::default() }
    }

    /// Waits until a customer may fetch from a host.
    pub async fn acquire(&self, host: String, customer: i32) -> Fetching {
        let (fetches, user) = self.enter(host);
        Fetching { _permit: fetches.acquire(customer, 1).await, _user: user }
    }

    fn enter(&self, host: String) -> (Limiter<i32>, User) {
        let mut asked = self.asked.lock();
        let shares = Shares { capacity: self.limit, extra: EXTRA };
        let new = || Host { fetches: Limiter::new(shares), users: 0 };
        let known = asked.entry(host.clone()).or_insert_with(new);
        known.users += 1;
        (known.fetches.clone(), User { host, asked: Arc::clone(&self.asked) })
    }
}

impl Drop for User {
    fn drop(&mut self) {
        let mut asked = self.asked.lock();
        if let Some(known) = asked.get_mut(&self.host) {
            known.users -= 1;
            if known.users == 0 {
                asked.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_host_is_shared_and_forgotten_when_nobody_asks_it() {
        let hosts = Hosts::new(3);
        let ask = |host: &str, customer| hosts.acquire(host.to_owned(), customer).now_or_never();
        let first: Vec<Fetching> = (0..3).filter_map(|_| ask("a", 1)).collect();
        assert_eq!(first.len(), 2, "two thirds");
        assert!(ask("b", 1).is_some(), "another host");
        let others: Vec<Fetching> = [2, 3, 4].into_iter().filter_map(|n| ask("a", n)).collect();
        assert_eq!(others.len(), 3, "one each, beyond the limit");
        assert!(ask("a", 2).is_none());
        drop((first, others));
        assert!(hosts.asked.lock().is_empty());
        assert!(ask("a", 1).is_some());
    }
}
