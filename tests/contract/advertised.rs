//! A client that knows the vocabulary and nothing else carries out every operation there is.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::linked_data::{Crawl, Judge, with_a_large_stack};
use crate::support::{Answer, Client, Library};

/// The client: the vocabulary, what it found by links, and what it made.
struct Reader<'a> {
    client: &'a Client,
    vocabulary: Value,
    /// Every resource and collection that links led to.
    seen: BTreeMap<String, Value>,
    /// Addresses of what it made, by class.
    made: BTreeMap<String, String>,
    /// IRIs of the operations carried out.
    done: BTreeSet<String>,
    wrong: Vec<String>,
    count: usize,
}

fn text<'v>(of: &'v Value, name: &str) -> &'v str {
    of[name].as_str().unwrap_or_default()
}

fn each<'v>(of: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    of[name].as_array().into_iter().flatten()
}

/// The class of a document, as the vocabulary calls it.
fn class_of(body: &Value) -> String {
    match body["rdf:type"]["@id"].as_str() {
        Some(collection) => collection.to_owned(),
        None => format!("vocab:{}", text(body, "@type")),
    }
}

fn is_kind(operation: &Value, kind: &str) -> bool {
    each(operation, "@type").any(|t| t == kind)
}

impl<'a> Reader<'a> {
    /// One that works for a customer, and looks at nothing of others.
    fn new(client: &'a Client, customer: &str, judge: &'a Judge) -> Self {
        let mut crawl = Crawl::new(client, judge);
        crawl.run();
        assert!(crawl.faults.is_empty(), "{}", crawl.faults.join("\n"));
        let customers = format!("{}/customers/", client.base);
        let own = format!("{}{customer}", client.base);
        let is_own = |address: &str| {
            !address.starts_with(&customers)
                || address == own
                || address.starts_with(&format!("{own}/"))
        };
        let kept = |address: &String, body: &Value| {
            !address.contains('?') && body.get("@id").is_some() && is_own(address)
        };
        Self {
            client,
            vocabulary: client.get("/vocab").expect(200).body,
            seen: crawl.seen.into_iter().filter(|(a, b)| kept(a, b)).collect(),
            made: BTreeMap::new(),
            done: BTreeSet::new(),
            wrong: Vec::new(),
            count: 0,
        }
    }

    fn class(&self, id: &str) -> Value {
        let found = each(&self.vocabulary, "supportedClass").find(|class| class["@id"] == id);
        found.unwrap_or_else(|| panic!("{id} is not described")).clone()
    }

    /// Every operation of every class and of every link, by its IRI.
    fn operations(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        for class in each(&self.vocabulary, "supportedClass") {
            let links = each(class, "supportedProperty").map(|p| &p["property"]);
            for owner in links.chain([class]) {
                all.extend(
                    each(owner, "supportedOperation").map(|o| (text(o, "@id").into(), o.clone())),
                );
            }
        }
        all
    }

    /// What is given for a property: its example, or any value of its range.
    fn value(&mut self, property: &Value) -> Value {
        self.count += 1;
        let number = self.count;
        let ranges: Vec<&Value> = each(property, "range").collect();
        let last = ranges.last().expect("a range");
        let range = last.as_str().unwrap_or_else(|| text(last, "@id"));
        let one = match (property.get("example"), range) {
            (Some(example), _) => example.clone(),
            (None, "xsd:boolean") => json!(false),
            (None, "xsd:integer" | "xsd:nonNegativeInteger") => json!(1),
            (None, "xsd:anyURI") => json!(format!("https://example.org/{number}")),
            (None, "xsd:string") => json!(format!("a text, number {number}")),
            (None, class) => self.known(class),
        };
        let several = property.get("maxCardinality").is_none() || ranges[0] == "hydra:Collection";
        if several { json!([one]) } else { one }
    }

    /// The address of something of a class.
    fn known(&self, class: &str) -> Value {
        let found = self.seen.iter().find(|(_, body)| class_of(body) == class);
        found.unwrap_or_else(|| panic!("no {class} was seen")).0.as_str().into()
    }

    /// A body of a class; in an update, of what may be left out, where there is such.
    fn body(&mut self, class: &str, update: bool) -> Map<String, Value> {
        let described = self.class(class);
        let writeable: Vec<&Value> =
            each(&described, "supportedProperty").filter(|p| p["writeable"] == true).collect();
        let optional = |p: &&&Value| p["required"] == false;
        let wanted: Vec<&Value> = match update && writeable.iter().any(|p| optional(&p)) {
            true => writeable.iter().filter(optional).copied().collect(),
            false => writeable,
        };
        let wanted: Vec<(String, Value)> =
            wanted.iter().map(|p| (text(p, "title").into(), p["property"].clone())).collect();
        wanted.into_iter().map(|(name, property)| (name, self.value(&property))).collect()
    }

