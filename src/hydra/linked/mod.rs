//! Bodies by their meaning: any JSON-LD or Turtle that says the same is read as the same.
//!
//! A body becomes a document in the terms of the class it is read as. One that is in those terms already, as
//! most are, is not expanded (`own`). JSON-LD in other terms is expanded whole by the processor, and flattened
//! into a node map (`nodes`); triples become the same node map. Every IRI is resolved against the address of the
//! request first, so that what has two spellings is one node. Then the node that the body is about is found
//! (`subject`) and written in our terms (`document`).
//!
//! Nothing is fetched: contexts are our own, and that of the Hydra vocabulary.

mod address;
mod contexts;
mod document;
mod expand;
mod json;
mod keywords;
mod known;
mod lengths;
mod limits;
mod literal;
mod nodes;
mod own;
mod pool;
mod protection;
mod rdf;
mod references;
mod shapes;
mod source_map;
mod subject;
mod survey;
mod terms;
mod thin;
mod unread;

use std::io;
use std::sync::Arc;

use iref::IriBuf;
use serde_json::Value;

use super::{ClassDoc, CollectionDoc, Fault, OperationDoc, Problem};
use address::BaseIri;
use contexts::{Context, ContextLoader, Contexts};
use document::{Asked, Writing};
pub use json::unique_members;
use known::Known;
use limits::Bounds;
use nodes::Nodes;
use own::Own;
use pool::{BodyKind, Pool};
pub use rdf::Syntax;
pub use source_map::SourceMap;
use terms::{Class, Terms};

/// Longest path that references are resolved against, in bytes: no resource has one as long.
const MAX_PATH: usize = 2_048;

/// Bodies larger than this, in bytes, are parsed on a thread of their own: a batch of a thousand is smaller.
const HUGE_BYTES: usize = 1 << 20;

/// The format of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    /// JSON that is always in our own terms (`docs/rules.md` 4.1).
    MergePatch,
    Rdf(Syntax),
}

/// The content of a body, in our own terms.
#[derive(Debug)]
pub struct ParsedBody {
    pub document: Value,
    pub source_map: SourceMap,
    /// Faults of properties that are not read, for strict handling; of a body in our own terms, none.
    pub unread: Vec<Fault>,
}

impl ParsedBody {
    fn of(document: Value, source_map: SourceMap) -> Self {
        Self { document, source_map, unread: Vec::new() }
    }
}

/// The number of resources that a body describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// `None`: it is looked at and not read.
    Nothing,
    One,
    Collection,
    /// A collection or an array of references, or one alone.
    Either,
    /// A collection, or one alone.
    Several,
}

/// The shape that a body is read as.
#[derive(Clone)]
pub struct Shape {
    reads: Reads,
    /// Tells whether the body is of what stands at the address, rather than posted to it.
    stands_there: bool,
    /// Tells whether what is not understood is told of ([`ParsedBody::unread`]).
    strict: bool,
    class: Option<&'static str>,
    context: Arc<Context>,
    /// Addresses of the contexts that say what is understood anyway.
    published: Vec<String>,
}

/// Reads bodies of one service.
pub struct Linked {
    here: BaseIri,
    bounds: Bounds,
    terms: Terms,
    contexts: Contexts,
    nothing: Arc<Context>,
    pool: Pool,
}

impl Linked {
    /// Starts to read bodies of a service whose batches have `batch_limit` images at most.
    ///
    /// # Errors
    /// Fails if the system gives no thread to expand on.
    pub fn new(
        classes: &[ClassDoc],
        collections: &[CollectionDoc],
        base: &str,
        batch_limit: usize,
    ) -> io::Result<Arc<Self>> {
        let here = BaseIri::new(base);
        Ok(Arc::new(Self {
            terms: Terms::new(classes, collections, &here),
            contexts: Contexts::new(classes, collections, &here, base),
            nothing: Arc::new(Context::empty()),
            pool: Pool::start()?,
            bounds: Bounds::of_batches(batch_limit),
            here,
        }))
    }

