//! The descriptions of the properties of classes, found by IRI.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::address::{BaseIri, class_of_shape};
use crate::hydra::context::OTHER_ID;
use crate::hydra::{ClassDoc, CollectionDoc, Range};

pub const MEMBER: &str = "http://www.w3.org/ns/hydra/core#member";
pub const VIEW: &str = "http://www.w3.org/ns/hydra/core#view";
pub const NEXT: &str = "http://www.w3.org/ns/hydra/core#next";
pub const PREVIOUS: &str = "http://www.w3.org/ns/hydra/core#previous";
const COLLECTION: &str = "http://www.w3.org/ns/hydra/core#Collection";
pub const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
pub const FIRST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first";
pub const REST: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest";
pub const NIL: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil";
/// Datatype of literals that are JSON.
pub const JSON: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";

/// Every term there is.
#[derive(Debug)]
pub struct Terms {
    pub classes: HashMap<&'static str, Class>,
    /// Collection classes, with the class of their members.
    pub collections: HashMap<&'static str, &'static str>,
    /// The properties that mean something here, by IRI.
    known: HashMap<String, Arc<str>>,
    /// Names of all classes, collections among them, in lower case.
    names: HashSet<String>,
    vocabulary: String,
}

/// Returns whether a property that is known here says something of a resource, rather than how a list goes on.
pub fn says_something(property: &str) -> bool {
    ![VIEW, NEXT, PREVIOUS, FIRST, REST].contains(&property)
}

/// A class, with its properties by IRI.
#[derive(Debug)]
pub struct Class {
    pub name: &'static str,
    pub properties: HashMap<String, Property>,
    /// The form in which the rows read the values of a term.
    pub forms: HashMap<&'static str, Form>,
}

/// The form in which a row reads the values of its term, null apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Literal,
    /// One, or an array of them.
    Literals,
    Link,
    /// One, or an array of them.
    Links,
    /// Whatever JSON there is.
    Json,
}

/// A property, as far as the shape of its values goes.
#[derive(Debug)]
pub struct Property {
    pub name: &'static str,
    pub many: bool,
    /// Tells whether it holds any JSON there is.
    pub json: bool,
    /// Tells whether its values are names, which may be of what is not here.
    pub names: bool,
    pub leads: TargetKind,
}

/// The kind of the values of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    Nowhere,
    /// To resources of this class.
    To(&'static str),
    /// To a collection; in a body, to its members, of this class.
    Within(&'static str),
}

impl Terms {
    pub fn new(classes: &[ClassDoc], collections: &[CollectionDoc], here: &BaseIri) -> Self {
        let vocabulary = here.vocabulary.as_str();
        let collections: HashMap<_, _> = collections.iter().map(|c| (c.name, c.member)).collect();
        let classes: HashMap<_, _> =
            classes.iter().map(|c| (c.name, class(c, &collections, vocabulary))).collect();
        let own = classes.values().flat_map(|class: &Class| class.properties.keys());
        let known = own
            .map(String::as_str)
            .chain([MEMBER, VIEW, NEXT, PREVIOUS, FIRST, REST, TYPE])
            .map(|iri| (iri.to_owned(), Arc::from(iri)))
            .collect();
        let names = classes.keys().chain(collections.keys()).map(|name| name.to_lowercase());
        let names = names.collect();
        Self { classes, collections, known, names, vocabulary: vocabulary.to_owned() }
    }

    pub fn vocabulary(&self) -> &str {
        &self.vocabulary
    }

    /// Returns whether an IRI names a class of ours, or a collection of Hydra's.
    pub fn is_class(&self, kind: &str) -> bool {
        let own = || kind.strip_prefix(&self.vocabulary);
        let is_own = |name| self.classes.contains_key(name) || self.collections.contains_key(name);
        kind == COLLECTION || own().is_some_and(is_own)
    }

    /// Returns whether an IRI that is not ours is shaped like a class or property of ours at another base.
    pub fn is_lookalike(&self, iri: &str) -> bool {
        !iri.starts_with(&self.vocabulary)
            && class_of_shape(iri).is_some_and(|class| self.names.contains(&class))
    }

    /// Returns the property of an IRI, if it is known here.
    pub fn known(&self, iri: &str) -> Option<&Arc<str>> {
        self.known.get(iri)
    }

    /// Returns whether an IRI is of our own vocabulary.
    pub fn is_of_vocabulary(&self, iri: &str) -> bool {
        iri.starts_with(&self.vocabulary)
    }

    pub fn is_collection(&self, kind: &str) -> bool {
        let own = || kind.strip_prefix(&self.vocabulary);
        kind == COLLECTION || own().is_some_and(|name| self.collections.contains_key(name))
    }

    /// Returns a type as bodies name it; what is of another vocabulary keeps its IRI.
    pub fn type_name(&self, kind: &str) -> String {
        kind.strip_prefix(&self.vocabulary).unwrap_or(kind).to_owned()
    }
}

fn class(
    doc: &ClassDoc,
    collections: &HashMap<&'static str, &'static str>,
    vocabulary: &str,
) -> Class {
    let properties = doc.properties.iter().map(|property| {
        let leads = match property.range {
            Range::Literal(_) => TargetKind::Nowhere,
            Range::Link(class) | Range::Name(class) => TargetKind::To(class),
            Range::Collection(of) => {
                collections.get(of).map_or(TargetKind::Nowhere, |m| TargetKind::Within(m))
            }
        };
        let iri = format!("{vocabulary}{}/{}", doc.name, property.name);
        let names = matches!(property.range, Range::Name(_));
        let (name, many, json) = (property.name, property.many, property.json);
        (iri, Property { name, many, json, names, leads })
    });
    let forms = doc.properties.iter().flat_map(|property| {
        let form = match property.range {
            _ if property.json => Form::Json,
            Range::Literal(_) if property.many => Form::Literals,
            Range::Literal(_) => Form::Literal,
            Range::Link(_) | Range::Name(_) if !property.many => Form::Link,
            Range::Link(_) | Range::Name(_) | Range::Collection(_) => Form::Links,
        };
        let id = (property.name == "id").then_some(OTHER_ID);
        let names = [Some(property.name), property.alias, id];
        names.into_iter().flatten().map(move |name| (name, form))
    });
    Class { name: doc.name, properties: properties.collect(), forms: forms.collect() }
}
