//! Rows that lead elsewhere: collections and resources beneath, and references a client sets.

use serde_json::{Map, Value};

use super::address::{self, Address, Parts};
use super::identity;
use super::property::{Mount, Property, Reading, given};
use super::site::View;
use super::{Operation, Resource};
use crate::hydra::{
    Access, CollectionDoc, Fault, OperationDoc, PropertyDoc, Range, Variable, Writer,
};

/// A collection beneath a resource: its class and what is answered there.
pub struct Collection<A: 'static> {
    /// Name of its own class, such as `SpaceImageCollection`.
    pub name: &'static str,
    /// The collection class it is a kind of; none: `hydra:Collection`.
    pub parent: Option<&'static str>,
    /// Class of the members.
    pub member: &'static str,
    pub doc: &'static str,
    pub operations: &'static [Operation<A>],
    /// What its query filters by.
    pub filters: &'static [Variable],
    /// Members by which it can be ordered.
    pub orderable: &'static [&'static str],
}

impl<A> Collection<A> {
    pub fn describe(&self) -> CollectionDoc {
        CollectionDoc {
            name: self.name,
            parent: self.parent,
            member: self.member,
            doc: self.doc,
            operations: self.operations.iter().map(|o| o.doc).collect(),
            filters: self.filters,
            orderable: self.orderable,
        }
    }
}

