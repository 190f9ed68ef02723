//! Mutants: what becomes of a body when bytes, tokens and members of it are changed by chance.

use hydria::hydra::OperationDoc;
use hydria::hydra::linked::{Format, Syntax};
use hydria::web::described::Described;
use serde_json::Value;

use super::json;
use super::seeds::{self, Seed, nasty_json, nasty_turtle};
use super::text::{change_bytes, change_tokens};
use super::words::{JSON_TOKENS, TURTLE_TOKENS};
use crate::support::random::Random;

/// Largest body that is read.
const MAX_BODY_BYTES: usize = 16 << 20;
/// Numbers from here on are those of the nasty bodies, unchanged.
const NASTY: u64 = 1_000_000_000;
/// Operations that each of them is sent to.
const TARGETS: usize = 3;
/// Larger nasty bodies are tried as they are, and not changed again and again.
const MAX_CHANGED: usize = 8 << 10;

/// A body that was made by chance.
pub struct Mutant {
    pub operation: OperationDoc,
    pub path: &'static str,
    pub format: Format,
    pub text: Vec<u8>,
    /// Where a row might find a fault in it.
    pub pointer: String,
}

/// A body that others are made of.
pub struct Stock {
    seed: Seed,
    /// What it says, if it is JSON.
    pub value: Option<Value>,
    /// Keys of its objects, at every depth.
    pub keys: Vec<String>,
}

impl Stock {
    fn of(seed: Seed) -> Self {
        let value = (seed.format == Format::Json).then(|| serde_json::from_slice(&seed.text).ok());
        let value = value.flatten();
        let keys = value.as_ref().map(json::keys).unwrap_or_default();
        Self { seed, value, keys }
    }

    pub fn text(&self) -> &[u8] {
        &self.seed.text
    }
}

/// Makes mutants.
pub struct Kitchen {
    spelled: Vec<Stock>,
    /// Nasty ones that are small.
    spices: Vec<Stock>,
    /// Tried as they are, each sent to several operations.
    nasty: Vec<Seed>,
    /// Where any body may be sent.
    targets: Vec<(OperationDoc, &'static str)>,
}

impl Kitchen {
    pub fn new(described: &Described) -> Self {
        let operation = |template, method| seeds::operation(described, template, method);
        let targets = vec![
            (operation("/customers/{customer}/spaces", "POST"), "/customers/1/spaces"),
            (
                operation("/customers/{customer}/spaces/{space}/images/{image}", "PUT"),
                "/customers/1/spaces/1/images/one",
            ),
            (operation("/customers/{customer}/spaces/{space}", "PATCH"), "/customers/1/spaces/1"),
            (operation("/customers/{customer}/queue", "POST"), "/customers/1/queue"),
            (
                operation("/customers/{customer}/spaces/{space}/defaultRoles", "POST"),
                "/customers/1/spaces/1/defaultRoles",
            ),
            (operation("/customers/{customer}/keys", "POST"), "/customers/1/keys"),
            (
                operation("/customers/{customer}/namedQueries/{named_query}", "PUT"),
                "/customers/1/namedQueries/%20%[|]",
            ),
        ];
        let spelled = seeds::spelled(described).into_iter().map(Stock::of).collect();
        let json = nasty_json().into_iter().map(|text| (Format::Json, text));
        let turtle = nasty_turtle().into_iter().map(|text| (Format::Rdf(Syntax::Turtle), text));
        let mut nasty = Vec::new();
        for (format, text) in json.chain(turtle) {
            // What reads one resource, a collection, either.
            let tried: [_; TARGETS] = [targets[0], targets[3], targets[4]];
            for (operation, path) in tried {
                nasty.push(Seed { operation, path, format, text: text.clone().into() });
            }
        }
        let small = nasty.iter().filter(|seed| seed.text.len() <= MAX_CHANGED);
        let spices = small.cloned().map(Stock::of).collect();
        Self { spelled, spices, nasty, targets }
    }

    pub fn seeds(&self) -> impl Iterator<Item = &Seed> {
        self.spelled.iter().map(|stock| &stock.seed)
    }

    /// Numbers of the nasty bodies themselves; each once, or each sent to every operation that it is tried on.
    pub fn unchanged(&self, each_once: bool) -> impl Iterator<Item = u64> {
        let all = 0..self.nasty.len();
        let wanted = all.filter(move |at| !each_once || at % TARGETS == at / TARGETS % TARGETS);
        wanted.map(|at| NASTY + u64::try_from(at).expect("64 bits"))
    }

    /// The mutant of a number.
    pub fn mutant(&self, seed: u64, number: u64) -> Mutant {
        if let Some(at) = number.checked_sub(NASTY) {
            let at = usize::try_from(at).expect("64 bits");
            let Seed { operation, path, format, text } = self.nasty[at].clone();
            return Mutant { operation, path, format, text, pointer: "/name".into() };
        }
        let random = &mut Random::new(seed, number);
        let start = self.start(random);
        let Seed { mut operation, mut path, mut format, .. } = start.seed;
        if random.one_in(8) {
            (operation, path) = self.targets[random.below(self.targets.len())];
        }
        let text = match start.value.clone() {
            Some(mut value) if !random.one_in(6) => {
                for _ in 0..random.some(8) {
                    json::change(&mut value, self.start(random), random);
                }
                value.to_string().into_bytes()
            }
            _ => start.text().to_vec(),
        };
        let mut text = String::from_utf8_lossy(&text).into_owned();
        if format != Format::Json || random.one_in(4) {
            let tokens: &[&str] =
                if format == Format::Json { &JSON_TOKENS } else { &TURTLE_TOKENS };
            for _ in 0..random.below(5) {
                change_tokens(&mut text, self.start(random), tokens, random);
            }
        }
        let mut text = text.into_bytes();
        if random.one_in(5) {
            for _ in 0..random.some(8) {
                change_bytes(&mut text, random);
            }
        }
        text.truncate(MAX_BODY_BYTES);
        if random.one_in(50) {
            let all = [Syntax::Turtle, Syntax::NTriples, Syntax::NQuads];
            format = Format::Rdf(all[random.below(all.len())]);
        }
        Mutant { operation, path, format, text, pointer: pointer(random) }
    }

    fn start(&self, random: &mut Random) -> &Stock {
        let from = if random.one_in(6) { &self.spices } else { &self.spelled };
        &from[random.below(from.len())]
    }
}

fn pointer(random: &mut Random) -> String {
    let parts = ["/member", "/0", "/1", "/name", "/", "/member/0/origin", "/roles/1", "/~1", ""];
    (0..random.below(5)).map(|_| random.one_of(&parts)).collect()
}
