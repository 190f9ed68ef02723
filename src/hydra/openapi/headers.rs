//! Parameters of many operations, each described once.

use serde_json::{Map, Value, json};

/// Entity tags, or a star for whatever there is (RFC 9110, section 13.1).
const TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$"#;

pub(super) fn to(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// Returns every parameter that operations refer to.
pub(super) fn parameters() -> Value {
    let tags = json!({ "type": "string", "pattern": TAGS });
    let preferences = super::schema::to("Preference");
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
