//! JSON-LD becomes a graph: each node is expanded by itself, so that it is known where it stood.
//!
//! The processor does all that has a meaning; here the body is only followed to its nodes, with the contexts
//! that hold there. Nulls, which expansion drops, and the keys of members are noted on the way.

mod gather;

use std::borrow::Cow;
use std::sync::Arc;

use iref::IriBuf;
use json_ld::context_processing::algorithm::{Action, expand_iri_simple};
use json_ld::context_processing::{Options, Processed, Warning};
use json_ld::syntax::context::Context as Local;
use json_ld::syntax::{ContainerKind, Keyword, Nullable, TryFromJson as _};
use json_ld::{Environment, Expand as _, Process as _, Term};
use rdf_types::BlankIdBuf;
use serde_json::{Map, Value};

use super::contexts::{Active, Library, syntax};
use super::graph::{Graph, Object};
use super::guard;
use super::places::below;
use super::terms::{MEMBER, Terms};
use crate::hydra::Problem;

/// Keeps a node that says nothing from being dropped; no client knows it.
const KEEP: &str = "urn:x-hydria:keep";

/// Reads one body.
pub struct Expander<'a> {
    library: Library<'a>,
    terms: &'a Terms,
    /// What relative references relate to.
    base: IriBuf,
    pub graph: Graph,
    /// Nodes met so far, which may be the same again and again.
    met: usize,
    /// Bytes that may stand before a name when it is whole.
    prefix: usize,
    /// Bytes of text so far, with names whole.
    text: usize,
}

fn refused(error: impl std::fmt::Display) -> Problem {
    Problem::Unreadable(format!("the body is no JSON-LD: {error}"))
}

impl<'a> Expander<'a> {
    /// The contexts of the body define no IRI longer than `longest` bytes.
    pub fn new(library: Library<'a>, terms: &'a Terms, base: IriBuf, longest: usize) -> Self {
        // What it defines may begin with a prefix of ours, which is no longer than the base.
        let prefix = longest + base.len();
        Self { library, terms, base, graph: Graph::default(), met: 0, prefix, text: 0 }
    }

