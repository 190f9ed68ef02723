//! What search templates advertise, tried on every collection there is: each filter and each order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use hydria::web::described::described;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::linked_data::{Crawl, Judge, with_a_large_stack};
use crate::support::{Answer, Client, Library};

/// What is found with one parameter more.
fn asked(client: &Client, collection: &str, name: &str, value: &str) -> Answer {
    let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
    let answer = client.get(&format!("{collection}?{name}={value}&pageSize=500")).expect(200);
    assert_eq!(answer.id(), format!("{collection}?{name}={value}"));
    answer
}

fn ids(members: &[Value]) -> Vec<&str> {
    members.iter().map(|member| member["@id"].as_str().expect("an address")).collect()
}

/// The values that a member of a collection holds under a name, as a query says them.
fn values(member: &Value, name: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    match member.get(name) {
        Some(Value::Array(values)) => values.iter().map(text).collect(),
        Some(value) => vec![text(value)],
        None => Vec::new(),
    }
}

/// Values as PostgreSQL orders them: numbers by size, what is absent last, links by their last segment.
fn compared(one: &Value, other: &Value, name: &str) -> Ordering {
    match (one.get(name), other.get(name)) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Greater,
        (_, None) => Ordering::Less,
        (Some(Value::Number(one)), Some(Value::Number(other))) => one.as_i64().cmp(&other.as_i64()),
        (Some(one), Some(other)) => {
            let last = |value: &Value| {
                let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                let last = text.rsplit('/').next().unwrap_or_default().to_owned();
                last.parse::<i64>().map_or((0, text), |number| (number, String::new()))
            };
            last(one).cmp(&last(other))
        }
    }
}

/// More than one of most things, so that an order can be wrong.
fn library() -> Library {
    let library = Library::new();
    let owner = &library.owner;
    let post = |below: &str, body: Value| {
        owner.client.post(&owner.path(below), &body).expect(201);
    };
    library.app.customer("another");
    post("/keys", json!({}));
    post(
        "/portalUsers",
        json!({ "email": "Anna@example.org", "password": "long enough", "enabled": false }),
    );
    post("/namedQueries", json!({ "name": "a-query", "template": "n1=p1" }));
    post(
        "/originStrategies",
        json!({ "regex": "^a", "originStrategy": "basic_https", "order": 0 }),
    );
    post(
        "/authServices/login/nestedServices",
        json!({ "name": "logout-2", "label": "a", "timeToLive": 3 }),
    );
    post("/roles", json!({ "name": "a name", "label": "z", "authService": "clickthrough" }));
    post(
        "/spaces",
        json!({ "name": "atlas, & + ümläut", "defaultMaxUnauthorised": 200,
                             "defaultRequiredStatement": "b", "defaultRights": "https://example.org/b" }),
    );
    let space = owner.space("books");
    let image = |id: &str, s: &str, n: i64| {
        json!({ "id": id, "space": space, "origin": "http://127.0.0.1:1/x", "tags": ["a map", "red"],
                "string1": s, "string2": "ä & b", "number1": n, "number2": -n + 9, "roles": ["staff"],
                "mediaType": "image/tiff", "maxUnauthorised": n, "label": format!("Plate {s}"),
                "requiredStatement": s, "rights": format!("https://example.org/{s}") })
    };
    let batch = owner.submit(&[image("z", "alpha", 3), image("y", "beta", 1)]).expect(201).id();
    owner.finished(&batch);
    library.app.administrator.post("/storagePolicies", &json!({ "id": "a" })).expect(201);
    library
}

/// Addresses of all collections that a caller comes to, with the class of each.
fn collections(client: &Client, judge: &Judge) -> Vec<(String, String)> {
    let mut crawl = Crawl::new(client, judge);
    crawl.run();
    assert!(crawl.faults.is_empty(), "{}", crawl.faults.join("\n"));
    let found = crawl
        .seen
        .into_iter()
        .filter(|(address, body)| body["@type"] == "Collection" && !address.contains('?'));
    found
        .map(|(address, body)| {
            let class = body["rdf:type"]["@id"].as_str().expect("a class");
            (address, class.trim_start_matches("vocab:").to_owned())
        })
        .collect()
}

