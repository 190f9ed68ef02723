//! What became of bodies by chance.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hydria::hydra::Problem;

/// Number of bodies, and seed; both may be left out.
const WANTED: &str = "HYDRIA_DIFFER";
/// Kinds of refusal that a long run shows.
const MAX_SHOWN: usize = 40;
/// Bodies from which on every construct must have been read.
const MANY: u64 = 800;

/// Returns the number of bodies and the seed that the environment asks for.
pub fn wanted(default: u64) -> (u64, u64) {
    let asked = std::env::var(WANTED).unwrap_or_default();
    let numbers: Vec<u64> =
        asked.split_whitespace().map(|n| n.parse().expect("a whole number")).collect();
    (numbers.first().copied().unwrap_or(default), numbers.get(1).copied().unwrap_or(1))
}

/// What became of all bodies.
#[derive(Default)]
pub struct Counts {
    same: u64,
    refused: u64,
    /// Refusals by reason, without what is particular in it.
    reasons: BTreeMap<String, u64>,
    /// Constructs of those that were read.
    features: BTreeMap<&'static str, u64>,
    /// Bodies that only the second of two other processors reads in the same way.
    pub second: u64,
    pub different: Vec<String>,
}

impl Counts {
    pub fn same(&mut self, features: &[&'static str]) {
        self.same += 1;
        for feature in features {
            *self.features.entry(feature).or_default() += 1;
        }
    }

    /// Notes a refusal; `read`: the other processor reads the body.
    pub fn refuse(&mut self, problem: &Problem, read: bool) {
        self.refused += 1;
        let whole = format!("{problem:?}");
        let mut quoted = false;
        let mut reason = String::new();
        for c in whole.chars() {
            quoted ^= c == '"' || c == '`';
            if !quoted || reason.len() < "Unreadable(\"".len() {
                reason.push(if c.is_ascii_digit() { '0' } else { c });
            }
            // What Debug shows begins with a quote of its own.
            if reason == "Unreadable(\"" {
                quoted = false;
            }
        }
        let reason: String = reason.chars().take(90).collect();
        let by = if read { "read by the other" } else { "by both" };
        *self.reasons.entry(format!("{by}: {reason}")).or_default() += 1;
    }

    /// Notes a body that says something which no row takes.
    pub fn refused_by_row(&mut self) {
        self.refused += 1;
        *self.reasons.entry("by rows".into()).or_default() += 1;
    }

    /// Shows what became of bodies, and judges it: one in `share` at least is read, with every one of the `constructs`.
    pub fn judge(&self, name: &str, share: u64, constructs: &[&'static str]) {
        let Self { same, refused, reasons, features, second, different } = self;
        println!(
            "{name}: {same} the same, {refused} refused, {} different; the first of two others differs in {second}",
            different.len()
        );
        if std::env::var(WANTED).is_ok() {
            let mut reasons: Vec<_> = reasons.iter().collect();
            reasons.sort_by_key(|(_, times)| Reverse(**times));
            for (reason, times) in reasons.into_iter().take(MAX_SHOWN) {
                println!("  {times} refused {reason}");
            }
            println!("  read with {features:?}");
            for found in different {
                println!("{found}\n");
            }
        }
        let few: Vec<&str> = different.iter().take(3).map(String::as_str).collect();
        assert!(different.is_empty(), "{} differ: {}", different.len(), few.join("\n\n"));
        let all = same + refused;
        assert!(same * share >= all, "{name}: only {same} of {all} are read");
        if all >= MANY {
            let unread = constructs.iter().find(|construct| !features.contains_key(*construct));
            assert_eq!(unread, None, "{name}: no body with this construct is read");
        }
    }
}
