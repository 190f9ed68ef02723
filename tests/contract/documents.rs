//! The published contexts, and every property of every class, held against what is served.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use diesel::RunQueryDsl as _;
use hydria::cli::DEFAULT_BASE;
use hydria::cli::serve::Options;
use hydria::web::documents::Documents;
use serde_json::{Value, json};

use super::families::family;
use super::world::World;
use crate::support::App;

fn committed() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contexts");
    fs::read_dir(folder)
        .expect("the folder of contexts")
        .flatten()
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a context"))
        })
        .collect()
}

#[test]
fn the_committed_contexts_are_those_that_the_tables_make() {
    let made = Documents::new(DEFAULT_BASE).contexts.into_iter();
    let made = made.map(|(name, document)| (name, document.body.to_vec())).collect();
    let committed = committed();
    let names = |of: &BTreeMap<String, Vec<u8>>| of.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&committed), names(&made), "run `hydria contexts`");
    for (name, bytes) in &made {
        assert!(committed[name] == *bytes, "contexts/{name} differs; run `hydria contexts`");
    }
}

#[test]
fn the_committed_description_and_pages_are_those_that_the_tables_make() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/api");
    let committed: BTreeSet<String> = fs::read_dir(&folder)
        .expect("the folder of pages")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let made = hydria::cli::described();
    assert_eq!(committed, made.keys().cloned().collect(), "run `hydria contexts`");
    for (name, bytes) in &made {
        let committed = fs::read(folder.join(name)).expect("a page");
        assert!(committed == *bytes, "docs/api/{name} differs; run `hydria contexts`");
    }
}

