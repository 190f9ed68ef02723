//! A client that knows the root and follows every link there is, judging what it is given.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use reqwest::Method;
use serde_json::{Map, Value};

use super::judge::{Judge, walk};
use crate::support::{Answer, Client};

/// What a link leads to, as the vocabulary describes it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// A resource or a collection.
    Resource,
    /// A plain list that a query selects.
    List,
    /// An address for other methods than GET.
    Action,
    /// Something that is no linked data of ours, such as a picture.
    File,
    /// A service of an image that not everybody may see, which refuses a caller without a role.
    Protected,
}

pub struct Crawl<'a> {
    client: &'a Client,
    judge: &'a Judge,
    vocabulary: Value,
    contexts: BTreeMap<String, Value>,
    waiting: VecDeque<(String, Lead)>,
    /// What was found at each address.
    pub seen: BTreeMap<String, Value>,
    /// Members of collections as they were shown there.
    members: Vec<Value>,
    /// Classes met, and the properties that were shown, as `Class/property`.
    pub met: BTreeSet<String>,
    pub faults: Vec<String>,
}

/// Returns whether an image has roles, or nothing of it is open.
fn is_protected(image: &Map<String, Value>) -> bool {
    image["maxUnauthorised"] == 0 || image["roles"].as_array().is_some_and(|r| !r.is_empty())
}

