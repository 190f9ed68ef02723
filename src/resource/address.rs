//! Addresses: the variables of a URI template as a struct, and the way between the two.

use std::fmt::{Display, Write as _};

use percent_encoding::percent_decode_str;

/// The variables of a URI template, in its order.
pub trait Address: Clone + Send + Sync + 'static {
    /// Reads the variables off; nothing where one of them is malformed.
    fn read(parts: &mut Parts<'_>) -> Option<Self>;

    /// Writes the variables, in the order of the template.
    fn write(&self, filling: &mut Filling);

    /// The customer it lies below; none for what belongs to nobody.
    fn customer(&self) -> Option<i32> {
        None
    }
}

/// Defines an address: the variables of a template, in its order.
///
/// A number is read in its one canonical spelling, a `String` as an id; one whose first variable is
/// `customer` lies below that customer.
#[macro_export]
macro_rules! address {
    ($(#[$meta:meta])* pub struct $name:ident { $first:ident: $kind:ty $(, $more:ident: $kinds:ty)* }) => {
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $(#[$meta])*
        pub struct $name {
            pub $first: $kind,
            $(pub $more: $kinds,)*
        }

        impl $crate::resource::Address for $name {
            fn read(parts: &mut $crate::resource::Parts<'_>) -> Option<Self> {
                let $first = parts.take()?;
                $(let $more = parts.take()?;)*
                Some(Self { $first, $($more,)* })
            }
            fn write(&self, filling: &mut $crate::resource::Filling) {
                filling.put(&self.$first);
                $(filling.put(&self.$more);)*
            }
            fn customer(&self) -> Option<i32> {
                use $crate::resource::address::Part as _;
                (stringify!($first) == "customer").then(|| self.$first.number()).flatten()
            }
        }
    };
}

/// What a variable of a template may be.
pub trait Part: Sized {
    fn read(text: &str) -> Option<Self>;

    fn number(&self) -> Option<i32> {
        None
    }
}

impl Part for i32 {
    fn read(text: &str) -> Option<Self> {
        canonical_number(text)
    }
    fn number(&self) -> Option<i32> {
        Some(*self)
    }
}

impl Part for i64 {
    fn read(text: &str) -> Option<Self> {
        canonical_number(text)
    }
}

impl Part for String {
    /// An id as clients choose them (`rules.md` 2.1).
    fn read(text: &str) -> Option<Self> {
        is_id(text).then(|| text.to_owned())
    }
}

/// The values of a template's variables as they stand in a path, decoded once.
pub struct Parts<'a>(pub std::slice::Iter<'a, String>);

impl Parts<'_> {
    /// The next variable; nothing where there is none, or it is malformed.
    pub fn take<P: Part>(&mut self) -> Option<P> {
        P::read(self.0.next()?)
    }
}

/// Puts the values of a template's variables in their places.
#[derive(Debug)]
pub struct Filling {
    /// What is left of the template.
    rest: &'static str,
    path: String,
}

impl Filling {
    fn of(base: &str, template: &'static str) -> Self {
        let mut path = String::with_capacity(base.len() + template.len() + 32);
        path.push_str(base);
        Self { rest: template, path }
    }

    pub fn put(&mut self, value: impl Display) {
        if self.next_variable() {
            // A String takes every text.
            let _ = write!(self.path, "{value}");
        }
    }

    /// Writes the path up to the next variable; false where there is none.
    fn next_variable(&mut self) -> bool {
        let (fixed, after) = match self.rest.split_once('{') {
            Some((fixed, variable)) => (fixed, variable.split_once('}')),
            None => (self.rest, None),
        };
        self.path.push_str(fixed);
        self.rest = after.map_or("", |(_, rest)| rest);
        after.is_some()
    }
}

/// Reads a positive number in its one canonical spelling.
pub fn canonical_number<N>(text: &str) -> Option<N>
where
    N: std::str::FromStr + Display + PartialOrd + Default,
{
    text.parse::<N>().ok().filter(|n| *n > N::default() && n.to_string() == text)
}

/// Longest id, in bytes: what 220 for `customer/space/id` leave (`rules.md` 2.1).
pub const MAX_ID: usize = 216;

/// Whether a text is a well-formed id: one segment of RFC 3986 `pchar` without `%`.
pub fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(c);
    !text.is_empty()
        && text.len() <= MAX_ID
        && text != "."
        && text != ".."
        && text.chars().all(allowed)
}

/// What [`is_id`] asks for, in words.
pub const ID_RULE: &str = "must be one path segment: letters, digits and any of \
    -._~!$&'()*+,;=:@ (RFC 3986, pchar without %), not . or .., 216 bytes at most";

/// The path that a template and an address make.
pub fn fill<A: Address>(template: &'static str, address: &A) -> String {
    fill_below("", template, address)
}

/// The address that a base, a template and an address make.
pub fn fill_below<A: Address>(base: &str, template: &'static str, address: &A) -> String {
    let mut filling = Filling::of(base, template);
    address.write(&mut filling);
    while filling.next_variable() {}
    filling.path
}

/// Matches a path against a template: the decoded values of its variables, or nothing.
pub fn match_path(template: &str, path: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let (mut want, mut have) = (template.split('/'), path.split('/'));
    loop {
        match (want.next(), have.next()) {
            (None, None) => return Some(values),
            (Some(want), Some(have)) if want.starts_with('{') => values.push(decode(have)?),
            (Some(want), Some(have)) if want == have => {}
            _ => return None,
        }
    }
}

/// The address that a path of this template names.
pub fn unfill<A: Address>(template: &str, path: &str) -> Option<A> {
    let values = match_path(template, path)?;
    A::read(&mut Parts(values.iter()))
}

/// Decodes one path segment, once; nothing when it is not UTF-8.
pub fn decode(segment: &str) -> Option<String> {
    percent_decode_str(segment).decode_utf8().ok().map(Into::into)
}

/// The path of an absolute address, whatever its host; the text itself when it begins with `/`.
pub fn path_of(iri: &str) -> Option<&str> {
    match iri.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').and_then(|at| rest.get(at..))
        }
        _ => iri.starts_with('/').then_some(iri),
    }
}

/// The path that a relative reference means at `path` (RFC 3986, section 5.2).
pub fn join(path: &str, reference: &str) -> String {
    let mut segments: Vec<&str> = path.split('/').skip(1).collect();
    segments.pop();
    for segment in reference.split('/') {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    format!("/{}", segments.join("/"))
}
