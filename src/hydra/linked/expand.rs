//! JSON-LD becomes a node map: the processor expands the whole body, and what it expands is flattened.

use std::collections::HashSet;
use std::sync::Arc;

use iref::IriBuf;
use json_ld::expansion::{Error, Options, Policy};
use json_ld::object::value::Literal as Scalar;
use json_ld::{Expand as _, Id, Indexed, IndexedObject, Node, Term, ValidId};
use rdf_types::BlankIdBuf;
use serde_json::Value;

use super::contexts::{Active, ContextLoader, plain, syntax};
use super::nodes::{Literal, Nodes, Object};
use super::terms::JSON;
use crate::hydra::Problem;

type Expanded = IndexedObject<IriBuf, BlankIdBuf>;
type ExpandedNode = Indexed<Node<IriBuf, BlankIdBuf>>;
type Name = Id<IriBuf, BlankIdBuf>;

/// Expansions that are tried for keys that a body hides from [`marked`], by taking `@vocab` away.
const MAX_HIDDEN: usize = 8;

/// Characters that no IRI has, of those that a key may.
const NO_IRI: [char; 10] = [' ', '<', '>', '"', '{', '}', '|', '\\', '^', '`'];

/// The prefix that undefined keys are expanded with, so that they can be found.
const MARK: &str = "undefined:";

/// Returns the keys of a body that no context defines, which expansion drops.
///
/// Finds none where the body cannot be expanded at all.
pub fn undefined(
    mut body: Value,
    active: &Active,
    base: &IriBuf,
    library: &ContextLoader<'_>,
) -> Vec<String> {
    let mut found = marked(&body, active, base, library);
    let named: HashSet<&str> = found.iter().map(String::as_str).collect();
    remove(&mut body, &named);
    let policy = Policy { allow_undefined: false, ..Policy::default() };
    let options = Options { policy, ..Options::default() };
    for _ in 0..MAX_HIDDEN {
        let value = syntax(body.clone());
        let mut vocabulary = ();
        let expanding =
            value.expand_full(&mut vocabulary, active.clone(), Some(base), library, options, ());
        let Err(Error::KeyExpansionFailed(key)) = pollster::block_on(expanding) else { break };
        remove(&mut body, &HashSet::from([key.as_str()]));
        if found.contains(&key) {
            break;
        }
        found.push(key);
    }
    found
}

/// Returns the keys that no context defines as far as a vocabulary mapping, in force from the start, shows them.
fn marked(
    body: &Value,
    active: &Active,
    base: &IriBuf,
    library: &ContextLoader<'_>,
) -> Vec<String> {
    let Ok(mark) = IriBuf::new(MARK.into()) else { return Vec::new() };
    let mut active = active.clone();
    active.set_vocabulary(Some(Term::from(mark)));
    let mut vocabulary = ();
    let value = syntax(body.clone());
    let expanding =
        value.expand_full(&mut vocabulary, active, Some(base), library, Options::default(), ());
    let mut marked = Marked::default();
    for object in pollster::block_on(expanding).into_iter().flatten() {
        marked.object(&object);
    }
    marked.names
}

/// The names below [`MARK`] of the properties of expanded nodes, each once.
#[derive(Default)]
struct Marked {
    names: Vec<String>,
    seen: HashSet<String>,
}

impl Marked {
    fn object(&mut self, object: &Expanded) {
        match object.inner() {
            json_ld::Object::Value(_) => {}
            json_ld::Object::List(list) => list.iter().for_each(|item| self.object(item)),
            json_ld::Object::Node(node) => self.node(node),
        }
    }

    fn node(&mut self, node: &Node<IriBuf, BlankIdBuf>) {
        for object in node.graph.iter().flatten() {
            self.object(object);
        }
        for node in node.included.iter().flatten() {
            self.node(node);
        }
        for (property, objects) in &node.properties {
            if self.is_defined(property.as_str()) {
                for object in objects {
                    self.object(object);
                }
            }
        }
        for (property, nodes) in node.reverse_properties.iter().flatten() {
            if self.is_defined(property.as_str()) {
                for node in nodes {
                    self.node(node);
                }
            }
        }
    }

    /// Notes a property that is below the mark; what it holds is undefined with it.
    fn is_defined(&mut self, property: &str) -> bool {
        let Some(name) = property.strip_prefix(MARK) else { return true };
        if self.seen.insert(name.to_owned()) {
            self.names.push(name.to_owned());
        }
        false
    }
}

/// Removes keys from an object and from all objects within.
fn remove(value: &mut Value, keys: &HashSet<&str>) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !keys.contains(key.as_str()));
            object.values_mut().for_each(|value| remove(value, keys));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| remove(value, keys)),
        _ => {}
    }
}

