//! The texts of a body that expansion makes nodes of.

use std::collections::HashSet;

use serde_json::Value;

/// Tells references from other texts.
pub struct References<'a> {
    /// Tells whether texts of a key are names of nodes.
    pub is_reference: &'a dyn Fn(&str) -> bool,
    /// Terms that stand for `@set` or `@list`, and these.
    pub wrappers: &'a HashSet<&'a str>,
    /// Terms whose values may be maps, with keys of their own.
    pub maps: &'a HashSet<&'a str>,
}

/// The position of a value in a body.
#[derive(Clone, Copy)]
struct At {
    is_reference: bool,
    /// Tells whether an object here may be a map.
    in_map: bool,
}

impl References<'_> {
    /// Returns how many references a body has.
    pub fn count(&self, body: &Value) -> usize {
        self.of(body, At { is_reference: false, in_map: false })
    }

    fn of(&self, value: &Value, at: At) -> usize {
        match value {
            Value::String(_) => usize::from(at.is_reference),
            Value::Array(items) => items.iter().map(|item| self.of(item, at)).sum(),
            Value::Object(members) => {
                let values = members.iter().filter(|(key, _)| *key != "@context");
                values.map(|(key, value)| self.of(value, self.below(key, at))).sum()
            }
            _ => 0,
        }
    }

    fn below(&self, key: &str, at: At) -> At {
        if self.wrappers.contains(key) {
            return at;
        }
        let is_reference = (self.is_reference)(key);
        // Whether an object is a map or a node is known to the processor only, so that it counts as both.
        At {
            is_reference: is_reference || (at.in_map && at.is_reference),
            in_map: self.maps.contains(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_count_however_they_are_wrapped() {
        let is_reference = |key: &str| key == "roles";
        let (wrappers, maps) = (HashSet::from(["@set", "@list", "s"]), HashSet::from(["roles"]));
        let references =
            References { is_reference: &is_reference, wrappers: &wrappers, maps: &maps };
        for two in [
            json!({ "roles": ["a", "b"], "tags": ["x", "y"] }),
            json!({ "roles": { "@set": ["a", "b"] } }),
            json!({ "roles": { "s": [["a"], "b"] } }),
            json!({ "roles": { "i": ["a", "b"] } }),
            json!({ "roles": [["a"], ["b"]] }),
            json!([{ "member": { "roles": "a" } }, { "roles": "b", "@context": { "x": "y" } }]),
        ] {
            assert_eq!(references.count(&two), 2, "{two}");
        }
    }
}
