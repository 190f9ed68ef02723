//! The API as pages for people, in Markdown: one a class, one for errors, an index. The same tables again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::collection::PAGING;
use super::openapi::{Api, MountedDoc, RouteDoc, public, statuses};
use super::problem::{KINDS, MEMBERS, VIOLATION};
use super::{
    ACCEPTED, Access, ClassDoc, CollectionDoc, OperationDoc, PropertyDoc, Range, Variable, example,
};

/// Returns every page by the name of its file; `status_of` says with which status a kind of problem is answered.
pub fn pages(api: &Api<'_>, status_of: impl Fn(&str) -> u16) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for class in api.classes {
        pages.insert(format!("{}.md", class.name), page(api, class));
    }
    pages.insert("errors.md".into(), errors(status_of));
    pages.insert("README.md".into(), index(api));
    pages
}

const ORIGIN: &str =
    "<!-- Written by `hydria contexts` from the class tables; do not edit. -->\n\n";

/// Adds lines to a page; a String takes every text.
macro_rules! put {
    ($page:expr, $($text:tt)*) => {
        let _ = writeln!($page, $($text)*);
    };
}

fn index(api: &Api<'_>) -> String {
    let mut page = String::from(ORIGIN);
    put!(page, "# The API, class by class\n");
    put!(
        page,
        "Everything is reached from `/` by links. The same is told to programs at `/vocab` (Hydra) and \
         `/openapi.json` (OpenAPI 3.1, committed here as [openapi.json](openapi.json)). What holds \
         everywhere stands in [API-DESIGN.md](../API-DESIGN.md), what can go wrong in \
         [errors.md](errors.md).\n"
    );
    put!(page, "| class | what it is |\n|---|---|");
    for class in api.classes {
        put!(page, "| [{}]({}.md) | {} |", class.name, class.name, cell(class.doc));
    }
    put!(page, "\n| address | methods | class |\n|---|---|---|");
    for route in api.routes {
        let methods: Vec<&str> = route.operations.iter().map(|o| o.doc.method).collect();
        let class = chapter(route);
        let (path, methods) = (public(&route.template), methods.join(", "));
        put!(page, "| `{path}` | {methods} | [{class}]({class}.md) |");
    }
    page
}

/// Returns the class on whose page an address stands.
fn chapter(route: &RouteDoc) -> &'static str {
    route.collection.as_ref().map_or(route.owner, |collection| collection.member)
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn page(api: &Api<'_>, class: &ClassDoc) -> String {
    let mut page = String::from(ORIGIN);
    put!(page, "# {}\n\n{}\n", class.name, class.doc);
    if let Some(parent) = class.parent {
        put!(page, "It is a kind of [{parent}]({parent}.md).\n");
    }
    properties(&mut page, class);
    let (lists, own): (Vec<&RouteDoc>, Vec<&RouteDoc>) = api
        .routes
        .iter()
        .filter(|r| chapter(r) == class.name)
        .partition(|r| r.collection.is_some());
    for route in own {
        put!(page, "\n## `{}`\n", public(&route.template));
        route.operations.iter().for_each(|mounted| operation(&mut page, api, route, mounted));
    }
    for route in lists {
        put!(page, "\n## `{}`\n", public(&route.template));
        if let Some(collection) = &route.collection {
            put!(page, "{}: {}\n", collection.name, collection.doc);
            query(&mut page, collection);
        }
        route.operations.iter().for_each(|mounted| operation(&mut page, api, route, mounted));
    }
    page
}

fn properties(page: &mut String, class: &ClassDoc) {
    put!(page, "| property | type | access | default | meaning |\n|---|---|---|---|---|");
    for property in &class.properties {
        let access = match (property.access, property.required) {
            (Access::ReadOnly, _) => "read",
            (Access::ReadWrite, true) => "read, write, required",
            (Access::ReadWrite, false) => "read, write",
            (Access::WriteOnly, true) => "write, required",
            (Access::WriteOnly, false) => "write",
        };
        let default = property.default.as_ref().map(|d| format!("`{d}`")).unwrap_or_default();
        put!(
            page,
            "| {} | {} | {access} | {default} | {} |",
            property.name,
            kind(property),
            cell(&meaning(property))
        );
    }
}

fn kind(property: &PropertyDoc) -> String {
    let one = match property.range {
        Range::Literal(datatype) => match datatype.trim_start_matches("xsd:") {
            "anyURI" => "URI".to_owned(),
            "nonNegativeInteger" => "integer".to_owned(),
            other => other.to_owned(),
        },
        Range::Link(class) | Range::Name(class) if class.contains(':') => "link".to_owned(),
        Range::Link(class) if class.ends_with("Collection") => format!("link to a {class}"),
        Range::Link(class) => format!("link to [{class}]({class}.md)"),
        Range::Name(class) => format!("URI of a [{class}]({class}.md)"),
        Range::Collection(name) => format!("link to a {name}"),
    };
    if property.many { format!("array: {one}") } else { one }
}

