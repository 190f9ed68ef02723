//! JSON text, and where it is none.

use serde_json::Value;
use serde_path_to_error::Segment;

use super::guard;
use crate::hydra::{Fault, Problem};

/// Parses JSON text that is neither too deep nor too wide.
///
/// # Errors
/// [`Problem::Unreadable`], or [`Problem::Malformed`] with the place where it is no JSON.
pub fn parse(text: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(text)
        .map_err(|e| Problem::Unreadable(format!("the body is not UTF-8: {e}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    guard::scan(text.as_bytes())?;
    serde_json::from_str(text).map_err(|error| Problem::Malformed(fault(text, &error)))
}

/// Where and why a text is no JSON: line and column, and the member in which that is.
fn fault(text: &str, error: &serde_json::Error) -> Fault {
    let mut reading = serde_json::Deserializer::from_str(text);
    // Read once more, for it takes longer to keep track of the place.
    let place = serde_path_to_error::deserialize::<_, Value>(&mut reading).err();
    let (mut member, mut pointer) = (String::new(), String::new());
    for segment in place.iter().flat_map(|place| place.path().iter()) {
        match segment {
            Segment::Seq { index } => {
                let index = index.to_string();
                member.extend(["[", &index, "]"]);
                pointer.extend(["/", &index]);
            }
            Segment::Map { key } => {
                let dot = if member.is_empty() { "" } else { "." };
                member.extend([dot, key]);
                pointer.extend(["/", &key.replace('~', "~0").replace('/', "~1")]);
            }
            Segment::Enum { .. } | Segment::Unknown => break,
        }
    }
    Fault { pointer, ..Fault::new(member, format!("is not JSON: {error}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_json_is_told_its_place() {
        let told = |text: &str| {
            let error = serde_json::from_str::<Value>(text).expect_err("no JSON");
            let fault = fault(text, &error);
            (fault.member, fault.pointer, fault.reason)
        };
        let (member, pointer, reason) = told("{\"member\": [{\"a/b\": 1},\n {\"origin\": nul}]}");
        assert_eq!((member.as_str(), pointer.as_str()), ("member[1].origin", "/member/1/origin"));
        assert!(reason.contains("line 2 column"), "{reason}");
        let (member, pointer, reason) = told("nonsense");
        assert_eq!((member.as_str(), pointer.as_str()), ("", ""));
        assert!(reason.contains("line 1 column"), "{reason}");
        assert_eq!(told("{\"a/b\": {\"c~\": [}").1, "/a~1b/c~0/0");
    }
}
