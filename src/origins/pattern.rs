//! Customers' regular expressions, kept from taking the server's time and memory.

use std::error::Error;
use std::fmt;

use fancy_regex::{CompileError, Error as RegexError, Expr};

use super::steps;
use super::url::MAX_ORIGIN_BYTES;

/// Longest pattern, in characters.
const MAX_CHARACTERS: usize = 1000;
/// Bytes of each automaton in a pattern; `\w{10}` fits, `\w{20}` does not.
const MAX_AUTOMATON_BYTES: usize = 256 * 1024;
/// Instructions of the backtracking machine.
const MAX_INSTRUCTIONS: usize = 20_000;
const MAX_BACKTRACKS: u64 = 100_000;
/// A pattern that may only backtrack less than this could not match a common origin.
const MIN_BACKTRACKS: u64 = 4096;
/// Work of one search in units of [`steps`], about a second at the very worst.
const MAX_WORK: u64 = 4_000_000_000;

/// A customer's regular expression, compiled with a bound on its steps.
///
/// Look-arounds and back-references, which customers' .NET patterns use, are read by `fancy-regex`; all other patterns
/// by `regex`, whose searches take linear time.
#[derive(Clone, Debug)]
pub struct Pattern(Compiled);

#[derive(Clone, Debug)]
enum Compiled {
    Linear(regex::Regex),
    Backtracking(fancy_regex::Regex),
}

impl Pattern {
    /// Compiles `text` of at most 1,000 characters, to be looked for ignoring case.
    ///
    /// # Errors
    /// Returns [`PatternError`] in words for the customer: blank, too long, no regular expression (a bare
    /// `*` is none), or one that could need too much memory or time.
    pub fn compile(text: &str) -> Result<Self, PatternError> {
        if text.trim().is_empty() {
            return Err(PatternError::Blank);
        }
        if text.chars().nth(MAX_CHARACTERS).is_some() {
            return Err(PatternError::TooLong);
        }
        // The two crates read some texts differently, possessive quantifiers (`a++`) for one, so that one of them decides.
        let tree = Expr::parse_tree(text)?;
        if !is_linear(&tree.expr) {
            return Self::backtracking(text);
        }
        let linear = regex::RegexBuilder::new(text)
            .case_insensitive(true)
            .size_limit(MAX_AUTOMATON_BYTES)
            .dfa_size_limit(MAX_AUTOMATON_BYTES)
            .build();
        match linear {
            Ok(linear) => Ok(Self(Compiled::Linear(linear))),
            Err(regex::Error::CompiledTooBig(_)) => Err(PatternError::TooComplex),
            // It may have what only the other crate reads, or be no regular expression.
            Err(_) => Self::backtracking(text),
        }
    }

    fn backtracking(text: &str) -> Result<Self, PatternError> {
        fancy_regex::RegexBuilder::new(text)
            .case_insensitive(true)
            .backtrack_limit(backtracks(text)?)
            .delegate_size_limit(MAX_AUTOMATON_BYTES)
            .delegate_dfa_size_limit(MAX_AUTOMATON_BYTES)
            .delegate_dfa_skip_cache_capacity_check(false)
            .max_prog_size(MAX_INSTRUCTIONS)
            .build()
            .map(|pattern| Self(Compiled::Backtracking(pattern)))
            .map_err(PatternError::from)
    }

    /// Returns the text that was compiled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Compiled::Linear(pattern) => pattern.as_str(),
            Compiled::Backtracking(pattern) => pattern.as_str(),
        }
    }

    /// Returns whether the pattern matches anywhere in `origin`; one that runs too long does not, with a warning.
    #[must_use]
    pub fn is_found_in(&self, origin: &str) -> bool {
        // The work is reckoned for origins as they are taken, not for longer text.
        if origin.len() > MAX_ORIGIN_BYTES {
            return false;
        }
        let found = match &self.0 {
            Compiled::Linear(pattern) => return pattern.is_match(origin),
            Compiled::Backtracking(pattern) => pattern.is_match(origin),
        };
        found.unwrap_or_else(|error| {
            log::warn!(
                "an origin strategy's pattern {:?} is taken as not found: {error}",
                self.as_str()
            );
            false
        })
    }
}

/// Returns whether an expression has only what both crates read in the same way.
fn is_linear(expr: &Expr) -> bool {
    let is_shared = matches!(
        expr,
        Expr::Empty
            | Expr::Any { .. }
            | Expr::Assertion(_)
            | Expr::Literal { .. }
            | Expr::Delegate { .. }
            | Expr::Concat(_)
            | Expr::Alt(_)
            | Expr::Group(_)
            | Expr::Repeat { .. }
    );
    is_shared && (expr.is_leaf_node() || expr.children_iter().all(is_linear))
}

/// Returns how many backtracks keep a search within [`MAX_WORK`].
fn backtracks(text: &str) -> Result<usize, PatternError> {
    let tree = Expr::parse_tree(text)?;
    let work = steps::between_backtracks(&tree.expr, MAX_ORIGIN_BYTES as u64)
        .ok_or(PatternError::TooComplex)?;
    let bound = (MAX_WORK / work.max(1)).min(MAX_BACKTRACKS);
    if bound < MIN_BACKTRACKS {
        return Err(PatternError::TooComplex);
    }
    usize::try_from(bound).or(Err(PatternError::TooComplex))
}

/// The reason why a text cannot be a rule's pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// Empty or only blanks.
    Blank,
    /// More than 1,000 characters.
    TooLong,
    /// Repetitions or look-arounds, one in another, that could need too much memory or time.
    TooComplex,
    /// No regular expression; the words say where and why.
    Invalid(String),
}

impl From<RegexError> for PatternError {
    fn from(error: RegexError) -> Self {
        let is_too_large = matches!(&error, RegexError::CompileError(cause) if match &**cause {
            CompileError::PatternTooComplex | CompileError::DfaBuildError(..) => true,
            CompileError::InnerError(inner) => inner.size_limit().is_some(),
            _ => false,
        });
        if is_too_large { Self::TooComplex } else { Self::Invalid(error.to_string()) }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("the pattern is blank"),
            Self::TooLong => {
                write!(f, "the pattern is longer than {MAX_CHARACTERS} characters")
            }
            Self::TooComplex => f.write_str(
                "the pattern is too complex: repeat less, and keep repetitions out of \
                 look-arounds that are themselves repeated",
            ),
            Self::Invalid(why) => write!(f, "the pattern is not a regular expression: {why}"),
        }
    }
}

impl Error for PatternError {}
