//! Properties of a class: one row of its table each, and each row is the codec of its term.

use serde_json::{Map, Value};

use super::literal::Literal;
use super::site::{RenderContext, Site, UnitOfWork};
use super::{Operation, Resource};
use crate::hydra::{Access, CollectionDoc, Fault, Problem, PropertyDoc, Range, Writer};

/// The context in which a body is parsed.
#[derive(Clone, Copy)]
pub struct ParseContext<'a> {
    pub site: &'a Site,
    /// The customer below whose address the body is written; `None`: no customer's.
    pub tenant: Option<i32>,
    /// Path asked for, to which relative references relate.
    pub path: &'a str,
    /// Tells whether it makes something new, so that what is required must be there.
    pub new: bool,
    /// Last segment of the address at which something new is made, where the client chose it.
    pub id: Option<&'a str>,
    /// Tells whether members that no row reads are faults.
    pub strict: bool,
}

impl<'a> ParseContext<'a> {
    /// Returns the context of values that belong to a customer, make nothing new, and are read leniently.
    pub fn lenient(site: &'a Site, customer: i32, path: &'a str) -> Self {
        Self { site, tenant: Some(customer), path, new: false, id: None, strict: false }
    }
}

/// The operations at an address that a row adds below its resource.
pub struct Mount<A: 'static> {
    /// Last segments of the address, below the resource's.
    pub suffix: &'static str,
    pub operations: Vec<&'static Operation<A>>,
    /// The collection that answers, where one does.
    pub collection: Option<CollectionDoc>,
}

/// One row of a class's table.
pub trait Property<R: Resource>: Sync {
    /// The term.
    fn name(&self) -> &'static str;

    fn describe(&self) -> PropertyDoc;

    /// Writes the term and its value, or nothing for a term that is not shown.
    fn show(&self, resource: &R, view: RenderContext<'_>, id: &str, out: &mut Writer);

    /// Moves this property's value out of `body` into `draft`; a read-only one is dropped.
    fn take(
        &self,
        _draft: &mut R::Draft,
        body: &mut Map<String, Value>,
        _context: ParseContext<'_>,
        _faults: &mut Vec<Fault>,
    ) {
        body.remove(self.name());
    }

    /// Returns the fault of a value that only the database can find, such as a name that is taken.
    ///
    /// `at` is where the draft is to be written; `None`: it is new, and has no address yet.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    fn check_stored(
        &self,
        _s: &mut UnitOfWork<'_>,
        _tenant: Option<i32>,
        _at: Option<&R::Address>,
        _draft: &mut R::Draft,
    ) -> Result<Option<Fault>, Problem> {
        Ok(None)
    }

    /// Bytes that the texts of this property take in a draft, as JSON writes them.
    fn bytes(&self, _draft: &mut R::Draft) -> usize {
        0
    }

    /// Returns what is answered at the link itself.
    fn mount(&self) -> Option<Mount<R::Address>> {
        None
    }
}

/// Takes the value of a member out of a body, by its name or another name of the same thing.
///
/// Both given and different is a fault (`docs/rules.md` 3.2).
pub fn given(
    body: &mut Map<String, Value>,
    name: &'static str,
    alias: Option<&'static str>,
    faults: &mut Vec<Fault>,
) -> Option<(&'static str, Value)> {
    let own = body.remove(name).map(|value| (name, value));
    let other = alias.and_then(|alias| body.remove(alias).map(|value| (alias, value)));
    if let (Some((_, own)), Some((alias, other))) = (&own, &other)
        && own != other
    {
        faults.push(Fault::new(*alias, format!("differs from {name}, which means the same")));
    }
    own.or(other)
}

/// Items of a member that may hold several, at most.
pub const MAX_COUNT: usize = 500;

/// Longest text of a member that says nothing else, in bytes.
pub const MAX_TEXT: usize = 20_000;

/// Longest text of a member that an index holds, in bytes.
pub const MAX_INDEXED: usize = 1_000;

