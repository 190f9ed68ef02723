//! Log-ins of people, what their sessions allow, and what ends them.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use hydria::cli::serve::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, App, Browser, Owner, rows, until};

const SESSION: &str = "/console/session";

impl Owner {
    /// Makes a portal user with these roles; returns its address.
    fn person(&self, id: &str, roles: &[&str]) -> String {
        let path = self.path(&format!("/portalUsers/{id}"));
        let body = json!({ "email": format!("{id}@example.org"), "password": PASSWORD });
        let address = self.client.put(&path, &body).expect(201).id();
        if !roles.is_empty() {
            self.client.post(&format!("{path}/roles"), &json!(roles)).expect(200);
        }
        address
    }

    /// What its key logs in with.
    fn credentials(&self) -> Value {
        json!({ "key": self.key, "secret": self.secret })
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    is_there: bool,
}

#[derive(QueryableByName)]
struct Used {
    #[diesel(sql_type = Text)]
    used: String,
}

const PASSWORD: &str = "open sesame";

fn person(id: &str) -> Value {
    json!({ "email": format!("{id}@example.org"), "password": PASSWORD })
}

/// A browser in which somebody has logged in.
#[track_caller]
fn logged_in(app: &App, credentials: &Value) -> Browser {
    let browser = Browser::new(&app.visitor);
    browser.log_in(credentials).expect(204);
    browser
}

/// Does something to the rows, as another process would.
fn elsewhere(app: &App, sql: &str) {
    diesel::sql_query(sql).execute(&mut app.database()).expect(sql);
}

#[track_caller]
fn is_over(browser: &Browser) {
    browser.get(SESSION).expect(401);
}

/// Waits until this process has found out what another has done.
#[track_caller]
fn ends(browser: &Browser) {
    until("the session to end", || browser.get(SESSION).status == 401);
}

#[test]
fn a_key_logs_in_acts_as_itself_and_logs_out() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let browser = Browser::new(&app.visitor);
    is_over(&browser);
    browser.get(&owner.path("/spaces")).expect(401);
    let answer = browser.log_in(&owner.credentials()).expect(204);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), None, "for pages of its own only");
    let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
    let (value, attributes) = cookie.split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict");
    let token = value.strip_prefix("hydria=").expect("its name");
    assert_eq!(token.len(), 43, "256 bits");

    let told = browser.get(SESSION).expect(200);
    assert_eq!(told.header("cache-control"), Some("no-store"));
    assert_eq!((told.text("kind"), told.text("name")), ("Key".into(), owner.key.clone()));
    assert_eq!(told.text("address"), format!("{}{}/{}", app.base, owner.path("/keys"), owner.key));
    assert_eq!(told.text("customer"), format!("{}{}", app.base, owner.path("")));
    assert_eq!((told.text("customerName"), told.text("role")), ("library".into(), "admin".into()));
    assert_eq!(told.body["administrator"], false);
    let moment = |name: &str| -> chrono::DateTime<chrono::Utc> {
        told.text(name).parse().expect("a moment")
    };
    let now = chrono::Utc::now();
    assert!(moment("idle") > now && moment("idle") <= now + chrono::Duration::minutes(30));
    let expires = moment("expires");
    assert!(expires > now + chrono::Duration::minutes(700), "{}", told.body);
    assert!(expires <= now + chrono::Duration::hours(12), "{}", told.body);

    let spaces = owner.path("/spaces");
    let listed = browser.get(&spaces).expect(200);
    assert!(listed.header("vary").is_some_and(|vary| vary.contains("Cookie")), "{listed:?}");
    browser.post(&spaces, &json!({ "name": "maps" })).expect(201);
    let changes = owner.client.get(&owner.path("/changes")).expect(200);
    assert_eq!(changes.each("actor")[0], told.text("address"), "as the key itself");
    browser.get("/customers/1").expect(403);
    // What is sent beside a cookie counts.
    let basic = [("Authorization", "Basic eDp4"), ("Sec-Fetch-Site", "same-origin")];
    browser.send(Method::GET, &spaces, &basic, None).expect(401);

    // Nothing that is kept opens anything.
    let found: Found = diesel::sql_query(
        "SELECT position($1 IN string_agg(sessions::text, '')) > 0 AS is_there FROM sessions",
    )
    .bind::<Text, _>(token)
    .get_result(&mut app.database())
    .expect("a row");
    assert!(!found.is_there, "the token is kept");

    let held = browser.cookie().expect("a cookie");
    let answer = browser.delete(SESSION).expect(204);
    assert!(answer.header("set-cookie").is_some_and(|c| c.contains("Max-Age=0")), "{answer:?}");
    assert_eq!(browser.cookie(), None);
    browser.keep(&held);
    is_over(&browser);
    browser.get(&spaces).expect(401);
    browser.delete(SESSION).expect(204);
}

