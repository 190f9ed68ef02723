//! The header `Idempotency-Key`: a string of structured fields (RFC 8941, section 3.3.3).

use actix_web::HttpRequest;

use crate::hydra::Fault;
use crate::web::router::{Entry, Mounted};

const NAME: &str = "Idempotency-Key";

/// Characters of a key, at most.
const MAX_CHARACTERS: usize = 255;

/// Returns the key that a request names; `None` if it names none, or its operation changes nothing.
///
/// # Errors
/// Returns what is wrong with the header: it is malformed, or the operation shows a secret.
pub fn key(request: &HttpRequest, entry: &Entry) -> Result<Option<String>, Fault> {
    if entry.doc.method != "POST" || !matches!(entry.act, Mounted::Command(_)) {
        return Ok(None);
    }
    if request.headers().contains_key(NAME) && !entry.doc.takes_idempotency_key() {
        return Err(fault("must be left out: the answer shows a secret, and so is not kept"));
    }
    of_request(request)
}

/// Returns the key that a request names, whatever it does.
///
/// # Errors
/// Returns what is wrong with the header.
pub fn of_request(request: &HttpRequest) -> Result<Option<String>, Fault> {
    let mut lines = request.headers().get_all(NAME);
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(fault("is given several times"));
    }
    let text = line.to_str().ok().and_then(string);
    let text =
        text.ok_or_else(|| fault("must be a text in double quotes, of visible ASCII and blanks"))?;
    match text.len() {
        0 => Err(fault("must not be empty")),
        1..=MAX_CHARACTERS => Ok(Some(text)),
        _ => Err(fault("must have 255 characters at most")),
    }
}

fn fault(reason: &str) -> Fault {
    Fault::of_request(NAME, reason)
}

/// Reads a string of structured fields, without parameters.
fn string(given: &str) -> Option<String> {
    let quoted = given.trim_matches(' ').strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(characters.next().filter(|c| matches!(c, '"' | '\\'))?),
            '"' => return None,
            ' '..='~' => text.push(character),
            _ => return None,
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_quoted_string() {
        for (given, read) in [
            (r#""a b""#, Some("a b")),
            (r#"  "a"  "#, Some("a")),
            (r#""a\"b\\c""#, Some(r#"a"b\c"#)),
            (r#""""#, Some("")),
            ("a", None),
            (r#""a"#, None),
            (r#"""#, None),
            (r#""a"b""#, None),
            (r#""a\""#, None),
            (r#""a\b""#, None),
            (r#""a";b=1"#, None),
            (r#""a", "b""#, None),
            ("\"a\tb\"", None),
            ("\"é\"", None),
        ] {
            assert_eq!(string(given).as_deref(), read, "{given}");
        }
    }
}
