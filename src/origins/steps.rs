//! An estimate of the work that a pattern can make between two of its backtracks.
//!
//! fancy-regex bounds backtracks only. A look-around goes back to where it began without one, so
//! that `(?:(?=(?:(?=.*).)*).)*` needs seconds, and a level more needs hours, within any bound on
//! backtracks. The work is estimated from above here, and the bound on backtracks set by it.

use fancy_regex::Expr;

/// One character in a compiled automaton: the unit, about a nanosecond.
const CHARACTER: u64 = 1;
/// One instruction of the backtracking machine.
const INSTRUCTION: u64 = 10;

/// Returns the most work that a pass without backtracks does on a text of `length` bytes.
///
/// `None` where it cannot be told: subroutine calls, absence operators and the like, which
/// patterns written for .NET do not have.
pub(super) fn between_backtracks(expr: &Expr, length: u64) -> Option<u64> {
    // However repetitions are nested, each character is consumed once in a pass.
    let consuming = if repeats(expr) { length * INSTRUCTION } else { 0 };
    let passes = Passes { least: 1, most: 1 };
    Some(consuming.saturating_add(work(expr, passes, length)?))
}

/// Bounds on the number of times that an expression is evaluated in one pass.
#[derive(Clone, Copy)]
struct Passes {
    /// Demanded by the pattern, even where nothing is consumed.
    least: u64,
    most: u64,
}

impl Passes {
    /// Within a repetition; one that consumes nothing is not repeated beyond its least number.
    fn repeated(self, at_least: usize, length: u64) -> Self {
        let at_least = u64::try_from(at_least).unwrap_or(u64::MAX).max(1);
        let least = self.least.saturating_mul(at_least);
        Self { least, most: least.max(length) }
    }
}

fn work(expr: &Expr, passes: Passes, length: u64) -> Option<u64> {
    let instruction = passes.most.saturating_mul(INSTRUCTION);
    let own = match expr {
        Expr::Any { .. }
        | Expr::Delegate { .. }
        | Expr::GeneralNewline { .. }
        | Expr::Backref { .. } => passes.most.saturating_mul(CHARACTER),
        Expr::Literal { val, .. } => {
            passes.most.saturating_mul(CHARACTER).saturating_mul(val.len() as u64)
        }
        Expr::LiteralBytes { bytes } => {
            passes.most.saturating_mul(CHARACTER).saturating_mul(bytes.len() as u64)
        }
        Expr::LookAround(inner, _) => {
            let once = between_backtracks(inner, length)?;
            return Some(instruction.saturating_add(passes.most.saturating_mul(once)));
        }
        Expr::Repeat { child, lo, hi, .. } => {
            let within = if *hi > 1 { passes.repeated(*lo, length) } else { passes };
            return Some(instruction.saturating_add(work(child, within, length)?));
        }
        Expr::Empty
        | Expr::Assertion(_)
        | Expr::Concat(_)
        | Expr::Alt(_)
        | Expr::Group(_)
        | Expr::AtomicGroup(_)
        | Expr::KeepOut
        | Expr::ContinueFromPreviousMatchEnd
        | Expr::BackrefExistsCondition { .. }
        | Expr::Conditional { .. } => instruction,
        _ => return None,
    };
    expr.children_iter()
        .try_fold(own, |sum, child| Some(sum.saturating_add(work(child, passes, length)?)))
}

/// Returns whether a pass may go over many characters, look-arounds left aside.
fn repeats(expr: &Expr) -> bool {
    match expr {
        Expr::LookAround(..) => false,
        Expr::Backref { .. } => true,
        Expr::Repeat { hi, .. } if *hi > 1 => true,
        _ if expr.is_leaf_node() => false,
        _ => expr.children_iter().any(repeats),
    }
}