#[test]
fn the_committed_contexts_are_served_byte_for_byte_at_the_default_address() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_PUBLIC_URL", DEFAULT_BASE)], options);
    for (name, bytes) in committed() {
        let answer = app.visitor.get(&format!("/contexts/{name}")).expect(200);
        assert!(answer.bytes == bytes, "{name}");
        assert_eq!(answer.header("content-type"), Some("application/ld+json"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    app.visitor.get("/contexts/Nothing.jsonld").expect(404);
}

#[test]
fn a_server_elsewhere_serves_the_same_contexts_with_its_own_base() {
    let app = App::without_workers();
    for (name, bytes) in committed() {
        let served = app.visitor.get(&format!("/contexts/{name}")).expect(200).bytes;
        let text = String::from_utf8(bytes).expect("text").replace(DEFAULT_BASE, &app.base);
        assert_eq!(String::from_utf8(served).expect("text"), text, "{name}");
    }
}

#[test]
fn a_context_gives_no_iri_two_names_and_refers_to_nothing_elsewhere() {
    for (name, bytes) in committed() {
        let context: Value = serde_json::from_slice(&bytes).expect("JSON");
        let mut seen = BTreeMap::new();
        for (term, definition) in context["@context"].as_object().expect("terms") {
            let iri = definition["@id"].as_str().or(definition.as_str()).expect("an IRI");
            let whole = match iri.split_once(':') {
                Some((prefix, rest)) if !rest.starts_with("//") => {
                    format!("{}{rest}", context["@context"][prefix].as_str().expect("a prefix"))
                }
                _ => iri.to_owned(),
            };
            assert!(whole.starts_with("http"), "{name}: {term} is {whole}");
            let other = seen.insert(whole, term);
            assert!(other.is_none(), "{name}: {term} and {other:?} mean the same");
            for key in super::world::names(definition) {
                // What JSON-LD 1.0 knows, and no more.
                assert!(["@id", "@type", "@container"].contains(&key), "{name}: {term} has {key}");
            }
        }
        assert_eq!(super::world::names(&context), ["@context"], "{name}");
    }
}

/// One line a property; the file says how to read it.
const PROPERTIES: &str = include_str!("../properties.txt");

/// A resource as it is when nothing was said of it but what is required, and that.
fn fresh(world: &World, class: &str) -> (Value, Value) {
    let (owner, app) = (&world.owner, &world.app);
    let get = |path: &str| (app.administrator.get(path).expect(200).body, json!({}));
    match class {
        "EntryPoint" => get("/"),
        "Customer" => {
            let given = json!({ "name": "newcomer" });
            (app.administrator.post("/customers", &given).expect(201).body, given)
        }
        "Key" => (owner.client.post(&owner.path("/keys"), &json!({})).expect(201).body, json!({})),
        "PortalRole" => get("/portalRoles/admin"),
        "OriginStrategy" => get("/originStrategies/default"),
        "ThumbnailPolicy" => get("/thumbnailPolicies/default"),
        "ImageOptimisationPolicy" => get("/imageOptimisationPolicies/fast-higher"),
        "RoleProvider" => {
            let path = owner.path("/authServices/clickthrough/roleProvider");
            (owner.client.put(&path, &json!({})).expect(201).body, json!({}))
        }
        // Never shown.
        "Credentials" => (json!({ "@type": class, "@id": "" }), json!({})),
        "SpaceMetadata" => get(&owner.path(&format!("/spaces/{}/metadata", world.space))),
        "Queue" => get(&world.stranger.path("/queue")),
        "PriorityQueue" => get(&world.stranger.path("/queue/priority")),
        "Batch" => get(&world.batch()),
        "BatchTest" => {
            let path = format!("{}/test", world.batch());
            (owner.client.post(&path, &json!({})).expect(200).body, json!({}))
        }
        "Change" => {
            let changes = app.administrator.get(&world.stranger.path("/changes")).expect(200);
            get(&changes.each("@id")[0])
        }
        "Job" => {
            // One that is begun needs a thousand images, so this is said for it.
            diesel::sql_query(
                "INSERT INTO bulk_jobs (customer, space, action, query, count) \
                 SELECT customer, min(id), 'delete', 'string1=a', 3 FROM spaces GROUP BY customer",
            )
            .execute(&mut app.database())
            .expect("a job");
            let jobs = owner.client.get(&owner.path("/jobs")).expect(200);
            get(&jobs.each("@id")[0])
        }
        "Webhook" => {
            let given = json!({ "url": "https://example.org/changes" });
            (owner.client.post(&owner.path("/webhooks"), &given).expect(201).body, given)
        }
        "WebhookDelivery" => {
            // Nothing is sent here, so this is said for it.
            diesel::sql_query(
                "INSERT INTO webhook_deliveries (customer, webhook, message, status, duration) \
                 SELECT customer, id, 'msg_1', 204, 7 FROM webhooks",
            )
            .execute(&mut app.database())
            .expect("a delivery");
            let webhooks = owner.client.get(&owner.path("/webhooks")).expect(200);
            let deliveries = webhooks.each("deliveries").remove(0);
            get(&owner.client.get(&deliveries).expect(200).each("@id")[0])
        }
        "CustomerStorage" => get(&world.stranger.path("/storage")),
        "ImageStorage" => {
            let (path, _) = world.made(family("Image"));
            // Nobody processes images here, so this is said for it.
            diesel::sql_query(
                "INSERT INTO derivatives SELECT customer, space, id, NULL, 0, 0, now() FROM images",
            )
            .execute(&mut app.database())
            .expect("the images count as processed");
            get(&format!("{path}/storage"))
        }
        made => {
            let family = family(made);
            let given = (family.least)(world.number());
            let made = world.writer(family).post(&world.collection(family), &given);
            (made.expect(201).body, given)
        }
    }
}

/// What a new resource shows of a property, in the words of the table.
fn shown(property: &str, resource: &Value, given: &Value, base: &str) -> String {
    const BY_THE_SERVER: [&str; 9] = [
        "id",
        "created",
        "key",
        "secret",
        "submitted",
        "lastCalculated",
        "lastChecked",
        "space",
        "version",
    ];
    let id = resource["@id"].as_str().expect("an address");
    let below = format!("{}/{property}", id.trim_end_matches('/'));
    match resource.get(property) {
        None => "none".into(),
        Some(_) if BY_THE_SERVER.contains(&property) => "server".into(),
        Some(value) if given.get(property).is_some() => {
            let (value, given) = (value.as_str().unwrap_or_default(), &given[property]);
            let given = given.as_str().expect("what is required is a text");
            assert!(value == given || value.ends_with(&format!("/{given}")), "{property}: {value}");
            "given".into()
        }
        Some(Value::String(link)) if *link == below => "below".into(),
        Some(Value::String(link)) if link.starts_with(id) => link.replacen(id, ".", 1),
        Some(value) => value.to_string().replace(base, ""),
    }
}

#[test]
fn every_property_is_there_with_its_range_access_and_default() {
    let world = World::new();
    let vocabulary = world.app.visitor.get("/vocab").expect(200).body;
    let is_collection = |class: &Value| class.get("manages").is_some();
    let is_error = |class: &Value| {
        let parent = class["subClassOf"].as_str().unwrap_or_default();
        parent.ends_with("Error") || class["title"] == "ConstraintViolation"
    };
    let mut lines = Vec::new();
    for class in vocabulary["supportedClass"].as_array().expect("classes") {
        if is_collection(class) || is_error(class) {
            continue;
        }
        let name = class["title"].as_str().expect("a title");
        let (resource, given) = fresh(&world, name);
        assert_eq!(resource["@type"], name);
        for property in class["supportedProperty"].as_array().expect("properties") {
            let term = property["title"].as_str().expect("a title");
            let range = property["property"]["range"].as_array().expect("ranges");
            let last = range.last().expect("a range");
            let range = last.as_str().or(last["@id"].as_str()).expect("a range");
            let access = match (&property["readable"], &property["writable"]) {
                (Value::Bool(true), Value::Bool(true)) => "rw",
                (Value::Bool(true), _) => "r",
                _ => "w",
            };
            let required = if property["required"] == true { "required" } else { "-" };
            let shown = shown(term, &resource, &given, &world.app.base);
            let many = if property["property"].get("maxCardinality").is_none() { "[]" } else { "" };
            lines.push(format!("{name} {term} {range}{many} {access} {required} {shown}"));
        }
        let known: BTreeSet<&str> = class["supportedProperty"]
            .as_array()
            .expect("properties")
            .iter()
            .filter_map(|p| p["title"].as_str())
            .collect();
        for key in super::world::names(&resource) {
            let hydra = key.starts_with('@') || key == "hydra:operation";
            assert!(hydra || known.contains(key), "{name} shows {key}, which it does not have");
        }
    }
    let wanted: Vec<&str> = PROPERTIES.lines().filter(|line| !line.starts_with('#')).collect();
    let lost: Vec<_> = wanted.iter().filter(|w| !lines.iter().any(|l| l == *w)).collect();
    let new: Vec<_> = lines.iter().filter(|l| !wanted.contains(&l.as_str())).collect();
    assert!(lost.is_empty() && new.is_empty(), "not so: {lost:#?}\nbut: {new:#?}");
    assert_eq!(lines.len(), wanted.len(), "a line stands twice");
}
