//! A graph becomes a document in our own terms, which the rows of a class read like any plain body.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::address::Here;
use super::graph::{Graph, Node, Object};
use super::places::{Place, Places};
use super::terms::{Class, FIRST, Leads, MEMBER, NEXT, NIL, PREVIOUS, Property, REST, Terms, VIEW};
use super::{Meaning, Reads, guard};
use crate::hydra::problem::UNKNOWN;
use crate::hydra::{Fault, Problem};

/// Makes the document of one body.
pub struct Writing<'a> {
    pub graph: &'a Graph,
    pub terms: &'a Terms,
    pub here: &'a Here,
    /// Path asked for.
    pub asked: &'a str,
    /// Objects written so far.
    pub written: usize,
    /// Resources among them.
    pub things: usize,
    /// Faults of properties that are not read, for strict handling.
    unread: Vec<Fault>,
}

impl<'a> Writing<'a> {
    pub fn new(graph: &'a Graph, terms: &'a Terms, here: &'a Here, asked: &'a str) -> Self {
        Self { graph, terms, here, asked, written: 0, things: 0, unread: Vec::new() }
    }

    /// The document of what is to be read; `top`: nodes that stand at the top, and whether in an array.
    ///
    /// # Errors
    /// [`Problem::Unreadable`] where it cannot be told which node is meant.
    pub fn document(
        &mut self,
        reads: Reads,
        class: Option<&Class>,
        top: &[usize],
        in_array: bool,
    ) -> Result<Meaning, Problem> {
        let Some(class) = class else {
            return Ok(Meaning::of(Map::new().into(), Places::Nowhere));
        };
        let (document, place) = match reads {
            Reads::Nothing => (Map::new().into(), Place::default()),
            // What is named and no more has an address all the same, which may be the wrong one.
            Reads::One => match self.one(class)?.or_else(|| single(top)) {
                Some(node) => self.resource(node, class, &mut Vec::new())?,
                None => (Map::new().into(), Place::default()),
            },
            Reads::Collection => match self.collection()? {
                Some(node) => self.members(node, class, false)?,
                None => (Map::new().into(), Place::default()),
            },
            Reads::Either if self.collections().next().is_some() => match self.collection()? {
                Some(node) => self.members(node, class, true)?,
                None => (Map::new().into(), Place::default()),
            },
            Reads::Either => self.several(class, top, in_array)?,
        };
        let is_json = self.graph.nodes.iter().any(|node| node.at.is_some());
        let places = if is_json { Places::At(place) } else { Places::Nowhere };
        Ok(Meaning { document, places, unread: std::mem::take(&mut self.unread) })
    }

    fn described(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.graph.nodes.iter().enumerate().filter(|(_, node)| node.described)
    }

    /// The one node that a body is about: of the class, if it can be told, and led to by no other.
    fn one(&self, class: &Class) -> Result<Option<usize>, Problem> {
        let of_class = |node: &Node| node.types.iter().any(|kind| class.types.contains(kind));
        let only = |is: &dyn Fn(&Node) -> bool| only(self.described().filter(|(_, node)| is(node)));
        if self.described().next().is_none() {
            return Ok(None);
        }
        only(&|node| !node.mentioned && of_class(node))
            .or_else(|| only(&|node| !node.mentioned))
            .or_else(|| only(&of_class))
            .or_else(|| only(&|_| true))
            .map(Some)
            .ok_or_else(|| {
                let name = class.name;
                Problem::Unreadable(format!(
                    "the body must describe one {name}, and says of several things"
                ))
            })
    }

    fn collections(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.described().filter(|(_, node)| {
            node.properties().any(|property| **property == *MEMBER)
                || node.types.iter().any(|kind| self.terms.is_collection(kind))
        })
    }

    fn collection(&self) -> Result<Option<usize>, Problem> {
        if self.described().next().is_none() {
            return Ok(None);
        }
        only(self.collections().filter(|(_, node)| !node.mentioned))
            .or_else(|| only(self.collections()))
            .or_else(|| only(self.described().filter(|(_, node)| !node.mentioned)))
            .map(Some)
            .ok_or_else(|| Problem::Unreadable("the body must describe one collection".into()))
    }

    /// One resource or reference, or an array of them.
    fn several(
        &mut self,
        class: &Class,
        top: &[usize],
        in_array: bool,
    ) -> Result<(Value, Place), Problem> {
        let own: Vec<usize> = match top {
            [] => self.described().filter(|(_, n)| !n.mentioned).map(|(index, _)| index).collect(),
            top => top.to_vec(),
        };
        if let ([node], false) = (own.as_slice(), in_array) {
            return self.reference(*node, class);
        }
        let (mut items, mut members) = (Vec::new(), Vec::new());
        for node in own {
            let (item, place) = self.reference(node, class)?;
            items.push(item);
            members.push(place);
        }
        Ok((items.into(), Place { members, ..Place::default() }))
    }