#[test]
fn a_page_without_a_script_logs_in_is_led_on_and_logs_out() {
    let app = App::without_workers();
    let owner = app.customer("library");
    owner.person("anna", &["admin"]);
    let browser = Browser::new(&app.visitor);
    let form =
        |target: &str| format!("email=ANNA%40example.org&password=open+sesame&target={target}");
    let headers = [
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Accept", "text/html"),
    ];
    let send = |path: &str, body: String| browser.send(Method::POST, path, &headers, Some(body));
    for wrong in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example", "x"] {
        send(SESSION, form(wrong)).expect(400);
        assert_eq!(browser.cookie(), None, "{wrong}");
    }
    let led = send(SESSION, form("%2Fcustomers%3Fpage%3D2")).expect(303);
    assert_eq!(led.header("location"), Some("/customers?page=2"));
    let told = browser.get(SESSION).expect(200);
    assert_eq!(
        (told.text("kind"), told.text("name")),
        ("PortalUser".into(), "anna@example.org".into())
    );
    assert_eq!(send(SESSION, form("")).expect(303).header("location"), Some("/"));
    let wrong = send(SESSION, "email=anna%40example.org&password=wrong".into()).expect(401);
    assert_eq!(wrong.header("www-authenticate"), Some("Session realm=\"Hydria\""));
    browser.get(SESSION).expect(200);
    let end = format!("{SESSION}/end");
    assert_eq!(send(&end, "target=%2Fvocab".into()).expect(303).header("location"), Some("/vocab"));
    is_over(&browser);
    assert_eq!(browser.ask(Method::POST, &end, None).expect(303).header("location"), Some("/"));
}

