//! `Upload-Metadata`: what a client says of a file that it sends.

use std::collections::BTreeSet;

use actix_web::http::header::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::protocol::METADATA;
use crate::hydra::Problem;

/// Bytes of the header, at most.
const MAX_BYTES: usize = 4096;

/// Bytes of the name of a file, and of its type, at most.
const MAX_TEXT: usize = 1024;

/// Keys whose values are texts of one line.
const TEXTS: [&str; 2] = ["filename", "filetype"];

/// Reads the header, and returns it as it was sent; empty where there is none.
///
/// # Errors
/// Returns [`Problem::Unreadable`] if it is no list of keys with values in base64, or too long, or says what no file is called.
pub fn read(headers: &HeaderMap) -> Result<String, Problem> {
    let refused = |why: &str| Problem::Unreadable(format!("the header {METADATA} {why}"));
    let mut lines = headers.get_all(METADATA);
    let Some(line) = lines.next() else { return Ok(String::new()) };
    if lines.next().is_some() {
        return Err(refused("stands several times"));
    }
    let text = line.to_str().map_err(|_no_text| refused("has other characters than ASCII"))?;
    if text.len() > MAX_BYTES {
        return Err(refused("is longer than 4096 bytes"));
    }
    let mut keys = BTreeSet::new();
    for (key, value) in pairs(text) {
        if key.is_empty() || key.contains(' ') {
            return Err(refused("has to be pairs, key and value in base64, with commas between"));
        }
        if !keys.insert(key) {
            return Err(refused("has a key twice"));
        }
        let value =
            BASE64.decode(value).map_err(|_wrong| refused("has a value that is no base64"))?;
        let is_line = |text: &str| text.len() <= MAX_TEXT && !text.chars().any(char::is_control);
        if TEXTS.contains(&key) && !std::str::from_utf8(&value).is_ok_and(is_line) {
            return Err(refused(
                "has a filename or filetype that is no line of text in UTF-8, or too long",
            ));
        }
    }
    Ok(text.to_owned())
}

/// Returns the name of the file, if the client has told one.
pub fn filename(metadata: &str) -> Option<String> {
    let (_, value) = pairs(metadata).find(|(key, _)| *key == "filename")?;
    let name = String::from_utf8(BASE64.decode(value).ok()?).ok()?;
    Some(name).filter(|name| !name.is_empty())
}

/// Splits a header into keys and values; a key may have none.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.split(',').map(|pair| pair.trim_matches(' '));
    let pairs = pairs.map(|pair| pair.split_once(' ').unwrap_or((pair, "")));
    pairs.filter(move |pair| !text.is_empty() || !pair.0.is_empty())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn of(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.append(METADATA, HeaderValue::try_from(value).expect("a header"));
        read(&headers).ok()
    }

    #[test]
    fn metadata_is_kept_as_it_was_sent_where_it_can_be_read() {
        let name = BASE64.encode("Karte \u{fc}.tif");
        for right in [
            format!("filename {name}"),
            format!("filename {name},filetype aW1hZ2UvdGlmZg==,own AAE="),
            format!("filename {name}, is_confidential"),
        ] {
            assert_eq!(of(&right).as_ref(), Some(&right));
            assert_eq!(filename(&right).as_deref(), Some("Karte \u{fc}.tif"));
        }
        assert_eq!(of("").as_deref(), Some(""));
        assert_eq!(filename(""), None);
        for wrong in [
            "filename x".to_owned(),
            "filename YQ==,filename YQ==".into(),
            ",".into(),
            "filename YQ==,".into(),
            "a b c".into(),
            // A line break, and what is no UTF-8.
            "filename YQpi".into(),
            "filename /w==".into(),
            format!("filename {}", BASE64.encode("x".repeat(2000))),
            format!("own {}", BASE64.encode("x".repeat(4000))),
        ] {
            assert_eq!(of(&wrong), None, "{wrong}");
        }
    }
}
