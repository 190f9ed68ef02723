//! The Hydra vocabulary as plain data: what a class says about itself, and the documents made of it.
//!
//! Nothing here knows a table, a request or a particular class.

pub mod coding;
pub mod collection;
pub mod context;
pub mod example;
pub mod fault;
pub mod graph;
pub mod guide;
pub mod json;
pub mod linked;
pub mod openapi;
pub mod problem;
pub mod tag;
pub mod vocabulary;

pub use coding::ContentCoding;
pub use fault::Fault;
pub use json::Writer;
pub use problem::Problem;
pub use tag::{Tag, Variant};

use serde_json::Value;

/// The description of a class, with its Rust types erased.
#[derive(Debug, Clone)]
pub struct ClassDoc {
    pub name: &'static str,
    pub doc: &'static str,
    /// The class this one is a kind of.
    pub parent: Option<&'static str>,
    pub properties: Vec<PropertyDoc>,
    pub operations: Vec<OperationDoc>,
}

/// The description of a collection.
#[derive(Debug, Clone)]
pub struct CollectionDoc {
    /// Name of the collection's own class, such as `SpaceCollection`.
    pub name: &'static str,
    /// The collection class this one is a kind of; `None` for `hydra:Collection`.
    pub parent: Option<&'static str>,
    /// Class of the members.
    pub member: &'static str,
    pub doc: &'static str,
    pub operations: Vec<OperationDoc>,
    /// Query parameters that filter.
    pub filters: &'static [Variable],
    /// Members by which it can be ordered.
    pub orderable: &'static [&'static str],
}

impl CollectionDoc {
    /// Query parameters that say which members and in which order: what its address keeps.
    pub fn variables(&self) -> impl Iterator<Item = &'static Variable> {
        self.filters.iter().chain(&collection::ORDER)
    }
}

/// A query parameter that a collection understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    /// The description of variables that are no property of the members.
    pub doc: &'static str,
    /// The values it has, where they are few; empty: any.
    pub values: &'static [&'static str],
    /// The XML Schema type of its values, written `xsd:…`; `None`: that of the member of its name, or text.
    pub range: Option<&'static str>,
}

impl Variable {
    pub const fn new(name: &'static str, doc: &'static str) -> Self {
        Self { name, doc, values: &[], range: None }
    }

    /// Gives its values an XML Schema type.
    pub const fn of(self, range: &'static str) -> Self {
        Self { range: Some(range), ..self }
    }
}

/// The use that a client may make of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    ReadOnly,
    ReadWrite,
    WriteOnly,
}

