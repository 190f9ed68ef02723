//! A look over a JSON-LD body before it is expanded: its contexts, and what expansion would cost.
//!
//! The processor works once through a context for each place where it stands, and copies the context in force
//! each time, so that a small body could keep it busy for long. Contexts that change nothing are taken out first.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::keywords;
use super::known::Known;
use super::lengths::Lengths;
use super::limits::{self, Bounds};
use super::protection::Protection;
use super::references::References;
use super::shapes::{Kind, Reverse, Shapes, aliases};
use super::thin::thin;
use crate::hydra::Problem;

/// Terms that all contexts within a body define, at most.
const MAX_TERMS: usize = 200;
/// Length of all the IRIs that the contexts of a body define, in bytes.
const MAX_IRIS_OF_CONTEXTS: usize = 64 << 10;
/// Terms that are copied, looked up or defined for the contexts of one body, at most: some 100 ms.
const MAX_WORK: usize = 100_000;
/// Terms in force of which a context makes a copy, about.
const TERMS_IN_FORCE: usize = 60;
/// Terms of a context that is named and not given, about, each of which is worth several that are copied.
const WORK_OF_NAMED: usize = 600;
/// Work that defines one term, in terms that are copied.
const WORK_OF_TERM: usize = 5;
/// Contexts from elsewhere that a problem names, at most.
const MAX_NAMED: usize = 10;

/// Containers whose values are maps, with keys of their own.
const MAPS: [&str; 4] = ["@id", "@index", "@language", "@type"];

/// Looks over a body and takes contexts out that say only what is in force anyway.
///
/// `base`: length of the address that relative references are resolved against, in bytes.
///
/// # Errors
/// Returns [`Problem::Unreadable`], which names every context from elsewhere, or says what is too much.
pub fn survey(
    body: &mut Value,
    known: Known<'_>,
    base: usize,
    bounds: Bounds,
) -> Result<(), Problem> {
    thin(body, known, true);
    Survey::new(known).finish(body, base, bounds)
}

/// Returns whether a context defines a term.
fn redefines(context: &Value, term: &str) -> bool {
    match context {
        Value::Array(items) => items.iter().any(|item| redefines(item, term)),
        Value::Object(definitions) => definitions.contains_key(term),
        _ => false,
    }
}

struct Survey<'a, 'b> {
    known: Known<'b>,
    lengths: Lengths<'a>,
    elsewhere: Vec<String>,
    /// Constructs of contexts that the processor does not read as it should, and words that are no keywords.
    unread: Vec<String>,
    terms: usize,
    /// Work of all contexts where they stand.
    work: usize,
    /// Work of all contexts that hold for some terms or types only, wherever these are used.
    scoped: Option<usize>,
    values: usize,
    text: usize,
    strings: usize,
    /// Members of objects that are no keywords, each of which expansion may make a property of.
    members: usize,
    /// Terms whose texts are names of nodes.
    references: HashSet<&'a str>,
    /// Terms whose values are maps by any of their definitions.
    maps: HashSet<&'a str>,
    /// Terms that within @reverse the processor does not read as they are defined.
    irreversible: HashSet<&'a str>,
    /// Terms that stand for nothing.
    nulls: HashSet<&'a str>,
    /// Terms, and what their definitions refer to.
    targets: Vec<(&'a str, &'a str)>,
    /// Terms that stand for another term or a keyword.
    aliases: Vec<(&'a str, &'a str)>,
    /// Terms whose values are lists.
    lists: Vec<&'a str>,
    /// Terms whose values are maps by the names, types or properties of nodes.
    by_node: Vec<&'a str>,
    /// Terms whose values are maps by language.
    by_language: Vec<&'a str>,
    /// The kind of the values of a term, if it is the same wherever it is defined.
    kinds: HashMap<&'a str, Option<Kind>>,
    /// Terms with a context of their own.
    scopes: Vec<&'a str>,
    protection: Protection<'a>,
}

impl<'a, 'b> Survey<'a, 'b> {
    fn new(known: Known<'b>) -> Self {
        Self {
            known,
            lengths: Lengths::default(),
            elsewhere: Vec::new(),
            unread: Vec::new(),
            terms: 0,
            work: 0,
            scoped: None,
            values: 0,
            text: 0,
            strings: 0,
            members: 0,
            references: HashSet::new(),
            maps: HashSet::new(),
            irreversible: HashSet::new(),
            nulls: HashSet::new(),
            targets: Vec::new(),
            aliases: Vec::new(),
            lists: Vec::new(),
            by_node: Vec::new(),
            by_language: Vec::new(),
            kinds: HashMap::new(),
            scopes: Vec::new(),
            protection: Protection::default(),
        }
    }

