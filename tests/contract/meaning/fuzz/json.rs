//! Documents with members that nobody would put there.

use serde_json::{Map, Value, json};

use super::mutate::Stock;
use super::words::{KEYWORDS, NUMBERS, TEXTS};
use crate::support::random::Random;

/// Changes something somewhere within a document.
pub fn change(value: &mut Value, other: &Stock, random: &mut Random) {
    let mut at = random.below(count(value));
    let Some(place) = nth(value, &mut at) else { return };
    match random.below(14) {
        0 => *place = scalar(random),
        1 => {
            if let Some(mut other) = other.value.clone() {
                let mut at = random.below(count(&other));
                *place = nth(&mut other, &mut at).map(Value::take).unwrap_or_default();
            }
        }
        2 => {
            let key = random.one_of(&KEYWORDS);
            let inner = place.take();
            *place = if random.one_in(2) { json!({ key: [inner] }) } else { json!({ key: inner }) };
        }
        3 => {
            let depth = random.some(40);
            let key = some_key(other, random);
            for _ in 0..depth {
                let inner = place.take();
                *place = if random.one_in(2) { json!([inner]) } else { json!({ &key: inner }) };
            }
        }
        4 => {
            let inner = place.take();
            // Of many things, few: others are about what is large.
            let times = random.some(300).min(1 + 2000 / count(&inner));
            *place = vec![inner; times].into();
        }
        5 | 6 => rename(place, other, random),
        7 | 8 => {
            let (key, added) = (some_key(other, random), some_value(other, random));
            insert(place, key, added);
        }
        9 => {
            if let Value::Object(members) = place {
                let key = members.keys().nth(random.below(members.len())).cloned();
                key.map(|key| members.shift_remove(&key));
            }
        }
        10 => insert(place, "@id".into(), random.one_of(&TEXTS).into()),
        11 => insert(place, "@type".into(), some_value(other, random)),
        _ => {
            let context = context(other, random, 0);
            let context = match place.get("@context").cloned() {
                Some(held) if random.one_in(2) => json!([held, context]),
                _ => context,
            };
            insert(place, "@context".into(), context);
        }
    }
}

fn rename(place: &mut Value, other: &Stock, random: &mut Random) {
    if let Value::Object(members) = place {
        let (at, to) = (random.below(members.len()), some_key(other, random));
        let renamed = std::mem::take(members).into_iter().enumerate();
        *members = renamed
            .map(|(index, (key, value))| (if index == at { to.clone() } else { key }, value))
            .collect();
    }
}

/// A key: a keyword, a text, or one of another seed.
fn some_key(other: &Stock, random: &mut Random) -> String {
    match random.below(4) {
        0 => random.one_of(&KEYWORDS).into(),
        1 => random.one_of(&TEXTS).into(),
        2 => format!("t{}", random.below(5)),
        _ => other.keys.get(random.below(other.keys.len())).cloned().unwrap_or_default(),
    }
}

fn some_value(other: &Stock, random: &mut Random) -> Value {
    match random.below(6) {
        0 => json!([scalar(random), scalar(random)]),
        1 => json!({ random.one_of(&KEYWORDS): scalar(random) }),
        2 => json!({ some_key(other, random): { "@id": random.one_of(&TEXTS) } }),
        3 => Map::new().into(),
        _ => scalar(random),
    }
}

/// A context, with others within it.
fn context(other: &Stock, random: &mut Random, depth: usize) -> Value {
    match random.below(12) {
        0 => Value::Null,
        1 => random.one_of(&TEXTS).into(),
        2 => scalar(random),
        3 if depth < 4 => (0..random.some(3))
            .map(|_| context(other, random, depth + 1))
            .collect::<Vec<_>>()
            .into(),
        4 => "http://www.w3.org/ns/hydra/context.jsonld".into(),
        5 => "http://localhost:8080/contexts/ImageCollection.jsonld".into(),
        _ => {
            let mut terms = Map::new();
            for _ in 0..random.some(if depth == 0 { 250 } else { 6 }) {
                let (key, definition) = (some_key(other, random), definition(other, random, depth));
                terms.insert(key, definition);
            }
            terms.into()
        }
    }
}

fn definition(other: &Stock, random: &mut Random, depth: usize) -> Value {
    match random.below(5) {
        0 => scalar(random),
        1 => random.one_of(&KEYWORDS).into(),
        2 => format!("t{}:x", random.below(5)).into(),
        _ => {
            let mut definition = Map::new();
            for _ in 0..random.below(5) {
                let value = match random.below(4) {
                    0 => random.one_of(&KEYWORDS).into(),
                    1 => json!([random.one_of(&KEYWORDS), random.one_of(&KEYWORDS)]),
                    2 => some_key(other, random).into(),
                    _ => scalar(random),
                };
                definition.insert(random.one_of(&KEYWORDS).into(), value);
            }
            if random.one_in(4) {
                definition.insert("@id".into(), "http://www.w3.org/ns/hydra/core#member".into());
            }
            if depth < 4 && random.one_in(4) {
                definition.insert("@context".into(), context(other, random, depth + 1));
            }
            definition.into()
        }
    }
}

fn insert(place: &mut Value, key: String, added: Value) {
    match place {
        Value::Object(members) => {
            // First or last: some processors care.
            if key.len().is_multiple_of(2) {
                members.shift_insert(0, key, added);
            } else {
                members.insert(key, added);
            }
        }
        Value::Array(items) => items.push(added),
        other => *other = json!({ key: added, "@value": other.take() }),
    }
}

/// Values within a value, itself among them.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(members) => members.values_mut().find_map(|item| nth(item, left)),
        _ => None,
    }
}

/// Keys of its objects, at every depth.
pub fn keys(value: &Value) -> Vec<String> {
    let mut keys = Vec::new();
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(items) => rest.extend(items),
            Value::Object(members) => {
                keys.extend(members.keys().cloned());
                rest.extend(members.values());
            }
            _ => {}
        }
    }
    keys
}

fn scalar(random: &mut Random) -> Value {
    match random.below(8) {
        0 => Value::Null,
        1 => random.one_in(2).into(),
        2 | 3 => serde_json::from_str(random.one_of(&NUMBERS)).unwrap_or_default(),
        4 => random.one_of(&TEXTS).repeat(random.some(2000)).into(),
        5 => random.one_of(&KEYWORDS).into(),
        _ => random.one_of(&TEXTS).into(),
    }
}