/// Expands a body under a context and adds all that it says to a node map.
///
/// # Errors
/// Returns [`Problem::Unreadable`] if it is no JSON-LD, names something by what is no IRI, or says too much.
pub fn read(
    body: Value,
    active: Active,
    base: &IriBuf,
    library: &ContextLoader<'_>,
    nodes: &mut Nodes<'_>,
) -> Result<(), Problem> {
    let value = syntax(body);
    let mut vocabulary = ();
    let expanding =
        value.expand_full(&mut vocabulary, active, Some(base), library, Options::default(), ());
    // Nothing is fetched, so that nothing is waited for.
    let expanded = pollster::block_on(expanding)
        .map_err(|error| Problem::Unreadable(format!("the body is no JSON-LD: {error}")))?;
    drop(value);
    for object in expanded {
        nodes.object(object)?;
    }
    Ok(())
}

impl Nodes<'_> {
    fn object(&mut self, object: Expanded) -> Result<Object, Problem> {
        let (object, index) = object.into_parts();
        match object {
            json_ld::Object::Value(value) => Ok(Object::Value(literal(value))),
            json_ld::Object::Node(node) => Ok(Object::Node(self.node(Indexed::new(*node, index))?)),
            json_ld::Object::List(list) => {
                let items: Result<Vec<_>, _> =
                    list.into_entry().into_iter().map(|item| self.object(item)).collect();
                Ok(Object::List(items?))
            }
        }
    }

    /// Adds a node and all that it says; answers where it is.
    fn node(&mut self, node: ExpandedNode) -> Result<usize, Problem> {
        let (node, filed) = node.into_parts();
        let Node { id, types, graph, included, properties, reverse_properties } = node;
        let at = match id {
            None => self.fresh()?,
            Some(id) => self.named(&name(&id)?)?,
        };
        if let Some(index) = filed {
            self.file(at, index)?;
        }
        for kind in types.into_iter().flatten() {
            self.is_a(at, &name(&kind)?)?;
        }
        if let Some(graph) = graph {
            let mut apart = self.apart();
            for object in graph {
                apart.object(object)?;
            }
            if apart.iter().any(|(_, node)| node.described) {
                self.describe(at);
            }
            self.exclude(apart);
        }
        for node in included.into_iter().flatten() {
            if says_nothing(&node) {
                let words = "@included holds a node of which nothing is said";
                return Err(Problem::Unreadable(words.into()));
            }
            self.node(node)?;
        }
        for (property, objects) in properties {
            if property.as_str().contains(NO_IRI) {
                let words = format!("the property {:?} is no IRI", property.as_str());
                return Err(Problem::Unreadable(words));
            }
            let known = self.property(property.as_str());
            let objects: Result<Vec<_>, _> =
                objects.into_iter().map(|object| self.object(object)).collect();
            let objects = objects?;
            self.describe(at);
            if let Some(known) = known {
                self.add(at, &known, objects)?;
            } else {
                self.unread.note(at, property.as_str());
                for object in &objects {
                    self.refer(at, object);
                }
            }
        }
        for (property, subjects) in reverse_properties.into_iter().flatten() {
            let known = self.property(property.as_str());
            for subject in subjects {
                let subject = self.node(subject)?;
                self.describe(subject);
                if let Some(known) = &known {
                    self.add(subject, known, vec![Object::Node(at)])?;
                } else {
                    self.unread.note(subject, property.as_str());
                    self.refer(subject, &Object::Node(at));
                }
            }
        }
        Ok(at)
    }
}

/// Returns whether a node has a name at most.
fn says_nothing(node: &ExpandedNode) -> bool {
    let Node { types, graph, included, properties, reverse_properties, .. } = node.inner();
    types.is_none()
        && graph.is_none()
        && included.is_none()
        && properties.is_empty()
        && reverse_properties.is_none()
}

/// Returns an IRI or the label of a blank node.
fn name(id: &Name) -> Result<String, Problem> {
    match id {
        Id::Valid(ValidId::Iri(iri)) => Ok(iri.to_string()),
        Id::Valid(ValidId::Blank(label)) => Ok(label.to_string()),
        Id::Invalid(text) => {
            Err(Problem::Unreadable(format!("the body names something {text:?}, which is no IRI")))
        }
    }
}

fn literal(value: json_ld::Value<IriBuf>) -> Literal {
    let (value, datatype) = match value {
        json_ld::Value::Literal(scalar, datatype) => {
            let value = match scalar {
                Scalar::String(text) => text.as_str().into(),
                other => plain(&other.into_json()),
            };
            (value, datatype.map(|iri| Arc::from(iri.as_str())))
        }
        json_ld::Value::LangString(text) => (text.as_str().into(), None),
        json_ld::Value::Json(value) => (plain(&value), Some(Arc::from(JSON))),
    };
    Literal { value, datatype }
}
