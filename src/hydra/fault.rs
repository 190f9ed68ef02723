//! Faults of requests: each says what it is about, and why it is not accepted.

use std::fmt;

/// The fault of a member or a parameter that nothing reads, if strict handling is preferred.
pub const UNKNOWN: &str = "is not known here, and strict handling is preferred";

/// Characters of the name of an unknown member that a fault tells.
const MAX_NAME: usize = 250;

/// One thing that a body or a query says and that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The member it is about; for a member of a collection `member[3].origin`.
    pub member: String,
    /// The reason, as the rest of a sentence that begins with the member.
    pub reason: String,
    /// JSON pointer (RFC 6901) into the body as sent, if that is in our own terms.
    pub pointer: String,
    /// The node it is about, in a body in other terms: its IRI or label, or `member[3]`.
    pub node: Option<String>,
    /// Tells whether what was asked for is fine, but somebody else has it.
    pub taken: bool,
}

impl Fault {
    pub fn new(member: impl Into<String>, reason: impl Into<String>) -> Self {
        let member = member.into();
        let pointer = format!("/{}", member.replace('~', "~0").replace('/', "~1"));
        Self { member, reason: reason.into(), pointer, node: None, taken: false }
    }

    /// About a member or a parameter that nothing reads, where strict handling is preferred.
    pub fn unknown(name: &str) -> Self {
        Self::new(name.chars().take(MAX_NAME).collect::<String>(), UNKNOWN)
    }

    /// About a header or a parameter of the request, which no pointer into the body can show.
    pub fn of_request(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { pointer: String::new(), ..Self::new(name, reason) }
    }

    /// About one of the values of a member, where it has several; else about the member.
    pub fn of_value(member: &str, index: Option<usize>, reason: impl Into<String>) -> Self {
        let fault = Self::new(member, reason);
        match index {
            None => fault,
            Some(index) => Self {
                member: format!("{member}[{index}]"),
                pointer: format!("{}/{index}", fault.pointer),
                ..fault
            },
        }
    }

    /// Returns bytes that it takes, without those that its place in a document takes.
    pub(super) fn bytes(&self) -> usize {
        let node = self.node.as_ref().map_or(0, String::len);
        self.member.len() + self.reason.len() + self.pointer.len() + node
    }

    /// Returns the same fault in the `index`-th member of a collection.
    #[must_use]
    pub fn within(self, index: usize) -> Self {
        Self {
            member: format!("member[{index}].{}", self.member),
            pointer: format!("/member/{index}{}", self.pointer),
            ..self
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without a member it is about the whole body.
        let member = if self.member.is_empty() { "the body" } else { &self.member };
        write!(f, "{member} {}", self.reason)
    }
}
