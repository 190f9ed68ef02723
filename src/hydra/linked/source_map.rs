//! The source map: the places in a body, as it was sent, of the members of its document.

use crate::hydra::{Fault, Problem};

/// The places of the members of a document in the body it was read from.
#[derive(Debug, Default)]
pub enum SourceMap {
    /// As in the document.
    #[default]
    Same,
    /// One level down: the document is all that an array holds.
    Array,
    /// Below this JSON pointer.
    Within(&'static str),
    /// The one member of the document stands in no array.
    OneMember,
    /// Nowhere in particular: the body is not in our own terms.
    Nodes(Named),
}

/// The nodes and properties that faults name in a body that is not in our own terms.
#[derive(Debug)]
pub struct Named {
    /// IRI or label of the node that the document describes.
    pub node: String,
    /// The faults of values that cannot be written in our terms, by pointer into the document.
    pub reasons: Vec<(String, String)>,
}

impl SourceMap {
    /// Returns the same problem with its faults told of the body as it was sent.
    pub fn map_pointers(&self, problem: Problem) -> Problem {
        match problem {
            Problem::Invalid(faults) => {
                Problem::Invalid(faults.into_iter().map(|fault| self.place(fault)).collect())
            }
            other => other,
        }
    }

    fn place(&self, fault: Fault) -> Fault {
        let pointer = match self {
            Self::Same => return fault,
            Self::Array => format!("/0{}", fault.pointer),
            Self::Within(above) => format!("{above}{}", fault.pointer),
            Self::OneMember => fault.pointer.replacen("/member/0", "/member", 1),
            Self::Nodes(named) => return named.place(fault),
        };
        Fault { pointer, ..fault }
    }
}

impl Named {
    fn place(&self, fault: Fault) -> Fault {
        let is_about = |at: &str| {
            let rest = fault.pointer.strip_prefix(at);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let known = self.reasons.iter().find(|(at, _)| is_about(at));
        let reason = known.map_or_else(|| fault.reason.clone(), |(_, reason)| reason.clone());
        let member = fault.member.strip_prefix("member[").and_then(|rest| rest.split_once(']'));
        let node =
            member.map_or_else(|| self.node.clone(), |(index, _)| format!("member[{index}]"));
        Fault { node: Some(node), reason, pointer: String::new(), ..fault }
    }
}
