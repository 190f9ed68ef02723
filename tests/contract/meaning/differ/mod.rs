//! Bodies by chance, each read as an independent processor flattens it, or refused.
//!
//! What jsonld.js makes of JSON-LD, and rdflib of Turtle, is read by rules worked out anew ([`reading`]), and held
//! against the document that the service makes of the same body. `script/fuzz` runs it for long.

mod generate;
mod reading;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use hydria::hydra::context::{for_input, of_class, of_collection};
use hydria::hydra::linked::{Format, Linked, Syntax};
use hydria::web::documents::{Described, described};
use serde_json::{Value, json};

use super::fuzz::random::Random;
use super::fuzz::seeds::{self, BASE};
use crate::clients::{FOLDER, install};
use generate::Generator;
use reading::{Reading, Target, of_document};

/// Number of bodies, and seed; both may be left out.
const WANTED: &str = "HYDRIA_DIFFER";
/// Bodies that are sent before their answers are read.
const AHEAD: u64 = 50;

/// Another processor, which reads bodies on its input and answers on its output.
struct Other {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Other {
    fn start(interpreter: &str, script: &str) -> Self {
        install();
        let interpreter = match interpreter.strip_prefix("./") {
            Some(own) => format!("{FOLDER}/{own}"),
            None => interpreter.to_owned(),
        };
        let mut child = Command::new(interpreter)
            .arg(format!("{FOLDER}/{script}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the interpreter runs");
        let input = child.stdin.take().expect("an input");
        let output = BufReader::new(child.stdout.take().expect("an output"));
        Self { child, input, output }
    }

    fn send(&mut self, given: &Value) {
        writeln!(self.input, "{given}").expect("it reads on");
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the other processor ended: {line}"))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wanted(default: u64) -> (u64, u64) {
    let asked = std::env::var(WANTED).unwrap_or_default();
    let numbers: Vec<u64> =
        asked.split_whitespace().map(|n| n.parse().expect("a whole number")).collect();
    (numbers.first().copied().unwrap_or(default), numbers.get(1).copied().unwrap_or(1))
}

/// What became of all bodies.
#[derive(Default)]
struct Counts {
    same: u64,
    refused: u64,
    different: Vec<String>,
}

/// One of the operations that bodies are sent to.
struct Aim {
    path: &'static str,
    template: &'static str,
    method: &'static str,
    collection: bool,
}

const AIMS: [Aim; 2] = [
    Aim {
        path: "/customers/1/spaces/1/images/one",
        template: "/customers/{customer}/spaces/{space}/images/{image}",
        method: "PATCH",
        collection: false,
    },
    Aim {
        path: "/customers/1/queue",
        template: "/customers/{customer}/queue",
        method: "POST",
        collection: true,
    },
];

fn input_context(described: &Described, collection: bool) -> Value {
    let class = described.classes.iter().find(|class| class.name == "Image").expect("a class");
    if !collection {
        return for_input(of_class(class, BASE), class);
    }
    let found = described.collections.iter().find(|c| c.name == "ImageCollection");
    for_input(of_collection(found.expect("a collection"), class, BASE), class)
}

fn differ(other: &mut Other, format: Format, (count, seed): (u64, u64)) -> Counts {
    let described = described();
    let linked =
        Linked::new(&described.classes, &described.collections, BASE, 1000).expect("threads");
    let class = described.classes.iter().find(|class| class.name == "Image").expect("a class");
    let terms: Vec<(&str, bool)> = class.properties.iter().map(|p| (p.name, p.json)).collect();
    let contexts = [false, true].map(|collection| input_context(&described, collection));
    let vocabulary = format!("{BASE}/vocab#");
    let mut counts = Counts::default();
    let mut under_way = std::collections::VecDeque::new();
    for number in 0..count + AHEAD {
        if number < count {
            let at = usize::from(number % 4 == 3);
            let aim = &AIMS[at];
            let mut generator = Generator::new(BASE, Random::new(seed, number));
            let body =
                if format == Format::Json { generator.json() } else { generator.turtle().into() };
            other.send(&json!({
                "body": body, "base": format!("{BASE}{}", aim.path), "expandContext": contexts[at],
            }));
            under_way.push_back((aim, number, body));
        }
        if number < AHEAD.min(count) {
            continue;
        }
        let Some((aim, number, body)) = under_way.pop_front() else { break };
        let answer = other.answer();
        let text = match &body {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        let operation = seeds::operation(&described, aim.template, aim.method);
        let shape = linked.shape(&operation, false);
        let read = linked.read(text.clone().into(), format, &shape, (aim.path, Some(1)));
        let Ok(meaning) = pollster::block_on(read) else {
            counts.refused += 1;
            continue;
        };
        let address = format!("{BASE}{}", aim.path);
        let target = Target {
            class: "Image",
            terms: &terms,
            vocabulary: &vocabulary,
            address: &address,
            collection: aim.collection,
        };
        let nodes = answer["nodes"].as_array();
        let expected = match nodes {
            Some(nodes) => target.read(nodes).map_err(ToOwned::to_owned),
            None => Err(answer["error"].to_string()),
        };
        let found = of_document(&meaning.document, aim.collection, expected.as_ref().ok());
        match expected {
            Ok(expected) if expected == found && is_read(&found) => counts.same += 1,
            // Its row refuses what is not said in our terms.
            Ok(expected) if expected == found => counts.refused += 1,
            expected => counts.different.push(format!(
                "number {number} to {}:\n{text}\nis read as {}\nand not as {expected:#?}\nof {answer}",
                aim.path, meaning.document
            )),
        }
    }
    counts
}

/// Whether no row has to refuse a value for what it is.
fn is_read(reading: &Reading) -> bool {
    let of = |resource: &reading::Resource| resource.values.values().all(Option::is_some);
    match reading {
        Reading::One(one) => of(one),
        Reading::Members(members) => members.iter().all(of),
    }
}

fn judge(counts: &Counts, name: &str) {
    let Counts { same, refused, different } = counts;
    println!("{name}: {same} the same, {refused} refused, {} different", different.len());
    if std::env::var(WANTED).is_ok() {
        for found in different {
            println!("{found}\n");
        }
    }
    let few: Vec<&str> = different.iter().take(3).map(String::as_str).collect();
    assert!(different.is_empty(), "{} differ: {}", different.len(), few.join("\n\n"));
    // Bodies that are all refused would try nothing.
    assert!(*same > (same + refused) / 10, "{name}: only {same} of {} are read", same + refused);
}

#[test]
fn bodies_by_chance_are_read_as_jsonld_js_flattens_them() {
    let mut other = Other::start("node", "flatten.mjs");
    let described = described();
    let class = described.classes.iter().find(|class| class.name == "Image").expect("a class");
    let hydra: Value =
        serde_json::from_str(include_str!("../../../../src/hydra/linked/hydra.jsonld"))
            .expect("JSON");
    let published = of_class(class, BASE);
    let own = for_input(published.clone(), class);
    other.send(&json!({
        format!("{BASE}/contexts/Image.jsonld"): own,
        "http://www.w3.org/ns/hydra/context.jsonld": {
            "@context": [hydra["@context"], own["@context"]],
        },
    }));
    judge(&differ(&mut other, Format::Json, wanted(3000)), "JSON-LD");
}

#[test]
fn bodies_by_chance_are_read_as_rdflib_parses_them() {
    let mut other = Other::start("./python/bin/python", "triples.py");
    let (count, seed) = wanted(1200);
    let turtle = Format::Rdf(Syntax::Turtle);
    judge(&differ(&mut other, turtle, (count, seed)), "Turtle");
}
