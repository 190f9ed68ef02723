//! Bodies by their meaning (`hydra.md` 9): any JSON-LD or Turtle that says the same is read as the same.
//!
//! A body becomes a document in the terms of the class it is read as. One that is in those terms already, as
//! most are, stays as it is. Others are expanded under the context of the class; what comes of it is a graph,
//! and the graph is written down in our terms. [`Places`] keeps where in the body each member stood.
//!
//! Nothing is fetched: contexts are our own, and that of the Hydra vocabulary.

mod address;
mod contexts;
mod document;
mod expand;
mod graph;
mod guard;
mod json;
mod lengths;
mod literal;
mod places;
mod plain;
mod pool;
mod rdf;
mod terms;
mod unread;

use std::io;
use std::sync::Arc;

use iref::IriBuf;
use serde_json::Value;

use super::{ClassDoc, CollectionDoc, Fault, OperationDoc, Problem};
use address::Here;
use contexts::{Context, Contexts, Library};
use document::Writing;
use expand::Expander;
use graph::Graph;
pub use places::Places;
use plain::Plain;
use pool::Pool;
pub use rdf::Syntax;
use terms::{Class, Terms};

/// Longest path that references relate to, in bytes: no resource has one as long.
const MAX_PATH: usize = 2_048;

/// Bodies larger than this, in bytes, are parsed on a thread of their own: a batch of a thousand is smaller.
const HUGE_BYTES: usize = 1 << 20;

/// What a body is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Rdf(Syntax),
}

/// What a body says, in our own terms.
#[derive(Debug)]
pub struct Meaning {
    pub document: Value,
    pub places: Places,
    /// Faults of properties that are not read, for strict handling; of a body in our own terms, none.
    pub unread: Vec<Fault>,
}

impl Meaning {
    fn of(document: Value, places: Places) -> Self {
        Self { document, places, unread: Vec::new() }
    }
}

/// How many resources a body is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// None: it is looked at and not read.
    Nothing,
    One,
    Collection,
    /// A collection or an array, or one alone.
    Either,
}

/// What a body is read as.
#[derive(Clone)]
pub struct Shape {
    reads: Reads,
    class: Option<&'static str>,
    context: Arc<Context>,
    /// Addresses of the contexts that say what is understood anyway.
    published: Vec<String>,
}

/// Reads bodies of one service.
pub struct Linked {
    here: Here,
    terms: Terms,
    contexts: Contexts,
    nothing: Arc<Context>,
    pool: Pool,
}

impl Linked {
    /// # Errors
    /// Where the system gives no thread to expand on.
    pub fn new(
        classes: &[ClassDoc],
        collections: &[CollectionDoc],
        base: &str,
    ) -> io::Result<Arc<Self>> {
        let here = Here::new(base);
        Ok(Arc::new(Self {
            terms: Terms::new(classes, collections, &here),
            contexts: Contexts::new(classes, collections, &here, base),
            nothing: Arc::new(Context::empty()),
            pool: Pool::start()?,
            here,
        }))
    }

    /// What the body of an operation is read as.
    pub fn shape(&self, operation: &OperationDoc) -> Shape {
        let member = |name| self.terms.collections.get(name).copied();
        let returned = operation.returns.and_then(|name| Some((name, member(name)?)));
        let (reads, class, name) = match (operation.expects, returned) {
            (Some(class), Some((name, member))) if member == class => {
                (Reads::Either, Some(class), name)
            }
            (Some(name), _) => match member(name) {
                Some(class) => (Reads::Collection, Some(class), name),
                None => (Reads::One, Some(name), name),
            },
            (None, _) => (Reads::Nothing, None, ""),
        };
        let context = self.contexts.get(name).unwrap_or(&self.nothing);
        let mut names = vec![name];
        names.extend(class.filter(|class| *class != name));
        let published = names.into_iter().map(|name| self.here.context(name)).collect();
        Shape { reads, class, context: Arc::clone(context), published }
    }

