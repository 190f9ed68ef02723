//! Rules of values that members of several classes share.

use crate::resource::address;
use crate::resource::literal::Literal;

/// Refuses a text of white space, wherever it is given.
///
/// # Errors
/// Returns what is wrong, as the rest of a sentence that begins with the member.
pub fn not_blank<T: Literal>(text: &T) -> Result<(), String> {
    if text.is_blank() { Err("must not be blank".into()) } else { Ok(()) }
}

/// Rule of the names that stand in public addresses (`docs/rules.md` 2.6).
///
/// # Errors
/// Returns what is wrong, as the rest of a sentence that begins with the member.
#[expect(clippy::ptr_arg, reason = "a rule is given what the row holds")]
pub fn public_name(name: &String) -> Result<(), String> {
    if address::is_id(name) { Ok(()) } else { Err(address::ID_RULE.into()) }
}

/// Rule of `maxUnauthorised`, wherever it stands.
///
/// # Errors
/// Returns what is wrong, as the rest of a sentence that begins with the member.
pub fn max_unauthorised_rule(pixels: &i32) -> Result<(), String> {
    if *pixels < -1 { Err("must be a number of pixels, or -1 for no limit".into()) } else { Ok(()) }
}

/// Rule of licences and rights statements, wherever they stand: readers follow them on the web.
///
/// # Errors
/// Returns what is wrong, as the rest of a sentence that begins with the member.
pub fn rights_rule(rights: &Option<String>) -> Result<(), String> {
    match rights {
        Some(rights) if !is_web_iri(rights) => {
            Err("must be an absolute IRI that begins with http:// or https://".into())
        }
        _ => Ok(()),
    }
}

/// Returns whether a text is an absolute IRI of the schemes `http` and `https`, with a host.
fn is_web_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let is_of_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    is_of_web && !host.is_empty() && is_uri(text)
}

/// Returns whether a text is an absolute URI: a scheme, a colon, and something without blanks.
pub fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            && !rest.is_empty()
            && !text
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
    })
}