#[test]
fn whoever_may_not_log_in_is_told_no_more_than_that() {
    let app = App::without_workers();
    let owner = app.customer("library");
    owner.person("anna", &["admin"]);
    owner.person("nobody", &[]);
    let off = owner.person("off", &["readonly"]);
    owner.client.patch(&off, &json!({ "enabled": false })).expect(205);
    let gone = json!({ "expires": "2099-01-01T00:00:00Z" });
    let gone = owner.client.post(&owner.path("/keys"), &gone).expect(201);
    let gone = json!({ "key": gone.text("key"), "secret": gone.text("secret") });
    elsewhere(&app, "UPDATE keys SET expires = now() WHERE expires IS NOT NULL");
    until("a key to expire", || Browser::new(&app.visitor).log_in(&gone).status == 401);
    let mut told = Vec::new();
    for credentials in [
        json!({ "email": "anna@example.org", "password": "wrong" }),
        json!({ "email": "unknown@example.org", "password": PASSWORD }),
        json!({ "email": "anna@example.org", "password": PASSWORD, "customer": "other" }),
        json!({ "email": "anna@example.org", "password": PASSWORD, "customer": "1" }),
        person("nobody"),
        person("off"),
        gone,
        json!({ "key": owner.key, "secret": "wrong" }),
        json!({ "key": "unknown", "secret": owner.secret }),
        json!({ "key": "anna@example.org", "secret": PASSWORD }),
        json!({ "token": owner.secret }),
    ] {
        let browser = Browser::new(&app.visitor);
        let refused = browser.log_in(&credentials).expect(401);
        assert_eq!(browser.cookie(), None, "{credentials}");
        assert_eq!(refused.header("www-authenticate"), Some("Session realm=\"Hydria\""));
        told.push(refused.text("detail"));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    for (body, faulty) in [
        (json!({}), vec!["email", "password"]),
        (json!({ "email": "anna@example.org" }), vec!["password"]),
        (json!({ "secret": "x" }), vec!["key"]),
        (json!({ "key": "x", "secret": "" }), vec!["secret"]),
        (json!({ "email": 1, "password": "a\u{0}" }), vec!["email", "password"]),
    ] {
        let refused = Browser::new(&app.visitor).log_in(&body).expect(400);
        assert_eq!(refused.faults(), faulty, "{body}");
    }
    let send = |media_type: &str, body: &str| {
        let headers = [("Sec-Fetch-Site", "same-origin"), ("Content-Type", media_type)];
        Browser::new(&app.visitor).send(Method::POST, SESSION, &headers, Some(body.to_owned()))
    };
    send("text/plain", "{}").expect(415);
    send("application/json", "[").expect(400);
    send("application/json", &json!({ "email": "x".repeat(20_000) }).to_string()).expect(413);
    Browser::new(&app.visitor).ask(Method::PUT, SESSION, Some(&json!({}))).expect(405);
}

#[test]
fn portal_roles_decide_what_a_person_may_do() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.path(&format!("/spaces/{}", owner.space("maps")));
    let (anna, rob) = (owner.person("anna", &["admin"]), owner.person("rob", &["readonly"]));
    owner.person("both", &["admin", "readonly"]);
    let hook = json!({ "id": "hook", "url": "https://example.org/changes", "enabled": false });
    owner.client.post(&owner.path("/webhooks"), &hook).expect(201);

    let admin = logged_in(&app, &person("anna"));
    for path in ["", "/keys", "/webhooks", "/portalUsers", "/spaces"] {
        admin.get(&owner.path(path)).expect(200);
    }
    let made = admin.post(&owner.path("/keys"), &json!({ "readOnly": true })).expect(201);
    admin.delete(&made.id()).expect(205);
    admin.patch(&space, &json!({ "name": "other" })).expect(205);
    let changes = owner.client.get(&owner.path("/changes")).expect(200);
    assert_eq!(changes.each("actor")[0], anna, "who did it is the person");
    assert_eq!(logged_in(&app, &person("both")).get(SESSION).expect(200).text("role"), "admin");

    let reader = logged_in(&app, &person("rob"));
    assert_eq!(reader.get(SESSION).expect(200).text("role"), "readonly");
    let customer = reader.get(&owner.path("")).expect(200);
    for hidden in ["keys", "webhooks", "hydra:operation"] {
        assert!(customer.body.get(hidden).is_none(), "{hidden}: {}", customer.body);
    }
    for link in ["portalUsers", "spaces", "allImages", "jobs", "changes", "queue", "storage"] {
        reader.get(&customer.text(link)).expect(200);
    }
    for path in [
        "/keys".to_owned(),
        format!("/keys/{}", owner.key),
        "/keys/none".to_owned(),
        "/webhooks".to_owned(),
        "/webhooks/hook".to_owned(),
        "/webhooks/hook/deliveries".to_owned(),
    ] {
        reader.get(&owner.path(&path)).expect(403);
    }
    let actors = |browser: &Browser| browser.get(&owner.path("/changes")).expect(200).each("actor");
    assert!(actors(&admin).iter().any(|actor| actor.ends_with(&owner.key)), "{:?}", actors(&admin));
    let told = actors(&reader);
    assert!(told.contains(&"key".to_owned()) && told.contains(&anna), "{told:?}");
    assert!(!told.iter().any(|actor| actor.contains("/keys/")), "{told:?}");
    // Of the own account the password may be changed, which its document says, and no other does.
    let offered = |of: &str| reader.get(of).expect(200).body["hydra:operation"].clone();
    assert_eq!(offered(&rob)[0]["hydra:method"], "PATCH");
    assert_eq!((offered(&rob)[1].clone(), offered(&anna)), (Value::Null, Value::Null));
    for refused in [
        reader.post(&owner.path("/spaces"), &json!({ "name": "x" })),
        reader.patch(&space, &json!({ "name": "x" })),
        reader.delete(&space),
        reader.post(&owner.path("/keys"), &json!({})),
        reader.patch(&anna, &json!({ "password": "another one" })),
        reader.patch(&rob, &json!({ "email": "boss@example.org" })),
        reader.patch(&rob, &json!({ "enabled": false })),
        reader.post(&format!("{rob}/roles"), &json!(["admin"])),
        reader.delete(&rob),
    ] {
        refused.expect(403);
    }
    reader.get("/customers/1").expect(403);
}

