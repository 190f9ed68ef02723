//! Who may enter where: every mounted address and method, tried by those who may not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use diesel::sql_types::Text;
use hydria::resource::Site;
use hydria::resource::anchors::Anchors;
use hydria::secrets::{Secret, Secrets};
use hydria::web::router::Router;
use reqwest::Method;
use serde_json::json;

use super::families::{FAMILIES, family};
use super::world::World;
use crate::support::{Answer, App, Client};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/// Every mounted template, with the methods it answers.
fn mounted() -> BTreeMap<String, BTreeSet<&'static str>> {
    let site = Arc::new(Site {
        base: "http://localhost".into(),
        batch_limit: 1,
        secrets: Secrets::derived(&Secret::new("of a test")),
        webhook_allow: hydria::origins::Allowed::default(),
        s3_ambient: hydria::origins::Ambient::default(),
        anchors: Anchors::default(),
    });
    let router = Router::of_classes(&site);
    let found: BTreeMap<_, BTreeSet<_>> = router
        .routes()
        .map(|route| (route.template.clone(), route.allow().iter().copied().collect()))
        .collect();
    assert!(found.len() > 40, "only {} addresses are mounted", found.len());
    found
}

/// Last segments of something that the owner has, by the variable that stands for it.
fn held(world: &World) -> BTreeMap<String, String> {
    let mut values = BTreeMap::from([
        ("{space}".to_owned(), world.space.to_string()),
        ("{batch}".to_owned(), last(&world.batch())),
        ("{key}".to_owned(), world.owner.key.clone()),
        ("{portal_role}".to_owned(), "admin".to_owned()),
        ("{thumbnail_policy}".to_owned(), "default".to_owned()),
        ("{image_optimisation_policy}".to_owned(), "fast-higher".to_owned()),
    ]);
    for family in FAMILIES.iter().filter(|f| f.class != "Space") {
        let snake: String = family
            .variable
            .chars()
            .flat_map(|c| {
                let upper = c.is_ascii_uppercase();
                upper.then_some('_').into_iter().chain([c.to_ascii_lowercase()])
            })
            .collect();
        values.insert(snake, last(&world.made(family).0));
    }
    let webhook = json!({ "id": "hook", "url": "https://example.org/changes", "enabled": false });
    world.owner.client.post(&world.owner.path("/webhooks"), &webhook).expect(201);
    crate::support::rows::execute(
        &mut world.app.database(),
        "INSERT INTO webhook_deliveries (customer, webhook, id, message, status, duration) \
         SELECT customer, id, 1, 'msg_1', 204, 7 FROM webhooks",
    );
    crate::support::rows::execute(
        &mut world.app.database(),
        "INSERT INTO bulk_jobs (customer, id, space, action, query, count) \
         SELECT customer, 1, id, 'delete', '', 3 FROM spaces ORDER BY customer LIMIT 1",
    );
    values.insert("{job}".to_owned(), "1".to_owned());
    let changes = world.owner.client.get(&world.owner.path("/changes")).expect(200);
    values.insert("{change}".to_owned(), changes.each("version")[0].clone());
    values.insert("{webhook}".to_owned(), "hook".to_owned());
    values.insert("{delivery}".to_owned(), "1".to_owned());
    let service = world.owner.path(&format!("/authServices/{}", values["{auth_service}"]));
    world.owner.client.put(&format!("{service}/roleProvider"), &json!({})).expect(201);
    values
}

fn last(path: &str) -> String {
    path.rsplit('/').next().expect("a segment").to_owned()
}