#[test]
fn every_filter_and_every_order_that_a_template_tells_of_works() {
    with_a_large_stack(|| {
        let library = library();
        let client = &library.app.administrator;
        let judge = Judge::of(&library.app);
        let described = described().collections;
        let mut met = BTreeSet::new();
        for (address, class) in collections(client, &judge) {
            let doc = described.iter().find(|c| c.name == class).expect("a collection");
            let whole = client.get(&format!("{address}?pageSize=500")).expect(200);
            let (body, members) = (&whole.body, whole.members());
            let template = body["search"]["template"].as_str();
            let template = template.or(body["search"]["hydra:template"].as_str()).expect("one");
            let mapped: Vec<&str> = body["search"]["mapping"]
                .as_array()
                .expect("a mapping")
                .iter()
                .map(|m| m["variable"].as_str().expect("a variable"))
                .collect();
            assert_eq!(template, format!("{address}{{?{}}}", mapped.join(",")));
            let ends = ["orderBy", "orderByDescending", "page", "pageSize", "pageKey"];
            assert!(mapped.ends_with(&ends), "{address}: {mapped:?}");
            for name in mapped.iter().filter(|name| !ends.contains(name) && **name != "q") {
                let is_tried = match Bound::of(name) {
                    Some(bound) => bounded(client, &address, name, bound, &members),
                    None => filtered(client, &address, name, &members),
                };
                met.extend(is_tried.then(|| format!("{class} {name}")));
            }
            assert!(!doc.orderable.is_empty(), "{class} has no order");
            for by in doc.orderable {
                met.extend(
                    in_order(client, &address, by, &members).then(|| format!("{class} {by}")),
                );
            }
            for wrong in [
                "orderBy=nonsense",
                "orderByDescending=@id",
                "page=x",
                "pageSize=1e3",
                "orderBy=id&orderByDescending=id",
            ] {
                client.get(&format!("{address}?{wrong}")).expect(400);
            }
            let ignored =
                client.get(&format!("{address}?nonsense=%FF&order%5Bid%5D=asc&pageSize=500"));
            assert_eq!(ignored.expect(200).members(), members, "{address}");
            let paged = client.get(&format!("{address}?itemsPerPage=1&page=1")).expect(200);
            assert_eq!(paged.members().len(), members.len().min(1), "{address}");
        }
        let told: BTreeSet<String> = described
            .iter()
            .flat_map(|c| {
                let filters = c.filters.iter().map(|v| v.name).filter(|name| *name != "q");
                filters.chain(c.orderable.iter().copied()).map(|name| format!("{} {name}", c.name))
            })
            .collect();
        let untried: Vec<_> = told.difference(&met).collect();
        assert!(untried.is_empty(), "nowhere tried: {untried:?}");
    });
}

/// A filter that asks for more than that a member has a value.
#[derive(Clone, Copy)]
enum Bound {
    /// Whether there is an error.
    Failed,
    Flag,
    Begins(&'static str),
    /// From a value on.
    From(&'static str),
    /// Below a value.
    Below(&'static str),
    /// Bytes of the original, at least or at most, which the storage of an image tells.
    Size(Ordering),
}

impl Bound {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "error" => Self::Failed,
            "ingesting" => Self::Flag,
            "string1Prefix" => Self::Begins("string1"),
            "string2Prefix" => Self::Begins("string2"),
            "string3Prefix" => Self::Begins("string3"),
            "createdAfter" => Self::From("created"),
            "createdBefore" => Self::Below("created"),
            "finishedAfter" => Self::From("finished"),
            "finishedBefore" => Self::Below("finished"),
            "minWidth" => Self::From("width"),
            "minHeight" => Self::From("height"),
            "minSize" => Self::Size(Ordering::Greater),
            "maxSize" => Self::Size(Ordering::Less),
            _ => return None,
        })
    }

    /// The values that are tried, with one that nothing meets first, where there is such.
    fn values(self, client: &Client, members: &[Value]) -> Vec<String> {
        let of = |name: &str| members.iter().flat_map(|m| values(m, name)).collect::<Vec<_>>();
        match self {
            Self::Failed | Self::Flag => vec!["true".into(), "false".into()],
            Self::Begins(name) => {
                let begin = |text: &String| text.chars().take(2).collect::<String>();
                let begins = of(name).iter().map(begin).filter(|text| !text.is_empty()).collect();
                [vec!["nothing of it".to_owned()], begins].concat()
            }
            Self::From("width" | "height") => [vec!["999999".to_owned()], of("width")].concat(),
            Self::From(name) => [vec!["2999-01-01".to_owned()], of(name)].concat(),
            Self::Below(name) => [vec!["1999-01-01".to_owned()], of(name)].concat(),
            Self::Size(_) => {
                let sizes = members.iter().filter_map(|m| size(client, m)).map(|n| n.to_string());
                ["0", "99999999"].map(ToOwned::to_owned).into_iter().chain(sizes).collect()
            }
        }
    }