    /// A resource that is only referred to, so that its address may be relative, or an id.
    fn reference(&mut self, index: usize, class: &Class) -> Result<(Value, Place), Problem> {
        let (mut document, place) = self.resource(index, class, &mut Vec::new())?;
        let iri = self.graph.nodes.get(index).and_then(Node::iri);
        if let (Some(iri), Some(document)) = (iri, document.as_object_mut()) {
            document.insert("@id".into(), self.here.reference(iri, self.asked).into());
        }
        Ok((document, place))
    }

    /// A view of a collection: all that matters of it is whether there are others.
    fn view(&self, views: &[Object]) -> Map<String, Value> {
        let mut view = Map::new();
        for object in views {
            let Object::Node(index) = object else { continue };
            let Some(node) = self.graph.nodes.get(*index) else { continue };
            for (property, name) in [(NEXT, "next"), (PREVIOUS, "previous")] {
                if node.get(property).is_some_and(|pages| !pages.is_empty()) {
                    view.insert(name.into(), true.into());
                }
            }
        }
        view
    }

    fn members(
        &mut self,
        index: usize,
        class: &Class,
        refers: bool,
    ) -> Result<(Value, Place), Problem> {
        let graph = self.graph;
        let Some(node) = graph.nodes.get(index) else {
            return Ok((Map::new().into(), Place::default()));
        };
        let mut document = self.identity(node);
        self.unread.extend(graph.unread.of(index).map(|name| Fault::new(name, UNKNOWN)));
        let mut place = place(node, |iri| match iri {
            MEMBER => Some("member"),
            VIEW => Some("view"),
            _ => None,
        });
        if let Some(views) = node.get(VIEW).filter(|views| !views.is_empty()) {
            document.insert("view".into(), self.view(views).into());
        }
        match node.get(MEMBER) {
            Some(objects) => {
                let mut members = Vec::new();
                for object in self.flat(objects)? {
                    let known = self.unread.len();
                    let (member, at) = match object {
                        Object::Node(index) if refers => self.reference(*index, class)?,
                        Object::Node(index) => self.resource(*index, class, &mut Vec::new())?,
                        Object::Value(value) => {
                            let at = place.pointer("member");
                            (value.clone(), Place { at, ..Place::default() })
                        }
                        Object::List(_) => continue,
                    };
                    for fault in self.unread.split_off(known) {
                        self.unread.push(fault.within(members.len()));
                    }
                    members.push(member);
                    place.members.push(at);
                }
                document.insert("member".into(), members.into());
            }
            None if node.nulls.iter().any(|null| **null == *MEMBER) => {
                document.insert("member".into(), Value::Null);
            }
            None => {}
        }
        Ok((document.into(), place))
    }

    fn identity(&self, node: &Node) -> Map<String, Value> {
        let mut document = Map::new();
        if let Some(iri) = node.iri() {
            document.insert("@id".into(), self.here.absolute(iri).into());
        }
        let mut seen = HashSet::new();
        let names = node.types.iter().map(|kind| self.terms.type_name(kind));
        let mut types: Vec<Value> =
            names.filter(|name| seen.insert(name.clone())).map(Value::from).collect();
        match types.len() {
            0 => {}
            1 => document.extend(types.pop().map(|kind| ("@type".into(), kind))),
            _ => {
                document.insert("@type".into(), types.into());
            }
        }
        document
    }

    /// One resource in the terms of its class; `path`: the nodes it stands within.
    fn resource(
        &mut self,
        index: usize,
        class: &Class,
        path: &mut Vec<usize>,
    ) -> Result<(Value, Place), Problem> {
        let graph = self.graph;
        let Some(node) = graph.nodes.get(index) else {
            return Ok((Map::new().into(), Place::default()));
        };
        self.written += 1;
        if self.written > guard::MAX_VALUES || path.len() > guard::MAX_DEPTH {
            return Err(guard::too_many());
        }
        self.things += 1;
        if self.things > guard::MAX_THINGS {
            return Err(guard::too_many_things());
        }
        path.push(index);
        let mut document = self.identity(node);
        for iri in node.properties() {
            let Some(property) = class.properties.get(&**iri) else { continue };
            let value = match node.get(iri) {
                Some(objects) => self.values(objects, property, path)?,
                None => Value::Null,
            };
            document.insert(property.name.into(), value);
        }
        path.pop();
        // What stands within a resource, such as credentials, is read by a row of its own.
        if path.is_empty() {
            let others = node.properties().filter(|iri| !class.properties.contains_key(&***iri));
            let others = others.map(|iri| &**iri).filter(|iri| self.terms.is_of_vocabulary(iri));
            let unread = graph.unread.of(index).chain(others);
            self.unread.extend(unread.map(|name| Fault::new(name, UNKNOWN)));
        }
        let place = place(node, |iri| class.properties.get(iri).map(|property| property.name));
        Ok((document.into(), place))
    }

