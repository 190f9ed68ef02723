//! Keywords of JSON-LD, and words of contexts that look like them.

/// Keywords of JSON-LD 1.1.
#[rustfmt::skip]
const KEYWORDS: [&str; 23] = [
    "@base", "@container", "@context", "@direction", "@graph", "@id", "@import", "@included", "@index", "@json",
    "@language", "@list", "@nest", "@none", "@prefix", "@propagate", "@protected", "@reverse", "@set", "@type",
    "@value", "@version", "@vocab",
];

/// Keywords that a context may hold; `@type` may be given a container there.
const OF_CONTEXTS: [&str; 9] = [
    "@base",
    "@direction",
    "@import",
    "@language",
    "@propagate",
    "@protected",
    "@type",
    "@version",
    "@vocab",
];

/// Returns whether a keyword stands in a context where a term is defined, which gives it another meaning.
pub fn is_no_term(term: &str) -> bool {
    KEYWORDS.contains(&term) && !OF_CONTEXTS.contains(&term)
}

/// Returns a word of a context, quoted and cut, if it is not read as JSON-LD has it.
///
/// A word that looks like a keyword and is none is ignored by JSON-LD, whatever was meant. Control characters are in no
/// IRI, and the processor prints a word that is no IRI as it is, so that a body could write lines of its own into the log.
pub fn unreadable(text: &str) -> Option<String> {
    let name = text.strip_prefix('@').unwrap_or_default();
    let is_like = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
    let is_refused = text.contains(char::is_control) || (is_like && !KEYWORDS.contains(&text));
    is_refused.then(|| format!("{:?}", text.chars().take(200).collect::<String>()))
}
