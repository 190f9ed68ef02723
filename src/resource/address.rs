//! Addresses: the variables of a URI template as a struct, and the way between the two.

use std::fmt::Display;

use percent_encoding::percent_decode_str;

use super::Resource;

/// The variables of a URI template, in its order.
pub trait Address: Clone + Send + Sync + 'static {
    /// For each variable: `int32` or `int64` for numbers; `None`: an id.
    const FORMATS: &'static [Option<&'static str>];

    /// Reads the variables off; nothing where one of them is malformed.
    fn read(parts: &mut Parts<'_>) -> Option<Self>;

    /// Writes the variables, in the order of the template.
    fn write(&self, filling: &mut Filling<'_>);

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
            const FORMATS: &'static [Option<&'static str>] = &[
                <$kind as $crate::resource::address::Part>::FORMAT,
                $(<$kinds as $crate::resource::address::Part>::FORMAT,)*
            ];

            fn read(parts: &mut $crate::resource::Parts<'_>) -> Option<Self> {
                let $first = parts.take()?;
                $(let $more = parts.take()?;)*
                Some(Self { $first, $($more,)* })
            }
            fn write(&self, filling: &mut $crate::resource::Filling<'_>) {
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

/// The values that a variable of a template may have.
pub trait Part: Sized {
    /// `int32` or `int64` for numbers; `None`: an id.
    const FORMAT: Option<&'static str>;

    fn read(text: &str) -> Option<Self>;

    /// Writes it at the end of a path.
    fn write(&self, path: &mut String);

    fn number(&self) -> Option<i32> {
        None
    }
}

impl Part for i32 {
    const FORMAT: Option<&'static str> = Some("int32");

    fn read(text: &str) -> Option<Self> {
        canonical_number(text)
    }
    fn write(&self, path: &mut String) {
        path.push_str(itoa::Buffer::new().format(*self));
    }
    fn number(&self) -> Option<i32> {
        Some(*self)
    }
}

impl Part for i64 {
    const FORMAT: Option<&'static str> = Some("int64");

    fn read(text: &str) -> Option<Self> {
        canonical_number(text)
    }
    fn write(&self, path: &mut String) {
        path.push_str(itoa::Buffer::new().format(*self));
    }
}

impl Part for String {
    const FORMAT: Option<&'static str> = None;

    /// An id as clients choose them (`docs/rules.md` 2.1).
    fn read(text: &str) -> Option<Self> {
        is_id(text).then(|| text.to_owned())
    }
    fn write(&self, path: &mut String) {
        path.push_str(self);
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
pub struct Filling<'a> {
    template: &'static str,
    /// Positions of its fixed parts; what is done is taken off the front.
    fixed: &'a [(usize, usize)],
    path: &'a mut String,
}

impl Filling<'_> {
    pub fn put(&mut self, value: &impl Part) {
        if self.next_variable() {
            value.write(self.path);
        }
    }

    /// Writes the path up to the next variable; false where there is none.
    fn next_variable(&mut self) -> bool {
        let [(from, to), rest @ ..] = self.fixed else { return false };
        self.path.push_str(self.template.get(*from..*to).unwrap_or_default());
        self.fixed = rest;
        *to < self.template.len()
    }
}

/// A URI template with its variables found: when the program is built, because that takes long enough to be seen.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    text: &'static str,
    /// Positions of its fixed parts: each but the last is followed by a variable.
    fixed: [(usize, usize); MAX_PARTS],
    parts: usize,
}

/// Fixed parts of a template, at most.
const MAX_PARTS: usize = 6;

impl Template {
    /// Finds the variables of a template.
    #[expect(clippy::indexing_slicing, reason = "what is out of bounds here does not build")]
    pub const fn of(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let mut fixed = [(0, 0); MAX_PARTS];
        let (mut parts, mut from, mut at) = (0, 0, 0);
        while at < bytes.len() {
            match bytes[at] {
                b'{' => {
                    fixed[parts] = (from, at);
                    parts += 1;
                }
                b'}' => from = at + 1,
                _ => {}
            }
            at += 1;
        }
        fixed[parts] = (from, at);
        Self { text, fixed, parts: parts + 1 }
    }

    /// Writes the path that it makes with an address at the end of a text.
    pub fn fill<A: Address>(&self, address: &A, path: &mut String) {
        self.with(path, |filling| address.write(filling));
    }

    /// As [`Template::fill`], with the one variable that it has.
    pub fn fill_one(&self, value: &impl Part, path: &mut String) {
        self.with(path, |filling| filling.put(value));
    }

    fn with(&self, path: &mut String, put: impl FnOnce(&mut Filling<'_>)) {
        let fixed = self.fixed.get(..self.parts).unwrap_or_default();
        let mut filling = Filling { template: self.text, fixed, path };
        put(&mut filling);
        while filling.next_variable() {}
    }
}

/// Reads a positive number in its one canonical spelling.
pub fn canonical_number<N>(text: &str) -> Option<N>
where
    N: std::str::FromStr + Display + PartialOrd + Default,
{
    text.parse::<N>().ok().filter(|n| *n > N::default() && n.to_string() == text)
}

/// The rule of [`canonical_number`], in words.
pub const NUMBER_RULE: &str = "a number must be positive, with no zeros in front";

/// Longest id, in bytes: what 220 for `customer/space/id` leave (`docs/rules.md` 2.1).
pub const MAX_ID: usize = 216;

/// Returns whether a text is a well-formed id: one segment of RFC 3986 `pchar` without `%`.
pub fn is_id(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@".contains(c);
    !text.is_empty()
        && text.len() <= MAX_ID
        && text != "."
        && text != ".."
        && text.chars().all(allowed)
}

/// The rule of [`is_id`], in words.
pub const ID_RULE: &str = "must be one path segment: letters, digits and any of \
    -._~!$&'()*+,;=:@ (RFC 3986, pchar without %), not . or .., 216 bytes at most";

/// The path of a resource at an address.
pub fn path_to<R: Resource>(address: &R::Address) -> String {
    let mut path = String::with_capacity(R::TEMPLATE.len() + 32);
    write_path::<R>(address, &mut path);
    path
}

/// Writes the path of a resource at an address at the end of a text.
pub fn write_path<R: Resource>(address: &R::Address, path: &mut String) {
    const { Template::of(R::TEMPLATE) }.fill(address, path);
}

/// Writes the path of a resource of which its id alone is the address at the end of a text.
pub fn write_path_of_id<R: Resource>(id: &impl Part, path: &mut String) {
    const { Template::of(R::TEMPLATE) }.fill_one(id, path);
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

/// Returns the template of what lies above the last segment of another.
pub fn parent_of(template: &str) -> &str {
    template.rsplit_once('/').map_or("", |(parent, _)| parent)
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