    /// Reads a body that was sent to `path`.
    ///
    /// # Errors
    /// [`Problem::Unreadable`] where it says nothing that could be read, or names a context from elsewhere;
    /// [`Problem::Unavailable`] where too many bodies wait.
    pub async fn read(
        self: &Arc<Self>,
        text: Vec<u8>,
        format: Format,
        shape: &Shape,
        path: &str,
    ) -> Result<Meaning, Problem> {
        let (own, shape, path, bytes) =
            (Arc::clone(self), shape.clone(), path.to_owned(), text.len());
        match format {
            Format::Rdf(syntax) => {
                self.pool.run(bytes, move || own.triples(text, syntax, &shape, &path)).await
            }
            Format::Json => {
                let value = match bytes > HUGE_BYTES {
                    // Whoever is served by the same thread would wait.
                    true => self.pool.run(bytes, move || json::parse(&text)).await?,
                    false => json::parse(&text)?,
                };
                let class = shape.class.and_then(|class| own.terms.classes.get(class));
                let plain = Plain { reads: shape.reads, class, published: &shape.published };
                if plain.is(&value) {
                    let places = match &value {
                        Value::Array(_) if shape.reads != Reads::Either => Places::Array,
                        Value::Object(body) if body.get("member").is_some_and(Value::is_object) => {
                            Places::OneMember
                        }
                        _ => Places::Same,
                    };
                    return Ok(Meaning::of(value, places));
                }
                self.pool.run(bytes, move || own.expanded(value, &shape, &path)).await
            }
        }
    }

    fn triples(
        &self,
        text: Vec<u8>,
        syntax: Syntax,
        shape: &Shape,
        path: &str,
    ) -> Result<Meaning, Problem> {
        let base = self.base(path)?;
        let graph = rdf::read(&text, syntax, base.as_str(), (&self.terms, &self.here))?;
        // Room for the document.
        drop(text);
        self.document(&graph, shape, path, &[], false)
    }

    fn expanded(&self, body: Value, shape: &Shape, path: &str) -> Result<Meaning, Problem> {
        let base = self.base(path)?;
        let known = |name: &str| self.contexts.is_known(name, &base, &self.here);
        let longest = guard::contexts(&body, &known)?;
        let in_array = body.is_array();
        // A reference in an array has a meaning as a member of a collection only.
        let wraps = shape.reads == Reads::Either
            && body.as_array().is_some_and(|items| items.iter().any(Value::is_string));
        let body = if wraps { serde_json::json!({ "member": body }) } else { body };
        let mut active = shape.context.active.clone();
        active.set_base_iri(Some(base.clone()));
        let library =
            Library { contexts: &self.contexts, context: &shape.context, here: &self.here };
        let mut expander = Expander::new(library, &self.terms, base, longest);
        let top = expander.top(&body, &active, "")?;
        // Room for the document.
        drop(body);
        let meaning = self.document(&expander.graph, shape, path, &top, in_array)?;
        Ok(match meaning {
            Meaning { document, places: Places::At(place), unread } if wraps => {
                let places = Places::At(place.outside("/member"));
                Meaning { document, places, unread }
            }
            meaning => meaning,
        })
    }

    fn document(
        &self,
        graph: &Graph,
        shape: &Shape,
        path: &str,
        top: &[usize],
        in_array: bool,
    ) -> Result<Meaning, Problem> {
        let class: Option<&Class> = shape.class.and_then(|class| self.terms.classes.get(class));
        let (terms, here) = (&self.terms, &self.here);
        let mut writing = Writing::new(graph, terms, here, path);
        writing.document(shape.reads, class, top, in_array)
    }

    /// What relative references relate to; at a path that is no IRI, or too long for one, to the root.
    fn base(&self, path: &str) -> Result<IriBuf, Problem> {
        let path = if path.len() > MAX_PATH { "/" } else { path };
        let marked = IriBuf::new(self.here.marked(path));
        marked
            .or_else(|_no_iri| IriBuf::new(self.here.marked("/")))
            .map_err(|e| Problem::internal(e.to_string()))
    }
}
