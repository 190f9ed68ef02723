//! What the processor has expanded becomes part of the graph.

use iref::IriBuf;
use json_ld::{Id, ValidId};
use rdf_types::BlankIdBuf;
use serde_json::Value;

use super::{Expander, KEEP};
use crate::hydra::Problem;
use crate::hydra::linked::contexts::plain;
use crate::hydra::linked::graph::Object;
use crate::hydra::linked::{guard, literal};

type Expanded = json_ld::Node<IriBuf, BlankIdBuf>;
type Indexed = json_ld::IndexedObject<IriBuf, BlankIdBuf>;
type Name = Id<IriBuf, BlankIdBuf>;

impl Expander<'_> {
    /// Adds a node and all that it says; answers where it is.
    pub(super) fn add(&mut self, expanded: &Expanded, depth: usize) -> Result<usize, Problem> {
        if depth > guard::MAX_DEPTH {
            return Err(guard::too_deep());
        }
        if self.graph.nodes.len() > guard::MAX_THINGS {
            return Err(guard::too_many_things());
        }
        if self.graph.kept > guard::MAX_KEPT {
            return Err(guard::too_much_text());
        }
        let index = match &expanded.id {
            Some(id) => self.graph.named(id.as_str()),
            None => self.graph.fresh(),
        };
        let kinds: Vec<String> =
            expanded.types().iter().map(|id| self.library.here.absolute(id.as_str())).collect();
        self.graph.is_a(index, kinds);
        for (property, objects) in &expanded.properties {
            self.property(index, property, objects, depth)?;
        }
        for (property, nodes) in expanded.reverse_properties.iter().flatten() {
            for node in nodes {
                let from = self.add(node, depth + 1)?;
                if let Some(known) = self.terms.known(property.as_str()).cloned() {
                    self.graph.add(from, &known, vec![Object::Node(index)]);
                }
            }
        }
        for node in expanded.included.iter().flatten() {
            self.add(node, depth + 1)?;
        }
        Ok(index)
    }

    fn property(
        &mut self,
        index: usize,
        property: &Name,
        objects: &[Indexed],
        depth: usize,
    ) -> Result<(), Problem> {
        let Some(known) = self.terms.known(property.as_str()).cloned() else {
            for object in objects {
                if let Some(Id::Valid(id)) = object.id() {
                    self.graph.mention(valid(id), index);
                }
            }
            if let Some(node) = self.graph.nodes.get_mut(index) {
                node.described |= property.as_str() != KEEP;
            }
            if property.as_str() != KEEP {
                self.graph.unread.note(index, property.as_str());
            }
            return Ok(());
        };
        let objects: Result<Vec<_>, _> = objects.iter().map(|o| self.object(o, depth)).collect();
        self.graph.add(index, &known, objects?);
        Ok(())
    }

    fn object(&mut self, object: &Indexed, depth: usize) -> Result<Object, Problem> {
        match object.inner() {
            json_ld::Object::Value(value) => Ok(Object::Value(json(value))),
            json_ld::Object::Node(node) => Ok(Object::Node(self.add(node, depth + 1)?)),
            json_ld::Object::List(list) => {
                let items: Result<Vec<_>, _> =
                    list.iter().map(|item| self.object(item, depth + 1)).collect();
                Ok(Object::List(items?))
            }
        }
    }
}

fn valid(id: &ValidId<IriBuf, BlankIdBuf>) -> &str {
    match id {
        ValidId::Iri(iri) => iri.as_str(),
        ValidId::Blank(label) => label.as_str(),
    }
}

fn json(value: &json_ld::Value<IriBuf>) -> Value {
    use json_ld::object::value::Literal;
    match value {
        json_ld::Value::Literal(Literal::String(text), datatype) => {
            literal::value(text, datatype.as_ref().map(IriBuf::as_str))
        }
        json_ld::Value::Literal(other, _) => plain(&other.clone().into_json()),
        json_ld::Value::LangString(text) => text.as_str().into(),
        json_ld::Value::Json(value) => plain(value),
    }
}
