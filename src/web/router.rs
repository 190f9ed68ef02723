//! The router: the operations in the rows of the class tables, by their addresses.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use super::endpoint::Endpoint;
use super::methods::allowed;
use super::pattern::Pattern;
use crate::classes::{self, Visit};
use crate::database::lookup_batcher::BatchQueue;
use crate::database::{Connected, Database};
use crate::hydra::{CollectionDoc, OperationDoc, Problem};
use crate::resource::address::{Address, Parts};
use crate::resource::problem::unclear;
use crate::resource::transaction::{is_broken, may_be_broken, refused};
use crate::resource::{
    Act, Body, Caller, Input, Operation, Reply, Resource, Site, UnitOfWork, endpoints,
};

/// An answer that comes through the batcher for look-ups.
pub type Looking = Pin<Box<dyn Future<Output = Result<Reply, Problem>>>>;
/// An act with its address read, to be done with a session.
pub type Run = Box<dyn Fn(&mut UnitOfWork<'_>, &Input) -> Result<Reply, Problem> + Send>;

/// An act whose address is still to be read; nothing where a part of it is malformed.
pub enum Mounted {
    Batched(Box<dyn Fn(&Database, &[String], Caller) -> Option<Looking> + Send + Sync>),
    Query(Box<dyn Fn(&[String]) -> Option<Run> + Send + Sync>),
    Command(Box<dyn Fn(&[String]) -> Option<Run> + Send + Sync>),
}

/// One method of one address.
pub struct Entry {
    pub doc: OperationDoc,
    pub body: Body,
    /// Tells whether the client chooses the last part of the address.
    pub chooses: bool,
    /// Bytes that its answer may take, where that is no list and may be large.
    pub answer_bytes: usize,
    /// Tells whether it answers with all that its body names.
    pub shows_named: bool,
    pub act: Mounted,
}

/// One address template and what is answered there.
pub struct Route {
    pub template: String,
    pattern: Pattern,
    pub entries: Vec<Entry>,
    pub collection: Option<Arc<CollectionDoc>>,
    allow: Vec<&'static str>,
}

impl Route {
    /// Returns the methods for `Allow`.
    pub fn allow(&self) -> &[&'static str] {
        &self.allow
    }

    pub fn entry(&self, method: &str) -> Option<&Entry> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.entries.iter().find(|entry| entry.doc.method == method)
    }
}

/// All addresses: those of the classes by the number of their segments, and the endpoints by their first segment.
pub struct Router {
    routes: HashMap<usize, Vec<Route>>,
    endpoints: HashMap<&'static str, Vec<(Pattern, &'static Endpoint)>>,
}

/// The route or endpoint that answers at a path.
#[derive(Clone, Copy)]
pub enum Target<'a> {
    Route(&'a Route),
    Endpoint(&'static Endpoint),
}

impl<'a> Target<'a> {
    /// Returns the template of its addresses.
    pub fn template(self) -> &'a str {
        match self {
            Self::Route(route) => &route.template,
            Self::Endpoint(endpoint) => endpoint.template,
        }
    }

    /// Returns the methods for `Allow`.
    pub fn allow(self) -> Vec<&'static str> {
        match self {
            Self::Route(route) => route.allow().to_vec(),
            Self::Endpoint(endpoint) => endpoint.allow(),
        }
    }

    pub fn endpoint(self) -> Option<&'static Endpoint> {
        match self {
            Self::Route(_) => None,
            Self::Endpoint(endpoint) => Some(endpoint),
        }
    }
}

impl Router {
    pub fn of_classes(site: &Arc<Site>) -> Self {
        let mut mounting = Mounting { site: Arc::clone(site), routes: HashMap::new() };
        classes::each(&mut mounting);
        Self { routes: mounting.routes, endpoints: HashMap::new() }
    }

    /// Adds endpoints, which are found before the addresses of classes, earlier ones before later ones.
    ///
    /// None of their templates begins with a variable.
    #[must_use]
    pub fn with(mut self, endpoints: impl Iterator<Item = &'static Endpoint>) -> Self {
        for row in endpoints {
            let first = row.template.trim_start_matches('/').split('/').next().unwrap_or_default();
            self.endpoints.entry(first).or_default().push((Pattern::of(row.template), row));
        }
        self
    }

