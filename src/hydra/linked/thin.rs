//! Contexts that change nothing are taken out of a body before it is expanded.
//!
//! The processor works through a context wherever it stands. Most clients name one of ours, or that of Hydra, in each
//! member of a batch; without them the processor works through the context in force once a body.

use serde_json::Value;

use super::known::Known;

/// Takes out the contexts that say what is in force anyway; `own`: only such have stood above.
pub fn thin(value: &mut Value, known: Known<'_>, own: bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| thin(item, known, own)),
        Value::Object(members) => {
            let mut own = own;
            if own && let Some(context) = members.get_mut("@context") {
                if is_own(context, known) {
                    members.shift_remove("@context");
                } else {
                    own = false;
                    drop_leading(context, known);
                }
            }
            let values = members.iter_mut().filter(|(key, _)| *key != "@context");
            values.for_each(|(_, value)| thin(value, known, own));
        }
        _ => {}
    }
}

fn is_own(context: &Value, known: Known<'_>) -> bool {
    match context {
        Value::String(name) => (known.own)(name),
        Value::Array(items) => items.iter().all(|item| item.is_string() && is_own(item, known)),
        _ => false,
    }
}

/// Takes out the first of several contexts, as long as they say what is in force anyway.
fn drop_leading(context: &mut Value, known: Known<'_>) {
    if let Value::Array(items) = context {
        let leading =
            items.iter().take_while(|item| item.is_string() && is_own(item, known)).count();
        items.drain(..leading);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::super::limits::Bounds;
    use super::super::survey::survey;
    use super::*;

    const OWN: &str = "http://www.w3.org/ns/hydra/context.jsonld";

    /// Looks over a body; answers it, with the number of contexts by name that are left for the processor.
    fn surveyed(mut body: Value) -> (Value, usize) {
        let left = Cell::new(0);
        let any = |_: &str| {
            left.set(left.get() + 1);
            true
        };
        let (own, term) = (|name: &str| name == OWN, |_: &str| false);
        let known = Known { any: &any, own: &own, term: &term, reference: &term };
        survey(&mut body, known, 30, Bounds::of_batches(1)).expect("it is read");
        (body, left.get())
    }

    #[test]
    fn a_context_that_every_member_names_is_left_to_the_processor_once_at_most() {
        let member = json!({ "@context": OWN, "urn:x:p": 1 });
        let members = json!({ "urn:x:m": vec![member; 880] });
        let (body, left) = surveyed(members.clone());
        assert_eq!((left, body.to_string().contains("@context")), (0, false));
        let mut among = members.clone();
        among["@context"] = json!([OWN, { "x": "urn:x:" }]);
        among["urn:x:m"] = json!([{ "urn:x:p": 1 }]);
        let (body, left) = surveyed(among);
        assert_eq!((left, &body["@context"]), (0, &json!([{ "x": "urn:x:" }])));
        let other = json!({ "@context": { "x": "urn:x:" }, "urn:x:m": { "@context": OWN } });
        assert_eq!(surveyed(other).1, 1, "another was in force");
    }
}