    fn finish(mut self, body: &'a Value, base: usize, bounds: Bounds) -> Result<(), Problem> {
        self.value(body);
        let no = |words: String| Err(Problem::Unreadable(words));
        if !self.elsewhere.is_empty() {
            let names = self.elsewhere.join(", ");
            return no(format!(
                "the body names a context that is not known here, and none is fetched from elsewhere: \
                 {names}; known are those of this service and that of the Hydra vocabulary"
            ));
        }
        // First, because what follows compares terms with terms.
        if self.terms > MAX_TERMS {
            let terms = self.terms;
            return no(format!(
                "the contexts in the body define {terms} terms; {MAX_TERMS} are read"
            ));
        }
        if let Some(term) = self.protection.redefined() {
            self.refuse(format!("protected terms, and several definitions of the term {term:?}"));
        }
        let nested = aliases("@nest", &self.aliases);
        if let Some(term) = self.scopes.iter().copied().find(|term| nested.contains(term)) {
            // Processors differ on whether it is in force for what is nested.
            self.refuse(format!("a context for {term:?}, which stands for @nest"));
        }
        if let Some(construct) = self.unread.first() {
            return no(format!("the context has {construct}, which is not read here"));
        }
        let mut targets = self.targets.iter().map(|(_, target)| target);
        if let Some(term) = targets.find(|target| self.nulls.contains(*target)) {
            // The processor would take a term that stands for such a one for null as well.
            return no(format!(
                "the context refers to the term {term:?}, which stands for nothing"
            ));
        }
        // Where its own definition is not in force, a term of ours means what it always does.
        self.kinds.retain(|term, kind| kind.is_some() && !(self.known.term)(term));
        let kinds = (&self.kinds, self.by_node.as_slice(), self.by_language.as_slice());
        let reverse = Reverse { terms: &self.irreversible, scoped: self.scoped.is_some() };
        Shapes::new(&self.aliases, &self.lists, kinds, reverse).check(body)?;
        let references = self.references_in(body);
        if references > bounds.references {
            let most = bounds.references;
            return no(format!("the body has {references} references; {most} are read"));
        }
        if self.members > bounds.objects {
            let (members, most) = (self.members, bounds.objects);
            return no(format!("the objects in the body have {members} members; {most} are read"));
        }
        let scoped = self.scoped.map_or(0, |work| work.saturating_mul(self.values));
        if self.work.saturating_add(scoped) > MAX_WORK {
            let words = "the body gives its contexts in too many places; give one at the top";
            return no(words.into());
        }
        let times = if self.scoped.is_some() { limits::MAX_DEPTH } else { 1 };
        let iris = self.lengths.bounds(times);
        if iris.longest > limits::MAX_IRI {
            return Err(limits::too_long());
        }
        if iris.total > MAX_IRIS_OF_CONTEXTS {
            return no(format!(
                "the contexts in the body define over {MAX_IRIS_OF_CONTEXTS} bytes of IRIs"
            ));
        }
        // What it defines may begin with a prefix of ours, which is no longer than the base.
        let prefixes = self.strings.saturating_mul(iris.longest + base);
        if self.text.saturating_add(prefixes) > bounds.text_bytes {
            return Err(limits::too_much_text());
        }
        Ok(())
    }

    fn string(&mut self, text: &str) {
        self.text += text.len();
        self.strings += 1;
    }