/// Longest statement in bytes: page keys hold what pages are ordered by, and proxies take 8 KiB of an address.
pub const MAX_STATEMENT: usize = 2_048;

/// Looks up whether another row than that at an address has the value of a member; the number is the tenant.
type Taken<R, T> = fn(
    &mut UnitOfWork<'_>,
    Option<i32>,
    Option<&<R as Resource>::Address>,
    &T,
) -> Result<bool, Problem>;

/// Returns the customer below whose address a draft is written.
///
/// # Errors
/// Returns [`Problem::Internal`] if it is written below none: then a row of the class asks for what there cannot be.
pub fn tenant_of(tenant: Option<i32>) -> Result<i32, Problem> {
    tenant.ok_or_else(|| Problem::internal("a row needs a customer, and its class has none"))
}

/// A literal of the row.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the member")]
pub struct Field<R: Resource, T> {
    name: &'static str,
    alias: Option<&'static str>,
    doc: &'static str,
    get: Option<fn(&R) -> &T>,
    set: Option<fn(&mut R::Draft) -> &mut T>,
    required: bool,
    non_negative: bool,
    range: &'static str,
    max_bytes: usize,
    rule: Option<fn(&T) -> Result<(), String>>,
    /// Tells whether the service works out what is not given.
    server_derived: bool,
    /// Tells whether a PUT takes it from the address if the body leaves it out.
    named_by_address: bool,
    taken: Option<Taken<R, T>>,
    example: Option<&'static str>,
}

/// A literal of the row; read-only until [`Field::writable`].
pub const fn field<R: Resource, T: Literal>(
    name: &'static str,
    doc: &'static str,
    get: fn(&R) -> &T,
) -> Field<R, T> {
    Field {
        name,
        alias: None,
        doc,
        get: Some(get),
        set: None,
        required: false,
        non_negative: false,
        range: T::RANGE,
        max_bytes: MAX_TEXT,
        rule: None,
        server_derived: false,
        named_by_address: false,
        taken: None,
        example: None,
    }
}

/// A literal a client writes and never reads back.
pub const fn secret<R: Resource, T: Literal>(
    name: &'static str,
    doc: &'static str,
    set: fn(&mut R::Draft) -> &mut T,
) -> Field<R, T> {
    Field {
        name,
        alias: None,
        doc,
        get: None,
        set: Some(set),
        required: false,
        non_negative: false,
        range: T::RANGE,
        max_bytes: MAX_TEXT,
        rule: None,
        server_derived: false,
        named_by_address: false,
        taken: None,
        example: None,
    }
}

impl<R: Resource, T: Literal> Field<R, T> {
    pub const fn writable(self, set: fn(&mut R::Draft) -> &mut T) -> Self {
        Self { set: Some(set), ..self }
    }
    /// Must be there in what is made, and never blank.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }
    /// Another name under which it is read, never written.
    pub const fn also(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }
    pub const fn non_negative(self) -> Self {
        Self { non_negative: true, range: "xsd:nonNegativeInteger", ..self }
    }
    /// Another XML Schema type with the same values, such as `xsd:anyURI` for text.
    pub const fn range(self, range: &'static str) -> Self {
        Self { range, ..self }
    }
    /// Longest text, in bytes.
    pub const fn max_bytes(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }
    pub const fn rule(self, rule: fn(&T) -> Result<(), String>) -> Self {
        Self { rule: Some(rule), ..self }
    }

    /// Says that what is not given is worked out, so that there is no default to tell.
    pub const fn server_derived(self) -> Self {
        Self { server_derived: true, ..self }
    }
    /// Says that a resource made by PUT takes it from its address, where the body leaves it out.
    pub const fn named_by_address(self) -> Self {
        Self { named_by_address: true, ..self }
    }
    /// No two rows of a tenant, or of all, have the same; `taken` (see [`crate::taken!`]) looks it up.
    ///
    /// The unique index refuses it as well; it is looked up so that it is told with all other faults.
    pub const fn unique(self, taken: Taken<R, T>) -> Self {
        Self { taken: Some(taken), ..self }
    }
    /// A value that is accepted, for documents and for clients that know no better.
    pub const fn example(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }

