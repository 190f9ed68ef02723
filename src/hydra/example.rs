//! Bodies that are accepted, made of what the tables say of properties.

use serde_json::{Map, Value, json};

use super::{Access, ClassDoc, CollectionDoc, OperationDoc, PropertyDoc, Range};

/// Returns the body of an operation as a client may send it; `None` if it takes none.
pub fn body(
    operation: &OperationDoc,
    classes: &[ClassDoc],
    collections: &[CollectionDoc],
) -> Option<Value> {
    let expected = operation.expects?;
    let class = |name: &str| classes.iter().find(|class| class.name == name);
    if operation.name == "add" {
        return operation.returns.and_then(|name| references(name, classes));
    }
    if operation.returns == operation.expects && collections.iter().any(|c| c.name == expected) {
        return Some(json!({ "@type": "Collection", "member": [{ "id": "1/1/page-1" }] }));
    }
    if let Some(collection) = collections.iter().find(|c| c.name == expected) {
        let mut member = Map::new();
        member.insert("space".into(), 1.into());
        member.insert("id".into(), "page-1".into());
        member.extend(members(class(collection.member)?, false));
        return Some(json!({ "@type": "Collection", "member": [member] }));
    }
    Some(members(class(expected)?, operation.method == "PATCH").into())
}

/// References that replace a set: those that the link to the collection gives as an example.
fn references(collection: &str, classes: &[ClassDoc]) -> Option<Value> {
    let mut links = classes.iter().flat_map(|class| &class.properties);
    let link = links.find(|p| p.range == Range::Collection(name_of(collection, classes)))?;
    Some(json!({ "@type": "Collection", "member": [link.example?] }))
}

/// Returns the name of a collection as the tables hold it.
fn name_of(collection: &str, classes: &[ClassDoc]) -> &'static str {
    let links = classes.iter().flat_map(|class| &class.properties);
    links
        .filter_map(|p| match p.range {
            Range::Collection(name) => Some(name),
            _ => None,
        })
        .find(|name| *name == collection)
        .unwrap_or_default()
}

/// Members of a body: what is required and what has an example; in an update, what may be left out first.
fn members(class: &ClassDoc, update: bool) -> Map<String, Value> {
    let writable = || class.properties.iter().filter(|p| p.access != Access::ReadOnly);
    let collect = |wanted: &dyn Fn(&&PropertyDoc) -> bool| -> Map<String, Value> {
        writable().filter(wanted).map(|p| (p.name.to_owned(), value(p))).collect()
    };
    let optional = collect(&|p| !p.required && p.example.is_some());
    if update && !optional.is_empty() {
        return optional;
    }
    let all = collect(&|p| p.required || p.example.is_some());
    if all.is_empty() { collect(&|_| true) } else { all }
}

fn value(property: &PropertyDoc) -> Value {
    let is_set = property.many || matches!(property.range, Range::Collection(_));
    match (property.example, &property.default) {
        (Some(example), _) if is_set => json!([example]),
        (Some(example), _) => example.into(),
        (None, Some(default)) => default.clone(),
        (None, None) => match property.range {
            Range::Literal("xsd:boolean") => true.into(),
            Range::Literal("xsd:integer" | "xsd:nonNegativeInteger") => 1.into(),
            Range::Literal("xsd:anyURI") => "https://example.org/".into(),
            _ => "text".into(),
        },
    }
}