    /// Returns what the body of an operation is read as.
    pub fn shape(&self, operation: &OperationDoc, strict: bool) -> Shape {
        let member = |name| self.terms.collections.get(name).copied();
        let returned = operation.returns.and_then(|name| Some((name, member(name)?)));
        let (reads, class, name) = match (operation.expects, returned) {
            (Some(class), Some((name, member))) if member == class => {
                // A PATCH says something of the members, a POST refers to them.
                let reads =
                    if operation.method == "PATCH" { Reads::Several } else { Reads::Either };
                (reads, Some(class), name)
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
        let stands_there = matches!(operation.method, "PUT" | "PATCH");
        Shape { reads, stands_there, strict, class, context: Arc::clone(context), published }
    }

    /// Reads a body that was sent to `path` on behalf of a customer.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if it says nothing that can be read, or names a context from elsewhere;
    /// [`Problem::Invalid`] if the members of a collection cannot be read; [`Problem::Unavailable`] if too many
    /// bodies of the customer wait.
    pub async fn read(
        self: &Arc<Self>,
        text: Vec<u8>,
        format: Format,
        shape: &Shape,
        (path, customer): (&str, Option<i32>),
    ) -> Result<ParsedBody, Problem> {
        let (own, shape, path) = (Arc::clone(self), shape.clone(), path.to_owned());
        let syntax = match format {
            Format::Rdf(syntax) => syntax,
            Format::Json | Format::MergePatch => {
                let parsed = match text.len() > HUGE_BYTES {
                    // Other requests of the same thread would wait.
                    true => {
                        let (own, shape, path) = (Arc::clone(self), shape.clone(), path.clone());
                        let parse = move || own.parse(&text, &shape, &path);
                        self.pool.run(BodyKind::Plain, customer, parse).await?
                    }
                    false => self.parse(&text, &shape, &path)?,
                };
                return match parsed {
                    Ok(meaning) => Ok(meaning),
                    Err(_foreign) if format == Format::MergePatch => {
                        let words = "application/merge-patch+json is read in the terms of this service only; send a body with \
                            another @context, or with terms of others, as application/ld+json";
                        Err(Problem::Unreadable(words.into()))
                    }
                    Err(body) => {
                        let expand = move || own.expanded(body, &shape, &path);
                        self.pool.run(BodyKind::Linked, customer, expand).await
                    }
                };
            }
        };
        self.pool
            .run(BodyKind::Linked, customer, move || own.triples(text, syntax, &shape, &path))
            .await
    }

    /// Parses JSON; answers what it says if it is in our own terms, else the JSON itself.
    fn parse(
        &self,
        text: &[u8],
        shape: &Shape,
        path: &str,
    ) -> Result<Result<ParsedBody, Value>, Problem> {
        let mut body = json::parse(text, self.bounds)?;
        let class = shape.class.and_then(|class| self.terms.classes.get(class));
        let own = Own { reads: shape.reads, class, published: &shape.published };
        let base = || self.base(path).ok();
        let in_graph = own.in_graph(&mut body);
        let (body, within) = match in_graph {
            Some((node, within)) => (node, Some(within)),
            None => (body, None),
        };
        Ok(own.read(body, base).map(|document| {
            let source_map = match &document {
                _ if within.is_some() => SourceMap::Within(within.unwrap_or_default()),
                Value::Array(_) if shape.reads != Reads::Either => SourceMap::Array,
                Value::Object(body) if body.get("member").is_some_and(Value::is_object) => {
                    SourceMap::OneMember
                }
                _ => SourceMap::Same,
            };
            ParsedBody::of(document, source_map)
        }))
    }

    fn triples(
        &self,
        text: Vec<u8>,
        syntax: Syntax,
        shape: &Shape,
        path: &str,
    ) -> Result<ParsedBody, Problem> {
        let base = self.base(path)?;
        let mut nodes = Nodes::new(&self.terms, self.bounds);
        rdf::read(&text, syntax, base.as_str(), self.bounds, &mut nodes)?;
        // Memory for the document.
        drop(text);
        self.document(&nodes, shape, path, None)
    }

    fn expanded(&self, mut body: Value, shape: &Shape, path: &str) -> Result<ParsedBody, Problem> {
        let base = self.base(path)?;
        let any = |name: &str| self.contexts.is_known(name, &base);
        let own = |name: &str| own::is_published(name, &shape.published);
        let term = |name: &str| shape.context.defines(name);
        let reference = |name: &str| shape.context.refers(name);
        let known = Known { any: &any, own: &own, term: &term, reference: &reference };
        survey::survey(&mut body, known, base.len(), self.bounds)?;
        let items = body.as_array().map(Vec::len);
        if body.as_array().is_some_and(|items| items.iter().any(|item| !item.is_object())) {
            let words =
                "what is no object says nothing at the top of JSON-LD; give references by @id";
            return Err(Problem::Unreadable(words.into()));
        }
        if body.as_array().is_some_and(|items| items.iter().any(is_graph_alone)) {
            let words =
                "an object with @graph alone stands in an array, and is a named graph there";
            return Err(Problem::Unreadable(words.into()));
        }
        let library = ContextLoader { contexts: &self.contexts, context: &shape.context };
        let mut nodes = Nodes::new(&self.terms, self.bounds);
        let active = shape.context.at(&base);
        let undefined = match shape.strict {
            true => expand::undefined(body.clone(), &active, &base, &library),
            false => Vec::new(),
        };
        expand::read(body, active, &base, &library, &mut nodes)?;
        let mut meaning = self.document(&nodes, shape, path, items)?;
        meaning.unread.extend(undefined.into_iter().map(|key| Fault::unknown(&key)));
        Ok(meaning)
    }

    fn document(
        &self,
        nodes: &Nodes<'_>,
        shape: &Shape,
        path: &str,
        items: Option<usize>,
    ) -> Result<ParsedBody, Problem> {
        nodes.check()?;
        let class: Option<&Class> = shape.class.and_then(|class| self.terms.classes.get(class));
        let address = self.here.at(path);
        let asked = Asked { address: &address, stands_there: shape.stands_there, items };
        Writing::new(nodes, &self.terms, self.bounds).document(shape.reads, class, asked)
    }

    /// Returns what relative references are resolved against: the address of a path, or of the root where the
    /// path is no IRI or too long for one.
    fn base(&self, path: &str) -> Result<IriBuf, Problem> {
        let path = if path.len() > MAX_PATH { "/" } else { path };
        IriBuf::new(self.here.at(path))
            .or_else(|_no_iri| IriBuf::new(self.here.at("/")))
            .map_err(|e| Problem::internal(e.to_string()))
    }
}

/// Returns whether an object has `@graph` and nothing else but perhaps a context.
fn is_graph_alone(item: &Value) -> bool {
    item.as_object().is_some_and(|members| {
        members.contains_key("@graph")
            && members.keys().all(|key| key == "@graph" || key == "@context")
    })
}
