//! Answers as OpenAPI tells them: statuses with their headers, bodies and problems.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::{ACCEPTED, OperationDoc};
use super::{Api, LIST, schema, statuses};

/// One answer of an operation.
pub(super) fn response(api: &Api<'_>, operation: &OperationDoc, code: u16, title: &str) -> Value {
    if code >= 400 {
        let to = format!("#/components/responses/{code}");
        return json!({ "$ref": to, "description": title });
    }
    let tag = operation.method != "DELETE" && operation.returns.is_some();
    let names = ["Link", "X-Request-Id"].into_iter().chain(operation.returns_headers(code));
    let ignored = (operation.method == "GET").then_some("Hydria-Ignored");
    let names: Vec<&str> = names.chain(tag.then_some("ETag")).chain(ignored).collect();
    let mut node = json!({ "description": title, "headers": named(&names) });
    let schema = match operation.returns {
        None => None,
        _ if matches!(code, 205 | 304) => None,
        _ if code == 202 => Some(schema::to(ACCEPTED)),
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
        node.insert("content".into(), content(media, &schema, true));
    }
    node
}

/// Returns a body in media types, which are joined by `, `, with the schema of those that are JSON.
///
/// `application/json` stands first, because client generators take the first media type they know. `shown`: it
/// is a resource or a collection that answers, so that its JSON-LD has more members.
pub(super) fn content(media: &str, schema: &Value, shown: bool) -> Value {
    // Of what is no JSON, no schema can tell more.
    let described = |media_type: &str| match media_type {
        "application/ld+json" if shown => json!({ "schema": schema::in_json_ld(schema) }),
        json if json.ends_with("json") => json!({ "schema": schema }),
        _ => json!({ "schema": { "type": "string" } }),
    };
    let mut each: Vec<&str> = media.split(", ").collect();
    each.sort_by_key(|media_type| *media_type != "application/json");
    each.into_iter()
        .map(|media_type| (media_type.to_owned(), described(media_type)))
        .collect::<Map<String, Value>>()
        .into()
}

/// Headers of an answer, by their names.
pub(super) fn named(names: &[&str]) -> Value {
    let to = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    names.iter().map(|name| ((*name).to_owned(), to(name))).collect::<Map<String, Value>>().into()
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
        (
            "ETag",
            false,
            "Tag of the state, of the representation that is shown, and of its content coding",
        ),
        ("Preference-Applied", false, "The preference that was followed (RFC 7240)"),
        ("Hydria-Ignored", false, "Parameters of the query that were not understood"),
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

/// Returns a problem of each status, described once.
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
            let answer = json!({
                "description": title,
                "headers": named(&[&["Link", "X-Request-Id"], more].concat()),
                "content": problem_content(),
            });
            (code.to_string(), answer)
        })
        .collect();
    answers.into()
}

/// Returns the media types of a problem: those of every answer, which `format` and `Accept` choose from, and its own.
fn problem_content() -> Value {
    let json = ["application/json", "application/problem+json", "application/ld+json"];
    let text = ["text/turtle", "application/n-quads", "application/n-triples", "text/html"];
    let as_json = json.into_iter().map(|name| (name, schema::to("Problem")));
    let as_text = text.into_iter().map(|name| (name, json!({ "type": "string" })));
    let content = as_json.chain(as_text);
    content.map(|(name, schema)| (name.to_owned(), json!({ "schema": schema }))).collect()
}
