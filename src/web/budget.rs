//! A budget of bytes that requests share: taken before memory is, given back when it is free again.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::hydra::Problem;
use crate::resource::Caller;

/// Time that a request waits for its part of the budget.
const PATIENCE: Duration = Duration::from_secs(5);

/// On whose account bytes are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Account {
    Customer(i32),
    /// A visitor's address; of IPv6 its network of 64 bits, which one visitor has whole.
    Visitor(Option<IpAddr>),
}

impl Account {
    pub fn of(caller: Caller, peer: Option<IpAddr>) -> Self {
        match (caller.customer(), peer.map(|ip| ip.to_canonical())) {
            (Some(customer), _) => Self::Customer(customer),
            (None, Some(IpAddr::V6(ip))) => {
                let network = u128::from(ip) & !u128::from(u64::MAX);
                Self::Visitor(Some(IpAddr::V6(network.into())))
            }
            (None, peer) => Self::Visitor(peer),
        }
    }
}

/// Bytes that all requests of the process may hold together; cheap to clone.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Bytes in all.
    capacity: usize,
    /// Bytes of one account, at most.
    share: usize,
    /// The detail of the problem that a request gets which waits in vain.
    words: &'static str,
    usage: Mutex<Usage>,
}

#[derive(Debug, Default)]
struct Usage {
    total: usize,
    by_account: HashMap<Account, usize>,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    account: Account,
    bytes: usize,
    granted: oneshot::Sender<Permit>,
}

/// Bytes of an account that are taken later.
#[derive(Debug, Clone)]
pub struct Reservation {
    budget: Budget,
    account: Account,
    bytes: usize,
}

/// Bytes taken from a budget until this is dropped.
#[derive(Debug)]
pub struct Permit {
    budget: Budget,
    account: Account,
    bytes: usize,
}

impl Budget {
    /// Returns a budget of `capacity` bytes, of which one account may hold half.
    pub fn new(capacity: usize, words: &'static str) -> Self {
        let shared = Shared { capacity, share: capacity / 2, words, usage: Mutex::default() };
        Self(Arc::new(shared))
    }

    /// Takes bytes; waits for them without a thread. More than the share of an account counts as its share.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if they are not free in time.
    pub async fn take(&self, account: Account, bytes: usize) -> Result<Permit, Problem> {
        self.take_within(account, bytes, PATIENCE).await
    }

    async fn take_within(
        &self,
        account: Account,
        bytes: usize,
        patience: Duration,
    ) -> Result<Permit, Problem> {
        let bytes = bytes.min(self.0.share);
        let granted = {
            let mut usage = self.lock();
            if let Some(permit) = self.take_of(&mut usage, account, bytes) {
                return Ok(permit);
            }
            let (sender, granted) = oneshot::channel();
            usage.waiting.push_back(Waiting { account, bytes, granted: sender });
            granted
        };
        match tokio::time::timeout(patience, granted).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Problem::Unavailable(self.0.words.into(), None)),
        }
    }

    /// Takes bytes that are free, unless that would overtake a request that waits for them.
    fn take_of(&self, usage: &mut Usage, account: Account, bytes: usize) -> Option<Permit> {
        usage.waiting.retain(|waiting| !waiting.granted.is_closed());
        let overtakes = usage
            .waiting
            .iter()
            .any(|waiting| waiting.account == account || self.within_share(usage, waiting));
        if overtakes || !usage.fits(&self.0, account, bytes) {
            return None;
        }
        usage.add(account, bytes);
        Some(self.permit(account, bytes))
    }

    /// Returns whether a request waits for the budget as a whole, and not for others of its account.
    fn within_share(&self, usage: &Usage, waiting: &Waiting) -> bool {
        usage.of(waiting.account) + waiting.bytes <= self.0.share
    }

    fn permit(&self, account: Account, bytes: usize) -> Permit {
        Permit { budget: self.clone(), account, bytes }
    }

    fn lock(&self) -> MutexGuard<'_, Usage> {
        self.0.usage.lock()
    }

    /// Returns bytes that one account may hold.
    pub fn share(&self) -> usize {
        self.0.share
    }

    /// Returns bytes that are taken at the moment.
    pub fn taken(&self) -> usize {
        self.lock().total
    }

    /// Gives bytes back, and grants what waits, in the order in which it came.
    fn give_back(&self, account: Account, bytes: usize) {
        let mut usage = self.lock();
        usage.subtract(account, bytes);
        let granted = self.grant(&mut usage);
        drop(usage);
        for (waiting, permit) in granted {
            // Who has gone meanwhile gives it back by dropping it.
            let _ = waiting.send(permit);
        }
    }

    fn grant(&self, usage: &mut Usage) -> Vec<(oneshot::Sender<Permit>, Permit)> {
        let mut granted = Vec::new();
        let mut left = VecDeque::new();
        let mut full = false;
        for waiting in std::mem::take(&mut usage.waiting) {
            if waiting.granted.is_closed() {
                continue;
            }
            let (account, bytes) = (waiting.account, waiting.bytes);
            if !full && usage.fits(&self.0, account, bytes) {
                usage.add(account, bytes);
                granted.push((waiting.granted, self.permit(account, bytes)));
            } else {
                // A large request at the head is not overtaken for ever by small ones.
                full |= self.within_share(usage, &waiting);
                left.push_back(waiting);
            }
        }
        usage.waiting = left;
        granted
    }
}

