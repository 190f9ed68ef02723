//! Properties that link to children: to collections, and to resources of other classes.

use serde_json::{Map, Value};

use super::collection::Listed;
use super::property::{Mount, ParseContext, Property, tenant_of};
use super::site::{RenderContext, UnitOfWork};
use super::{Operation, Resource};
use super::{address, identity};
use crate::hydra::{Access, Fault, OperationDoc, Problem, PropertyDoc, Range, Writer};

type When<R> = fn(&R, RenderContext<'_>) -> bool;
/// Reads a value that a body gives for a link into the draft, or finds what is wrong with it.
type Takes<R> = fn(&mut <R as Resource>::Draft, &Value, ParseContext<'_>) -> Result<(), Vec<Fault>>;

/// Finds what is wrong with the members that a draft of a customer gives, as only the database can tell.
type StoredRule<R> =
    fn(&mut UnitOfWork<'_>, i32, &<R as Resource>::Draft) -> Result<Option<Fault>, Problem>;

/// A link to a collection below this resource, with what is answered there.
pub struct Below<R: Resource> {
    name: &'static str,
    doc: &'static str,
    collection: &'static dyn Listed<R::Address>,
    takes: Option<Takes<R>>,
    stored_rule: Option<StoredRule<R>>,
    when: Option<When<R>>,
    example: Option<&'static str>,
}

pub const fn collection<R: Resource>(
    name: &'static str,
    doc: &'static str,
    collection: &'static dyn Listed<R::Address>,
) -> Below<R> {
    Below { name, doc, collection, takes: None, stored_rule: None, when: None, example: None }
}

impl<R: Resource> Below<R> {
    /// The body of the resource may give the members of the collection: an array, or one.
    pub const fn takes(self, takes: Takes<R>) -> Self {
        Self { takes: Some(takes), ..self }
    }
    /// Checks the members that a body gives against what is stored.
    pub const fn stored_rule(self, rule: StoredRule<R>) -> Self {
        Self { stored_rule: Some(rule), ..self }
    }
    /// Shown only to those who can follow it.
    pub const fn when(self, when: When<R>) -> Self {
        Self { when: Some(when), ..self }
    }
    /// A reference that a body may hold.
    pub const fn example(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }
}

impl<R: Resource> Property<R> for Below<R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> PropertyDoc {
        let collection = self.collection.describe();
        PropertyDoc {
            access: if self.takes.is_some() { Access::ReadWrite } else { Access::ReadOnly },
            optional: self.when.is_some(),
            operations: collection.operations,
            example: self.example,
            ..PropertyDoc::new(self.name, self.doc, Range::Collection(collection.name))
        }
    }

    fn show(&self, resource: &R, view: RenderContext<'_>, id: &str, out: &mut Writer) {
        if self.when.is_none_or(|when| when(resource, view)) {
            show_below(self.name, id, out);
        }
    }

    fn take(
        &self,
        draft: &mut R::Draft,
        body: &mut Map<String, Value>,
        context: ParseContext<'_>,
        faults: &mut Vec<Fault>,
    ) {
        if let Some(value) = body.remove(self.name)
            && let Some(takes) = self.takes
            && !is_itself(self.name, &value, context)
            && let Err(wrong) = takes(draft, &value, context)
        {
            faults.extend(wrong);
        }
    }

    fn check_stored(
        &self,
        s: &mut UnitOfWork<'_>,
        tenant: Option<i32>,
        _at: Option<&R::Address>,
        draft: &mut R::Draft,
    ) -> Result<Option<Fault>, Problem> {
        self.stored_rule.map_or(Ok(None), |rule| rule(s, tenant_of(tenant)?, draft))
    }

    fn mount(&self) -> Option<Mount<R::Address>> {
        Some(Mount {
            suffix: self.name,
            operations: self.collection.operations(),
            collection: Some(self.collection.describe()),
        })
    }
}

/// Returns whether a value is the link itself, as GET shows it, which says nothing.
fn is_itself(name: &str, value: &Value, context: ParseContext<'_>) -> bool {
    let Some(given) = identity::text_of(value.get("@id").unwrap_or(value)) else { return false };
    let own = format!("{}/{name}", context.path);
    match address::path_of(&given) {
        // Another base may have a path of its own.
        Some(path) => path.ends_with(&own),
        None => given.contains('/') && address::join(context.path, &given) == own,
    }
}

fn show_below(name: &str, id: &str, out: &mut Writer) {
    out.key(name);
    let slash = if id.ends_with('/') { "" } else { "/" };
    out.address(&[id, slash, name]);
}

/// A link to one resource of another class, which answers there itself.
pub struct Link<R: Resource> {
    name: &'static str,
    doc: &'static str,
    class: &'static str,
    target: fn() -> Vec<OperationDoc>,
    when: Option<When<R>>,
    operations: &'static [Operation<R::Address>],
    query: Option<&'static str>,
}

/// A link to the one `T` below this resource.
pub const fn link<R: Resource, T: Resource>(name: &'static str, doc: &'static str) -> Link<R> {
    Link {
        name,
        doc,
        class: T::NAME,
        target: || T::CLASS.operations.iter().map(|o| o.doc).collect(),
        when: None,
        operations: &[],
        query: None,
    }
}

/// A link at which this resource answers itself, with a `T` and by operations of its own.
pub const fn action<R: Resource, T: Resource>(
    name: &'static str,
    doc: &'static str,
    operations: &'static [Operation<R::Address>],
) -> Link<R> {
    Link { name, doc, class: T::NAME, target: Vec::new, when: None, operations, query: None }
}

/// A link as [`action`] makes it, which answers with a class that is no resource, such as a collection.
pub const fn action_with<R: Resource>(
    name: &'static str,
    doc: &'static str,
    class: &'static str,
    operations: &'static [Operation<R::Address>],
) -> Link<R> {
    Link { name, doc, class, target: Vec::new, when: None, operations, query: None }
}

/// A link to a list below this resource that a query selects.
pub const fn selection<R: Resource>(
    name: &'static str,
    doc: &'static str,
    query: &'static str,
) -> Link<R> {
    Link {
        name,
        doc,
        class: "hydra:Resource",
        target: Vec::new,
        when: None,
        operations: &[],
        query: Some(query),
    }
}

impl<R: Resource> Link<R> {
    /// Shown only while it can be followed.
    pub const fn when(self, when: When<R>) -> Self {
        Self { when: Some(when), ..self }
    }
}

impl<R: Resource> Property<R> for Link<R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> PropertyDoc {
        let own = !self.operations.is_empty();
        PropertyDoc {
            optional: self.when.is_some(),
            operations: match own {
                true => self.operations.iter().map(|o| o.doc).collect(),
                false => (self.target)(),
            },
            operations_of: own.then_some(R::NAME),
            ..PropertyDoc::new(self.name, self.doc, Range::Link(self.class))
        }
    }

    fn show(&self, resource: &R, view: RenderContext<'_>, id: &str, out: &mut Writer) {
        if self.when.is_some_and(|when| !when(resource, view)) {
            return;
        }
        match self.query {
            Some(query) => {
                out.key(self.name);
                out.address(&[id, query]);
            }
            None => show_below(self.name, id, out),
        }
    }

    fn mount(&self) -> Option<Mount<R::Address>> {
        let operations = self.operations.iter().collect();
        let mount = Mount { suffix: self.name, operations, collection: None };
        (!self.operations.is_empty()).then_some(mount)
    }
}