    fn value(&mut self, value: &'a Value) {
        self.values += 1;
        match value {
            Value::Array(items) => {
                for item in items {
                    self.value(item);
                }
            }
            Value::Object(members) => {
                for (key, value) in members {
                    self.string(key);
                    self.members += usize::from(!key.starts_with('@'));
                    if key == "@context" {
                        self.work += self.context(value);
                    } else {
                        self.value(value);
                    }
                }
            }
            Value::String(text) => self.string(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Returns how many texts of the body are references, by the definitions of all its contexts.
    fn references_in(&self, body: &Value) -> usize {
        let is_reference = |key: &str| self.references.contains(key) || (self.known.reference)(key);
        let mut wrappers = aliases("@set", &self.aliases);
        wrappers.extend(aliases("@list", &self.aliases));
        let maps = &self.maps;
        References { is_reference: &is_reference, wrappers: &wrappers, maps }.count(body)
    }

    /// Looks at a context, and answers the work that it makes wherever it stands.
    fn context(&mut self, context: &'a Value) -> usize {
        match context {
            Value::String(name) => self.name(name),
            Value::Array(items) => items
                .iter()
                .map(|item| self.context(item))
                .fold(TERMS_IN_FORCE, usize::saturating_add),
            Value::Object(definitions) => {
                let (before, mut work) = (self.terms, TERMS_IN_FORCE);
                for (term, definition) in definitions {
                    work = work.saturating_add(self.define(term, definition));
                }
                work + WORK_OF_TERM * (self.terms - before)
            }
            _ => TERMS_IN_FORCE,
        }
    }

    fn define(&mut self, term: &'a str, definition: &'a Value) -> usize {
        if self.terms > MAX_TERMS {
            // They are too many already, and only counted.
            self.terms += 1;
            definition.get("@context").map(|within| self.context(within));
            return 0;
        }
        self.lengths.define(term, definition);
        self.protection.note(term, definition);
        self.word(term);
        if keywords::is_no_term(term) {
            self.refuse(format!("a term {term:?}"));
        }
        match (term, definition) {
            ("@import", definition) => {
                self.refuse("@import".into());
                definition.as_str().map_or(0, |name| self.name(name))
            }
            ("@propagate", _) => {
                // What is not propagated ends at each object within, which copies what held before.
                *self.scoped.get_or_insert(0) += TERMS_IN_FORCE;
                0
            }
            (_, Value::Object(definition)) => {
                self.terms += 1;
                self.refers(term, definition);
                let Some(within) = definition.get("@context") else { return 0 };
                self.scopes.push(term);
                if redefines(within, term) {
                    self.refuse(format!("a context for {term:?} that defines {term:?} anew"));
                }
                let work = self.context(within);
                let scoped = self.scoped.get_or_insert(0);
                *scoped = scoped.saturating_add(work);
                // It is tried where it is defined.
                work
            }
            (_, Value::String(target)) => {
                self.terms += 1;
                self.word(target);
                let target = (target != term).then_some((term, target.as_str()));
                self.targets.extend(target);
                self.aliases.extend(target);
                self.kinds.insert(term, None);
                0
            }
            (_, definition) => {
                self.terms += 1;
                self.nulls.extend(definition.is_null().then_some(term));
                0
            }
        }
    }

    /// Notes what an expanded definition of a term refers to.
    fn refers(&mut self, term: &'a str, definition: &'a Map<String, Value>) {
        let texts = definition.iter().filter_map(|(key, value)| Some((key, value.as_str()?)));
        for (key, text) in texts.filter(|(key, text)| *key != "@container" && *text != term) {
            self.word(text);
            self.targets.push((term, text));
            self.aliases.extend((key == "@id").then_some((term, text)));
        }
        let container = definition.get("@container").map(Value::to_string).unwrap_or_default();
        let is_map = MAPS.iter().any(|kind| container.contains(kind));
        if is_map {
            self.maps.insert(term);
        }
        let is_json = definition.get("@type").is_some_and(|kind| kind == "@json");
        if definition.get("@type").is_some_and(|kind| kind == "@id" || kind == "@vocab") {
            self.references.insert(term);
        }
        if is_map || is_json || container.contains("@list") || definition.contains_key("@reverse") {
            self.irreversible.insert(term);
        }
        if is_map && is_json {
            self.refuse("a map of JSON".into());
        }
        let kind = match (is_map, is_json) {
            (true, _) => Some(Kind::Map),
            (false, true) => Some(Kind::Json),
            (false, false) => None,
        };
        let held = self.kinds.entry(term).or_insert(kind);
        *held = held.filter(|held| Some(*held) == kind);
        if container.contains("@list") {
            self.lists.push(term);
        }
        if container.contains("@graph") {
            // The processor takes null for a graph that is empty.
            self.refuse("the container @graph".into());
        }
        let is_by_property = definition.get("@index").is_some_and(|index| index != "@index");
        if is_by_property || ["\"@id\"", "\"@type\""].iter().any(|kind| container.contains(kind)) {
            self.by_node.push(term);
        }
        if container.contains("@language") {
            self.by_language.push(term);
        }
        let is_null = definition.get("@id").is_some_and(Value::is_null);
        self.nulls.extend(is_null.then_some(term));
    }

    fn refuse(&mut self, construct: String) {
        if self.unread.is_empty() {
            self.unread.push(construct);
        }
    }

    /// Refuses a word of a context that is not read as JSON-LD has it.
    fn word(&mut self, text: &str) {
        if let Some(word) = keywords::unreadable(text) {
            self.refuse(word);
        }
    }

    fn name(&mut self, name: &str) -> usize {
        if !(self.known.any)(name) && self.elsewhere.len() < MAX_NAMED {
            let name: String = name.chars().take(200).collect();
            if !self.elsewhere.contains(&name) {
                self.elsewhere.push(name);
            }
        }
        WORK_OF_NAMED
    }
}
