//! Failures of every layer: one shape, and the service goes on.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel::RunQueryDsl as _;
use hydria::database::Database;
use hydria::database::lookup_batcher::{BatchQueue, Batcher, Refusal};
use hydria::hydra::Problem;
use hydria::resource::transaction;
use serde_json::{Value, json};

use super::sent;
use crate::contract::world::{ORIGIN, World};
use crate::support::{Answer, database, rows};

/// Checks that an answer is a problem document with Hydra's terms.
#[track_caller]
fn assert_problem(answer: &Answer, status: u16, kind: &str, base: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let links: Vec<&str> =
        answer.headers.get_all("link").iter().map(|link| link.to_str().expect("text")).collect();
    let documentation =
        format!("<{base}/vocab>; rel=\"http://www.w3.org/ns/hydra/core#apiDocumentation\"");
    let context =
        format!("<{base}/contexts/Error.jsonld>; rel=\"http://www.w3.org/ns/json-ld#context\"");
    assert_eq!(links[0], documentation);
    assert!(links[1].starts_with(&context), "{links:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("x-request-id"), Some(answer.text("requestId").as_str()));
    assert_eq!(answer.header("etag"), None);
    assert_eq!(answer.text("@context"), format!("{base}/contexts/Error.jsonld"));
    assert_eq!(answer.text("@type"), "Error");
    assert_eq!(answer.text("type"), format!("{base}/vocab#{kind}"));
    assert_eq!(answer.number("status"), i64::from(status));
    assert_eq!(answer.text("detail"), answer.text("hydra:description"));
    assert_eq!(answer.text("title"), answer.text("hydra:title"));
}

#[test]
fn every_refusal_has_the_one_shape() {
    let world = World::new();
    let (base, client) = (&world.app.base, &world.owner.client);
    let roles = world.owner.path("/roles");
    let role = client.post(&roles, &json!({ "name": "one" })).expect(201).id();
    let stale = [("If-Match", "\"old\"")];
    let typed = client.request(reqwest::Method::POST, &roles).header("Content-Type", "text/plain");
    let broken = client.request(reqwest::Method::POST, &roles).body("{");
    let large = client.request(reqwest::Method::POST, &roles).body(vec![b' '; (16 << 20) + 1]);
    world.owner.submit(&[json!({ "id": "x", "space": world.space, "origin": ORIGIN })]).expect(201);
    let space = world.path("/customers/{customer}/spaces/{space}");
    for (answer, status, kind) in [
        (world.app.visitor.get(&roles), 401, "AuthenticationRequired"),
        (world.stranger.client.get(&roles), 403, "AccessDenied"),
        (client.get("/nowhere"), 404, "NotFound"),
        (client.get(&format!("{roles}/%FF")), 404, "NotFound"),
        (client.get(&format!("{roles}/nothing")), 404, "NotFound"),
        (client.delete(&roles), 405, "MethodNotAllowed"),
        (client.send(large), 413, "BodyTooLarge"),
        (client.send(typed.body("x")), 415, "UnsupportedMediaType"),
        (client.send(broken), 400, "UnreadableRequest"),
        (client.post(&roles, &json!(5)), 400, "UnreadableRequest"),
        (sent(client, "PATCH", &role, &stale, Some(&json!({}))), 412, "PreconditionFailed"),
        (client.post(&roles, &json!({})), 400, "ValidationError"),
        (client.get(&world.owner.path("/allImages?page=x")), 400, "ValidationError"),
        (client.delete(&space), 409, "InUse"),
    ] {
        assert_problem(&answer, status, kind, base);
        match status {
            401 => {
                let challenge = answer.header("www-authenticate").unwrap_or_default();
                assert!(challenge.starts_with("Basic realm="), "{challenge}");
            }
            405 => assert_eq!(answer.header("allow"), Some("GET, POST, HEAD, OPTIONS")),
            415 => assert!(answer.header("accept-post").is_some()),
            _ => {}
        }
    }
}

#[test]
fn bodies_are_read_in_utf_8_as_it_stands_and_in_no_other_encoding() {
    let world = World::new();
    let client = &world.owner.client;
    let roles = world.owner.path("/roles");
    let post = |headers: &[(&str, &str)]| {
        let mut request = client.request(reqwest::Method::POST, &roles);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = json!({ "name": format!("role-{}", world.number()) }).to_string();
        client.send(request.body(body))
    };
    for encoding in ["gzip", "br", "identity, gzip", "x-own"] {
        let answer = post(&[("Content-Type", "application/json"), ("Content-Encoding", encoding)]);
        assert_problem(&answer, 415, "UnsupportedMediaType", &world.app.base);
        assert_eq!(answer.header("accept-encoding"), Some("identity"));
        assert_eq!((answer.header("accept-post"), answer.header("accept")), (None, None));
        let named = encoding.trim_start_matches("identity, ");
        assert!(answer.text("detail").contains(named), "{}", answer.body);
    }
    for media_type in ["application/json; charset=iso-8859-1", "text/turtle;Charset=\"UTF-16\""] {
        let answer = post(&[("Content-Type", media_type)]);
        assert_problem(&answer, 415, "UnsupportedMediaType", &world.app.base);
        assert!(answer.header("accept-post").is_some());
    }
    for headers in [
        [("Content-Type", "application/json; charset=UTF-8"), ("Content-Encoding", "Identity")],
        [("Content-Type", "application/json;charset=\"us-ascii\""), ("Content-Encoding", "")],
    ] {
        let answer = post(&headers);
        assert_eq!(answer.status, 201, "{headers:?}: {}", answer.body);
    }
}

#[test]
fn an_address_that_is_malformed_is_told_as_what_it_is() {
    let world = World::new();
    let client = &world.owner.client;
    for path in ["/spaces/abc/images/x", "/spaces/007", "/roles/a%20b"] {
        let path = world.owner.path(path);
        let answer = client.put(&path, &json!({ "name": "x", "origin": ORIGIN })).expect(400);
        let detail = answer.text("detail");
        assert!(detail.starts_with(&format!("address is malformed: {path}")), "{detail}");
        assert!(detail.contains("letters, digits"), "{detail}");
        assert_eq!(places(&answer), [("address".to_owned(), Some("#".to_owned()))]);
    }
}

/// The member and the place of each violation.
fn places(answer: &Answer) -> Vec<(String, Option<String>)> {
    let text = |violation: &Value, name: &str| violation[name].as_str().map(ToOwned::to_owned);
    let violations = answer.body["violations"].as_array().expect("violations");
    violations
        .iter()
        .map(|v| (text(v, "propertyPath").expect("a path"), text(v, "pointer")))
        .collect()
}

#[test]
fn a_fault_is_told_its_place_in_the_body() {
    let world = World::new();
    let client = &world.owner.client;
    let queue = world.owner.path("/queue");
    let post = |text: &str| {
        let request = client.request(reqwest::Method::POST, &queue).body(text.to_owned());
        client.send(request).expect(400)
    };
    let place = |member: &str, pointer: &str| (member.to_owned(), Some(pointer.to_owned()));
    let syntax = post("{\"member\": [\n {\"id\": \"a\", \"origin\": oops}]}");
    assert_eq!(places(&syntax), [place("member[0].origin", "#/member/0/origin")]);
    assert!(syntax.text("detail").contains("line 2 column"), "{}", syntax.body);
    assert_eq!(places(&post("<xml/>")), [place("", "#")]);

    let good = json!({ "id": "a", "space": world.space, "origin": ORIGIN });
    let bad = json!({ "id": "b", "space": world.space, "origin": "nowhere", "number1": -1 });
    let faults = post(&json!({ "member": [good, bad, 7] }).to_string());
    let wanted = [
        place("member[1].origin", "#/member/1/origin"),
        place("member[1].number1", "#/member/1/number1"),
        place("member[2]", "#/member/2"),
    ];
    assert_eq!(places(&faults), wanted);

    let roles = world.path("/customers/{customer}/spaces/{space}/defaultRoles");
    let elsewhere = json!({ "@id": "/customers/999999/roles/x" });
    for (body, pointer) in [
        (json!({ "member": [{ "@id": "clickthrough" }, elsewhere] }), "#/member/1"),
        (json!([{ "@id": "clickthrough" }, elsewhere]), "#/1"),
        (json!({ "member": elsewhere }), "#/member"),
        (elsewhere.clone(), "#"),
    ] {
        let answer = client.post(&roles, &body).expect(400);
        assert_eq!(places(&answer)[0].1.as_deref(), Some(pointer), "{body}");
    }
}

#[test]
fn a_fault_of_a_query_points_into_no_body() {
    let world = World::new();
    for (query, member) in [
        ("page=x", "page"),
        ("q=[1]", "q"),
        ("q={", "q"),
        ("q={\"number1\":\"x\"}", "number1"),
        ("orderBy=nonsense", "orderBy"),
    ] {
        let path = world.owner.path(&format!("/allImages?{query}"));
        let answer = world.owner.client.get(&path).expect(400);
        assert_eq!(places(&answer), [(member.to_owned(), None)], "{query}");
    }
}

/// The answer to bytes that are sent as they stand, until the connection is closed.
fn raw(world: &World, request: &[u8]) -> String {
    let address = world.app.visitor.root.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).expect("the service listens");
    stream.write_all(request).expect("the request is sent");
    let mut answer = Vec::new();
    // A connection that is reset has been answered before.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn what_is_no_http_is_refused_and_the_service_goes_on() {
    let world = World::new();
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nno header\r\n\r\n".to_owned(), "400"),
        ("GET /\u{e4} HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "400"),
        ("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = raw(&world, request.as_bytes());
        let start: String = request.chars().take(60).collect();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{start:?}: {answer}");
    }
    world.app.visitor.get("/healthz").expect(200);
}

#[test]
fn a_body_in_chunks_that_are_framed_wrongly_is_refused_in_words() {
    let world = World::new();
    let pair = format!("{}:{}", world.owner.key, world.owner.secret);
    let credentials = STANDARD.encode(pair);
    for (line, path) in [("POST", "/spaces"), ("POST", "/queue"), ("GET", "/spaces")] {
        let path = world.owner.path(path);
        for chunks in
            ["xyz\r\n{}\r\n0\r\n\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "2\r\n{}\r\nzz\r\n"]
        {
            let request = format!(
                "{line} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\n\
                 Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
            );
            let answer = raw(&world, request.as_bytes());
            // What reads no body may be done before the fault is seen.
            let done = line == "GET" && answer.starts_with("HTTP/1.1 200 ");
            let refused =
                answer.starts_with("HTTP/1.1 400 ") && answer.contains("#UnreadableRequest");
            assert!(done || refused, "{line} {path} {chunks:?}: {answer}");
        }
    }
}

#[test]
fn a_look_up_that_breaks_off_is_told_and_others_go_on() {
    let batcher = Batcher::open(&database::fresh(), "look-up", 2).expect("threads");
    let queue = BatchQueue::<i32, Result<i32, Refusal>>::new(
        Box::new(|_, keys| {
            assert!(!keys.contains(&0), "on purpose");
            Some(keys.iter().map(|key| Ok(key + 1)).collect())
        }),
        Err,
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    // More often than the batcher has threads.
    for round in 1..=6 {
        assert_eq!(runtime.block_on(batcher.load(&queue, 0)), Err(Refusal::BrokeOff));
        assert_eq!(runtime.block_on(batcher.load(&queue, round)), Ok(round + 1));
    }
}

#[test]
fn a_transaction_that_breaks_off_holds_and_leaves_nothing() {
    let database = Database::open(&database::fresh(), 1).expect("a database");
    let name = |name: &str| format!("INSERT INTO portal_roles (id, name) VALUES ('x', '{name}')");
    let broken = catch_unwind(AssertUnwindSafe(|| {
        transaction::write(&database, |conn| -> Result<(), Problem> {
            diesel::sql_query(name("lost")).execute(conn)?;
            panic!("on purpose");
        })
    }));
    assert!(broken.is_err());
    // On the only connection there is: it is another one now.
    let written = transaction::write(&database, |conn| {
        let held = rows::number(conn, "SELECT count(*) AS n FROM portal_roles WHERE id = 'x'");
        diesel::sql_query(name("kept")).execute(conn)?;
        Ok(held)
    });
    assert_eq!(written.expect("a transaction"), 0);
    let kept = transaction::read(&database, |conn| {
        Ok(rows::number(conn, "SELECT count(*) AS n FROM portal_roles WHERE name = 'kept'"))
    });
    assert_eq!(kept.expect("a row"), 1);
}