fn fill(template: &str, customer: &str, values: &BTreeMap<String, String>) -> String {
    let segment = |part: &str| match part {
        "{customer}" => customer.to_owned(),
        part if part.starts_with('{') => values[part].clone(),
        part => part.to_owned(),
    };
    template.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn send(client: &Client, method: &str, path: &str) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = client.request(method.clone(), path);
    client.send(match method {
        Method::POST | Method::PUT | Method::PATCH => {
            let body = json!({ "name": "taken-over", "label": "taken over", "template": "s1=p1" });
            request.header("Content-Type", "application/ld+json").body(body.to_string())
        }
        _ => request,
    })
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

/// Every row of every table, as text.
fn rows(app: &App) -> BTreeMap<String, Vec<String>> {
    let mut conn = app.database();
    let mut load = |sql: &str| -> Vec<String> {
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut conn).expect("rows");
        rows.into_iter().map(|row| row.text).collect()
    };
    let tables = load(
        "SELECT tablename::text AS text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    );
    assert!(tables.len() > 20, "{tables:?}");
    tables
        .into_iter()
        .map(|table| {
            let rows = load(&format!("SELECT t::text AS text FROM \"{table}\" t ORDER BY 1"));
            (table, rows)
        })
        .collect()
}

/// Callers without a key that is valid, each with what it is.
fn without_a_key(world: &World) -> [(&'static str, Client); 3] {
    let visitor = &world.app.visitor;
    [
        ("no key", visitor.clone()),
        ("a wrong secret", visitor.with_key(Some((&world.owner.key, "guessed")))),
        ("an unknown key", visitor.with_key(Some(("nobody", "guessed")))),
    ]
}

#[test]
fn nobody_enters_below_another_customer_by_any_address_or_method() {
    let world = World::new();
    let values = held(&world);
    let before = rows(&world.app);
    let own = world.owner.id.to_string();
    let mut wrong = Vec::new();
    let mut judge = |who: &str, method: &str, path: &str, is: u16, wanted: u16| {
        if is != wanted {
            wrong.push(format!("{method} {path} with {who}: {is}, not {wanted}"));
        }
    };
    let mut paths: Vec<String> = Vec::new();
    for template in mounted().keys().filter(|t| t.starts_with("/customers/{customer}")) {
        for customer in [own.as_str(), "999999", "abc", "007", "%61"] {
            paths.push(fill(template, customer, &values));
        }
    }
    for beyond in ["/nonsense", "/", "/spaces/", "/spaces/999999", "/spaces/abc/images/x"] {
        paths.push(format!("/customers/{own}{beyond}"));
        paths.push(format!("/customers/999999{beyond}"));
    }
    for path in &paths {
        // Whatever the method, and whether or not it is offered there.
        for method in METHODS {
            let stranger = send(&world.stranger.client, method, path).status;
            judge("another's key", method, path, stranger, 403);
            for (who, client) in without_a_key(&world) {
                judge(who, method, path, send(&client, method, path).status, 401);
            }
        }
        judge(
            "another's key",
            "OPTIONS",
            path,
            send(&world.stranger.client, "OPTIONS", path).status,
            403,
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(rows(&world.app), before, "something changed");
}

#[test]
fn what_is_nobodys_is_open_to_look_at_and_for_administrators_to_change() {
    let world = World::new();
    let values = held(&world);
    let before = rows(&world.app);
    let mut wrong = Vec::new();
    // What stands here at the root is the system's, and not the customer's of that id.
    let values = BTreeMap::from([("{origin_strategy}".to_owned(), "default".to_owned())])
        .into_iter()
        .chain(values.into_iter().filter(|(name, _)| name != "{origin_strategy}"))
        .collect();
    for (template, methods) in
        mounted().iter().filter(|(t, _)| !t.starts_with("/customers/{customer}"))
    {
        let path = fill(template, "", &values);
        let reads_need_a_key = path == "/customers";
        for method in methods.iter().copied().filter(|method| *method != "OPTIONS") {
            let looks = matches!(method, "GET" | "HEAD");
            let open = if looks && !reads_need_a_key { 200 } else { 401 };
            let [visitor, wrong_secret, unknown] =
                without_a_key(&world).map(|(_, client)| send(&client, method, &path).status);
            let customer = send(&world.owner.client, method, &path).status;
            let told = [visitor, wrong_secret, unknown, customer];
            let wanted = [open, 401, 401, if looks { 200 } else { 403 }];
            if told != wanted {
                wrong.push(format!("{method} {path}: {told:?}, not {wanted:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(rows(&world.app), before, "something changed");
}

#[test]
fn options_answers_everybody_at_every_address_with_the_methods_it_has() {
    let world = World::new();
    let values = held(&world);
    let own = world.owner.id.to_string();
    for (template, methods) in mounted() {
        let path = fill(&template, &own, &values);
        let answer = send(&world.app.visitor, "OPTIONS", &path).expect(204);
        let allow = answer.header("allow").unwrap_or_default().to_owned();
        let told: BTreeSet<&str> = allow.split(", ").collect();
        assert_eq!(told, methods, "{path}");
        assert!(answer.bytes.is_empty() && answer.header("content-type").is_none(), "{path}");
        let any = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
        assert_eq!(answer.header("access-control-allow-methods"), Some(any), "{path}");
    }
}

#[test]
fn every_other_method_is_refused_with_those_that_are_there() {
    let world = World::new();
    let values = held(&world);
    let own = world.owner.id.to_string();
    let before = rows(&world.app);
    for (template, methods) in mounted() {
        let path = fill(&template, &own, &values);
        for method in METHODS.into_iter().filter(|method| !methods.contains(method)) {
            let answer = send(&world.app.administrator, method, &path).expect(405);
            let allow: BTreeSet<&str> =
                answer.header("allow").unwrap_or_default().split(", ").collect();
            assert_eq!(allow, methods, "{method} {path}");
        }
        let mut slashed = path.clone();
        slashed.push('/');
        if path != "/" {
            send(&world.app.administrator, "GET", &slashed).expect(404);
        }
    }
    assert_eq!(rows(&world.app), before, "something changed");
}

#[test]
fn a_customer_sees_itself_alone_and_an_administrator_all() {
    let world = World::new();
    let seen = |client: &Client| client.get("/customers").expect(200).each("name");
    assert_eq!(seen(&world.owner.client), ["library"]);
    assert_eq!(seen(&world.stranger.client), ["stranger"]);
    let all = seen(&world.app.administrator);
    assert!(all.len() >= 3 && all.contains(&"library".into()), "{all:?}");
    for nobody in ["999999", "abc", "007", "0"] {
        world.app.administrator.get(&format!("/customers/{nobody}")).expect(404);
        world.app.administrator.get(&format!("/customers/{nobody}/spaces")).expect(404);
    }
    let (role, _) = world.made(family("Role"));
    world.app.administrator.get(&role).expect(200);
}

#[test]
fn wrong_credentials_are_told_at_open_addresses_too() {
    let world = World::new();
    let key = format!("{}:wrong", world.owner.key);
    for path in ["/", "/vocab", "/openapi.json", "/healthz"] {
        for authorization in
            [format!("Basic {}", STANDARD.encode(&key)), "Bearer x".into(), "x".into()]
        {
            for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::DELETE] {
                let request = world.app.visitor.request(method.clone(), path);
                let answer =
                    world.app.visitor.send(request.header("Authorization", &authorization));
                assert_eq!(answer.status, 401, "{method} {path} {authorization}");
            }
        }
        world.owner.client.get(path).expect(200);
    }
}