    /// The body that an operation expects; none: it expects nothing.
    fn expected(&mut self, operation: &Value) -> Option<Value> {
        let expects = text(operation, "expects");
        if expects == "owl:Nothing" {
            return None;
        }
        if is_kind(operation, "schema:AddAction") {
            // Something is added that is there already.
            return Some(json!({ "@id": self.known(expects) }));
        }
        let described = self.class(expects);
        if described.get("memberAssertion").is_some() && expects == text(operation, "returns") {
            // What is there is named, and is not what was made, of which more is tried.
            let image = self.known("vocab:Image");
            return Some(json!({ "@type": "Collection", "member": [{ "@id": image }] }));
        }
        if let Some(assertion) = each(&described, "memberAssertion").next() {
            let mut member = self.body(text(assertion, "object"), false);
            // That members name their space is in the words of the queue only: elsewhere it is read-only.
            let image = self.seen.values().find(|body| body["@type"] == "Image").expect("an image");
            member.insert("space".into(), image["space"].clone());
            return Some(json!({ "@type": "Collection", "member": [member] }));
        }
        Some(self.body(expects, text(operation, "method") == "PATCH").into())
    }

    /// Carries out an operation and holds the answer against what is told of it.
    fn carry_out(&mut self, operation: &Value, address: &str) -> Answer {
        let method = Method::from_bytes(text(operation, "method").as_bytes()).expect("a method");
        // What is done to all that a filter matches needs to be told which; the words of the operation say so.
        let by_filter =
            ["/updateAll", "/removeAll"].iter().any(|name| text(operation, "@id").ends_with(name));
        let address = &if by_filter { format!("{address}?all=true") } else { address.to_owned() };
        let request = self.client.request(method.clone(), address);
        let body = self.expected(operation);
        let answer = self.client.send(match &body {
            Some(body) => {
                request.header("Content-Type", "application/ld+json").body(body.to_string())
            }
            None => request,
        });
        let told: Vec<u64> =
            each(operation, "possibleStatus").filter_map(|s| s["statusCode"].as_u64()).collect();
        let asked = format!("{method} {address} {}", body.unwrap_or_default());
        if !told.contains(&answer.status.into()) || answer.status >= 400 {
            self.wrong.push(format!("{asked}: {} {}, not {told:?}", answer.status, answer.body));
        }
        let returns = text(operation, "returns");
        let shown = class_of(&answer.body);
        if !answer.bytes.is_empty() && answer.status < 400 && shown != returns {
            self.wrong.push(format!("{asked}: a {shown}, not {returns}"));
        }
        for header in each(operation, "returnsHeader").filter_map(Value::as_str) {
            let expected = match header {
                "Location" => answer.status == 201,
                "Preference-Applied" => false,
                _ => true,
            };
            if expected && answer.header(header).is_none() {
                self.wrong.push(format!("{asked}: no {header}"));
            }
        }
        self.done.insert(text(operation, "@id").to_owned());
        answer
    }

    /// Carries out an operation of a collection that makes something; keeps the address of what it made.
    fn make(&mut self, operation: &Value, address: &str) {
        let class = text(operation, "returns").to_owned();
        if self.made.contains_key(&class) {
            // What is unique would be taken.
            self.remove(&class);
        }
        let answer = self.carry_out(operation, address);
        if let Some(location) = answer.header("location") {
            self.made.insert(class, location.to_owned());
        }
    }

    fn remove(&mut self, class: &str) {
        let described = self.class(class);
        let remove = each(&described, "supportedOperation").find(|o| o["method"] == "DELETE");
        if let (Some(operation), Some(address)) = (remove, self.made.remove(class)) {
            self.carry_out(operation, &address);
        }
    }

    /// Where something of a class is: what was made, or else what was found.
    fn place(&self, class: &str) -> Option<String> {
        let found = || self.seen.iter().find(|(_, body)| class_of(body) == class);
        self.made.get(class).cloned().or_else(|| found().map(|(address, _)| address.clone()))
    }

    /// Where an operation of a class is tried: at what was made, or where it is offered inline.
    ///
    /// A class tells what it supports at all, an inline operation what may be done there.
    fn place_of(&self, class: &str, operation: &Value) -> Option<String> {
        let offers = |body: &Value| {
            each(body, "hydra:operation").any(|o| o["hydra:method"] == operation["method"])
        };
        let found = || self.seen.iter().find(|(_, body)| class_of(body) == class && offers(body));
        let offered = || found().map(|(address, _)| address.clone());
        self.made.get(class).cloned().or_else(offered).or_else(|| self.place(class))
    }

