//! Which operation answers at which address: the rows of the class tables, mounted.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use crate::classes::{self, Visit};
use crate::database::Connected;
use crate::database::lookup_batcher::{BatchQueue, Batcher};
use crate::hydra::{CollectionDoc, OperationDoc, Problem};
use crate::resource::address::{Address, Parts, decode};
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
    Batched(Box<dyn Fn(&Batcher, &[String], Caller) -> Option<Looking> + Send + Sync>),
    Query(Box<dyn Fn(&[String]) -> Option<Run> + Send + Sync>),
    Command(Box<dyn Fn(&[String]) -> Option<Run> + Send + Sync>),
}

/// One method of one address.
pub struct Entry {
    pub doc: OperationDoc,
    pub body: Body,
    /// Whether the client chooses the last part of the address.
    pub chooses: bool,
    pub act: Mounted,
}

/// One address template and what is answered there.
pub struct Route {
    pub template: String,
    segments: Vec<Segment>,
    pub entries: Vec<Entry>,
    pub collection: Option<Arc<CollectionDoc>>,
}

enum Segment {
    Fixed(String),
    Variable,
}

impl Route {
    /// Methods for `Allow`: those of the entries, HEAD beside GET, OPTIONS always.
    pub fn allow(&self) -> Vec<&'static str> {
        let mut methods: Vec<_> = self.entries.iter().map(|entry| entry.doc.method).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods
    }

    pub fn entry(&self, method: &str) -> Option<&Entry> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.entries.iter().find(|entry| entry.doc.method == method)
    }
}

/// All addresses of the classes, by the number of their segments.
pub struct Router {
    routes: HashMap<usize, Vec<Route>>,
}

impl Router {
    pub fn of_classes(site: &Arc<Site>) -> Self {
        let mut mounting = Mounting { site: Arc::clone(site), routes: HashMap::new() };
        classes::each(&mut mounting);
        Self { routes: mounting.routes }
    }

    /// The route of a path, and the values of its variables.
    pub fn find(&self, path: &str) -> Option<(&Route, Vec<String>)> {
        let raw: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        self.routes.get(&raw.len())?.iter().find_map(|route| {
            let mut values = Vec::new();
            for (want, have) in route.segments.iter().zip(&raw) {
                match want {
                    Segment::Fixed(name) if name == have => {}
                    Segment::Fixed(_) => return None,
                    Segment::Variable if have.is_empty() => return None,
                    // What is no text is no id either, and is answered like one.
                    Segment::Variable => values.push(decode(have).unwrap_or_default()),
                }
            }
            Some((route, values))
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
        operations: &'static [Operation<A>],
        collection: Option<Arc<CollectionDoc>>,
    ) {
        let segments: Vec<Segment> = template
            .trim_start_matches('/')
            .split('/')
            .map(|part| match part.starts_with('{') {
                true => Segment::Variable,
                false => Segment::Fixed(part.to_owned()),
            })
            .collect();
        let entries = operations.iter().map(|operation| self.entry(operation)).collect();
        let route = Route { template, segments, entries, collection };
        self.routes.entry(route.segments.len()).or_default().push(route);
    }

    fn entry<A: Address>(&self, operation: &'static Operation<A>) -> Entry {
        let act = match operation.act {
            Act::Batched(look) => self.look(look),
            Act::Query(act) => Mounted::Query(Box::new(move |values| run(act, values))),
            Act::Command(act) => Mounted::Command(Box::new(move |values| run(act, values))),
        };
        Entry { doc: operation.doc, body: operation.body, chooses: operation.chooses, act }
    }

    /// Look-ups of one kind share a queue, and so their statements.
    fn look<A: Address>(&self, look: Look<A>) -> Mounted {
        let queue = queue(&self.site, look);
        Mounted::Batched(Box::new(move |batcher, values, caller| {
            let address = A::read(&mut Parts(values.iter()))?;
            let (batcher, queue) = (batcher.clone(), Arc::clone(&queue));
            Some(Box::pin(async move { batcher.load(&queue, (address, caller)).await }))
        }))
    }
}

/// A queue at which look-ups of one kind share statements.
pub fn queue<K: Send + 'static, T: Send + 'static>(
    site: &Arc<Site>,
    look: fn(&mut UnitOfWork<'_>, &[K]) -> Vec<Result<T, Problem>>,
) -> Arc<BatchQueue<K, Result<T, Problem>>> {
    let site = Arc::clone(site);
    BatchQueue::new(
        Box::new(move |connected, wanted| {
            let Connected { conn, messages, .. } = connected;
            let mut session =
                UnitOfWork { conn, site: &site, caller: Caller::Visitor, effects: Vec::new() };
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
