//! One change to a body, after which it may say something else, or nothing.

use serde_json::{Map, Value, json};

use super::Generator;
use super::wild::{KEYWORDS, NAMES};

impl Generator<'_> {
    /// Changes something anywhere in a body.
    pub fn spoiled(&mut self, mut body: Value) -> Value {
        self.spoil_within(&mut body);
        body
    }

    fn spoil_within(&mut self, value: &mut Value) {
        match value {
            Value::Array(items) => {
                let at = self.random.below(items.len());
                if let Some(item) = items.get_mut(at) {
                    self.spoil_within(item);
                }
            }
            Value::Object(members) => {
                let stay = self.one_in(2);
                let inner = members.values_mut().filter(|v| v.is_object() || v.is_array());
                let mut inner: Vec<&mut Value> = inner.collect();
                let at = self.random.below(inner.len());
                match inner.get_mut(at).filter(|_| !stay) {
                    Some(value) => self.spoil_within(value),
                    None => self.spoil(members),
                }
            }
            _ => {}
        }
    }

    fn spoil(&mut self, object: &mut Map<String, Value>) {
        let keys: Vec<String> = object.keys().cloned().collect();
        let key = keys.get(self.random.below(keys.len())).cloned().unwrap_or_default();
        match self.random.below(9) {
            0 => {
                let definition = self.definition(1);
                object.insert(self.random.one_of(&NAMES).into(), definition);
            }
            1 => drop(object.insert("@context".into(), self.context(1))),
            2 => drop(object.insert(key.clone(), self.value(&key, 1))),
            3 => {
                let value = object.shift_remove(&key).unwrap_or_default();
                object.insert(self.random.one_of(&KEYWORDS).into(), value);
            }
            4 => drop(object.insert("@id".into(), self.name().into())),
            5 => {
                let own = self.term_iri(self.aim.terms[0].0);
                object.insert(own, self.value("", 1));
            }
            6 => drop(object.insert("@included".into(), json!([self.node(2)]))),
            7 => {
                let value = object.shift_remove(&key).unwrap_or_default();
                let own = self.own_name().to_owned();
                object.insert(own, value);
            }
            _ => drop(object.shift_remove(&key)),
        }
    }
}
