//! Bodies by chance, sent to the real server: what is stored is what an independent processor reads.

use std::collections::BTreeSet;

use hydria::hydra::linked::{Format, Syntax};
use hydria::web::described::described;
use serde_json::{Value, json};

use super::aims::{AIMS, Subject};
use super::counts::wanted;
use super::generate::Generator;
use super::other::Other;
use super::reading::{Reading, Resource};
use super::{BASE, Case, Judge, Prepared};
use crate::contract::meaning::send;
use crate::contract::meaning::spellings::Sent;
use crate::contract::world::{ORIGIN, World};
use crate::support::random::Random;

/// Bodies of a long run that one is stored of.
const SHARE: u64 = 200;

/// A server, and the names that bodies by chance have for what is there.
struct Scene {
    world: World,
    /// Names in bodies, and those at the server.
    names: [(String, String); 4],
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        for role in ["staff", "one:two", "one"] {
            let path = world.owner.path(&format!("/roles/{role}"));
            world.owner.client.put(&path, &json!({})).expect(201);
        }
        let host = |base: &str| base.trim_start_matches("http:").to_owned();
        let names = [
            (host(BASE), host(&world.app.base)),
            ("/customers/1/".to_owned(), world.owner.path("/")),
            (
                "/customers/./1/".to_owned(),
                world.owner.path("/").replace("/customers/", "/customers/./"),
            ),
            ("spaces/1".to_owned(), format!("spaces/{}", world.space)),
        ];
        Self { world, names }
    }

    /// Returns a text with the names of the server.
    fn here(&self, text: &str) -> String {
        // Paths first, while the address is still that of bodies.
        let mut text = text.to_owned();
        for (ours, theirs) in self.names.iter().rev() {
            text = text.replace(ours, theirs);
        }
        text
    }

    /// Returns a text with the names of bodies.
    fn back(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (ours, theirs) in &self.names {
            text = text.replace(theirs, ours);
        }
        text
    }

    fn state(&self, path: &str) -> Option<Value> {
        let answer = self.world.owner.client.get(&self.here(path));
        let shown = || serde_json::from_str(&self.back(&answer.body.to_string())).expect("JSON");
        (answer.status == 200).then(shown)
    }
}

/// What decides on an image, in one form.
fn told(image: &Value) -> [BTreeSet<String>; 5] {
    ["roles", "maxUnauthorised", "tags", "string1", "number1"].map(|term| match &image[term] {
        Value::Array(values) => values.iter().map(text).collect(),
        one => BTreeSet::from([text(one)]),
    })
}

/// A value as text with its kind before it, as readings have it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => format!("s{text}"),
        Value::Number(number) => format!("n{number}"),
        other => other.to_string(),
    }
}

/// Returns what is to be told of an image once a resource is written over it.
fn over(mut held: [BTreeSet<String>; 5], said: &Resource) -> [BTreeSet<String>; 5] {
    let terms = ["roles", "maxUnauthorised", "tags", "string1", "number1"];
    for (held, term) in held.iter_mut().zip(terms) {
        let Some(Some(values)) = said.values.get(term) else { continue };
        let roles = format!("s{BASE}/customers/1/roles/");
        let whole = |value: &String| {
            let Some(role) = value.strip_prefix('s').filter(|_| term == "roles") else {
                return value.clone();
            };
            // Whatever it begins with, it is a role of the customer's; in a literal its id is enough.
            match role.rsplit_once("/customers/1/roles/") {
                Some((_, id)) => format!("{roles}{}", id.replace("%73", "s")),
                None if role.contains(':') => value.clone(),
                None => format!("{roles}{role}"),
            }
        };
        *held = values.iter().map(whole).collect();
    }
    held
}

/// Resets the image and sends a body; returns whether it was taken. Fails where what is stored is what none of the
/// readings says.
fn is_stored(scene: &Scene, case: &Case<'_>, format: Format, readings: &[Reading]) -> bool {
    let client = &scene.world.owner.client;
    let image = AIMS[0].path;
    let known = json!({
        "origin": ORIGIN, "roles": ["clickthrough"], "maxUnauthorised": 123, "tags": ["held"],
        "string1": "held", "number1": 5,
    });
    assert!(client.put(&scene.here(image), &known).status < 300);
    let before = scene.state(image).expect("the image");
    let media_type = if format == Format::Json { "application/ld+json" } else { "text/turtle" };
    let shown = case.text();
    let sent = Sent { media_type, text: scene.here(&shown) };
    let answer = send(client, case.prepared.aim.method, &scene.here(case.prepared.aim.path), sent);
    if answer.status >= 400 {
        assert!(answer.status == 400, "{shown}: {}", answer.body);
        assert_eq!(scene.state(image).as_ref(), Some(&before), "{shown}");
        return false;
    }
    let new =
        json!({ "roles": [], "maxUnauthorised": -1, "tags": [], "string1": "", "number1": 0 });
    let is_kept = |path: &str, held: &Value, said: &Resource| {
        let after = scene.state(path);
        said.values.values().all(Option::is_some)
            && after.is_some_and(|after| told(&after) == over(told(held), said))
    };
    let is_same = |reading: &Reading| match reading {
        Reading::One(one) => is_kept(image, &before, one),
        Reading::Members(members) => members.iter().all(|member| {
            let id = member.values.get("id").cloned().flatten().unwrap_or_default().concat();
            let path = format!("/customers/1/spaces/1/images/{}", id.trim_start_matches('s'));
            is_kept(&path, &new, member)
        }),
    };
    let after = scene.state(image);
    assert!(
        readings.iter().any(is_same),
        "{shown}\nis stored as {after:?}\nand read as {readings:#?}"
    );
    true
}

#[test]
fn bodies_by_chance_are_stored_as_other_processors_read_them() {
    let (long, seed) = wanted(0);
    let count = if long == 0 { 120 } else { long / SHARE };
    let mut others = [
        Other::start("node", "flatten.mjs"),
        Other::start("./python/bin/python", "flatten.py"),
        Other::start("./python/bin/python", "triples.py"),
    ];
    let (scene, described) = (Scene::new(), described());
    let prepared = Prepared::all(&described);
    let mut stored = 0;
    for number in 0..count {
        let format = match number % 4 {
            3 => Format::Rdf(Syntax::Turtle),
            _ => Format::Json,
        };
        // The queue takes what is made anew.
        let at = usize::from(number % 4 == 2);
        let prepared = &prepared[at];
        let judge = Judge::new(&described, format);
        let mut generator = Generator::new(BASE, prepared.aim, Random::new(seed, number));
        generator.whole = Some(number);
        let body = match format {
            Format::Json | Format::MergePatch => generator.json(),
            Format::Rdf(_) => generator.turtle().into(),
        };
        let case = Case::new(number, prepared, body, format);
        // Each of the two processors of JSON-LD has faults; one is to agree.
        let range = if format == Format::Json { 0..2 } else { 2..3 };
        let read = |other: &mut Other| {
            other.send(&case.sent);
            let answer = other.answer();
            let nodes = answer["nodes"].as_array()?;
            judge.target(&case).read(nodes).ok()
        };
        let readings: Vec<Reading> = others[range].iter_mut().filter_map(read).collect();
        stored += u64::from(is_stored(&scene, &case, format, &readings));
    }
    println!("HTTP: {stored} of {count} stored as they are read, the others refused");
    assert!(stored * 6 > count, "only {stored} of {count} are stored");
    assert_eq!(prepared[1].aim.subject, Subject::Collection);
}
