//! What a body may ask of us: how deep, how wide, and which contexts.
//!
//! The processor recurses, and a stack that overflows ends the process. It also works once through a
//! context for each place where it holds, so that a small body could keep it busy for long.

use serde_json::Value;

use super::lengths::Lengths;
use crate::hydra::Problem;

/// Brackets within brackets, at most.
pub const MAX_DEPTH: usize = 32;
/// Values of a body at most, brackets among them: a thousand images at their wordiest are 120,000.
pub const MAX_VALUES: usize = 200_000;
/// Things that a body speaks of, at most: twenty for each of a thousand images. Each takes a kilobyte.
pub const MAX_THINGS: usize = 20_000;
/// Values of one thing at most; the processor has each several times over until it is done with the thing.
const MAX_VALUES_OF_ONE: usize = 20_000;
/// Text of one thing at most, in bytes.
const MAX_TEXT_OF_ONE: usize = 4 << 20;
/// Text of all things at most, in bytes, with their names whole.
pub const MAX_TEXT: usize = 64 << 20;
/// Names and types that are kept until a body is read, at most, in bytes.
pub const MAX_KEPT: usize = 8 << 20;
/// Length of an IRI at most, in bytes.
pub const MAX_IRI: usize = 4_096;
/// Length of all the IRIs that the contexts of a body define, in bytes: each thing is read with them.
const MAX_IRIS_OF_CONTEXTS: usize = 64 << 10;
/// Objects of a body of JSON at most: such a thousand images have some 40,000. A small one takes half a kilobyte.
const MAX_OBJECTS: usize = 60_000;
/// Terms that all contexts within a body define, at most.
pub const MAX_TERMS: usize = 200;
/// Places where a body gives a context, at most: each member of a batch may.
const MAX_CONTEXTS: usize = 2_000;
/// Values times terms, where contexts hold for some terms or types only.
const MAX_WORK: usize = 1_000_000;
/// Terms of a context that is named and not given, about.
const TERMS_OF_ONE: usize = 40;

/// Looks once over the text of a body: brackets and commas outside of strings.
///
/// # Errors
/// [`Problem::Unreadable`] where it is too deep or has too many values, or objects among them.
pub fn scan(text: &[u8]) -> Result<(), Problem> {
    let (mut depth, mut values, mut objects) = (0_usize, 1_usize, 0_usize);
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'{' | b'[' => {
                depth += 1;
                values += 1;
                objects += usize::from(*byte == b'{');
                if depth > MAX_DEPTH {
                    return Err(too_deep());
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
    }
    if objects > MAX_OBJECTS {
        let words = format!("the body has more than {MAX_OBJECTS} objects");
        return Err(Problem::Unreadable(words));
    }
    if values > MAX_VALUES { Err(too_many()) } else { Ok(()) }
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(at) = bytes.as_slice().iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        if bytes.nth(at) == Some(&b'"') {
            return;
        }
        bytes.next();
    }
    *bytes = [].iter();
}

pub fn too_deep() -> Problem {
    Problem::Unreadable(format!("the body is nested deeper than {MAX_DEPTH} levels"))
}

pub fn too_many() -> Problem {
    Problem::Unreadable(format!("the body has more than {MAX_VALUES} values"))
}

pub fn too_many_things() -> Problem {
    Problem::Unreadable(format!("the body speaks of more than {MAX_THINGS} things"))
}

pub fn too_long() -> Problem {
    Problem::Unreadable(format!("the body makes an IRI longer than {MAX_IRI} bytes"))
}

pub fn too_much_text() -> Problem {
    Problem::Unreadable("the body has too much text, with what its prefixes stand for".into())
}

/// Looks at what one thing says, before it is expanded; answers its bytes of text.
///
/// What stands before a name when it is whole has `prefix` bytes at most.
///
/// # Errors
/// [`Problem::Unreadable`] where that is too much.
pub fn one(thing: &json_syntax::Object, prefix: usize) -> Result<usize, Problem> {
    let (mut values, mut text) = (0_usize, 0_usize);
    let mut rest: Vec<&json_syntax::Value> = Vec::new();
    let mut objects = vec![thing];
    while let Some(object) = objects.pop() {
        text += object.iter().map(|entry| entry.key.len() + prefix).sum::<usize>();
        rest.extend(object.iter().map(|entry| &entry.value));
        while let Some(value) = rest.pop() {
            values += 1;
            match value {
                json_syntax::Value::String(own) => text += own.len() + prefix,
                json_syntax::Value::Number(own) => text += own.len(),
                json_syntax::Value::Array(items) => rest.extend(items),
                json_syntax::Value::Object(inner) => objects.push(inner),
                json_syntax::Value::Null | json_syntax::Value::Boolean(_) => {}
            }
        }
    }
    if values > MAX_VALUES_OF_ONE {
        let words = format!("one thing in the body has more than {MAX_VALUES_OF_ONE} values");
        return Err(Problem::Unreadable(words));
    }
    self::text(text)?;
    Ok(text)
}