    /// Returns what answers at a path, and the values of its variables.
    pub fn find(&self, path: &str) -> Option<(Target<'_>, Vec<String>)> {
        let raw: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let mut endpoints = self.endpoints.get(raw.first()?).into_iter().flatten();
        let endpoint = endpoints.find_map(|(pattern, endpoint)| {
            Some((Target::Endpoint(endpoint), pattern.matches(&raw)?))
        });
        endpoint.or_else(|| {
            let mut routes = self.routes.get(&raw.len())?.iter();
            routes.find_map(|route| Some((Target::Route(route), route.pattern.matches(&raw)?)))
        })
    }

    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.routes.values().flatten()
    }
}

struct Mounting {
    site: Arc<Site>,
    routes: HashMap<usize, Vec<Route>>,
}

impl Visit for Mounting {
    fn visit<R: Resource>(&mut self) {
        for place in endpoints::<R>() {
            self.mount(place.template, place.operations, place.collection.map(Arc::new));
        }
    }
}

impl Mounting {
    fn mount<A: Address>(
        &mut self,
        template: String,
        operations: Vec<&'static Operation<A>>,
        collection: Option<Arc<CollectionDoc>>,
    ) {
        let pattern = Pattern::of(&template);
        let entries: Vec<Entry> =
            operations.into_iter().map(|operation| self.entry(operation)).collect();
        let allow = allowed(entries.iter().map(|entry| entry.doc.method));
        let route = Route { template, pattern, entries, collection, allow };
        self.routes.entry(route.pattern.segments()).or_default().push(route);
    }

    fn entry<A: Address>(&self, operation: &'static Operation<A>) -> Entry {
        let act = match operation.act {
            Act::Batched(look) => self.look(look),
            Act::Query(act) => Mounted::Query(Box::new(move |values| run(act, values))),
            Act::Command(act) => Mounted::Command(Box::new(move |values| run(act, values))),
        };
        Entry {
            doc: operation.doc,
            body: operation.body,
            chooses: operation.chooses,
            answer_bytes: operation.answer_bytes,
            shows_named: operation.shows_named,
            act,
        }
    }

    /// Look-ups of one kind share a queue, and so their statements.
    fn look<A: Address>(&self, look: Look<A>) -> Mounted {
        // Look-ups that wait together are answered by one server, so that those at a replica wait apart.
        let (own, at_replica) = (queue(&self.site, look), queue(&self.site, look));
        Mounted::Batched(Box::new(move |database, values, caller| {
            let address = A::read(&mut Parts(values.iter()))?;
            let queue = if database.is_replica { &at_replica } else { &own };
            let (batcher, queue) = (database.batcher.clone(), Arc::clone(queue));
            Some(Box::pin(async move { batcher.load(&queue, (address, caller)).await }))
        }))
    }
}

/// Returns a queue at which look-ups of one kind share statements.
pub fn queue<K: Send + 'static, T: Send + 'static>(
    site: &Arc<Site>,
    look: fn(&mut UnitOfWork<'_>, &[K]) -> Vec<Result<T, Problem>>,
) -> Arc<BatchQueue<K, Result<T, Problem>>> {
    let site = Arc::clone(site);
    BatchQueue::new(
        Box::new(move |connected, wanted| {
            let Connected { conn, messages, .. } = connected;
            let mut session = UnitOfWork::new(conn, &site, Caller::Visitor);
            let mut found = look(&mut session, wanted);
            if !messages.are_english() {
                found = found.into_iter().map(|found| found.map_err(unclear)).collect();
            }
            let failed = found.iter().any(may_be_broken);
            if failed && is_broken(session.conn) { None } else { Some(found) }
        }),
        |refusal| Err(refused(refusal)),
    )
}

type Look<A> = fn(&mut UnitOfWork<'_>, &[(A, Caller)]) -> Vec<Result<Reply, Problem>>;
type Do<A> = fn(&mut UnitOfWork<'_>, &A, &Input) -> Result<Reply, Problem>;

fn run<A: Address>(act: Do<A>, values: &[String]) -> Option<Run> {
    let address = A::read(&mut Parts(values.iter()))?;
    Some(Box::new(move |session, input| act(session, &address, input)))
}