/// The kind of the values of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// A literal of this XML Schema type, written `xsd:…`.
    Literal(&'static str),
    /// Another resource, of this class, which the property leads to.
    Link(&'static str),
    /// A collection, of this class, which the property leads to.
    Collection(&'static str),
    /// The name of a resource of this class; it may stand elsewhere, so it is not promised to lead there.
    Name(&'static str),
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone)]
pub struct PropertyDoc {
    pub name: &'static str,
    pub doc: &'static str,
    pub range: Range,
    pub access: Access,
    pub required: bool,
    /// Tells whether it holds any number of values, in an array.
    pub many: bool,
    /// Tells whether an answer may be without it.
    pub optional: bool,
    /// `int32` or `int64`, for whole numbers.
    pub format: Option<&'static str>,
    /// The smallest number there may be.
    pub minimum: Option<i64>,
    /// Longest text that is accepted, in bytes.
    pub max_bytes: Option<usize>,
    /// Its value in a new resource that does not give it; `None` if it is given, computed, or absent.
    pub default: Option<Value>,
    /// Another name under which it is read, never written.
    pub alias: Option<&'static str>,
    /// A value that is accepted, where its range does not tell one; one of them, where it holds several.
    pub example: Option<&'static str>,
    /// Tells whether a body may give any JSON for it, and not a literal alone.
    pub json: bool,
    pub operations: Vec<OperationDoc>,
    /// Class of the address the operations belong to, when they are those of another class.
    pub operations_of: Option<&'static str>,
}

impl PropertyDoc {
    /// Returns a read-only property of one value that is always there.
    pub const fn new(name: &'static str, doc: &'static str, range: Range) -> Self {
        Self {
            name,
            doc,
            range,
            access: Access::ReadOnly,
            required: false,
            many: false,
            optional: false,
            format: None,
            minimum: None,
            max_bytes: None,
            default: None,
            alias: None,
            example: None,
            json: false,
            operations: Vec::new(),
            operations_of: None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct OperationDoc {
    /// Last segment of its IRI, such as `create`.
    pub name: &'static str,
    pub method: &'static str,
    pub title: &'static str,
    /// Class of the body, if there is one.
    pub expects: Option<&'static str>,
    /// Class of the answer; `None` for an empty answer.
    pub returns: Option<&'static str>,
    pub statuses: &'static [(u16, &'static str)],
    /// Query parameters of its own.
    pub parameters: &'static [Variable],
    pub administrators_only: bool,
    /// Tells whether its answer shows a secret, which GET never does.
    pub shows_secret: bool,
}

impl OperationDoc {
    /// Returns the kind of action in schema.org's words, by which clients find operations.
    pub fn action(&self) -> &'static str {
        match (self.method, self.name) {
            ("GET", _) => "schema:FindAction",
            ("POST", "create") => "schema:CreateAction",
            ("POST", "add") => "schema:AddAction",
            ("PUT", _) => "schema:ReplaceAction",
            ("PATCH", _) => "schema:UpdateAction",
            ("DELETE", _) => "schema:DeleteAction",
            _ => "schema:Action",
        }
    }

    /// Headers of a request that it looks at, beside those of every request.
    pub fn expects_headers(&self) -> Vec<&'static str> {
        let mut headers = Vec::new();
        if self.statuses.iter().any(|(code, _)| *code == 412) {
            headers.extend(["If-Match", "If-None-Match"]);
        }
        headers.push("Prefer");
        if self.takes_idempotency_key() {
            headers.push("Idempotency-Key");
        }
        headers
    }

    /// Returns whether it is done once for all requests with one key: what shows a secret is not kept to be shown again,
    /// and what only finds something may be done as often as is asked.
    pub fn takes_idempotency_key(&self) -> bool {
        self.method == "POST" && !self.shows_secret && self.name != "select"
    }

    /// Returns whether a client may choose to see what it wrote, or not to.
    ///
    /// Returns whether its parameters select what is changed, so that one more or less changes other resources.
    pub fn selects_what_changes(&self) -> bool {
        self.method != "GET" && !self.parameters.is_empty()
    }

    /// Bulk changes are told in one way only, and what is made of an empty body, such as a key, is shown in any case.
    fn is_preferable(&self) -> bool {
        matches!(self.name, "create" | "add" | "replace" | "update")
            && self.expects.is_some()
            && self.returns.is_some()
    }

    /// Headers of an answer with this status, beside those of every answer.
    pub fn returns_headers(&self, status: u16) -> Vec<&'static str> {
        let shows = self.returns.is_some();
        let mut headers = Vec::new();
        if matches!(status, 201 | 202) && shows {
            headers.push("Location");
        }
        // What is made of nothing that is given, such as a key, is shown otherwise than GET shows it; so is a secret.
        let writes = matches!(self.name, "create" | "replace" | "update") && self.expects.is_some();
        if matches!(status, 200 | 201 | 205) && shows && writes && !self.shows_secret {
            headers.push("Content-Location");
        }
        if self.is_preferable() && matches!(status, 200 | 201 | 205) {
            headers.push("Preference-Applied");
        }
        headers
    }

    /// Writes it as an inline operation, which has no `@id` (a client takes that for the target).
    pub fn write_inline(&self, out: &mut Writer) {
        out.object(|out| {
            out.key("@type");
            // Always an array, so that generated clients need one type for it.
            out.array(|out| {
                out.text("hydra:Operation");
                out.text(self.action());
            });
            out.entry("hydra:method", self.method);
            out.entry("hydra:title", self.title);
            if let Some(expects) = self.expects {
                out.key("hydra:expects");
                out.object(|out| {
                    out.key("@id");
                    out.address(&[prefix(expects), expects]);
                });
            }
            out.key("hydra:returns");
            let returns = self.returns.unwrap_or("owl:Nothing");
            out.object(|out| {
                out.key("@id");
                out.address(&[prefix(returns), returns]);
            });
        });
    }
}

/// The class that every 202 answers with: what is done after the answer.
pub const ACCEPTED: &str = "Job";

/// `vocab:` for a class of our own, nothing for a name that brings its prefix.
pub fn prefix(class: &str) -> &'static str {
    if class.contains(':') { "" } else { "vocab:" }
}

/// Prefixes of every context, with the IRIs they stand for, our own vocabulary apart.
pub const PREFIXES: [(&str, &str); 6] = [
    ("hydra", "http://www.w3.org/ns/hydra/core#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("schema", "http://schema.org/"),
];