/// Looks at how much text one thing has, in bytes.
///
/// # Errors
/// [`Problem::Unreadable`] where that is too much.
pub fn text(bytes: usize) -> Result<(), Problem> {
    if bytes > MAX_TEXT_OF_ONE {
        let words = format!("one thing in the body has more than {MAX_TEXT_OF_ONE} bytes of text");
        return Err(Problem::Unreadable(words));
    }
    Ok(())
}

/// Looks at every context in a body before any is worked through; answers the length of the longest IRI.
///
/// # Errors
/// [`Problem::Unreadable`], which names every context from elsewhere, or says what is too much.
pub fn contexts(body: &Value, is_known: &dyn Fn(&str) -> bool) -> Result<usize, Problem> {
    let mut found = Found {
        is_known,
        lengths: Lengths::default(),
        foreign: Vec::new(),
        contexts: 0,
        terms: 0,
        named: 0,
        values: 0,
        scoped: false,
    };
    found.value(body);
    if !found.foreign.is_empty() {
        let names = found.foreign.join(", ");
        return Err(Problem::Unreadable(format!(
            "the body names a context that is not known here, and none is fetched from elsewhere: \
             {names}; known are those of this service and that of the Hydra vocabulary"
        )));
    }
    if found.terms > MAX_TERMS {
        let terms = found.terms;
        let words = format!("the contexts in the body define {terms} terms; {MAX_TERMS} are read");
        return Err(Problem::Unreadable(words));
    }
    let work = found.values * (found.terms + TERMS_OF_ONE * (1 + found.named));
    if found.contexts > MAX_CONTEXTS || (found.scoped && work > MAX_WORK) {
        let words = "the body gives its contexts in too many places; give one at the top";
        return Err(Problem::Unreadable(words.into()));
    }
    let bounds = found.lengths.bounds(if found.scoped { MAX_DEPTH } else { 1 });
    if bounds.longest > MAX_IRI {
        return Err(too_long());
    }
    if bounds.total > MAX_IRIS_OF_CONTEXTS {
        let words =
            format!("the contexts in the body define over {MAX_IRIS_OF_CONTEXTS} bytes of IRIs");
        return Err(Problem::Unreadable(words));
    }
    Ok(bounds.longest)
}

/// Foreign contexts that a problem names, at most.
const MAX_NAMED: usize = 10;

struct Found<'a> {
    is_known: &'a dyn Fn(&str) -> bool,
    lengths: Lengths<'a>,
    foreign: Vec<String>,
    contexts: usize,
    terms: usize,
    /// Contexts named within contexts.
    named: usize,
    values: usize,
    /// Whether a context holds for some terms or types only.
    scoped: bool,
}

impl<'a> Found<'a> {
    fn value(&mut self, value: &'a Value) {
        self.values += 1;
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(members) => {
                for (key, value) in members {
                    if key == "@context" { self.context(value) } else { self.value(value) }
                }
            }
            _ => {}
        }
    }

    fn context(&mut self, context: &'a Value) {
        self.contexts += 1;
        match context {
            Value::String(name) => self.name(name),
            Value::Array(items) => items.iter().for_each(|item| self.context(item)),
            Value::Object(definitions) => {
                for (term, definition) in definitions {
                    self.lengths.define(term, definition);
                    match (term.as_str(), definition) {
                        ("@import", Value::String(name)) => {
                            self.scoped = true;
                            self.named += 1;
                            self.name(name);
                        }
                        ("@propagate", _) => self.scoped = true,
                        (_, Value::Object(definition)) => {
                            self.terms += 1;
                            if let Some(within) = definition.get("@context") {
                                self.scoped = true;
                                self.named += 1;
                                self.context(within);
                            }
                        }
                        _ => self.terms += 1,
                    }
                }
            }
            _ => {}
        }
    }

    fn name(&mut self, name: &str) {
        if !(self.is_known)(name) && self.foreign.len() < MAX_NAMED {
            let name: String = name.chars().take(200).collect();
            if !self.foreign.contains(&name) {
                self.foreign.push(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_count_outside_of_strings_only() {
        let inside = format!("{{\"a\": \"{}\\\"[[[\"}}", "[".repeat(100));
        assert!(scan(inside.as_bytes()).is_ok());
        assert!(scan("[".repeat(MAX_DEPTH).as_bytes()).is_ok());
        assert!(scan("[".repeat(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(scan("[1],".repeat(MAX_VALUES).as_bytes()).is_err());
        assert!(scan(b"{\"never closed").is_ok(), "that is for the parser to say");
    }
}
