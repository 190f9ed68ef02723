//! Resource classes: their tables of properties and operations, and the traits of their stores.

pub mod actor;
pub mod address;
pub mod anchors;
pub mod body;
pub mod collection;
pub mod computed;
pub mod condition;
pub mod credentials;
pub mod idempotency;
pub mod identity;
pub mod link;
pub mod literal;
pub mod metadata;
pub mod operation;
pub mod operations;
pub mod page;
pub mod page_key;
pub mod pending;
pub mod problem;
pub mod property;
pub mod query;
pub mod reference;
pub mod references;
pub mod reply;
pub mod rules;
pub mod site;
pub mod size;
pub mod sql;
pub mod statuses;
pub mod store;
mod stored;
pub mod strict;
pub mod transaction;
pub mod written;

pub use actor::Actor;
pub use address::{Address, Filling, Parts, path_to};
pub use collection::{Collection, collection_of};
pub use computed::computed;
pub use condition::{Conditions, Current, Freshness};
pub use link::{action, action_with, collection, link, selection};
pub use metadata::metadata;
pub use operation::{Act, Body, Operation, get, post, put};
pub use operations::{create, remove, replace, retrieve, retrieve_counting, update};
pub use property::{MAX_INDEXED, MAX_STATEMENT, ParseContext, Property, field, secret, tenant_of};
pub use query::Query;
pub use reference::{reference, reference_by_id};
pub use reply::{Outcome, Reply};
pub use site::{Caller, Effect, Input, RenderContext, Rights, Site, UnitOfWork};
pub use store::{
    Create, List, ListRequest, Locked, PageOfRows, Remove, Replace, Retrieve, Update,
    expect_one_row, given_or_generated_id, removed,
};
pub use written::{Slot, written};

use serde_json::{Map, Value};

use crate::hydra::{ClassDoc, CollectionDoc, Fault, Problem, Tag, Writer};

/// A class of resources of the API.
pub trait Resource: Sized + Send + 'static {
    /// The address of one of them.
    type Address: Address;
    /// The part that a client may write; its default is what a new resource starts from.
    type Draft: Default + Send;

    const NAME: &'static str;
    /// Names by which a body may call itself in `@type`.
    const ACCEPTED: &'static [&'static str] = &[Self::NAME];
    /// URI template of one of them, e.g. `/customers/{customer}/spaces/{space}`.
    const TEMPLATE: &'static str;
    /// Bytes that the texts of all its members may take together, as JSON writes them.
    const MAX_BYTES: usize = 32 << 10;
    /// Everything else there is to know of the class; all that is served derives from it.
    const CLASS: Class<Self>;

    fn address(&self) -> Self::Address;
    fn draft(&self) -> Self::Draft;

    /// Reads an address in the short form that bodies may use beside the URI; nothing where the class has none.
    fn from_short_form(_given: &str) -> Option<Self::Address> {
        None
    }

    /// Returns what is kept of it and never shown, and may be written: a change of it changes the tag as well.
    fn hidden_state(&self) -> Option<&[u8]> {
        None
    }

    /// Rules that join several members; a rule of one member stands in its row.
    ///
    /// `tenant` is the customer below whose address it is, `at` where the draft is to be written; `None`: it is new, and has
    /// no address yet.
    ///
    /// # Errors
    /// Fails if the database does not answer; what is wrong with the draft is returned.
    fn check(
        _s: &mut UnitOfWork<'_>,
        _tenant: Option<i32>,
        _at: Option<&Self::Address>,
        _draft: &Self::Draft,
    ) -> Result<Vec<Fault>, Problem> {
        Ok(Vec::new())
    }

    /// Refuses other values of what is set once and for all (`docs/rules.md` 4.3).
    fn check_fixed(
        _at: &Self::Address,
        _held: Option<&Self>,
        _body: &mut Map<String, Value>,
        _faults: &mut Vec<Fault>,
    ) {
    }
}

/// The one description of a class.
pub struct Class<R: Resource> {
    pub doc: &'static str,
    /// The class this one is a kind of.
    pub parent: Option<&'static str>,
    pub properties: &'static [&'static dyn Property<R>],
    /// Operations of the address itself.
    pub operations: &'static [Operation<R::Address>],
    /// Addresses below that no property leads to, and what is answered there.
    pub children: &'static [(&'static str, &'static [Operation<R::Address>])],
}

impl<R: Resource> Class<R> {
    /// A class of which nothing is said, for `..Class::EMPTY`.
    pub const EMPTY: Self =
        Self { doc: "", parent: None, properties: &[], operations: &[], children: &[] };
}

