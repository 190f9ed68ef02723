//! Documents about the API as OpenAPI tells them, which are the same for everybody.

use serde_json::{Map, Value, json};

use super::{Api, SharedDoc, answers, headers};

/// GET of one of them.
pub(super) fn operation(api: &Api<'_>, shared: &SharedDoc) -> Value {
    let mut responses = Map::new();
    let to = |code: u16| json!({ "$ref": format!("#/components/responses/{code}") });
    responses.insert("200".into(), shown(api, shared));
    responses.insert(
        "401".into(),
        json!({ "$ref": "#/components/responses/401",
                "description": "The credentials that were given are wrong" }),
    );
    responses.insert("503".into(), to(503));
    responses.insert("400".into(), to(400));
    let mut parameters = vec![headers::to("Prefer"), headers::to("format")];
    if let Some((_, variable)) = shared.template.split_once('{') {
        parameters.push(json!({
            "name": variable.trim_end_matches('}'), "in": "path", "required": true,
            "schema": { "type": "string", "minLength": 1 },
        }));
        responses.insert("404".into(), to(404));
    }
    if shared.media_type.is_none() {
        responses.insert("406".into(), to(406));
    }
    if shared.tagged {
        parameters.extend(["If-Match", "If-None-Match"].map(headers::to));
        let unchanged = "It is as If-None-Match says";
        responses.insert(
            "304".into(),
            json!({ "description": unchanged, "headers": answers::named(&["Link", "X-Request-Id", "ETag"]) }),
        );
        responses.insert("412".into(), to(412));
    }
    json!({
        "operationId": shared.name, "summary": shared.title, "tags": ["Documents"],
        "security": [{}, { "key": [] }],
        "parameters": parameters,
        "responses": responses,
    })
}

fn shown(api: &Api<'_>, shared: &SharedDoc) -> Value {
    let tag: &[&str] = if shared.tagged { &["ETag"] } else { &[] };
    let names = [&["Link", "X-Request-Id"], tag].concat();
    let content = answers::content(
        shared.media_type.unwrap_or(&api.media.shown),
        &super::schema::to("Document"),
        false,
    );
    json!({ "description": shared.title, "headers": answers::named(&names), "content": content })
}