fn meaning(property: &PropertyDoc) -> String {
    let mut text = property.doc.to_owned();
    if property.optional && property.access == Access::ReadOnly {
        text.push_str("; not always there");
    }
    if let Some(alias) = property.alias {
        let _ = write!(text, "; also read as `{alias}`");
    }
    if let Some(minimum) = property.minimum.filter(|_| property.access != Access::ReadOnly) {
        let _ = write!(text, "; at least {minimum}");
    }
    if let Some(max) = property.max_bytes {
        let _ = write!(text, "; at most {max} bytes");
    }
    text
}

fn query(page: &mut String, collection: &CollectionDoc) {
    put!(page, "| query parameter | meaning |\n|---|---|");
    for variable in collection.variables().chain(&PAGING) {
        put!(page, "| `{}` | {} |", variable.name, cell(variable.doc));
    }
    let members: Vec<String> = collection.orderable.iter().map(|by| format!("`{by}`")).collect();
    put!(page, "\nIt can be ordered by {}.\n", members.join(", "));
}

fn operation(page: &mut String, api: &Api<'_>, route: &RouteDoc, mounted: &MountedDoc) {
    let doc = &mounted.doc;
    put!(page, "### {}: {}\n", doc.method, doc.title);
    put!(page, "{} {}\n", who(route, doc), exchange(doc));
    let filters = route.collection.as_ref().map(|c| c.filters).unwrap_or_default();
    let (listed, own): (Vec<&Variable>, Vec<&Variable>) =
        doc.parameters.iter().partition(|variable| filters.contains(variable));
    if !listed.is_empty() {
        put!(page, "Query parameters: the filters of the list, and these.\n");
    }
    for Variable { name, doc, values, .. } in own {
        let among = match values {
            [] => String::new(),
            values => format!("; one of {}", values.join(", ")),
        };
        put!(page, "Query parameter `{name}`: {doc}{among}.\n");
    }
    let body = mounted.body.and_then(|_| example::body(doc, api.classes, api.collections));
    if let Some(body) = body {
        let text = serde_json::to_string_pretty(&body).unwrap_or_default();
        put!(page, "```json\n{text}\n```\n");
    }
    put!(page, "| status | when |\n|---|---|");
    for (code, title) in statuses(route, mounted) {
        put!(page, "| {code} | {} |", cell(title));
    }
    put!(page, "");
}

fn who(route: &RouteDoc, operation: &OperationDoc) -> &'static str {
    match (operation.administrators_only, route.is_open(operation)) {
        (true, _) => "For administrators.",
        (_, true) => "Open to everybody.",
        _ => "With a key.",
    }
}

fn exchange(operation: &OperationDoc) -> String {
    let returns = match operation.returns {
        None => "Answers without a body.".to_owned(),
        Some("rdf:List") => "Answers a plain JSON array.".to_owned(),
        Some(class) if operation.method != "GET" && !operation.parameters.is_empty() => {
            format!(
                "Answers without a body, with `dryRun=true` the {class}, with 202 the {ACCEPTED}."
            )
        }
        Some(class) if operation.method == "PATCH" => {
            format!("Answers without a body, or with `Prefer: return=representation` the {class}.")
        }
        Some(class) => format!("Answers {class}."),
    };
    match operation.expects {
        Some(class) => format!("Expects {class}, such as below. {returns}"),
        None => returns,
    }
}

fn errors(status_of: impl Fn(&str) -> u16) -> String {
    let mut page = String::from(ORIGIN);
    put!(page, "# Errors\n");
    put!(
        page,
        "Every failure of every layer is answered with a problem document (RFC 9457, \
         `application/problem+json`), which is linked data as well. `type` is the address of one of the \
         kinds below in the vocabulary.\n"
    );
    put!(page, "| kind | status | meaning |\n|---|---|---|");
    for (kind, doc) in KINDS {
        put!(page, "| `/vocab#{kind}` | {} | {} |", status_of(kind), cell(doc));
    }
    put!(page, "\n## The document\n\n| member | meaning |\n|---|---|");
    for member in MEMBERS {
        let when = if member.always { "" } else { ", where there are such" };
        put!(page, "| `{}` | {}{when} |", member.name, cell(member.doc));
    }
    put!(page, "| `hydra:title`, `hydra:description` | The same as `title` and `detail` |");
    put!(page, "\n## A violation\n\n| member | meaning |\n|---|---|");
    for member in VIOLATION {
        put!(page, "| `{}` | {} |", member.name, cell(member.doc));
    }
    page
}