/// A class with its Rust types erased.
pub fn describe<R: Resource>() -> ClassDoc {
    ClassDoc {
        name: R::NAME,
        doc: R::CLASS.doc,
        parent: R::CLASS.parent,
        properties: R::CLASS.properties.iter().map(|p| p.describe()).collect(),
        operations: R::CLASS.operations.iter().map(|o| o.doc).collect(),
    }
}

/// One address at which a class answers.
pub struct ClassEndpoint<A: 'static> {
    /// URI template.
    pub template: String,
    /// The class, or the collection, that answers.
    pub owner: &'static str,
    pub operations: Vec<&'static Operation<A>>,
    pub collection: Option<CollectionDoc>,
}

/// Every address at which a class answers: its own, those of its links, and what lies below.
pub fn endpoints<R: Resource>() -> Vec<ClassEndpoint<R::Address>> {
    let below = |suffix: &str| format!("{}/{suffix}", R::TEMPLATE.trim_end_matches('/'));
    let own = ClassEndpoint {
        template: R::TEMPLATE.to_owned(),
        owner: R::NAME,
        operations: R::CLASS.operations.iter().collect(),
        collection: None,
    };
    let links = R::CLASS.properties.iter().filter_map(|p| p.mount()).map(|mount| ClassEndpoint {
        template: below(mount.suffix),
        owner: mount.collection.as_ref().map_or(R::NAME, |collection| collection.name),
        operations: mount.operations,
        collection: mount.collection,
    });
    let below = R::CLASS.children.iter().map(|(suffix, operations)| ClassEndpoint {
        template: below(suffix),
        owner: R::NAME,
        operations: operations.iter().collect(),
        collection: None,
    });
    std::iter::once(own).chain(links).chain(below).filter(|p| !p.operations.is_empty()).collect()
}

/// The address of a resource, whole.
pub fn id_of<R: Resource>(resource: &R, site: &Site) -> String {
    let mut id = String::with_capacity(site.base.len() + R::TEMPLATE.len() + 32);
    write_id(resource, site, &mut id);
    id
}

fn write_id<R: Resource>(resource: &R, site: &Site, id: &mut String) {
    id.push_str(&site.base);
    address::write_path::<R>(&resource.address(), id);
}

/// Writes a resource as an answer of its own, with what this caller may do to it.
pub fn show<R: Resource>(resource: &R, view: RenderContext<'_>, id: &str, out: &mut Writer) {
    out.object(|out| {
        out.key("@context");
        out.address(&[&view.site.base, "/contexts/", R::NAME, ".jsonld"]);
        write_members(resource, view, id, out);
        let mut open = R::CLASS
            .operations
            .iter()
            .filter(|o| o.doc.method != "GET" && o.is_open_to(view.caller))
            .peekable();
        if view.caller != Caller::Visitor && open.peek().is_some() {
            out.key("hydra:operation");
            out.array(|out| open.for_each(|o| o.doc.write_inline(out)));
        }
    });
}

/// Writes members of a collection one after another: whole, without their inline operations.
#[derive(Debug)]
pub struct Members<'a> {
    view: RenderContext<'a>,
    /// Address of the member at hand; its memory is used again for the next.
    id: String,
    out: Writer,
}

impl<'a> Members<'a> {
    /// Room for so many is made at once.
    pub fn with_capacity(view: RenderContext<'a>, members: usize) -> Self {
        Self { view, id: String::new(), out: Writer::with_capacity(members * 1536) }
    }

    pub fn push<R: Resource>(&mut self, member: &R) {
        let Self { view, id, out } = self;
        id.clear();
        write_id(member, view.site, id);
        out.object(|out| write_members(member, *view, id, out));
    }

    /// Returns what was written, objects with commas between.
    pub fn finish(self) -> String {
        self.out.finish_text()
    }
}

/// A resource as an answer of its own: its address, its JSON-LD, and the tag of its state.
pub fn shown<R: Resource>(resource: &R, view: RenderContext<'_>) -> (String, Vec<u8>, Tag) {
    let id = id_of(resource, view.site);
    let mut out = Writer::with_capacity(4096);
    show(resource, view, &id, &mut out);
    let body = out.finish();
    let tag = Tag::of(&body);
    let tag = resource.hidden_state().map_or(tag, |unseen| tag.with_unseen(unseen));
    (id, body, tag)
}

fn write_members<R: Resource>(resource: &R, view: RenderContext<'_>, id: &str, out: &mut Writer) {
    out.key("@id");
    out.address(&[id]);
    out.key("@type");
    out.address(&[R::NAME]);
    for property in R::CLASS.properties {
        property.show(resource, view, id, out);
    }
}
