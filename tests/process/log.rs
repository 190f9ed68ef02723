//! The log, for people and for programs.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};

use super::home::Home;

#[test]
fn the_log_as_json_has_an_object_on_every_line() {
    let home = Home::new();
    let service = home.serve(&[("HYDRIA_LOG_FORMAT", "json"), ("HYDRIA_LOG", "info")]);
    let answer = service.administrator().post("/customers", &json!({ "name": "" })).expect(400);
    let id = answer.body["requestId"].as_str().expect("a name").to_owned();
    crate::support::until("the line of the request", || service.logged().contains(&id));
    let logged = service.logged();
    service.stop();
    let mut of_request = 0;
    for line in logged.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        for member in ["time", "level", "target", "message"] {
            assert!(line[member].is_string(), "no {member} in {line}");
        }
        if line["request"] == json!(id) {
            assert_eq!(line["target"], "hydria::access");
            of_request += 1;
        }
    }
    assert_eq!(of_request, 1, "{logged}");
    let mut command = home.command(&["key", "remove", "nobody"]);
    let failed = command.env("HYDRIA_LOG_FORMAT", "json").output().expect("the binary runs");
    assert_eq!(failed.status.code(), Some(1));
    let words = String::from_utf8(failed.stderr).expect("UTF-8");
    let last: Value = serde_json::from_str(words.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["level"], "error");
}

#[test]
fn what_strangers_send_writes_no_lines_into_the_log() {
    let home = Home::new();
    let service = home.serve(&[("HYDRIA_LOG", "info")]);
    let root = service.root();
    let address = root.strip_prefix("http://").expect("an address");
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "stranger".repeat(10_000));
    let name = format!("GET / HTTP/1.1\r\nHost: x\r\n{}: y\r\n\r\n", "n".repeat(70_000));
    let lost = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}{name}");
    for request in [
        "nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET /stranger HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /customers HTTP/1.1\r\nHost: x\r\nAuthorization: Basic c3RyYW5nZXI6eA==\r\n\
         Connection: close\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        &long,
        &name,
        &lost,
    ] {
        for _ in 0..3 {
            let mut stream = TcpStream::connect(address).expect("it listens");
            // What the service closes early is not taken whole.
            let _ = stream.write_all(request.as_bytes());
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
    let long = format!("/customers/1/{}", "own".repeat(5_000));
    let answer = service.administrator().get(&long).expect(404);
    let id = answer.body["requestId"].as_str().expect("a name").to_owned();
    crate::support::until("the line of the request", || service.logged().contains(&id));
    let logged = service.logged();
    service.stop();
    for part in ["stranger", "actix", "panicked"] {
        assert!(!logged.contains(part), "{part} in {logged}");
    }
    let line = logged.lines().find(|line| line.contains(&id)).expect("a line");
    assert!(line.len() < 1_000 && line.contains("bytes)"), "{line}");
}

#[test]
fn no_body_writes_lines_of_its_own_into_the_log() {
    let home = Home::new();
    let service = home.serve(&[("HYDRIA_LOG_FORMAT", "json"), ("HYDRIA_LOG", "info")]);
    let client = service.administrator();
    let own = "\n{\"level\":\"error\",\"message\":\"own\"}\n";
    let scoped = json!({ "@id": "http://x/b", "@context": { "c": own } });
    for context in [
        json!({ "a": own }),
        json!({ "a": { "@id": own } }),
        json!({ "a": { "@reverse": own } }),
        json!({ "a": { "@type": own, "@id": "http://x/a" } }),
        json!({ "@vocab": own }),
        json!({ format!("a/{own}"): "http://x/a" }),
        json!({ format!("a:{own}"): { "@type": "@id" } }),
        json!([{ "b": scoped }]),
    ] {
        let bodies = [
            json!({ "@context": context, "a": 1 }),
            json!({ "m": { "@context": context, "a": 1 } }),
        ];
        for mut body in bodies {
            body["@id"] = json!("_:x");
            let answer = client.post("/customers", &body);
            assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        }
    }
    let answer = client.get("/customers/1/spaces").expect(200);
    let id = answer.header("x-request-id").expect("a name").to_owned();
    crate::support::until("the line of the request", || service.logged().contains(&id));
    let logged = service.logged();
    service.stop();
    assert!(!logged.lines().any(|line| line.starts_with("{\"level\":\"error\"")), "{logged}");
}
