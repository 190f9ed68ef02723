//! Where in a body, as it was sent, the members of its document stand.

use crate::hydra::{Fault, Problem};

/// Where the members of a document stand in the body it was read from.
#[derive(Debug, Default)]
pub enum Places {
    /// As in the document.
    #[default]
    Same,
    /// One level down: the document is all that an array holds.
    Array,
    /// The one member of the document stands in no array.
    OneMember,
    /// At places of their own.
    At(Place),
    /// In no JSON at all, so that a pointer can name the whole body only.
    Nowhere,
}

/// Where one resource stands.
#[derive(Debug, Default)]
pub struct Place {
    /// JSON pointer to the resource.
    pub at: String,
    /// The keys by which its members are written.
    pub keys: Vec<(String, String)>,
    /// Where its own members stand, when it is a collection.
    pub members: Vec<Self>,
}

impl Places {
    /// The same problem, pointing into the body as it was sent.
    pub fn point(&self, problem: Problem) -> Problem {
        match problem {
            Problem::Invalid(faults) => {
                let point = |fault: Fault| Fault { pointer: self.pointer(&fault.pointer), ..fault };
                Problem::Invalid(faults.into_iter().map(point).collect())
            }
            other => other,
        }
    }

    fn pointer(&self, pointer: &str) -> String {
        match self {
            Self::Same => pointer.to_owned(),
            Self::Array => format!("/0{pointer}"),
            Self::OneMember => pointer.replacen("/member/0", "/member", 1),
            Self::At(place) => place.pointer(pointer.trim_start_matches('/')),
            Self::Nowhere => String::new(),
        }
    }
}

impl Place {
    /// The same place in a body that was not put within another one.
    pub fn outside(self, prefix: &str) -> Self {
        let at = self.at.strip_prefix(prefix).unwrap_or_default().to_owned();
        let members = self.members.into_iter().map(|member| member.outside(prefix)).collect();
        Self { at, members, ..self }
    }

    /// Where something in its document stands; `rest`: a pointer without its first slash.
    pub fn pointer(&self, rest: &str) -> String {
        let (term, after) = rest.split_once('/').unwrap_or((rest, ""));
        let (index, after) = match term {
            "member" => after.split_once('/').unwrap_or((after, "")),
            index => (index, after),
        };
        let member = index.parse::<usize>().ok().and_then(|index| self.members.get(index));
        if let Some(member) = member {
            return member.pointer(after);
        }
        match self.keys.iter().find(|(name, _)| name == term) {
            Some((_, key)) => below(&self.at, key),
            None => self.at.clone(),
        }
    }
}

/// A pointer to a member of what another points to.
pub fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}