type When<R> = fn(&R, View<'_>) -> bool;
/// Reads a value that a body gives for a link into the draft; the error is the rest of a sentence.
type Takes<R> = fn(&mut <R as Resource>::Draft, &Value, Reading<'_>) -> Result<(), String>;

/// A link to a collection beneath this resource, with what is answered there.
pub struct Below<R: Resource> {
    name: &'static str,
    doc: &'static str,
    collection: &'static Collection<R::Address>,
    takes: Option<Takes<R>>,
    example: Option<&'static str>,
}

pub const fn collection<R: Resource>(
    name: &'static str,
    doc: &'static str,
    collection: &'static Collection<R::Address>,
) -> Below<R> {
    Below { name, doc, collection, takes: None, example: None }
}

impl<R: Resource> Below<R> {
    /// The body of the resource may give the members of the collection, as an array.
    pub const fn takes(self, takes: Takes<R>) -> Self {
        Self { takes: Some(takes), ..self }
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
        PropertyDoc {
            access: if self.takes.is_some() { Access::ReadWrite } else { Access::ReadOnly },
            operations: self.collection.operations.iter().map(|o| o.doc).collect(),
            example: self.example,
            ..PropertyDoc::new(self.name, self.doc, Range::Collection(self.collection.name))
        }
    }

    fn show(&self, _resource: &R, _view: View<'_>, id: &str, out: &mut Writer) {
        show_below(self.name, id, out);
    }

    fn take(
        &self,
        draft: &mut R::Draft,
        body: &mut Map<String, Value>,
        reading: Reading<'_>,
        faults: &mut Vec<Fault>,
    ) {
        // The link itself, as GET shows it, says nothing.
        if let Some(value) = body.remove(self.name)
            && !value.is_string()
            && let Some(takes) = self.takes
            && let Err(reason) = takes(draft, &value, reading)
        {
            faults.push(Fault::new(self.name, reason));
        }
    }

    fn mount(&self) -> Option<Mount<R::Address>> {
        Some(Mount {
            suffix: self.name,
            operations: self.collection.operations,
            collection: Some(self.collection.describe()),
        })
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

/// A link to the one `T` beneath this resource.
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

/// A link at which this resource answers itself, with other operations than those of a class.
pub const fn action<R: Resource>(
    name: &'static str,
    doc: &'static str,
    class: &'static str,
    operations: &'static [Operation<R::Address>],
) -> Link<R> {
    Link { name, doc, class, target: Vec::new, when: None, operations, query: None }
}

/// A link to a list beneath this resource that a query selects.
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

    fn show(&self, resource: &R, view: View<'_>, id: &str, out: &mut Writer) {
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

    fn take(
        &self,
        _draft: &mut R::Draft,
        body: &mut Map<String, Value>,
        _reading: Reading<'_>,
        _faults: &mut Vec<Fault>,
    ) {
        body.remove(self.name);
    }

    fn mount(&self) -> Option<Mount<R::Address>> {
        let mount = Mount { suffix: self.name, operations: self.operations, collection: None };
        (!self.operations.is_empty()).then_some(mount)
    }
}

/// A link whose target is chosen among the `T` there are.
pub struct Reference<R: Resource, T: Resource> {
    name: &'static str,
    alias: Option<&'static str>,
    doc: &'static str,
    get: Get<R, T>,
    set: Option<fn(&mut R::Draft, Option<T::Address>)>,
    required: bool,
    optional: bool,
    example: Option<&'static str>,
}

/// How a resource tells what it refers to.
enum Get<R, T: Resource> {
    Address(fn(&R) -> Option<T::Address>),
    Id(fn(&R) -> &String),
}

/// A link to a `T` that stands elsewhere; read-only until [`Reference::writable`].
pub const fn reference<R: Resource, T: Resource>(
    name: &'static str,
    doc: &'static str,
    get: fn(&R) -> Option<T::Address>,
) -> Reference<R, T> {
    refers(name, doc, Get::Address(get))
}

/// A link to a `T` of which its id alone is the address; read-only.
pub const fn reference_by_id<R: Resource, T: Resource>(
    name: &'static str,
    doc: &'static str,
    get: fn(&R) -> &String,
) -> Reference<R, T> {
    refers(name, doc, Get::Id(get))
}

const fn refers<R: Resource, T: Resource>(
    name: &'static str,
    doc: &'static str,
    get: Get<R, T>,
) -> Reference<R, T> {
    Reference {
        name,
        alias: None,
        doc,
        get,
        set: None,
        required: false,
        optional: false,
        example: None,
    }
}

impl<R: Resource, T: Resource> Reference<R, T> {
    pub const fn writable(self, set: fn(&mut R::Draft, Option<T::Address>)) -> Self {
        Self { set: Some(set), ..self }
    }
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
    /// Sometimes there is none.
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
    /// A reference that is accepted.
    pub const fn example(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }
    /// Another name under which it is read, never written.
    pub const fn also(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }
}

impl<R: Resource, T: Resource> Property<R> for Reference<R, T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> PropertyDoc {
        PropertyDoc {
            access: if self.set.is_some() { Access::ReadWrite } else { Access::ReadOnly },
            required: self.required,
            optional: self.optional,
            alias: self.alias,
            example: self.example,
            operations: T::CLASS.operations.iter().map(|o| o.doc).collect(),
            ..PropertyDoc::new(self.name, self.doc, Range::Link(T::NAME))
        }
    }

    fn show(&self, resource: &R, view: View<'_>, _id: &str, out: &mut Writer) {
        let base = &view.site.base;
        match self.get {
            Get::Address(get) => {
                let Some(address) = get(resource) else { return };
                out.key(self.name);
                out.plain(|iri| {
                    iri.push_str(base);
                    address::write_path::<T>(&address, iri);
                });
            }
            Get::Id(get) => {
                out.key(self.name);
                out.plain(|iri| {
                    iri.push_str(base);
                    address::write_path_of_id::<T>(get(resource), iri);
                });
            }
        }
    }

    fn take(
        &self,
        draft: &mut R::Draft,
        body: &mut Map<String, Value>,
        reading: Reading<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let given = given(body, self.name, self.alias, faults);
        let Some(set) = self.set else { return };
        match given {
            None if self.required && reading.new => {
                faults.push(Fault::new(self.name, "is required"));
            }
            None => {}
            Some((name, Value::Null)) if self.required => {
                faults.push(Fault::new(name, "is required; it cannot be reset"));
            }
            Some((_, Value::Null)) => set(draft, None),
            Some((name, value)) => match resolve::<T>(&value, reading) {
                Ok(address) => set(draft, Some(address)),
                Err(reason) => faults.push(Fault::new(name, reason)),
            },
        }
    }
}

/// The address that a reference in a body names (`rules.md` 4.9).
///
/// It may be whole, of another base with the same path, relative, an object with `@id`, or the bare last
/// segment. A resource of another customer is refused, whether it is there or not.
///
/// # Errors
/// What is wrong, as the rest of a sentence that begins with the member.
pub fn resolve<T: Resource>(value: &Value, reading: Reading<'_>) -> Result<T::Address, String> {
    let tenant = reading.tenant;
    let text = match value {
        Value::Object(node) => {
            node.get("@id").or_else(|| node.get("id")).and_then(identity::text_of)
        }
        other => identity::text_of(other),
    };
    let wrong = || format!("is no link to a {}", T::NAME);
    let text = text.ok_or_else(wrong)?;
    let found = match (address::path_of(&text), text.contains('/')) {
        (Some(path), _) => below_base(T::TEMPLATE, path).and_then(|v| read::<T>(&v)),
        (None, true) => address::unfill(T::TEMPLATE, &address::join(reading.path, &text)),
        (None, false) => {
            let mut values: Vec<String> = tenant
                .filter(|_| T::TEMPLATE.contains("{customer}"))
                .map(|c| c.to_string())
                .into_iter()
                .collect();
            values.push(text);
            read::<T>(&values)
        }
    };
    let address = found.ok_or_else(wrong)?;
    match (address.customer(), tenant) {
        (Some(of), Some(tenant)) if of != tenant => Err("belongs to another customer".into()),
        _ => Ok(address),
    }
}

fn read<T: Resource>(values: &[String]) -> Option<T::Address> {
    T::Address::read(&mut Parts(values.iter()))
}

/// Matches the end of a path, for another base may have a path of its own.
fn below_base(template: &str, path: &str) -> Option<Vec<String>> {
    let wanted = template.matches('/').count();
    let starts: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    let start = starts.len().checked_sub(wanted).and_then(|at| starts.get(at))?;
    address::match_path(template, path.get(*start..)?)
}
