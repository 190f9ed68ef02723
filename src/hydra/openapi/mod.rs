//! The API as an OpenAPI 3.1 document, for those who know that and not Hydra: the same tables again.

mod answers;
mod bodies;
mod headers;
mod schema;
mod shared;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::collection::PAGING;
use super::{ClassDoc, CollectionDoc, OperationDoc, Variable, example};
use bodies::Use;

/// One address, and what is answered there.
#[derive(Debug, Clone)]
pub struct RouteDoc {
    /// URI template, such as `/customers/{customer}`.
    pub template: String,
    /// For each variable of the template: `int32` or `int64` for numbers, `None` for an id.
    pub formats: &'static [Option<&'static str>],
    /// The class, or the collection, that answers.
    pub owner: &'static str,
    pub operations: Vec<MountedDoc>,
    pub collection: Option<CollectionDoc>,
}

/// One method of an address.
#[derive(Debug, Clone, Copy)]
pub struct MountedDoc {
    pub doc: OperationDoc,
    /// Tells whether it takes a body; and if so, whether one must be there.
    pub body: Option<bool>,
}

/// A document about the API, the same for everybody.
#[derive(Debug, Clone, Copy)]
pub struct SharedDoc {
    pub template: &'static str,
    pub name: &'static str,
    pub title: &'static str,
    /// Its one media type; `None` if it is offered in the representations of resources.
    pub media_type: Option<&'static str>,
    /// Tells whether it has a tag, for conditions to name.
    pub tagged: bool,
}

/// Media types that are read and written, each list joined by `, `.
#[derive(Debug, Clone)]
pub struct Media {
    pub post: &'static str,
    pub patch: &'static str,
    pub shown: String,
    /// Names of those that are written, as the parameter `format` gives them.
    pub formats: Vec<&'static str>,
}

/// All that there is to describe.
pub struct Api<'a> {
    pub base: &'a str,
    pub classes: &'a [ClassDoc],
    pub collections: &'a [CollectionDoc],
    pub routes: &'a [RouteDoc],
    pub shared: &'a [SharedDoc],
    pub media: Media,
}

impl RouteDoc {
    /// Returns whether it lies below a customer, so that callers are told apart.
    fn is_private(&self) -> bool {
        self.template.starts_with("/customers")
    }

    /// Returns whether it answers callers without credentials (`docs/rules.md` 1.2).
    pub fn is_open(&self, operation: &OperationDoc) -> bool {
        !self.is_private() && operation.method == "GET"
    }
}

/// The type that an operation returns which answers a plain array of JSON, whatever is accepted.
const LIST: &str = "rdf:List";

/// Returns every status that an operation may be answered with, by number.
///
/// Beside what its own row says stands what any request of its kind may meet (`docs/rules.md` 1.1).
pub fn statuses(route: &RouteDoc, mounted: &MountedDoc) -> BTreeMap<u16, &'static str> {
    let operation = &mounted.doc;
    let mut all: BTreeMap<u16, &'static str> = BTreeMap::new();
    all.insert(401, "Credentials are missing where they are needed, or those given are wrong");
    all.insert(400, "The request says something that is not accepted");
    all.insert(414, "The request target is too long");
    all.insert(431, "The head of the request is too large");
    all.insert(503, "The service cannot answer now; Retry-After says when to try again");
    if route.is_private() || operation.administrators_only {
        all.insert(403, "The caller may not do this");
    }
    if !route.formats.is_empty() {
        all.insert(404, "There is no such resource");
    }
    if operation.method == "GET" && operation.returns != Some(LIST) {
        all.insert(406, "There is nothing to show in the media types that are accepted");
    }
    if mounted.body.is_some() {
        all.insert(408, "The body came too slowly");
        all.insert(413, "The body is too large");
        all.insert(415, "The media type of the body is not read");
    }
    all.extend(operation.statuses.iter().copied());
    all
}