    /// Reads what stands at the top, or under `@graph`; answers the nodes that stand there.
    ///
    /// # Errors
    /// [`Problem::Unreadable`] where it is no JSON-LD.
    pub fn top(&mut self, value: &Value, active: &Active, at: &str) -> Result<Vec<usize>, Problem> {
        match value {
            Value::Array(items) => {
                let mut found = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    found.extend(self.top(item, active, &format!("{at}/{index}"))?);
                }
                Ok(found)
            }
            Value::Object(object) => {
                let active = self.enter(object, active)?;
                let mut others = object.iter().filter(|(key, _)| *key != "@context");
                if let (Some((key, graph)), None) = (others.next(), others.next())
                    && self.keyword(&active, key) == Some(Keyword::Graph)
                {
                    return self.top(graph, &active, &below(at, key));
                }
                Ok(vec![self.within(object, &active, at)?])
            }
            // A value that nothing is said of says nothing.
            _ => Ok(Vec::new()),
        }
    }

    /// The context within an object: what is not propagated ends, and its own is added.
    fn enter<'c>(
        &self,
        object: &Map<String, Value>,
        active: &'c Active,
    ) -> Result<Cow<'c, Active>, Problem> {
        let mut active = Cow::Borrowed(active);
        if let Some(previous) = active.previous_context() {
            let is = |keyword| object.keys().any(|key| self.keyword(&active, key) == Some(keyword));
            if !(is(Keyword::Value) || object.len() == 1 && is(Keyword::Id)) {
                active = Cow::Owned(previous.clone());
            }
        }
        match object.get("@context") {
            None => Ok(active),
            Some(context) => {
                let local = Local::try_from_json(syntax(context)).map_err(refused)?;
                let base = Some(self.base.clone());
                Ok(Cow::Owned(self.process(&local, &active, base, Options::default())?))
            }
        }
    }

    fn process(
        &self,
        local: &Local,
        active: &Active,
        base: Option<IriBuf>,
        options: Options,
    ) -> Result<Active, Problem> {
        let mut vocabulary = ();
        let processing =
            local.process_full(&mut vocabulary, active, &self.library, base, options, ());
        pollster::block_on(processing).map(Processed::into_processed).map_err(refused)
    }

    /// Adds the contexts that hold for a type.
    fn typed<'c>(
        &self,
        object: &Map<String, Value>,
        active: &'c Active,
    ) -> Result<Cow<'c, Active>, Problem> {
        let mut scoped = Cow::Borrowed(active);
        let mut entries: Vec<_> = object
            .iter()
            .filter(|(key, _)| self.keyword(active, key) == Some(Keyword::Type))
            .collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        for (_, value) in entries {
            let one = std::slice::from_ref(value);
            let types = value.as_array().map_or(one, Vec::as_slice);
            let mut types: Vec<&str> = types.iter().filter_map(Value::as_str).collect();
            types.sort_unstable();
            for kind in types {
                let Some(definition) = active.get(kind) else { continue };
                if let Some(local) = definition.context() {
                    let base = definition.base_url().cloned();
                    let options = Options::default().without_propagation();
                    scoped = Cow::Owned(self.process(local, &scoped, base, options)?);
                }
            }
        }
        Ok(scoped)
    }

    fn term(&self, active: &Active, key: &str) -> Option<Term<IriBuf, BlankIdBuf>> {
        let (mut vocabulary, mut warnings) = ((), ());
        let mut environment = Environment {
            vocabulary: &mut vocabulary,
            loader: &self.library,
            warnings: &mut warnings,
        };
        let key = Nullable::Some(key.into());
        expand_iri_simple::<Warning, _, _, _>(
            &mut environment,
            active,
            key,
            false,
            Some(Action::Keep),
        )
        .ok()
        .flatten()
    }

    fn keyword(&self, active: &Active, key: &str) -> Option<Keyword> {
        match self.term(active, key) {
            Some(Term::Keyword(keyword)) => Some(keyword),
            _ => None,
        }
    }

    /// Reads one node, within whose context we are.
    fn within(
        &mut self,
        object: &Map<String, Value>,
        active: &Active,
        at: &str,
    ) -> Result<usize, Problem> {
        self.met += 1;
        if self.met > guard::MAX_THINGS {
            return Err(guard::too_many_things());
        }
        let scoped = self.typed(object, active)?;
        let mut rest = json_syntax::Object::new();
        let (mut keys, mut nulls) = (Vec::new(), Vec::new());
        let (mut included, mut members) = (Vec::new(), Vec::new());
        let mut unread = Vec::new();
        for (key, value) in object {
            match self.term(&scoped, key) {
                None | Some(Term::Null) => unread.push(key),
                Some(Term::Keyword(Keyword::Context | Keyword::Graph)) => {}
                Some(Term::Keyword(Keyword::Included)) => included.push((key, value)),
                Some(Term::Keyword(keyword)) => {
                    keys.push((Arc::from(keyword.into_str()), key.clone()));
                    rest.push(key.as_str().into(), syntax(value));
                }
                Some(Term::Id(id)) => {
                    let known = self.terms.known(id.as_str()).cloned();
                    if let Some(known) = &known {
                        keys.push((Arc::clone(known), key.clone()));
                    }
                    // Neither a term nor an IRI: expansion drops it.
                    if matches!(id, json_ld::Id::Invalid(_)) {
                        unread.push(key);
                    }
                    match known {
                        Some(known) if self.is_null(&scoped, value) => nulls.push(known),
                        Some(known)
                            if *known == *MEMBER && self.can_follow(&scoped, key, value) =>
                        {
                            members.push((key, value));
                        }
                        _ => {
                            rest.push(key.as_str().into(), syntax(value));
                        }
                    }
                }
            }
        }
        rest.push(KEEP.into(), json_syntax::Value::Boolean(true));
        let index = self.expanded(rest, active)?;
        for key in unread {
            self.graph.unread.note(index, key);
        }
        let property = self.terms.known(MEMBER).cloned();
        for (key, value) in members {
            let definition = scoped.get(key.as_str());
            let local = definition.as_ref().and_then(json_ld::context::TermDefinitionRef::context);
            let base = definition.as_ref().and_then(|d| d.base_url().cloned());
            let options = Options::default().with_override();
            let scoped = match local {
                Some(local) => Cow::Owned(self.process(local, &scoped, base, options)?),
                None => Cow::Borrowed(&*scoped),
            };
            let objects = self.members(key, value, &scoped, &below(at, key))?;
            if let Some(property) = &property {
                self.graph.add(index, property, objects);
            }
        }
        for (key, value) in included {
            self.top(value, &scoped, &below(at, key))?;
        }
        if let Some(node) = self.graph.nodes.get_mut(index) {
            node.described |= !nulls.is_empty();
            node.nulls.extend(nulls);
            if node.at.is_none() {
                node.at = Some(at.to_owned());
                keys.shrink_to_fit();
                node.keys = keys;
            }
        }
        Ok(index)
    }

    /// Whether a value is null, or says so.
    fn is_null(&self, active: &Active, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Object(object) if object.len() == 1 => object.iter().all(|(key, value)| {
                value.is_null() && self.keyword(active, key) == Some(Keyword::Value)
            }),
            _ => false,
        }
    }

    /// Whether the values of a key are nodes that can be read one by one.
    fn can_follow(&self, active: &Active, key: &str, value: &Value) -> bool {
        let simple = active.get(key).is_none_or(|definition| {
            let container = definition.container();
            let set = container.contains(ContainerKind::Set);
            !definition.reverse_property() && container.iter().count() == usize::from(set)
        });
        let is_node = |value: &Value| {
            value.as_object().is_some_and(|object| {
                let inner = [Keyword::Value, Keyword::List, Keyword::Set];
                let is = |key| self.keyword(active, key).is_some_and(|k| inner.contains(&k));
                // A context of its own may give such a keyword another name.
                object.contains_key("@context") || !object.keys().any(|key| is(key.as_str()))
            })
        };
        // Scalars among the nodes are expanded by themselves, one for one.
        let is_scalar =
            |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
        simple
            && match value {
                Value::Array(items) => {
                    items.iter().all(|item| is_node(item) || is_scalar(item))
                        && items.iter().any(is_node)
                }
                other => is_node(other),
            }
    }

    fn members(
        &mut self,
        key: &str,
        value: &Value,
        active: &Active,
        at: &str,
    ) -> Result<Vec<Object>, Problem> {
        let one = std::slice::from_ref(value);
        let items = value.as_array().map_or(one, Vec::as_slice);
        let scalars: Vec<_> = items.iter().filter(|item| !item.is_object()).map(syntax).collect();
        let mut scalars = match scalars.is_empty() {
            true => Vec::new(),
            false => self.scalars(key, scalars, active)?,
        }
        .into_iter();
        let mut objects = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Value::Object(object) = item else {
                objects.extend(scalars.next());
                continue;
            };
            let inner = self.enter(object, active)?;
            let at = if value.is_array() { format!("{at}/{index}") } else { at.to_owned() };
            objects.push(Object::Node(self.within(object, &inner, &at)?));
        }
        Ok(objects)
    }

    /// What scalars mean as values of a key.
    fn scalars(
        &mut self,
        key: &str,
        items: Vec<json_syntax::Value>,
        active: &Active,
    ) -> Result<Vec<Object>, Problem> {
        let mut object = json_syntax::Object::new();
        object.push(key.into(), json_syntax::Value::Array(items));
        let index = self.expanded(object, active)?;
        // Nobody said that there is such a node.
        let node = self.graph.nodes.get_mut(index).map(std::mem::take);
        Ok(node.and_then(|node| node.get(MEMBER).map(<[_]>::to_vec)).unwrap_or_default())
    }

    /// Has the processor expand one node, and adds what comes of it.
    fn expanded(&mut self, object: json_syntax::Object, active: &Active) -> Result<usize, Problem> {
        self.text += guard::one(&object, self.prefix)?;
        if self.text > guard::MAX_TEXT {
            return Err(guard::too_much_text());
        }
        let value = json_syntax::Value::Object(object);
        let mut vocabulary = ();
        let expanding = value.expand_full(
            &mut vocabulary,
            active.clone(),
            Some(&self.base),
            &self.library,
            json_ld::expansion::Options::default(),
            (),
        );
        let expanded = pollster::block_on(expanding).map_err(refused)?;
        drop(value);
        let node = expanded.objects().iter().find_map(|object| object.as_node());
        match node {
            Some(node) => self.add(node, 0),
            None => Ok(self.graph.fresh()),
        }
    }
}