    /// Sets what something new starts from, where a body may leave it out.
    fn default(&self) -> Option<Value> {
        let set =
            self.set.filter(|_| self.get.is_some() && !self.required && !self.server_derived)?;
        let mut draft = R::Draft::default();
        let value = set(&mut draft);
        (!value.is_absent()).then(|| {
            let mut out = Writer::default();
            value.write(&mut out);
            serde_json::from_slice(&out.finish()).unwrap_or_default()
        })
    }

    fn check(&self, value: &T) -> Result<(), String> {
        if (self.required || T::MANY) && value.is_blank() {
            return Err("must not be blank".into());
        }
        if value.longest() > self.max_bytes {
            return Err(format!("must be at most {} bytes long", self.max_bytes));
        }
        if value.count() > MAX_COUNT {
            return Err(format!("must have at most {MAX_COUNT} items"));
        }
        if self.non_negative && value.is_negative() {
            return Err("must not be negative".into());
        }
        self.rule.map_or(Ok(()), |rule| rule(value))
    }
}

impl<R: Resource, T: Literal> Property<R> for Field<R, T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> PropertyDoc {
        let access = match (self.get, self.set) {
            (Some(_), Some(_)) => Access::ReadWrite,
            (Some(_), None) => Access::ReadOnly,
            (None, _) => Access::WriteOnly,
        };
        PropertyDoc {
            access,
            required: self.required,
            many: T::MANY,
            optional: T::OPTIONAL,
            format: T::FORMAT,
            minimum: self.non_negative.then_some(0),
            max_bytes: (self.set.is_some() && T::TEXT).then_some(self.max_bytes),
            default: self.default(),
            alias: self.alias,
            example: self.example,
            json: T::JSON,
            ..PropertyDoc::new(self.name, self.doc, Range::Literal(self.range))
        }
    }

    fn show(&self, resource: &R, _view: RenderContext<'_>, _id: &str, out: &mut Writer) {
        if let Some(get) = self.get
            && !get(resource).is_absent()
        {
            out.key(self.name);
            get(resource).write(out);
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
            None if self.named_by_address && context.id.is_some() => {
                let id = context.id.unwrap_or_default();
                match T::read(&Value::String(id.to_owned())) {
                    Ok(value) => *set(draft) = value,
                    Err(reason) => faults.push(Fault::new(self.name, reason)),
                }
            }
            None if self.required && context.new => {
                let value = set(draft);
                if value.is_absent() || value.is_blank() {
                    faults.push(Fault::new(self.name, "is required"));
                }
            }
            None => {}
            Some((name, Value::Null)) if self.required => {
                faults.push(Fault::new(name, "is required; it cannot be reset"));
            }
            Some((_, Value::Null)) => {
                std::mem::swap(set(draft), set(&mut R::Draft::default()));
            }
            // How other terms than our own say `null` (`docs/rules.md` 4.1).
            Some((_, Value::Array(none)))
                if T::OPTIONAL && !T::MANY && !self.required && none.is_empty() =>
            {
                std::mem::swap(set(draft), set(&mut R::Draft::default()));
            }
            Some((name, value)) => match T::read(&value).and_then(|v| self.check(&v).map(|()| v)) {
                Ok(value) => *set(draft) = value,
                Err(reason) => faults.push(Fault::new(name, reason)),
            },
        }
    }

    fn check_stored(
        &self,
        s: &mut UnitOfWork<'_>,
        tenant: Option<i32>,
        at: Option<&R::Address>,
        draft: &mut R::Draft,
    ) -> Result<Option<Fault>, Problem> {
        let (Some(taken), Some(set)) = (self.taken, self.set) else { return Ok(None) };
        let fault = || Fault { taken: true, ..Fault::new(self.name, "is already taken") };
        Ok(taken(s, tenant, at, set(draft))?.then(fault))
    }

    fn bytes(&self, draft: &mut R::Draft) -> usize {
        self.set.map_or(0, |set| set(draft).bytes())
    }
}