impl Reservation {
    /// Returns one of at most the share of the account.
    pub fn new(budget: &Budget, account: Account, bytes: usize) -> Self {
        Self { budget: budget.clone(), account, bytes: bytes.min(budget.share()) }
    }

    /// Takes the bytes, if they are free.
    pub fn try_take(&self) -> Option<Permit> {
        self.budget.take_of(&mut self.budget.lock(), self.account, self.bytes)
    }

    /// Waits for the bytes, as [`Budget::take`] does.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if they are not free in time.
    pub async fn take(&self) -> Result<Permit, Problem> {
        self.budget.take(self.account, self.bytes).await
    }
}

impl Usage {
    fn of(&self, account: Account) -> usize {
        self.by_account.get(&account).copied().unwrap_or_default()
    }

    fn fits(&self, shared: &Shared, account: Account, bytes: usize) -> bool {
        self.of(account) + bytes <= shared.share && self.total + bytes <= shared.capacity
    }

    fn add(&mut self, account: Account, bytes: usize) {
        self.total += bytes;
        *self.by_account.entry(account).or_default() += bytes;
    }

    fn subtract(&mut self, account: Account, bytes: usize) {
        self.total = self.total.saturating_sub(bytes);
        if let Some(own) = self.by_account.get_mut(&account) {
            *own = own.saturating_sub(bytes);
            if *own == 0 {
                self.by_account.remove(&account);
            }
        }
    }
}

impl Permit {
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes more bytes, as [`Budget::take`] does.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if they are not free in time.
    pub async fn extend(&mut self, bytes: usize) -> Result<(), Problem> {
        let mut more = self.budget.take(self.account, bytes).await?;
        self.bytes += std::mem::take(&mut more.bytes);
        Ok(())
    }

    /// Gives back what is beyond so many bytes.
    pub fn shrink(&mut self, bytes: usize) {
        self.resize(bytes.min(self.bytes));
    }

    /// Makes it one of as many bytes as are really held; more are taken without waiting, because they are in memory
    /// already.
    pub fn resize(&mut self, bytes: usize) {
        let before = std::mem::replace(&mut self.bytes, bytes);
        if bytes > before {
            self.budget.lock().add(self.account, bytes - before);
        } else if bytes < before {
            self.budget.give_back(self.account, before - bytes);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget.give_back(self.account, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    const ONE: Account = Account::Customer(1);
    const TWO: Account = Account::Customer(2);
    const THREE: Account = Account::Customer(3);

    fn now<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
    }

    #[test]
    fn one_account_takes_its_share_and_others_find_the_rest() {
        let runtime = runtime();
        let _inside = runtime.enter();
        let budget = Budget::new(100, "too much");
        let first =
            now(Box::pin(budget.take(ONE, 40)).as_mut()).expect("at once").expect("granted");
        let mut waits = Box::pin(budget.take(ONE, 20));
        assert!(now(waits.as_mut()).is_none(), "beyond its share");
        let other =
            now(Box::pin(budget.take(TWO, 50)).as_mut()).expect("at once").expect("granted");
        assert_eq!(budget.taken(), 90);
        drop(first);
        assert!(now(waits.as_mut()).expect("its turn").is_ok());
        drop(other);
        drop(waits);
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn a_large_request_is_not_overtaken_by_small_ones_of_others() {
        let runtime = runtime();
        let _inside = runtime.enter();
        let budget = Budget::new(100, "too much");
        let permit =
            now(Box::pin(budget.take(ONE, 50)).as_mut()).expect("at once").expect("granted");
        let small =
            now(Box::pin(budget.take(TWO, 20)).as_mut()).expect("at once").expect("granted");
        let mut large = Box::pin(budget.take(THREE, 50));
        assert!(now(large.as_mut()).is_none());
        let mut late = Box::pin(budget.take(TWO, 10));
        assert!(now(late.as_mut()).is_none(), "it waits behind the large one");
        drop(small);
        assert!(now(large.as_mut()).expect("its turn").is_ok());
        drop(permit);
        assert!(now(late.as_mut()).expect("its turn").is_ok());
    }

    #[test]
    fn who_waits_in_vain_is_told_and_leaves_nothing_behind() {
        let budget = Budget::new(100, "too much");
        let refused = runtime().block_on(async {
            let permit = budget.take(ONE, 1000).await.expect("its share");
            let refused = budget.take_within(ONE, 1, Duration::from_millis(10)).await;
            drop(permit);
            refused
        });
        assert!(matches!(refused, Err(Problem::Unavailable(words, _)) if words == "too much"));
        assert_eq!(budget.taken(), 0);
        let mut permit = pollster::block_on(budget.take(ONE, 10)).expect("granted");
        permit.resize(200);
        assert_eq!(budget.taken(), 200, "what is there already counts, share or not");
        permit.resize(5);
        assert_eq!(budget.taken(), 5);
    }

    #[test]
    fn visitors_of_one_network_have_one_account() {
        let of = |text: &str| Account::of(Caller::Visitor, text.parse().ok());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:0:0:2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
    }
}