/// Returns the whole document.
pub fn document(api: &Api<'_>) -> Value {
    let mut paths: BTreeMap<String, Value> = BTreeMap::new();
    let mut names: Vec<String> = Vec::new();
    for route in api.routes {
        let mut item = Map::new();
        let path = public(&route.template);
        if !route.formats.is_empty() {
            item.insert("parameters".into(), path_parameters(&path, route.formats).into());
        }
        for mounted in &route.operations {
            let name = operation_id(route, &mounted.doc, &names);
            item.insert(
                mounted.doc.method.to_ascii_lowercase(),
                operation(api, route, mounted, &name),
            );
            names.push(name);
        }
        paths.insert(path, item.into());
    }
    for shared in api.shared {
        paths.insert(shared.template.into(), json!({ "get": shared::operation(api, shared) }));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Hydria",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Registers the images of a library and serves them",
            "description": "A Hydra API in JSON-LD: everything is reached from the root by links, and \
                the vocabulary describes every class, property and operation. This document says \
                the same in other words. HEAD is answered wherever GET is, and OPTIONS everywhere. \
                What GET shows is compressed as Accept-Encoding says: zstd, br or gzip.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": api.base }],
        "externalDocs": { "url": format!("{}/vocab", api.base), "description": "The vocabulary" },
        "tags": tags(api),
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http", "scheme": "basic",
                    "description": "The key of a customer, and its secret",
                },
            },
            "parameters": headers::parameters(),
            "headers": answers::headers(),
            "responses": answers::problems(api),
            "schemas": schemas(api),
        },
    })
}

/// Returns every schema, by its name.
fn schemas(api: &Api<'_>) -> Map<String, Value> {
    let mut all = schema::shown(api.classes, api.collections, api.base);
    let preferences = ["return=representation", "return=minimal", "handling=strict"];
    all.insert("Preference".into(), json!({ "type": "string", "enum": preferences }));
    all.insert("Format".into(), json!({ "type": "string", "enum": api.media.formats }));
    for operation in api.routes.iter().flat_map(|route| &route.operations) {
        all.extend(bodies(api, &operation.doc));
    }
    all
}

/// Returns a template with its variables in the spelling of JSON members.
pub fn public(template: &str) -> String {
    let mut public = String::with_capacity(template.len());
    let mut after_bar = false;
    for c in template.chars() {
        match c {
            '_' => after_bar = true,
            c if after_bar => {
                public.extend(c.to_uppercase());
                after_bar = false;
            }
            c => public.push(c),
        }
    }
    public
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Returns a name for an operation, such as `createInSpaceCollection`: a class may answer at several addresses.
fn operation_id(route: &RouteDoc, operation: &OperationDoc, taken: &[String]) -> String {
    let name = match route.collection {
        Some(_) => format!("{}In{}", operation.name, route.owner),
        None => format!("{}{}", operation.name, route.owner),
    };
    if !taken.contains(&name) {
        return name;
    }
    let path = public(&route.template);
    let variable = path.rsplit('{').next().and_then(|rest| rest.split('}').next());
    format!("{name}Of{}", capital(variable.unwrap_or_default()))
}

fn tags(api: &Api<'_>) -> Value {
    let answers = |name: &str| api.routes.iter().any(|route| tag(route) == name);
    let classes = api.classes.iter().filter(|class| answers(class.name));
    let classes = classes.map(|class| json!({ "name": class.name, "description": class.doc }));
    let documents = json!({ "name": "Documents", "description": "What describes the API" });
    classes.chain([documents]).collect()
}

/// Returns the class whose chapter an address belongs to.
fn tag(route: &RouteDoc) -> &'static str {
    route.collection.as_ref().map_or(route.owner, |collection| collection.member)
}

