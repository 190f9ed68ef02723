//! Parameters of many operations, each described once.

use serde_json::{Map, Value, json};

/// Entity tags, or a star for whatever there is (RFC 9110, section 13.1).
const TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$"#;

/// A string as structured fields have it (RFC 8941, section 3.3.3), of 1 to 255 characters.
const IDEMPOTENCY_KEY: &str = r#"^"([ !#-\[\]-~]|\\["\\]){1,255}"$"#;

pub(super) fn to(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// Returns every parameter that operations refer to.
pub(super) fn parameters() -> Value {
    let tags = json!({ "type": "string", "pattern": TAGS });
    let preferences = super::schema::to("Preference");
    let key = json!({ "type": "string", "pattern": IDEMPOTENCY_KEY });
    let mut all = Map::new();
    for (name, doc, schema) in [
        (
            "If-Match",
            "Tags of the states in which it may be done, as ETag gave them; otherwise 412. \
             `*`: in any, if there is something",
            &tags,
        ),
        (
            "If-None-Match",
            "Tags of what the client has: GET then answers 304, anything else 412. `*`: of \
             whatever there is",
            &tags,
        ),
        (
            "Prefer",
            "Whether the answer shows what was written, and whether parameters and members that are not \
             known are refused (RFC 7240)",
            &preferences,
        ),
        (
            "Idempotency-Key",
            "Makes it safe to send the request again: for 24 hours, the same key with the same body is done \
             once, and has the same answer each time",
            &key,
        ),
    ] {
        all.insert(
            name.into(),
            json!({
                "name": name, "in": "header", "required": false, "description": doc,
                "schema": schema,
            }),
        );
    }
    all.insert(
        "format".into(),
        json!({
            "name": "format", "in": "query", "required": false,
            "description": "The representation to answer in, in place of Accept",
            "schema": super::schema::to("Format"),
        }),
    );
    all.into()
}