    /// All operations with this method, at a place of the class that has them.
    fn all(&mut self, method: &str) {
        let classes: Vec<Value> = each(&self.vocabulary, "supportedClass").cloned().collect();
        for class in &classes {
            let id = text(class, "@id");
            let own: Vec<&Value> =
                each(class, "supportedOperation").filter(|o| o["method"] == method).collect();
            for operation in own {
                match self.place_of(id, operation) {
                    Some(address) if method == "POST" => self.make(operation, &address),
                    Some(address) => {
                        self.carry_out(operation, &address);
                    }
                    // What is never shown stands where the words of its class say.
                    None if id == "vocab:Credentials" => {
                        let strategy = self.place("vocab:CustomerOriginStrategy").expect("one");
                        self.carry_out(operation, &format!("{strategy}/credentials"));
                    }
                    None => self.wrong.push(format!("{id} is nowhere, so {operation} is untried")),
                }
            }
        }
    }

    /// Returns where a link of a class leads: of what was made, or of what was found where that has none.
    fn linked(&self, class: &str, link: &str) -> Option<String> {
        let found = self.seen.iter().filter(|(_, body)| class_of(body) == class);
        let mut places = self.made.get(class).into_iter().chain(found.map(|(address, _)| address));
        places.find_map(|place| {
            let shown = self.client.get(place);
            shown.body.get(link).and_then(Value::as_str).map(str::to_owned)
        })
    }

    /// Links with operations of their own, which no class has.
    fn links(&mut self) {
        let classes: Vec<Value> = each(&self.vocabulary, "supportedClass").cloned().collect();
        let of_classes: BTreeSet<String> = classes
            .iter()
            .flat_map(|class| each(class, "supportedOperation").map(|o| text(o, "@id").to_owned()))
            .collect();
        for class in &classes {
            for property in each(class, "supportedProperty") {
                let described = &property["property"];
                for operation in each(described, "supportedOperation") {
                    let mut address = self.linked(text(class, "@id"), text(property, "title"));
                    if text(operation, "@id").ends_with("/deleteImages") {
                        // A customer that was made has no images.
                        let image = self.known("vocab:Image");
                        let customer =
                            image.as_str().and_then(|image| image.split("/spaces/").next());
                        address = customer.map(|customer| format!("{customer}/deleteImages"));
                    }
                    if let (false, Some(address)) =
                        (of_classes.contains(text(operation, "@id")), address)
                    {
                        self.carry_out(operation, &address);
                    }
                }
            }
        }
    }

    /// Inline operations are operations of the class, in the same words.
    fn inline(&mut self) {
        let mut found = 0;
        for (address, body) in &self.seen {
            let described = self.class(&class_of(body));
            for inline in each(body, "hydra:operation") {
                found += 1;
                let same = each(&described, "supportedOperation").find(|o| {
                    o["method"] == inline["hydra:method"]
                        && o["title"] == inline["hydra:title"]
                        && o["returns"] == inline["hydra:returns"]["@id"]
                        && inline["hydra:expects"]["@id"].as_str().unwrap_or("owl:Nothing")
                            == text(o, "expects")
                });
                let types = inline["@type"].as_array().map_or(0, Vec::len);
                let same = same.filter(|same| same["@type"][1] == inline["@type"][1] && types == 2);
                if same.is_none() || inline.get("@id").is_some() {
                    self.wrong.push(format!("{address} offers {inline}"));
                }
            }
        }
        assert!(found > 50, "only {found} inline operations");
    }
}

#[test]
fn every_operation_that_is_advertised_is_carried_out() {
    with_a_large_stack(|| {
        let library = Library::with(&[("HYDRIA_WAIT_SECONDS", "0")]);
        let judge = Judge::of(&library.app);
        let mut reader = Reader::new(&library.app.administrator, &library.owner.path(""), &judge);
        reader.inline();
        for method in ["GET", "POST", "PUT", "PATCH"] {
            reader.all(method);
        }
        reader.links();
        reader.all("DELETE");
        let advertised: BTreeSet<String> = reader.operations().into_keys().collect();
        let untried: Vec<_> = advertised.difference(&reader.done).collect();
        assert!(reader.wrong.is_empty(), "{}", reader.wrong.join("\n"));
        assert!(untried.is_empty(), "untried: {untried:#?}");
    });
}