impl<'a> Crawl<'a> {
    pub fn new(client: &'a Client, judge: &'a Judge) -> Self {
        Self {
            client,
            judge,
            vocabulary: client.get("/vocab").expect(200).body,
            contexts: BTreeMap::new(),
            waiting: VecDeque::new(),
            seen: BTreeMap::new(),
            members: Vec::new(),
            met: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// Follows everything from the root.
    pub fn run(&mut self) {
        self.waiting.push_back((format!("{}/", self.client.base), Lead::Resource));
        while let Some((address, lead)) = self.waiting.pop_front() {
            if !self.seen.contains_key(&address) {
                let found = self.visit(&address, lead);
                self.seen.insert(address, found);
            }
        }
        // A member of a collection is the whole resource, without what may be done to it.
        for mut member in std::mem::take(&mut self.members) {
            if let Some(member) = member.as_object_mut() {
                // It is reckoned anew every few seconds.
                member.remove("estCompletion");
            }
            let address = member["@id"].as_str().expect("an address");
            let mut whole = self.seen.get(address).cloned().unwrap_or_default();
            if let Some(whole) = whole.as_object_mut() {
                whole.retain(|key, _| {
                    !["@context", "hydra:operation", "estCompletion"].contains(&key.as_str())
                });
            }
            if whole != member {
                self.faults.push(format!("{address} is {whole}, and as a member {member}"));
            }
        }
    }

    fn visit(&mut self, address: &str, lead: Lead) -> Value {
        let mut answer = self.client.get(address);
        let is_file = matches!(lead, Lead::File | Lead::Protected);
        // A service leads to its description, and that of a protected image to the open tier.
        while let (true, 302 | 303, Some(description)) =
            (is_file, answer.status, answer.header("location"))
        {
            answer = self.client.get(description);
        }
        let wanted = match lead {
            Lead::Action => 405,
            Lead::Protected if answer.status == 401 => 401,
            _ => 200,
        };
        if answer.status != wanted {
            self.faults.push(format!("{address}: {} {}", answer.status, answer.body));
            return Value::Null;
        }
        match lead {
            Lead::Resource => self.read(address, &answer),
            Lead::List if answer.body.is_array() => {}
            Lead::Action
                if answer
                    .header("allow")
                    .is_some_and(|a| a.contains("POST") || a.contains("DELETE")) => {}
            Lead::File | Lead::Protected if !answer.bytes.is_empty() => {}
            _ => self.faults.push(format!("{address}: not what was promised: {}", answer.body)),
        }
        answer.body
    }

    fn read(&mut self, address: &str, answer: &Answer) {
        let body = &answer.body;
        let documentation = format!(
            "<{}/vocab>; rel=\"http://www.w3.org/ns/hydra/core#apiDocumentation\"",
            self.client.base
        );
        if answer.header("link") != Some(&documentation)
            || answer.header("content-type") != Some("application/ld+json")
        {
            self.faults.push(format!("{address} has the headers {:?}", answer.headers));
        }
        let told = match body["view"]["@id"].as_str() {
            Some(view) if address.contains('?') => view,
            _ => body["@id"].as_str().unwrap_or_default(),
        };
        if told != address {
            self.faults.push(format!("{address} calls itself {told}"));
        }
        let faults = self.judge.faults(body);
        self.faults.extend(faults.into_iter().map(|fault| format!("{address}: {fault}")));
        let links = self.links_of(body);
        self.links(body, &links);
        self.operations(address, body);
        if body["@type"] == "Collection" {
            let class = body["rdf:type"]["@id"].as_str().unwrap_or_default();
            self.met.insert(class.trim_start_matches("vocab:").to_owned());
            self.members.extend(body["member"].as_array().expect("members").iter().cloned());
            if !address.contains('?') {
                // The same in small pages, so that neighbours are followed as well.
                self.waiting.push_back((format!("{address}?pageSize=1"), Lead::Resource));
            }
        }
    }

    /// Terms of the document's context whose values are addresses: links, and other URIs.
    fn links_of(&mut self, body: &Value) -> Map<String, Value> {
        let name = body["@context"].as_str().expect("a context").to_owned();
        let client = self.client.with_key(None);
        let context =
            self.contexts.entry(name.clone()).or_insert_with(|| client.get(&name).expect(200).body);
        context["@context"].as_object().expect("terms").clone()
    }

    fn links(&mut self, body: &Value, terms: &Map<String, Value>) {
        let mut found = Vec::new();
        walk(body, &mut |node| {
            let class = node.get("@type").and_then(Value::as_str).unwrap_or_default();
            if node.contains_key("hydra:method") || class.starts_with("IriTemplate") {
                return;
            }
            self.met.insert(class.to_owned());
            for (key, value) in node.iter().filter(|(key, _)| *key != "search") {
                self.met.insert(format!("{class}/{key}"));
                let coercion = terms.get(key).and_then(|term| term["@type"].as_str());
                let lead = match (key.as_str(), coercion) {
                    ("@id", _) if class != "PartialCollectionView" => Lead::Resource,
                    (_, Some("@id")) => self.lead(class, key),
                    // A stream of events does not end, and uploads are sent and not read.
                    ("events" | "uploads", Some("xsd:anyURI")) => continue,
                    ("infoJson" | "imageService", _) if is_protected(node) => Lead::Protected,
                    (_, Some("xsd:anyURI")) => Lead::File,
                    _ => continue,
                };
                let values = value.as_array().map_or(std::slice::from_ref(value), |a| a);
                let own = values.iter().filter_map(Value::as_str);
                let own = own.filter(|iri| iri.starts_with(&format!("{}/", self.client.base)));
                found.extend(own.map(|iri| (iri.to_owned(), lead)));
            }
        });
        self.waiting.extend(found);
    }

    /// What a link of a class leads to.
    fn lead(&self, class: &str, term: &str) -> Lead {
        let id = format!("vocab:{class}/{term}");
        let mut lead = Lead::Resource;
        walk(&self.vocabulary, &mut |node| {
            if node.get("@id").and_then(Value::as_str) == Some(&id) && node.contains_key("range") {
                let operations = node.get("supportedOperation").and_then(Value::as_array);
                let mut methods = operations.into_iter().flatten().map(|o| &o["method"]).peekable();
                if methods.peek().is_some() && methods.all(|method| method != "GET") {
                    lead = Lead::Action;
                } else if node["range"][0] == "hydra:Resource" {
                    lead = Lead::List;
                }
            }
        });
        lead
    }

    /// Whether inline operations are offered at the address, and what is offered is described.
    fn operations(&mut self, address: &str, body: &Value) {
        let answer = self.client.send(self.client.request(Method::OPTIONS, address));
        let allow = answer.expect(204).header("allow").unwrap_or_default().to_owned();
        let allow: BTreeSet<&str> = allow.split(", ").collect();
        let class = match body["rdf:type"]["@id"].as_str() {
            Some(collection) => collection.to_owned(),
            None => format!("vocab:{}", body["@type"].as_str().unwrap_or_default()),
        };
        let classes = self.vocabulary["supportedClass"].as_array().into_iter().flatten();
        let described = classes.filter(|c| c["@id"] == class.as_str());
        let described: BTreeSet<&str> = described
            .flat_map(|c| c["supportedOperation"].as_array().into_iter().flatten())
            .filter_map(|o| o["method"].as_str())
            .chain(["HEAD", "OPTIONS"])
            .collect();
        let inline = body["hydra:operation"].as_array().into_iter().flatten();
        let inline: BTreeSet<&str> = inline.filter_map(|o| o["hydra:method"].as_str()).collect();
        if !allow.is_subset(&described) || !inline.is_subset(&allow) {
            let told = format!("{inline:?} inline, {allow:?} allowed, {described:?} described");
            self.faults.push(format!("{address}: {told}"));
        }
    }
}
