//! The documents at `/contexts/{Class}.jsonld`: one file a class, made of JSON-LD 1.0 features only.

use serde_json::{Map, Value, json};

use super::collection::ESTIMATED;
use super::{ClassDoc, CollectionDoc, PREFIXES, PropertyDoc, Range, problem};

/// Returns the context of one resource of a class.
pub fn of_class(class: &ClassDoc, base: &str) -> Value {
    let mut terms = prefixes(base);
    terms.insert("hydra:operation".into(), set("hydra:operation"));
    add_class(&mut terms, class);
    json!({ "@context": terms })
}

/// Returns the context of a collection: the Hydra terms it uses, then those of its members.
///
/// A term that both own is the member's; the collection then writes the prefixed key.
pub fn of_collection(collection: &CollectionDoc, member: &ClassDoc, base: &str) -> Value {
    let mut terms = prefixes(base);
    terms.insert("hydra:operation".into(), set("hydra:operation"));
    for class in ["Collection", "PartialCollectionView", "IriTemplate", "IriTemplateMapping"] {
        terms.insert(class.into(), format!("hydra:{class}").into());
    }
    for term in ["totalItems", "variable", "required"] {
        terms.insert(term.into(), format!("hydra:{term}").into());
    }
    terms.insert("template".into(), "hydra:template".into());
    terms.insert("member".into(), set("hydra:member"));
    terms.insert("mapping".into(), set("hydra:mapping"));
    for term in ["view", "first", "previous", "next", "last", "search"] {
        terms.insert(term.into(), json!({ "@id": format!("hydra:{term}"), "@type": "@id" }));
    }
    for term in ["property", "object", "variableRepresentation"] {
        terms.insert(term.into(), json!({ "@id": format!("hydra:{term}"), "@type": "@vocab" }));
    }
    for term in ["memberAssertion", "manages"] {
        terms.insert(term.into(), format!("hydra:{term}").into());
    }
    terms.insert("pageIndex".into(), "hydra:pageIndex".into());
    terms.insert("limit".into(), "hydra:limit".into());
    terms.insert("pageReference".into(), "hydra:pageReference".into());
    terms.insert(ESTIMATED.into(), format!("vocab:{ESTIMATED}").into());
    terms.insert(collection.name.into(), format!("vocab:{}", collection.name).into());
    let owned = member.properties.iter().map(|p| p.name).collect::<Vec<_>>();
    for variable in collection.variables().filter(|v| !owned.contains(&v.name)) {
        terms.insert(variable.name.into(), format!("vocab:{}", variable.name).into());
    }
    add_class(&mut terms, member);
    if owned.contains(&"template") {
        terms.insert("hydra:template".into(), "hydra:template".into());
    }
    json!({ "@context": terms })
}

/// Another name of `id`, in every class that has one (`docs/rules.md` 2.3).
pub const OTHER_ID: &str = "modelId";

/// Returns what bodies are read with: a published context, and the names that are read and never written.
///
/// A published context has one term an IRI; these stand beside it here alone (`docs/rules.md` 3.2).
pub fn for_input(mut published: Value, class: &ClassDoc) -> Value {
    if let Some(Value::Object(terms)) = published.get_mut("@context") {
        for property in &class.properties {
            if property.json {
                let iri = format!("vocab:{}/{}", class.name, property.name);
                terms.insert(property.name.into(), json!({ "@id": iri, "@type": "@json" }));
            }
            let id = (property.name == "id").then_some(OTHER_ID);
            for other in property.alias.into_iter().chain(id) {
                let definition = definition(class.name, property);
                terms.entry(other).or_insert(definition);
            }
        }
    }
    published
}

/// Returns the context of problem documents (RFC 9457).
pub fn of_error(base: &str) -> Value {
    let mut terms = prefixes(base);
    // `type` is a whole IRI, as RFC 9457 asks; with this prefix its compact form would be another.
    terms.remove("vocab");
    let own = |name: &str| Value::from(format!("{base}/vocab#{name}"));
    terms.insert("Error".into(), "hydra:Error".into());
    terms.insert("ConstraintViolation".into(), own("ConstraintViolation"));
    for member in problem::MEMBERS.into_iter().chain(problem::VIOLATION) {
        let iri = member.iri.strip_prefix("vocab:").map_or_else(|| member.iri.into(), own);
        let definition = match member.range {
            _ if member.is_link() => json!({ "@id": iri, "@type": "@id" }),
            _ if member.many => json!({ "@id": iri, "@container": "@set" }),
            _ => iri,
        };
        terms.insert(member.name.into(), definition);
    }
    json!({ "@context": terms })
}

/// Returns the text of a context as it is served and committed.
pub fn text(context: &Value) -> String {
    let mut text = serde_json::to_string_pretty(context).unwrap_or_default();
    text.push('\n');
    text
}

fn prefixes(base: &str) -> Map<String, Value> {
    let mut terms = Map::new();
    for (prefix, iri) in PREFIXES {
        terms.insert(prefix.into(), iri.into());
    }
    terms.insert("vocab".into(), format!("{base}/vocab#").into());
    terms
}

fn set(iri: &str) -> Value {
    json!({ "@id": iri, "@container": "@set" })
}

fn add_class(terms: &mut Map<String, Value>, class: &ClassDoc) {
    terms.insert(class.name.into(), format!("vocab:{}", class.name).into());
    for property in &class.properties {
        terms.insert(property.name.into(), definition(class.name, property));
    }
}

/// Definition of a property's term; what is a plain string, number or flag needs the IRI only.
fn definition(class: &str, property: &PropertyDoc) -> Value {
    let iri = format!("vocab:{class}/{}", property.name);
    let coercion = match property.range {
        Range::Literal("xsd:string" | "xsd:integer" | "xsd:boolean") => None,
        Range::Literal(datatype) => Some(datatype),
        Range::Link(_) | Range::Collection(_) | Range::Name(_) => Some("@id"),
    };
    let mut definition = Map::new();
    definition.insert("@id".into(), iri.clone().into());
    if let Some(coercion) = coercion {
        definition.insert("@type".into(), coercion.into());
    }
    if property.many {
        definition.insert("@container".into(), "@set".into());
    }
    if definition.len() == 1 { iri.into() } else { definition.into() }
}
