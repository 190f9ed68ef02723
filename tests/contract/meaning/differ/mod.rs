//! Bodies by chance, each read as an independent processor flattens it, or refused.
//!
//! What jsonld.js makes of JSON-LD, and rdflib of Turtle and N-Quads, is read by rules worked out anew ([`reading`]),
//! and held against the document that the service makes of the same body. Where jsonld.js differs, `PyLD` is asked as
//! well: each has faults of its own, such as property-scoped contexts of `@nest` in jsonld.js. `script/fuzz` runs it
//! for long.

mod aims;
mod counts;
mod document;
mod features;
mod generate;
mod other;
mod reading;
mod stored;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use hydria::hydra::linked::{Format, Linked, Shape, Syntax};
use hydria::hydra::{OperationDoc, Problem};
use hydria::web::described::{Described, described};
use serde_json::{Value, json};

use super::fuzz::seeds::{self, BASE};
use crate::support::random::Random;
use aims::{AIMS, Aim, Term};
use counts::{Counts, wanted};
use document::of_document;
use generate::Generator;
use other::Other;
use reading::{Reading, Target};

/// Bodies that are sent before their answers are read.
const AHEAD: u64 = 50;

/// An operation, with all that its bodies are read by.
struct Prepared {
    aim: &'static Aim,
    operation: OperationDoc,
    context: Value,
    library: Value,
    terms: Vec<Term>,
    address: String,
}

impl Prepared {
    fn all(described: &Described) -> Vec<Self> {
        let prepare = |aim: &'static Aim| Self {
            aim,
            operation: seeds::operation(described, aim.template, aim.method),
            context: aim.context(described),
            library: aim.library(described),
            terms: aim.properties(described),
            address: aim.address(),
        };
        AIMS.iter().map(prepare).collect()
    }
}

/// IRIs of the properties that the service knows.
fn known(described: &Described) -> BTreeSet<String> {
    let properties = described.classes.iter().flat_map(|class| {
        class.properties.iter().map(|p| format!("{BASE}/vocab#{}/{}", class.name, p.name))
    });
    properties.chain([reading::MEMBER.to_owned()]).collect()
}

/// IRIs of its classes, and of those of them that are collections.
fn kinds(described: &Described) -> (BTreeSet<String>, BTreeSet<String>) {
    let iri = |name: &str| format!("{BASE}/vocab#{name}");
    let collections = described.collections.iter().map(|collection| iri(collection.name));
    let mut collections: BTreeSet<String> = collections.collect();
    collections.insert(format!("{}Collection", generate::HYDRA));
    let classes = described.classes.iter().map(|class| iri(class.name));
    (classes.chain(collections.iter().cloned()).collect(), collections)
}

/// A body by chance, and the reading of the service of it.
struct Case<'a> {
    number: u64,
    prepared: &'a Prepared,
    body: Value,
    /// As it was sent to the other processor.
    sent: Value,
}

impl<'a> Case<'a> {
    fn new(number: u64, prepared: &'a Prepared, body: Value, format: Format) -> Self {
        let sent = json!({
            "body": body, "base": prepared.address, "expandContext": prepared.context,
            "library": prepared.library, "format": format!("{format:?}"),
        });
        Self { number, prepared, body, sent }
    }

    fn text(&self) -> String {
        match &self.body {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        }
    }

    fn read(&self, linked: &Arc<Linked>, format: Format) -> Result<Value, Problem> {
        let shape: Shape = linked.shape(&self.prepared.operation, false);
        let to = (self.prepared.aim.path, Some(1));
        let read = linked.read(self.text().into(), format, &shape, to);
        pollster::block_on(read).map(|meaning| meaning.document)
    }
}

fn made(format: Format, aim: &Aim, random: Random) -> Value {
    let mut generator = Generator::new(BASE, aim, random);
    match format {
        Format::Json | Format::MergePatch => generator.json(),
        Format::Rdf(Syntax::Turtle) => generator.turtle().into(),
        Format::Rdf(_) => generator.quads().into(),
    }
}

/// What all readings of a run have in common.
struct Judge {
    vocabulary: String,
    known: BTreeSet<String>,
    classes: BTreeSet<String>,
    collections: BTreeSet<String>,
    is_triples: bool,
}

