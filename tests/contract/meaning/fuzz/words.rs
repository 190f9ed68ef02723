//! What mutants are made of, beside bodies: words with a meaning to those who read them.

/// Keywords of JSON-LD, and some that are none.
#[rustfmt::skip]
pub const KEYWORDS: [&str; 27] = [
    "@base", "@container", "@context", "@default", "@direction", "@embed", "@graph", "@id", "@import",
    "@included", "@index", "@json", "@language", "@list", "@nest", "@none", "@null", "@prefix", "@propagate",
    "@protected", "@reverse", "@set", "@type", "@value", "@version", "@vocab", "@unknown",
];

/// Names, addresses, and texts that are neither.
#[rustfmt::skip]
pub const TEXTS: [&str; 34] = [
    "", ":", "::", "_:", "_:b", "a:b", "/", "//", "#", "?", "..", "../../..", "http://[", "http://", "urn:x:y",
    "http://relative.invalid", "http://relative.invalid/customers/1/spaces", "http://localhost:8080",
    "http://localhost:8080/vocab#Space/name", "hydra:member", "vocab:Image",
    "http://www.w3.org/ns/hydra/context.jsonld", "/contexts/Space.jsonld", "Image.jsonld",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON", "http://www.w3.org/2001/XMLSchema#integer",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil", "urn:x-hydria:keep", "en", "i18n", "rtl", "\u{0}",
    "\u{10ffff}\u{301}", "\u{2028} \"'\\<>{}|^`",
];

/// Numbers as they may be written.
#[rustfmt::skip]
pub const NUMBERS: [&str; 12] = [
    "0", "-0", "-0.0", "1e400", "-1E-400", "1.5", "9007199254740993", "18446744073709551616",
    "-9223372036854775809", "1e5", "123456789012345678901234567890", "0.1e1",
];

/// Tokens of JSON, and what may stand in its strings.
#[rustfmt::skip]
pub const JSON_TOKENS: [&str; 24] = [
    "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "\\uD83D\\uDE00", "null", "true",
    "false", "{}", "[]", "\"\"", "\"@context\":", "\"@id\":", "\"@type\":", "[[[[", "}}}}", "\u{feff}",
];

/// Tokens of Turtle, and some of its kin.
#[rustfmt::skip]
pub const TURTLE_TOKENS: [&str; 48] = [
    "@prefix p: <urn:x:> .\n", "@prefix : <#> .\n", "@base <http://[> .\n", "@base <//x> .\n",
    "PREFIX p: <../>\n", "BASE <a>\n", "@prefix", "[", "]", "(", ")", "()", "[]", "<<", ">>", "{", "}", ";", ",",
    ".", " . ", "a", "true", "false", "\"", "'", "\"\"\"", "'''", "^^", "^^<x>",
    "^^<http://www.w3.org/2001/XMLSchema#integer>", "@en", "@en--ltr", "_:b", "_:b.", "<", ">", "<>", "<#>",
    "<http://[>", "\\u0000", "\\U00110000", "\\", "1e5", "-1.", "+.5", "p:x", "# ...\n",
];
