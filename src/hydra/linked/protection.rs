//! Terms that a body defines in several ways though contexts in it protect terms.
//!
//! It is an error in some positions of the contexts, and the processor misses some of these.

use std::collections::HashMap;

use serde_json::Value;

/// The definitions of terms in all contexts of a body.
#[derive(Default)]
pub struct Protection<'a> {
    protects: bool,
    seen: HashMap<&'a str, &'a Value>,
    changed: Option<&'a str>,
}

impl<'a> Protection<'a> {
    /// Notes an entry of a context.
    pub fn note(&mut self, term: &'a str, definition: &'a Value) {
        self.protects |= term == "@protected" && *definition == Value::Bool(true);
        self.protects |= definition.get("@protected") == Some(&Value::Bool(true));
        if term.starts_with('@') {
            return;
        }
        if *self.seen.entry(term).or_insert(definition) != definition {
            self.changed = Some(term);
        }
    }

    /// Returns a term that is defined in several ways, where any is protected.
    pub fn redefined(&self) -> Option<&'a str> {
        self.changed.filter(|_| self.protects)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_protected_is_defined_in_one_way() {
        let (one, other) = (json!("urn:x:a"), json!({ "@id": "urn:x:b" }));
        let (yes, own) = (json!(true), json!({ "@id": "urn:x:b", "@protected": true }));
        let redefined = |entries: &[(&'static str, &Value)]| {
            let mut protection = Protection::default();
            for (term, definition) in entries {
                protection.note(term, definition);
            }
            protection.redefined().map(str::to_owned)
        };
        let (one, other, yes, own) = (&one, &other, &yes, &own);
        let changed = Some("a".to_owned());
        assert_eq!(redefined(&[("a", one), ("a", other)]), None);
        assert_eq!(redefined(&[("@protected", yes), ("a", one), ("a", one)]), None);
        assert_eq!(redefined(&[("@protected", yes), ("a", one), ("a", other)]), changed.clone());
        assert_eq!(redefined(&[("a", own), ("a", one)]), changed);
    }
}