impl Judge {
    fn new(described: &Described, format: Format) -> Self {
        let (classes, collections) = kinds(described);
        let vocabulary = format!("{BASE}/vocab#");
        let is_triples = format != Format::Json;
        Self { vocabulary, known: known(described), classes, collections, is_triples }
    }

    fn target<'a>(&'a self, case: &'a Case<'_>) -> Target<'a> {
        Target {
            class: case.prepared.aim.class,
            terms: &case.prepared.terms,
            vocabulary: &self.vocabulary,
            address: &case.prepared.address,
            subject: case.prepared.aim.subject,
            items: case.body.as_array().map(Vec::len),
            is_unordered: self.is_triples || case.text().contains("\"@container\":\"@index\""),
            known: &self.known,
            classes: &self.classes,
            collections: &self.collections,
        }
    }

    /// Returns what a document is read as where an answer of another processor is read as the same.
    fn agree(&self, case: &Case<'_>, answer: &Value, document: &Value) -> Result<Reading, String> {
        let target = self.target(case);
        let expected = match answer["nodes"].as_array() {
            Some(nodes) => target.read(nodes).map_err(ToOwned::to_owned),
            None => Err(answer["error"].to_string()),
        };
        let found = of_document(document, target, expected.as_ref().ok());
        match expected {
            Ok(expected) if expected == found => Ok(found),
            expected => Err(format!("{found:#?}\nand not as {expected:#?}\nof {answer}")),
        }
    }
}

/// Reads bodies in a format; `second`: another processor, for what the first reads differently.
fn differ(
    (first, second): (&mut Other, Option<&mut Other>),
    format: Format,
    (count, seed): (u64, u64),
) -> Counts {
    let described = described();
    let linked =
        Linked::new(&described.classes, &described.collections, BASE, 1000).expect("threads");
    let prepared = Prepared::all(&described);
    let judge = Judge::new(&described, format);
    let (mut counts, mut under_way, mut second) = (Counts::default(), VecDeque::new(), second);
    for number in 0..count + AHEAD {
        if number < count {
            let at = usize::try_from(number).expect("64 bits") % prepared.len();
            let prepared = &prepared[at];
            let body = made(format, prepared.aim, Random::new(seed, number));
            let case = Case::new(number, prepared, body, format);
            first.send(&case.sent);
            under_way.push_back(case);
        }
        if number < AHEAD.min(count) {
            continue;
        }
        let Some(case) = under_way.pop_front() else { break };
        let answer = first.answer();
        let document = match case.read(&linked, format) {
            Ok(document) => document,
            Err(problem) => {
                counts.refuse(&problem, answer["nodes"].is_array());
                continue;
            }
        };
        let mut agreed = judge.agree(&case, &answer, &document);
        if let (Err(_), Some(second)) = (&agreed, &mut second) {
            second.send(&case.sent);
            let again = judge.agree(&case, &second.answer(), &document);
            counts.second += u64::from(again.is_ok());
            agreed = again.or(agreed);
        }
        match agreed {
            Ok(found) if found.is_read() => counts.same(&features::of(&case.body)),
            // Its row refuses what is not said in our terms.
            Ok(_) => counts.refused_by_row(),
            Err(difference) => counts.different.push(format!(
                "number {} to {}:\n{}\nis read as {document}\n{difference}",
                case.number,
                case.prepared.aim.path,
                case.text(),
            )),
        }
    }
    counts
}

#[test]
fn bodies_by_chance_are_read_as_jsonld_js_flattens_them() {
    let mut first = Other::start("node", "flatten.mjs");
    let mut second = Other::start("./python/bin/python", "flatten.py");
    let counts = differ((&mut first, Some(&mut second)), Format::Json, wanted(800));
    counts.judge("JSON-LD", 2, &features::WANTED);
}

#[test]
fn bodies_by_chance_are_read_as_rdflib_parses_them() {
    let mut other = Other::start("./python/bin/python", "triples.py");
    let (count, seed) = wanted(600);
    for syntax in [Syntax::Turtle, Syntax::NQuads] {
        let counts = differ((&mut other, None), Format::Rdf(syntax), (count / 2, seed));
        counts.judge(&format!("{syntax:?}"), 2, &[]);
    }
}
