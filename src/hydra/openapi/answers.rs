//! Answers as OpenAPI tells them: statuses with their headers, bodies and problems.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::OperationDoc;
use super::{Api, LIST, schema, statuses};

/// One answer of an operation.
pub(super) fn response(api: &Api<'_>, operation: &OperationDoc, code: u16, title: &str) -> Value {
    if code >= 400 {
        let to = format!("#/components/responses/{code}");
        return json!({ "$ref": to, "description": title });
    }
    let tag = operation.method != "DELETE" && operation.returns.is_some();
    let names = ["Link", "X-Request-Id"].into_iter().chain(operation.returns_headers(code));
    let names = names.chain(tag.then_some("ETag"));
    let headers: Map<String, Value> = names
        .map(|name| (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") })))
        .collect();
    let mut node = json!({ "description": title, "headers": headers });
    let schema = match operation.returns {
        None => None,
        _ if matches!(code, 205 | 304) => None,
        Some(LIST) => Some(json!({
            "type": "array", "items": { "type": ["string", "integer"] },
        })),
        Some(class) => Some(schema::to(class)),
    };
    if let (Some(schema), Some(node)) = (schema, node.as_object_mut()) {
        let media = match operation.returns {
            Some(LIST) => "application/json",
            _ => &api.media.shown,
        };
        // Of what is no JSON, no schema can tell more.
        let described = |media_type: &str| match media_type.ends_with("json") {
            true => json!({ "schema": schema }),
            false => json!({ "schema": { "type": "string" } }),
        };
        let content: Map<String, Value> = media
            .split(", ")
            .map(|media_type| (media_type.to_owned(), described(media_type)))
            .collect();
        node.insert("content".into(), content.into());
    }
    node
}

/// Headers of answers, each described once.
pub(super) fn headers() -> Value {
    let mut all = Map::new();
    for (name, required, doc) in [
        (
            "Link",
            true,
            "The vocabulary, as hydra:apiDocumentation, and what else describes the answer",
        ),
        ("X-Request-Id", true, "Names the request in the log"),
        ("Location", true, "Address of what was made"),
        ("Content-Location", false, "Address of what is shown, where GET shows the same"),
        ("ETag", false, "Tag of the state, and of the representation that is shown"),
        ("Preference-Applied", false, "The preference that was followed (RFC 7240)"),
        ("WWW-Authenticate", true, "How to authenticate"),
        ("Retry-After", true, "Seconds after which to try again"),
        ("Accept-Post", false, "Media types that POST and PUT read"),
        ("Accept-Patch", false, "Media types that PATCH reads"),
    ] {
        all.insert(
            name.into(),
            json!({ "description": doc, "required": required, "schema": { "type": "string" } }),
        );
    }
    all.into()
}

/// A problem of each status, described once.
pub(super) fn problems(api: &Api<'_>) -> Value {
    let mut all = BTreeMap::new();
    for route in api.routes {
        for mounted in &route.operations {
            let statuses = statuses(route, mounted);
            all.extend(statuses.into_iter().filter(|(code, _)| *code >= 400));
        }
    }
    let answers: Map<String, Value> = all
        .into_iter()
        .map(|(code, title)| {
            let more: &[&str] = match code {
                401 => &["WWW-Authenticate"],
                415 => &["Accept-Post", "Accept-Patch"],
                503 => &["Retry-After"],
                _ => &[],
            };
            let names = ["Link", "X-Request-Id"].iter().chain(more);
            let headers: Map<String, Value> = names
                .map(|name| {
                    let to = format!("#/components/headers/{name}");
                    ((*name).to_owned(), json!({ "$ref": to }))
                })
                .collect();
            let answer = json!({
                "description": title,
                "headers": headers,
                "content": { "application/problem+json": { "schema": schema::to("Problem") } },
            });
            (code.to_string(), answer)
        })
        .collect();
    answers.into()
}
