//! The operations that bodies by chance are sent to, and what their bodies say.

use hydria::hydra::context::{for_input, of_class, of_collection};
use hydria::hydra::{ClassDoc, Range};
use hydria::web::described::Described;
use serde_json::{Value, json};

use crate::contract::meaning::fuzz::seeds::BASE;

/// What a body of an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The resource at the address.
    There,
    /// A collection of resources.
    Collection,
    /// A collection of references, an array of them, or one.
    References,
}

/// What the values of a term are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Texts,
    Number,
    Link,
    Links,
}

/// An operation that takes bodies.
#[derive(Debug)]
pub struct Aim {
    pub path: &'static str,
    pub template: &'static str,
    pub method: &'static str,
    pub class: &'static str,
    /// Its collection, of which the context is in force.
    of: Option<&'static str>,
    pub subject: Subject,
    /// Terms that bodies use; those that decide on access come first.
    pub terms: &'static [(&'static str, Kind)],
}

const IMAGE: [(&str, Kind); 7] = [
    ("roles", Kind::Links),
    ("maxUnauthorised", Kind::Number),
    ("tags", Kind::Texts),
    ("string1", Kind::Text),
    ("number1", Kind::Number),
    ("origin", Kind::Text),
    ("space", Kind::Link),
];

pub const AIMS: [Aim; 5] = [
    Aim {
        path: "/customers/1/spaces/1/images/one",
        template: "/customers/{customer}/spaces/{space}/images/{image}",
        method: "PATCH",
        class: "Image",
        of: None,
        subject: Subject::There,
        terms: &IMAGE,
    },
    Aim {
        path: "/customers/1/queue",
        template: "/customers/{customer}/queue",
        method: "POST",
        class: "Image",
        of: Some("ImageCollection"),
        subject: Subject::Collection,
        terms: &IMAGE,
    },
    Aim {
        path: "/customers/1/spaces/1",
        template: "/customers/{customer}/spaces/{space}",
        method: "PATCH",
        class: "Space",
        of: None,
        subject: Subject::There,
        terms: &[
            ("defaultRoles", Kind::Links),
            ("defaultMaxUnauthorised", Kind::Number),
            ("defaultTags", Kind::Texts),
            ("name", Kind::Text),
        ],
    },
    Aim {
        path: "/customers/1/spaces/1/defaultRoles",
        template: "/customers/{customer}/spaces/{space}/defaultRoles",
        method: "POST",
        class: "Role",
        of: Some("DefaultRoleCollection"),
        subject: Subject::References,
        terms: &[("name", Kind::Text), ("label", Kind::Text), ("aliases", Kind::Texts)],
    },
    Aim {
        path: "/customers/1/portalUsers/2/roles",
        template: "/customers/{customer}/portalUsers/{portal_user}/roles",
        method: "POST",
        class: "PortalRole",
        of: Some("PortalUserRoleCollection"),
        subject: Subject::References,
        terms: &[("name", Kind::Text)],
    },
];

/// How the values of a property are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub name: &'static str,
    /// As any JSON.
    pub json: bool,
    /// As addresses, so that other IRIs are refused.
    pub addresses: bool,
}

impl Aim {
    pub fn address(&self) -> String {
        format!("{BASE}{}", self.path)
    }

    fn doc<'a>(&self, described: &'a Described) -> &'a ClassDoc {
        described.classes.iter().find(|class| class.name == self.class).expect("a class")
    }

    /// Returns how all properties of the class are read.
    pub fn properties(&self, described: &Described) -> Vec<Term> {
        let properties = self.doc(described).properties.iter();
        let is_address = |range| matches!(range, Range::Link(_) | Range::Collection(_));
        let term =
            properties.map(|p| Term { name: p.name, json: p.json, addresses: is_address(p.range) });
        term.collect()
    }

    /// Returns the context in force before a body says anything.
    pub fn context(&self, described: &Described) -> Value {
        let class = self.doc(described);
        let Some(of) = self.of else { return for_input(of_class(class, BASE), class) };
        let mut collections = described.collections.iter();
        let found = collections.find(|collection| collection.name == of);
        for_input(of_collection(found.expect("a collection"), class, BASE), class)
    }

    /// Returns the contexts that a body may name, by address; that of Hydra differs with the operation.
    pub fn library(&self, described: &Described) -> Value {
        let hydra: Value =
            serde_json::from_str(include_str!("../../../../src/hydra/linked/hydra.jsonld"))
                .expect("JSON");
        let (class, own) = (self.doc(described), self.context(described));
        json!({
            format!("{BASE}/contexts/{}.jsonld", self.class): for_input(of_class(class, BASE), class),
            "http://www.w3.org/ns/hydra/context.jsonld": {
                "@context": [hydra["@context"], own["@context"]],
            },
        })
    }
}