#[test]
fn people_change_their_own_password_and_an_administrator_sets_a_new_one() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let (anna, rob) = (owner.person("anna", &["admin"]), owner.person("rob", &["readonly"]));
    for (id, address) in [("anna", &anna), ("rob", &rob)] {
        let browser = logged_in(&app, &person(id));
        let other = logged_in(&app, &person(id));
        let new = "another one";
        for (body, fault) in [
            (json!({ "password": new }), "currentPassword"),
            (json!({ "password": new, "currentPassword": "wrong" }), "currentPassword"),
            (json!({ "password": "short", "currentPassword": PASSWORD }), "password"),
        ] {
            assert_eq!(browser.patch(address, &body).expect(400).faults(), [fault], "{id}");
        }
        let body = json!({ "password": new, "currentPassword": PASSWORD });
        browser.patch(address, &body).expect(205);
        is_over(&browser);
        is_over(&other);
        Browser::new(&app.visitor).log_in(&person(id)).expect(401);
        let email = format!("{id}@example.org");
        logged_in(&app, &json!({ "email": email, "password": new }));
    }
    owner.client.patch(&rob, &json!({ "password": PASSWORD })).expect(205);
    logged_in(&app, &person("rob"));
    let admin = logged_in(&app, &json!({ "email": "anna@example.org", "password": "another one" }));
    admin.patch(&rob, &json!({ "password": "a third one" })).expect(205);
    logged_in(&app, &json!({ "email": "rob@example.org", "password": "a third one" }));
    admin.get(SESSION).expect(200);
}

#[test]
fn a_session_ends_with_what_it_stands_on() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let anna = owner.person("anna", &["admin"]);
    let ended = |act: &dyn Fn() -> Answer| {
        let browser = logged_in(&app, &person("anna"));
        browser.get(&owner.path("")).expect(200);
        let status = act().status;
        assert!(status == 205 || status == 200, "{status}");
        is_over(&browser);
        browser.get(&owner.path("")).expect(401);
    };
    let client = &owner.client;
    ended(&|| client.patch(&anna, &json!({ "password": PASSWORD })));
    ended(&|| client.post(&format!("{anna}/roles"), &json!(["readonly"])));
    ended(&|| client.post(&format!("{anna}/roles"), &json!(["admin"])));
    ended(&|| client.patch(&anna, &json!({ "enabled": false })));
    client.patch(&anna, &json!({ "enabled": true })).expect(205);
    // What says nothing of log-ins ends none.
    let browser = logged_in(&app, &person("anna"));
    client.patch(&anna, &json!({ "email": "anna@other.example.org" })).expect(205);
    assert_eq!(browser.get(SESSION).expect(200).text("name"), "anna@other.example.org");
    client.patch(&anna, &json!({ "email": "anna@example.org" })).expect(205);
    ended(&|| client.delete(&anna));

    let made = client.post(&owner.path("/keys"), &json!({})).expect(201);
    let browser =
        logged_in(&app, &json!({ "key": made.text("key"), "secret": made.text("secret") }));
    client.delete(&made.id()).expect(205);
    is_over(&browser);
    let expires = chrono::Utc::now() + chrono::Duration::hours(1);
    let limits = json!({ "readOnly": true, "expires": expires.to_rfc3339() });
    let made = client.post(&owner.path("/keys"), &limits).expect(201);
    let browser =
        logged_in(&app, &json!({ "key": made.text("key"), "secret": made.text("secret") }));
    browser.post(&owner.path("/spaces"), &json!({ "name": "x" })).expect(403);
    let told = browser.get(SESSION).expect(200);
    assert_eq!(told.text("role"), "readonly");
    let ends_at: chrono::DateTime<chrono::Utc> = told.text("expires").parse().expect("a moment");
    assert!(ends_at <= expires, "its key ends before");
    elsewhere(&app, "UPDATE keys SET expires = now() WHERE read_only");
    ends(&browser);
}

