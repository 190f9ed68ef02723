//! Bounds on the size of one resource: the texts of all its members are bounded together.
//!
//! A page holds up to 500 of them, and is written in memory.

use super::Resource;
use crate::hydra::Fault;

/// Bytes of a text as JSON writes it, without its quotes.
pub fn json_bytes(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        ..b' ' => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}

/// Returns what is wrong with a draft whose texts are larger together than the class allows.
///
/// What is stored already may be larger, of an earlier version: it can be changed as long as it does not grow.
pub fn fault<R: Resource>(existing: Option<&R>, draft: &mut R::Draft) -> Option<Fault> {
    let sum = sum::<R>(draft);
    if sum <= R::MAX_BYTES
        || existing.is_some_and(|existing| sum <= self::sum::<R>(&mut existing.draft()))
    {
        return None;
    }
    let mut members: Vec<(&str, usize)> = R::CLASS
        .properties
        .iter()
        .map(|property| (property.name(), property.bytes(draft)))
        .filter(|(_, bytes)| *bytes > 0)
        .collect();
    members.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let each: Vec<String> = members.iter().map(|(name, bytes)| format!("{name} {bytes}")).collect();
    let largest = members.first().map_or("", |(name, _)| name);
    let reason = format!(
        "and the other texts of this {} take {sum} bytes together ({}), defaults included; at most {} are allowed",
        R::NAME,
        each.join(", "),
        R::MAX_BYTES
    );
    Some(Fault::new(largest, reason))
}

fn sum<R: Resource>(draft: &mut R::Draft) -> usize {
    R::CLASS.properties.iter().map(|property| property.bytes(draft)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_as_json_writes_them() {
        for text in
            ["", "plain", "größer", "a \"b\"", "back\\slash", "\n\r\t\u{8}\u{c}\u{1}\u{1f}\u{7f}"]
        {
            let written = serde_json::to_string(text).expect("JSON");
            assert_eq!(json_bytes(text) + 2, written.len(), "{text}");
        }
    }
}
