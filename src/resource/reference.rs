//! Properties that refer to other resources, which a client may set.

use serde_json::{Map, Value};

use super::Resource;
use super::address::{self, Address, Parts};
use super::identity;
use super::property::{ParseContext, Property, given, tenant_of};
use super::site::{RenderContext, UnitOfWork};
use super::store::Retrieve;
use crate::hydra::{Access, Fault, Problem, PropertyDoc, Range, Writer};

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
    target: Option<Target<R, T>>,
}

/// The resource that a draft refers to, which has to be there.
struct Target<R: Resource, T: Resource> {
    /// Its name in problems.
    noun: &'static str,
    address: AddressIn<R, T>,
    find: fn(&mut UnitOfWork<'_>, &T::Address) -> Result<T, Problem>,
}

/// Returns the address of what a draft of a customer refers to, if it refers to any.
type AddressIn<R, T> = fn(&<R as Resource>::Draft, i32) -> Option<<T as Resource>::Address>;

/// The way in which a resource tells what it refers to.
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
        target: None,
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
    /// Requires that what it names exists; `noun` is what problems call it.
    ///
    /// The foreign key refuses it as well; it is looked up so that it is told with all other faults.
    pub const fn must_exist(self, noun: &'static str, address: AddressIn<R, T>) -> Self
    where
        T: Retrieve,
    {
        Self { target: Some(Target { noun, address, find: T::find }), ..self }
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
            ..PropertyDoc::new(self.name, self.doc, Range::Link(T::NAME))
        }
    }

    fn show(&self, resource: &R, view: RenderContext<'_>, _id: &str, out: &mut Writer) {
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
        context: ParseContext<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let given = given(body, self.name, self.alias, faults);
        let Some(set) = self.set else { return };
        match given {
            None if self.required && context.new => {
                faults.push(Fault::new(self.name, "is required"));
            }
            None => {}
            Some((name, Value::Null)) if self.required => {
                faults.push(Fault::new(name, "is required; it cannot be reset"));
            }
            Some((_, Value::Null)) => set(draft, None),
            Some((name, value)) => match resolve::<T>(&value, context) {
                Ok(address) => set(draft, Some(address)),
                Err(reason) => faults.push(Fault::new(name, reason)),
            },
        }
    }

    fn check_stored(
        &self,
        s: &mut UnitOfWork<'_>,
        tenant: Option<i32>,
        _at: Option<&R::Address>,
        draft: &mut R::Draft,
    ) -> Result<Option<Fault>, Problem> {
        let Some(target) = &self.target else { return Ok(None) };
        let Some(address) = (target.address)(draft, tenant_of(tenant)?) else { return Ok(None) };
        match (target.find)(s, &address) {
            Ok(_) => Ok(None),
            Err(Problem::NotFound(_)) => {
                let reason = format!("names a {} that is not there", target.noun);
                Ok(Some(Fault::new(self.name, reason)))
            }
            Err(other) => Err(other),
        }
    }
}

/// The address that a reference in a body names (`docs/rules.md` 4.9).
///
/// It may be whole, of another base with the same path, relative, an object with `@id`, or the bare last
/// segment. A resource of another customer is refused, whether it is there or not.
///
/// # Errors
/// Returns what is wrong, as the rest of a sentence that begins with the member.
pub fn resolve<T: Resource>(
    value: &Value,
    context: ParseContext<'_>,
) -> Result<T::Address, String> {
    resolve_address(T::NAME, T::TEMPLATE, value, context.tenant, context.path)
}

/// Returns the address that a reference names, of the class of this name and template, in a body that was sent to
/// `path`, of which `tenant` is the customer.
///
/// # Errors
/// Returns what is wrong, as the rest of a sentence that begins with the member.
pub fn resolve_address<A: Address>(
    class: &str,
    template: &str,
    value: &Value,
    tenant: Option<i32>,
    path: &str,
) -> Result<A, String> {
    let text = match value {
        Value::Object(node) => {
            node.get("@id").or_else(|| node.get("id")).and_then(identity::text_of)
        }
        other => identity::text_of(other),
    };
    let wrong = || format!("is no link to a {class}");
    let text = text.ok_or_else(wrong)?;
    let found = match (address::path_of(&text), text.contains('/')) {
        (Some(path), _) => below_base(template, path).and_then(|v| read::<A>(&v)),
        (None, true) => address::unfill(template, &address::join(path, &text)),
        (None, false) => {
            let mut values: Vec<String> = tenant
                .filter(|_| template.contains("{customer}"))
                .map(|c| c.to_string())
                .into_iter()
                .collect();
            values.push(text);
            read::<A>(&values)
        }
    };
    let address = found.ok_or_else(wrong)?;
    match (address.customer(), tenant) {
        (Some(of), Some(tenant)) if of != tenant => Err("belongs to another customer".into()),
        _ => Ok(address),
    }
}

fn read<A: Address>(values: &[String]) -> Option<A> {
    A::read(&mut Parts(values.iter()))
}

/// Matches the end of a path, for another base may have a path of its own.
fn below_base(template: &str, path: &str) -> Option<Vec<String>> {
    let wanted = template.matches('/').count();
    let starts: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    let start = starts.len().checked_sub(wanted).and_then(|at| starts.get(at))?;
    address::match_path(template, path.get(*start..)?)
}