#[test]
fn other_processes_end_sessions_too() {
    let app = App::without_workers();
    let owner = app.customer("library");
    owner.person("anna", &["admin"]);
    for sql in [
        "UPDATE portal_users SET enabled = FALSE",
        "UPDATE portal_users SET roles = '{}'",
        "UPDATE portal_users SET password = 'other'",
        "DELETE FROM portal_users",
        "DELETE FROM sessions",
        // For half an hour nothing was asked.
        "UPDATE sessions SET used = used - interval '30 minutes'",
        // Half a day is over.
        "UPDATE sessions SET created = created - interval '12 hours'",
    ] {
        elsewhere(&app, "DELETE FROM portal_users");
        owner.person("anna", &["admin"]);
        let browser = logged_in(&app, &person("anna"));
        browser.get(&owner.path("")).expect(200);
        elsewhere(&app, sql);
        ends(&browser);
        browser.get(&owner.path("")).expect(401);
    }
    let browser = logged_in(&app, &owner.credentials());
    elsewhere(&app, &format!("DELETE FROM keys WHERE key = '{}'", owner.key));
    ends(&browser);
}

#[test]
fn a_session_is_renewed_by_requests_at_most_once_a_minute_and_not_by_asking_for_it() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let browser = logged_in(&app, &owner.credentials());
    let used = || {
        let read = diesel::sql_query("SELECT used::text AS used FROM sessions");
        read.get_result::<Used>(&mut app.database()).expect("a row").used
    };
    let first = used();
    browser.get(&owner.path("")).expect(200);
    assert_eq!(used(), first, "it was renewed a moment ago");
    elsewhere(&app, "UPDATE sessions SET used = used - interval '2 minutes'");
    // Forgotten by this process, as it would be a second later.
    owner.client.post(&owner.path("/keys"), &json!({})).expect(201);
    let stale = used();
    browser.get(SESSION).expect(200);
    assert_eq!(used(), stale, "who asks how long it goes on makes it no longer");
    browser.get(&owner.path("")).expect(200);
    let renewed = used();
    assert!(renewed > first && stale < first, "{stale} {first} {renewed}");
    browser.get(&owner.path("")).expect(200);
    assert_eq!(used(), renewed);
}

#[test]
fn no_other_site_uses_a_session_or_begins_one() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let browser = logged_in(&app, &owner.credentials());
    let (spaces, own) = (owner.path("/spaces"), app.base.clone());
    let body = || Some(json!({ "name": "maps" }).to_string());
    let json_type = ("Content-Type", "application/json");
    let foreign = [
        vec![],
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site"), ("Origin", own.as_str())],
        vec![("Sec-Fetch-Site", "none")],
        vec![("Sec-Fetch-Site", "cross-site"), ("Origin", own.as_str())],
        vec![("Origin", "https://evil.example")],
        vec![("Origin", "null")],
    ];
    for headers in &foreign {
        let headers = [headers.as_slice(), &[json_type]].concat();
        for (method, path) in [
            (Method::POST, spaces.clone()),
            (Method::PATCH, owner.path("")),
            (Method::PUT, owner.path("/spaces/7")),
            (Method::DELETE, owner.path("/spaces/7")),
            (Method::POST, "/nothing".to_owned()),
        ] {
            let refused = browser.send(method, &path, &headers, body()).expect(403);
            assert!(refused.text("detail").contains("Sec-Fetch-Site"), "{headers:?}");
        }
        browser.send(Method::DELETE, SESSION, &headers, None).expect(403);
        browser.send(Method::POST, &format!("{SESSION}/end"), &headers, None).expect(403);
        let stranger = Browser::new(&app.visitor);
        let credentials = Some(owner.credentials().to_string());
        stranger.send(Method::POST, SESSION, &headers, credentials).expect(403);
        assert_eq!(stranger.cookie(), None);
    }
    assert_eq!(browser.get(&spaces).expect(200).number("totalItems"), 0);
    // Old browsers name the origin only.
    let named = [("Origin", own.as_str()), json_type];
    browser.send(Method::POST, &spaces, &named, body()).expect(201);
    // What only reads is shown to no script of another site by the browser.
    browser.send(Method::GET, &spaces, &[("Sec-Fetch-Site", "cross-site")], None).expect(200);
    // Programs are asked for nothing of the kind.
    owner.client.post(&spaces, &json!({ "name": "more" })).expect(201);
}