    fn is_met(self, client: &Client, member: &Value, value: &str) -> bool {
        let text = |name: &str| member[name].as_str().unwrap_or_default().to_owned();
        let moment = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
        let day = |text: &str| moment(&format!("{text}T00:00:00Z")).or_else(|| moment(text));
        match self {
            Self::Failed => (!text("error").is_empty()).to_string() == value,
            Self::Flag => member["ingesting"] == (value == "true"),
            Self::Begins(name) => text(name).starts_with(value),
            Self::From(name @ ("width" | "height")) => {
                member[name].as_i64() >= value.parse().ok() && member[name].is_i64()
            }
            Self::From(name) => moment(&text(name)).is_some_and(|m| Some(m) >= day(value)),
            Self::Below(name) => moment(&text(name)).is_some_and(|m| Some(m) < day(value)),
            Self::Size(side) => size(client, member).is_some_and(|size| {
                let order = size.cmp(&value.parse().expect("a number"));
                order == side || order == Ordering::Equal
            }),
        }
    }
}

/// Bytes of the original of an image, once it is processed.
fn size(client: &Client, image: &Value) -> Option<i64> {
    let storage = image.get("storage")?.as_str().expect("an address");
    Some(client.get(storage).expect(200).number("size"))
}

/// Tries a filter that compares, with values that members have.
fn bounded(client: &Client, address: &str, name: &str, bound: Bound, members: &[Value]) -> bool {
    let values: BTreeSet<String> = bound.values(client, members).into_iter().collect();
    for value in &values {
        let found = asked(client, address, name, value);
        let held = members.iter().filter(|m| bound.is_met(client, m, value)).cloned();
        let held: Vec<Value> = held.collect();
        assert_eq!(ids(&found.members()), ids(&held), "{address}?{name}={value}");
        assert_eq!(found.number("totalItems"), i64::try_from(held.len()).expect("few"));
    }
    !values.is_empty()
}

/// Tries a filter with every value that a member holds, and with one that none does.
fn filtered(client: &Client, address: &str, name: &str, members: &[Value]) -> bool {
    let wanted: BTreeSet<String> = members.iter().flat_map(|m| values(m, name)).collect();
    for value in wanted.iter().filter(|value| !value.is_empty() && !value.contains(',')) {
        let found = asked(client, address, name, value);
        let held = members.iter().filter(|m| values(m, name).contains(value)).cloned();
        let held: Vec<Value> = held.collect();
        assert_eq!(ids(&found.members()), ids(&held), "{address}?{name}={value}");
        assert_eq!(found.number("totalItems"), i64::try_from(held.len()).expect("few"));
    }
    let none = if name.starts_with("number") || name == "space" { "987654" } else { "urn:nothing" };
    assert_eq!(asked(client, address, name, none).number("totalItems"), 0, "{address}?{name}");
    true
}

/// Tries an order both ways, also in the other case.
fn in_order(client: &Client, address: &str, by: &str, members: &[Value]) -> bool {
    let up = asked(client, address, "orderBy", &by.to_uppercase()).members();
    let down = asked(client, address, "orderByDescending", by).members();
    let is_sorted = up.is_sorted_by(|a, b| compared(a, b, by) != Ordering::Greater);
    let shown = |of: &[Value]| of.iter().map(|m| m[by].to_string()).collect::<Vec<_>>();
    assert!(is_sorted, "{address}?orderBy={by}: {:?}", shown(&up));
    let turned: Vec<Value> = down.into_iter().rev().collect();
    assert_eq!(ids(&turned), ids(&up), "{address}?orderByDescending={by}");
    let (up, all): (BTreeSet<_>, BTreeSet<_>) =
        (ids(&up).into_iter().collect(), ids(members).into_iter().collect());
    assert_eq!(up, all, "{address}?orderBy={by} loses some");
    true
}