fn path_parameters(path: &str, formats: &[Option<&'static str>]) -> Vec<Value> {
    let names = path.split('{').skip(1).filter_map(|part| part.split('}').next());
    names
        .zip(formats)
        .map(|(name, format)| {
            let schema = match format {
                Some(format) => json!({ "type": "integer", "format": format, "minimum": 1 }),
                None => bodies::id(),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect()
}

fn query_parameters(api: &Api<'_>, route: &RouteDoc, operation: &OperationDoc) -> Vec<Value> {
    let collection = route.collection.as_ref().filter(|_| operation.method == "GET");
    let member = collection.and_then(|c| api.classes.iter().find(|class| class.name == c.member));
    let listing = collection.into_iter().flat_map(|c| c.variables().chain(&PAGING));
    let parameter = |variable: &Variable| {
        json!({
            "name": variable.name, "in": "query", "required": !variable.values.is_empty(),
            "description": variable.doc,
            "schema": schema::of_variable(*variable, collection, member),
        })
    };
    listing.chain(operation.parameters).map(parameter).collect()
}

fn operation(api: &Api<'_>, route: &RouteDoc, mounted: &MountedDoc, name: &str) -> Value {
    let doc = &mounted.doc;
    let mut node = Map::new();
    node.insert("operationId".into(), name.into());
    node.insert("summary".into(), doc.title.into());
    if doc.administrators_only {
        node.insert("description".into(), "For administrators.".into());
    }
    node.insert("tags".into(), json!([tag(route)]));
    let mut parameters = query_parameters(api, route, doc);
    parameters.extend(doc.expects_headers().into_iter().map(headers::to));
    parameters.push(headers::to("format"));
    node.insert("parameters".into(), parameters.into());
    if let Some(body) = mounted.body.and_then(|required| request_body(api, doc, required)) {
        node.insert("requestBody".into(), body);
    }
    let responses: Map<String, Value> = statuses(route, mounted)
        .into_iter()
        .map(|(code, title)| (code.to_string(), answers::response(api, doc, code, title)))
        .collect();
    node.insert("responses".into(), responses.into());
    if route.is_open(doc) {
        node.insert("security".into(), json!([{}, { "key": [] }]));
    }
    node.into()
}

/// Returns the schemas of the bodies of an operation by their names, its own first; it is empty if the body is ignored.
fn bodies(api: &Api<'_>, operation: &OperationDoc) -> Vec<(String, Value)> {
    let class = |name: &str| api.classes.iter().find(|class| class.name == name);
    let collection = |name: &str| api.collections.iter().find(|c| c.name == name);
    let Some(name) = operation.expects else { return Vec::new() };
    if operation.name == "add" {
        return vec![(bodies::REFERENCES.to_owned(), bodies::references())];
    }
    match (class(name), collection(name).and_then(|c| class(c.member))) {
        (Some(class), _) if operation.name == "updateAll" => vec![
            (bodies::name_of(class, Use::AllChanged), bodies::changes(class)),
            (bodies::name_of(class, Use::EachChanged), bodies::change(class)),
        ],
        (None, Some(member)) if operation.name != "create" => vec![
            (bodies::name_of(member, Use::AllNamed), bodies::names(member)),
            (bodies::name_of(member, Use::Named), bodies::named()),
        ],
        // What is never shown is never held against either: it is written whole.
        (Some(class), _) if operation.name == "create" || operation.returns.is_none() => {
            vec![(bodies::name_of(class, Use::New), bodies::new(class, false))]
        }
        (Some(class), _) => vec![(bodies::name_of(class, Use::Changed), bodies::sent(class))],
        (None, Some(member)) => vec![
            (bodies::name_of(member, Use::Submitted), bodies::submission(member)),
            (bodies::name_of(member, Use::Queued), bodies::new(member, true)),
        ],
        (None, None) => Vec::new(),
    }
}

fn request_body(api: &Api<'_>, operation: &OperationDoc, required: bool) -> Option<Value> {
    let (name, _) = bodies(api, operation).into_iter().next()?;
    let body = schema::to(&name);
    let media = if operation.method == "PATCH" { api.media.patch } else { api.media.post };
    let example = example::body(operation, api.classes, api.collections);
    let mut content = answers::content(media, &body, false);
    for (media_type, described) in content.as_object_mut().into_iter().flatten() {
        if let (Some(example), Some(described)) = (&example, described.as_object_mut())
            && media_type.ends_with("json")
        {
            described.insert("example".into(), example.clone());
        }
    }
    Some(json!({ "required": required, "content": content }))
}