#[test]
fn a_cookie_that_is_over_is_none() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let browser = Browser::new(&app.visitor);
    for cookie in ["hydria=stale", "hydria=", "hydria", "__Host-hydria=x", "hydria=\"a\u{e9}\""] {
        browser.keep(cookie);
        for path in ["/", "/vocab", "/storagePolicies", "/healthz"] {
            browser.get(path).expect(200);
        }
        browser.get(&owner.path("")).expect(401);
        // No session, no danger: it is asked for credentials.
        browser.send(Method::DELETE, &owner.path("/spaces/1"), &[], None).expect(401);
        browser.get("/thumbs/2/1/none/info.json").expect(404);
    }
    browser.log_in(&owner.credentials()).expect(204);
    browser.get(&owner.path("")).expect(200);
}

#[test]
fn a_second_log_in_ends_the_first_of_the_same_browser() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let browser = logged_in(&app, &owner.credentials());
    let first = browser.cookie().expect("a cookie");
    browser.get(SESSION).expect(200);
    browser.log_in(&owner.credentials()).expect(204);
    let second = browser.cookie().expect("a cookie");
    assert_ne!(first, second);
    browser.keep(&first);
    is_over(&browser);
    browser.keep(&second);
    browser.get(SESSION).expect(200);
}

#[test]
fn people_of_several_customers_choose_one() {
    let app = App::without_workers();
    let (library, archive) = (app.customer("library"), app.customer("archive"));
    for owner in [&library, &archive] {
        owner.person("anna", &["admin"]);
    }
    let third = app.customer("museum");
    let other = json!({ "email": "anna@example.org", "password": "a secret of another" });
    third.client.put(&third.path("/portalUsers/anna"), &other).expect(201);
    third.client.post(&third.path("/portalUsers/anna/roles"), &json!(["admin"])).expect(200);
    let browser = Browser::new(&app.visitor);
    let refused = browser.log_in(&person("anna")).expect(409);
    assert!(refused.text("type").ends_with("#SeveralAccounts"), "{}", refused.body);
    assert_eq!(refused.body["customers"], json!(["library", "archive"]));
    assert!(refused.text("detail").contains("library, archive"), "{}", refused.body);
    assert_eq!(browser.cookie(), None);
    for customer in ["Archive".to_owned(), archive.id.to_string()] {
        let mut credentials = person("anna");
        credentials["customer"] = json!(customer);
        browser.log_in(&credentials).expect(204);
        assert_eq!(browser.get(SESSION).expect(200).text("customerName"), "archive");
        browser.get(&library.path("")).expect(403);
    }
    browser.log_in(&other).expect(204);
    assert_eq!(browser.get(SESSION).expect(200).text("customerName"), "museum");
}

#[test]
fn over_http_people_log_in_on_the_machine_itself_only() {
    let options = || Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_PUBLIC_URL", "http://library.example")], options());
    let owner = app.customer("library");
    let refused = Browser::new(&app.visitor).log_in(&owner.credentials()).expect(403);
    assert!(refused.text("detail").contains("https"), "{}", refused.body);

    let settings = [("HYDRIA_TRUSTED_PROXIES", "127.0.0.1")];
    let app = App::start_with(&settings, options());
    let owner = app.customer("library");
    let headers = [
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Type", "application/json"),
        ("X-Forwarded-For", "192.0.2.1"),
    ];
    let credentials = Some(owner.credentials().to_string());
    let far = Browser::new(&app.visitor);
    far.send(Method::POST, SESSION, &headers, credentials).expect(403);
    Browser::new(&app.visitor).log_in(&owner.credentials()).expect(204);
}

#[test]
fn over_https_the_cookie_is_bound_to_the_host() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_PUBLIC_URL", "https://library.example")], options);
    let owner = app.customer("library");
    let browser = Browser::new(&app.visitor);
    let given = browser.log_in(&owner.credentials()).expect(204);
    let given = given.header("set-cookie").expect("a cookie");
    assert!(given.starts_with("__Host-hydria="), "{given}");
    assert!(given.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{given}");
    browser.get(&owner.path("")).expect(200);
    let named = [("Origin", "https://library.example"), ("Content-Type", "application/json")];
    let body = Some(json!({ "name": "maps" }).to_string());
    browser.send(Method::POST, &owner.path("/spaces"), &named, body).expect(201);
    let cookie = browser.cookie().expect("a cookie").replace("__Host-", "");
    browser.keep(&cookie);
    browser.get(&owner.path("")).expect(401);
}