    fn values(
        &mut self,
        objects: &'a [Object],
        property: &Property,
        path: &mut Vec<usize>,
    ) -> Result<Value, Problem> {
        let mut values = Vec::new();
        for object in self.flat(objects)? {
            values.push(match object {
                Object::Value(value) => value.clone(),
                Object::Node(index) => self.link(*index, property, path)?,
                Object::List(_) => continue,
            });
        }
        if property.many {
            return Ok(values.into());
        }
        if let Leads::Within(_) = property.leads {
            let end = format!("/{}", property.name);
            // The link to the collection, as GET shows it, and no member of it.
            let is_link = |value: &Value| value.as_str().is_some_and(|link| link.ends_with(&end));
            return Ok(match values.as_slice() {
                [link] if is_link(link) => link.clone(),
                _ => values.into(),
            });
        }
        // A set: what is said twice is said once. Several values are for the row to refuse.
        let mut distinct: Vec<Value> = Vec::new();
        for value in values {
            if distinct.len() < 2 && !distinct.contains(&value) {
                distinct.push(value);
            }
        }
        Ok(match distinct.len() {
            1 => distinct.pop().unwrap_or_default(),
            _ => distinct.into(),
        })
    }

    fn link(
        &mut self,
        index: usize,
        property: &Property,
        path: &mut Vec<usize>,
    ) -> Result<Value, Problem> {
        let (graph, terms) = (self.graph, self.terms);
        let Some(node) = graph.nodes.get(index) else { return Ok(Value::Null) };
        if let Some(iri) = node.iri() {
            return Ok(self.here.reference(iri, self.asked).into());
        }
        let class = match property.leads {
            Leads::To(class) | Leads::Within(class) => terms.classes.get(class),
            Leads::Nowhere => None,
        };
        match class.filter(|_| !path.contains(&index)) {
            Some(class) => Ok(self.resource(index, class, path)?.0),
            None => Ok(Map::new().into()),
        }
    }

    /// Objects with the items of lists in place of the lists, which Turtle writes as nodes.
    fn flat(&mut self, objects: &'a [Object]) -> Result<Vec<&'a Object>, Problem> {
        let graph = self.graph;
        let mut flat = Vec::new();
        // Last first, so that the next one is on top.
        let mut rest: Vec<&Object> = objects.iter().rev().collect();
        let mut seen = HashSet::new();
        while let Some(object) = rest.pop() {
            self.written += 1;
            if self.written > guard::MAX_VALUES {
                return Err(guard::too_many());
            }
            match object {
                Object::List(items) => rest.extend(items.iter().rev()),
                Object::Node(index) => {
                    let Some(node) = graph.nodes.get(*index) else { continue };
                    if node.name.as_deref() == Some(NIL) {
                    } else if let Some(first) = node.get(FIRST) {
                        // A list that comes round again ends there.
                        if seen.insert(index) {
                            rest.extend(node.get(REST).unwrap_or_default().iter().rev());
                            rest.extend(first.iter().rev());
                        }
                    } else {
                        flat.push(object);
                    }
                }
                Object::Value(_) => flat.push(object),
            }
        }
        Ok(flat)
    }
}

fn single(top: &[usize]) -> Option<usize> {
    match top {
        [node] => Some(*node),
        _ => None,
    }
}

/// The one of its kind, if it is the only one.
fn only<'a>(mut nodes: impl Iterator<Item = (usize, &'a Node)>) -> Option<usize> {
    match (nodes.next(), nodes.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}

/// Where a node stands, its keys by our terms.
fn place<'a>(node: &Node, term: impl Fn(&str) -> Option<&'a str>) -> Place {
    let named = node.keys.iter().filter_map(|(iri, key)| {
        let name = if iri.starts_with('@') { Some(&**iri) } else { term(iri) };
        Some((name?.to_owned(), key.clone()))
    });
    let mut keys: Vec<_> = named.collect();
    // There may be many places.
    keys.shrink_to_fit();
    Place { at: node.at.clone().unwrap_or_default(), keys, members: Vec::new() }
}
