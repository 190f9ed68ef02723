//! Numbers as requests write them, read without floating point: equal numbers are equal values.

use std::fmt;

/// Digits after the point that are kept, as many as the Image API 2.1 asks clients to send at most.
const DIGITS: u32 = 10;
/// Units in one.
const ONE: u64 = 10_u64.pow(DIGITS);
/// Integer parts are below this, so that the units fit.
const INTEGER_END: u64 = 1_000_000_000;

/// Holds a number from 0 to 999,999,999 with up to ten digits after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Decimal {
    units: u64,
}

impl Decimal {
    pub const ZERO: Self = Self::new(0);

    pub const fn new(integer: u32) -> Self {
        // The greatest integer of 32 bits makes more units than fit.
        Self { units: (integer as u64).saturating_mul(ONE) }
    }

    /// Reads digits with at most one point, such as `22.5` or `.5`.
    ///
    /// Returns nothing for any other spelling, and for integer parts of 1,000,000,000 and more.
    /// Rounds up what follows the tenth digit after the point, so that a number above a bound stays above it, and a
    /// number above zero is not zero.
    pub fn parse(text: &str) -> Option<Self> {
        let (integer, fraction) = match text.split_once('.') {
            Some((integer, fraction)) if !fraction.is_empty() => (integer, fraction),
            Some(_) => return None,
            None if text.is_empty() => return None,
            None => (text, ""),
        };
        if !is_digits(integer) || !is_digits(fraction) {
            return None;
        }
        // Only a number such as `.5` has no digit here.
        let integer: u64 = if integer.is_empty() { 0 } else { integer.parse().ok()? };
        if integer >= INTEGER_END {
            return None;
        }
        let (mut units, mut place) = (integer * ONE, ONE);
        let mut is_cut = false;
        for digit in fraction.bytes() {
            place /= 10;
            units += u64::from(digit - b'0') * place;
            is_cut |= place == 0 && digit != b'0';
        }
        Some(Self { units: units + u64::from(is_cut) })
    }

    /// Returns this percentage of a number of pixels, rounded to the nearest (halves up).
    pub(super) fn percent_of(self, edge: u32) -> u128 {
        let hundred = 100 * u128::from(ONE);
        (2 * u128::from(edge) * u128::from(self.units) + hundred) / (2 * hundred)
    }

    /// Returns the number as floating point.
    pub fn to_f64(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits hold every angle to 10 digits")]
        let units = self.units as f64;
        #[expect(clippy::cast_precision_loss, reason = "a power of ten below 2^53")]
        let one = ONE as f64;
        units / one
    }
}

/// Returns whether a text has no characters but digits; one that is empty has none.
fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads a whole number of at most 32 bits; nothing for any other spelling.
pub(super) fn parse_integer(text: &str) -> Option<u32> {
    // `parse` alone would take a sign.
    if is_digits(text) { text.parse().ok() } else { None }
}

impl fmt::Display for Decimal {
    /// Writes the canonical spelling: no zeros at the end, and one before the point.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (integer, fraction) = (self.units / ONE, self.units % ONE);
        if fraction == 0 {
            return write!(f, "{integer}");
        }
        let fraction = format!("{fraction:010}");
        write!(f, "{integer}.{}", fraction.trim_end_matches('0'))
    }
}