#[test]
fn below_a_path_of_a_host_a_form_leads_back_to_the_service() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_PUBLIC_URL", "https://library.example/images")], options);
    let owner = app.customer("library");
    let form = format!("key={}&secret={}", owner.key, owner.secret);
    let headers =
        [("Sec-Fetch-Site", "same-origin"), ("Content-Type", "application/x-www-form-urlencoded")];
    let browser = Browser::new(&app.visitor);
    let led = browser.send(Method::POST, SESSION, &headers, Some(form)).expect(303);
    assert_eq!(led.header("location"), Some("/images/"));
    let led = browser.send(Method::POST, "/console/session/end", &headers[..1], None).expect(303);
    assert_eq!(led.header("location"), Some("/images/"));
    let page = [("Accept", "text/html")];
    let page = browser.send(Method::GET, &owner.path("/spaces"), &page, None).expect(401);
    let page = String::from_utf8_lossy(&page.bytes).into_owned();
    let target = format!("name=\"target\" value=\"/images{}\"", owner.path("/spaces"));
    assert!(page.contains(&target), "{page}");
}

#[test]
fn passwords_are_not_guessed_faster_by_sending_many_at_once() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_AUTH_DELAY_MS", "5000")], options);
    let owner = app.customer("library");
    owner.person("anna", &["admin"]);
    let guesses: Vec<_> = (0..40)
        .map(|n| {
            let visitor = app.visitor.clone();
            let wrong = json!({ "email": "anna@example.org", "password": format!("guess {n}") });
            std::thread::spawn(move || Browser::new(&visitor).log_in(&wrong).status)
        })
        .collect();
    let statuses: Vec<u16> =
        guesses.into_iter().map(|guess| guess.join().expect("an answer")).collect();
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    assert!(looked_at < 20, "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 503].contains(status)), "{statuses:?}");
    // Another account from the same address waits for nothing.
    owner.person("ben", &["admin"]);
    logged_in(&app, &person("ben"));
}

#[test]
fn a_cookie_of_another_site_in_other_letters_ends_no_session() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let browser = logged_in(&app, &owner.credentials());
    let own = browser.cookie().expect("a cookie");
    browser.keep(&format!("lang=é; {own}; last=ü"));
    browser.get(SESSION).expect(200);
}

#[test]
fn a_log_in_that_is_refused_for_its_parameters_has_ended_and_begun_nothing() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let browser = logged_in(&app, &owner.credentials());
    browser.delete(&format!("{SESSION}?format=nonsense")).expect(400);
    browser.get(SESSION).expect(200);
    let sessions = "SELECT count(*) AS n FROM sessions";
    let before = rows::number(&mut app.database(), sessions);
    let other = Browser::new(&app.visitor);
    other.post(&format!("{SESSION}?format=nonsense"), &owner.credentials()).expect(400);
    assert_eq!(rows::number(&mut app.database(), sessions), before);
}

#[test]
fn wrong_log_ins_are_slowed_and_right_ones_are_not() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_AUTH_DELAY_MS", "5000")], options);
    let owner = app.customer("library");
    owner.person("anna", &["admin"]);
    let wrong: Vec<_> = (0..24)
        .map(|_| {
            let visitor = app.visitor.clone();
            let wrong = json!({ "key": owner.key, "secret": "wrong" });
            std::thread::spawn(move || Browser::new(&visitor).log_in(&wrong).status)
        })
        .collect();
    until("the first failures", || wrong.iter().any(std::thread::JoinHandle::is_finished));
    logged_in(&app, &owner.credentials());
    logged_in(&app, &person("anna"));
    assert!(wrong.iter().any(|wrong| !wrong.is_finished()), "nothing was slowed");
    for wrong in wrong {
        assert_eq!(wrong.join().expect("an answer"), 401);
    }
}
