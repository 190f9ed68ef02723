//! The choice of an origin strategy for an image: rules are compiled once, and matched off the async threads.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::classes::customer_origin_strategy::rules::StoredRule;
use crate::fairness::{Limiter, Shares};
use crate::origins::{OriginError, Rule, Strategy, choose};

/// Time that the patterns of one image may take together; common ones take some microseconds.
const BUDGET: Duration = Duration::from_secs(3);
/// Patterns that are kept compiled: each may take some hundred kilobytes.
const MAX_KEPT: usize = 200;

/// The compiled rules of customers, by what is stored of them.
pub(super) struct Rules {
    kept: Mutex<HashMap<i32, Kept>>,
    /// Searches at once, by customer.
    searches: Limiter<i32>,
}

#[derive(Clone)]
struct Kept {
    stored: Arc<Vec<StoredRule>>,
    compiled: Arc<Vec<Rule>>,
}

/// The rule that was chosen.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    pub id: String,
    pub strategy: Strategy,
}

impl Rules {
    /// Searches on as many threads as there are `cores`, and on as many more for customers without any.
    pub fn new(cores: usize) -> Self {
        let shares = Shares { capacity: cores, extra: cores };
        Self { kept: Mutex::default(), searches: Limiter::new(shares) }
    }

    /// Returns the first rule whose pattern is in `origin`, on a thread that may wait.
    ///
    /// # Errors
    /// Returns [`OriginError::PatternsTooSlow`] where they take too long.
    ///
    /// # Panics
    /// Where a search panics.
    pub async fn choose(
        self: &Arc<Self>,
        customer: i32,
        stored: Vec<StoredRule>,
        origin: &str,
    ) -> Result<Option<Chosen>, OriginError> {
        if stored.is_empty() {
            return Ok(None);
        }
        let permit = self.searches.acquire(customer, 1).await;
        let (this, origin) = (Arc::clone(self), origin.to_owned());
        let search = tokio::task::spawn_blocking(move || {
            let rules = this.compiled(customer, stored);
            let chosen = choose(&rules, &origin, BUDGET);
            drop(permit);
            let found = |rule: &Rule| Chosen { id: rule.id.clone(), strategy: rule.strategy };
            chosen.map(|rule| rule.map(found))
        });
        match search.await {
            Ok(chosen) => chosen,
            Err(broken) => match broken.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(stopped) => Err(OriginError::Io(std::io::Error::other(stopped))),
            },
        }
    }

    fn compiled(&self, customer: i32, stored: Vec<StoredRule>) -> Arc<Vec<Rule>> {
        let lock = || self.kept.lock();
        if let Some(kept) = lock().get(&customer)
            && *kept.stored == stored
        {
            return Arc::clone(&kept.compiled);
        }
        // Not under the lock: what one customer's patterns take, another does not wait for.
        let compiled: Vec<Rule> = stored.iter().filter_map(|rule| rule.compile(customer)).collect();
        let compiled = Arc::new(compiled);
        let mut kept = lock();
        kept.remove(&customer);
        let others: usize = kept.values().map(|kept| kept.stored.len()).sum();
        if others + stored.len() > MAX_KEPT {
            kept.clear();
        }
        let stored = Arc::new(stored);
        kept.insert(customer, Kept { stored, compiled: Arc::clone(&compiled) });
        compiled
    }
}
