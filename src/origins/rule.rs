//! The rules of a customer, which choose how an origin is fetched.

use std::time::{Duration, Instant};

use super::error::OriginError;
use super::pattern::Pattern;
use super::strategy::Strategy;

/// One rule of a customer's: which origins are fetched how.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Names the rule among those of its customer.
    pub id: String,
    /// Looked for anywhere in the origin, ignoring case.
    pub pattern: Pattern,
    /// The way in which an origin that matches the pattern is fetched.
    pub strategy: Strategy,
}

/// Returns the first rule whose pattern is in `origin`; `rules` are sorted by their order.
///
/// `None` stands for [`Strategy::DEFAULT`]. Each pattern is bounded by itself, and no other is tried
/// once all together have taken `budget`. This may take that long: it belongs on a thread that may wait.
///
/// # Errors
/// Returns [`OriginError::PatternsTooSlow`] where the budget was spent before a pattern was found, for a rule not
/// looked at may be the one that matters.
pub fn choose<'a>(
    rules: &'a [Rule],
    origin: &str,
    budget: Duration,
) -> Result<Option<&'a Rule>, OriginError> {
    let begun = Instant::now();
    for rule in rules {
        if begun.elapsed() >= budget {
            return Err(OriginError::PatternsTooSlow { after: budget });
        }
        if rule.pattern.is_found_in(origin) {
            return Ok(Some(rule));
        }
    }
    Ok(None)
}
