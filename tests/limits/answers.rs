//! Answers that nobody takes: what they hold, and what they leave for others.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hydria::cli::serve::Options;
use serde_json::{Value, json};

use crate::process::home::Home;
use crate::support::{App, Client, Owner, until};

/// Resident memory of a process, in MiB.
fn resident_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib / 1024
}

/// Sends requests on a connection of its own, and reads nothing.
fn unread(root: &str, requests: &str) -> TcpStream {
    let address = root.strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_nonblocking(true).expect("a socket");
    // What the service does not read any more stays unsent.
    let _ = stream.write(requests.as_bytes());
    stream
}

fn request(path: &str, owner: Option<&Owner>) -> String {
    let credentials = owner.map(|owner| STANDARD.encode(format!("{}:{}", owner.key, owner.secret)));
    let line = credentials.map(|c| format!("Authorization: Basic {c}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n{line}\r\n")
}

#[test]
fn documents_that_hundreds_ask_for_and_nobody_reads_take_little_memory() {
    let home = Home::new();
    let service = home.serve(&[]);
    let client = service.administrator();
    client.get("/openapi.json").expect(200);
    let before = resident_mib(service.pid());
    let ask = request("/vocab", None) + &request("/openapi.json", None);
    let unread: Vec<_> = (0..400).map(|_| unread(&service.root(), &ask.repeat(10))).collect();
    // Answered after all of them, for connections are served in turn.
    for _ in 0..10 {
        client.get("/customers/1").expect(200);
    }
    let after = resident_mib(service.pid());
    // Copies of the documents alone would be 200 MiB.
    assert!(after < before + 100, "{before} MiB before, {after} MiB with answers unread");
    drop(unread);
    service.stop();
}

#[test]
fn answers_without_bodies_are_not_made_ahead_of_a_client_that_reads_nothing() {
    let home = Home::new();
    let service = home.serve(&[]);
    let client = service.administrator();
    client.get("/customers/1").expect(200);
    let before = resident_mib(service.pid());
    let ask = "OPTIONS * HTTP/1.1\r\n\r\n".repeat(2000);
    let mut streams: Vec<_> = (0..20).map(|_| unread(&service.root(), &ask)).collect();
    for _ in 0..200 {
        for stream in &mut streams {
            // Nothing is taken of it where the service has stopped reading.
            let _ = stream.write(ask.as_bytes());
        }
    }
    client.get("/customers/1").expect(200);
    let after = resident_mib(service.pid());
    assert!(after < before + 50, "{before} MiB before, {after} MiB with answers unread");
    drop(streams);
    service.stop();
}

/// A space of images that are as large as they may be.
fn large_images(owner: &Owner, count: usize) -> String {
    let space = owner.space("large");
    let tags: Vec<String> = (0..16).map(|n| format!("{n:03}").repeat(330)).collect();
    let images: Vec<Value> = (0..count)
        .map(|n| {
            let id = n.to_string();
            json!({ "space": space, "id": id, "origin": "http://127.0.0.1:1/x.png", "tags": tags })
        })
        .collect();
    for part in images.chunks(100) {
        owner.submit(part).expect(201);
    }
    owner.path(&format!("/spaces/{space}/images?pageSize=500"))
}

fn refused(client: &Client, path: &str) -> bool {
    let answer = client.get(path);
    if answer.status == 503 {
        assert!(answer.header("retry-after").is_some());
        return true;
    }
    answer.expect(200);
    false
}

#[test]
fn one_customer_that_reads_nothing_uses_up_its_own_share_of_answers_only() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_REQUESTS_MB", "16")], options);
    let (hostile, other) = (app.customer("hostile"), app.customer("other"));
    let path = large_images(&hostile, 250);
    let others = large_images(&other, 10);
    let unread: Vec<_> =
        (0..8).map(|_| unread(&app.visitor.root, &request(&path, Some(&hostile)))).collect();
    until("the share to be used up", || refused(&hostile.client, &path));
    let space = path.split("/images").next().expect("a space");
    let distinct = format!("{space}/metadata/distinct?field=string1");
    assert!(refused(&hostile.client, &distinct), "lists of values are large answers too");
    assert_eq!(other.client.get(&others).expect(200).members().len(), 10);
    app.visitor.get("/vocab").expect(200);
    // Small answers are not among them.
    hostile.client.get(&hostile.path("")).expect(200);
    drop(unread);
    until("the share to be given back", || !refused(&hostile.client, &path));
}

#[test]
fn an_answer_that_is_read_slowly_comes_whole() {
    let app = App::without_workers();
    let mut stream = unread(&app.visitor.root, &request("/openapi.json", None));
    stream.set_nonblocking(false).expect("a socket");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    let expected = app.visitor.get("/openapi.json").expect(200).bytes;
    let (mut answer, mut part) = (Vec::new(), [0; 4000]);
    while !answer.ends_with(&expected) {
        let count = stream.read(&mut part).expect("more of it");
        assert!(count > 0, "it broke off after {} bytes", answer.len());
        answer.extend_from_slice(&part[..count]);
        std::thread::yield_now();
    }
}

#[test]
fn bodies_that_do_not_end_use_up_the_share_of_their_customer_only() {
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_with(&[("HYDRIA_REQUESTS_MB", "16")], options);
    let (hostile, other) = (app.customer("hostile"), app.customer("other"));
    let (space, others) = (hostile.space("maps"), other.space("maps"));
    let credentials = STANDARD.encode(format!("{}:{}", hostile.key, hostile.secret));
    let path = hostile.path("/queue");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {credentials}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{{"
    );
    let unfinished: Vec<_> = (0..4).map(|_| unread(&app.visitor.root, &head)).collect();
    let batch = |owner: &Owner, space: i64| {
        let text = "s".repeat(990);
        let image = |n: usize| {
            json!({ "space": space, "id": n.to_string(), "string1": text,
            "origin": "http://127.0.0.1:1/x.png" })
        };
        owner.submit(&(0..50).map(image).collect::<Vec<_>>())
    };
    until("the share to be used up", || {
        let answer = batch(&hostile, space);
        assert!(matches!(answer.status, 201 | 503), "{}", answer.body);
        answer.status == 503 && answer.header("retry-after").is_some()
    });
    batch(&other, others).expect(201);
    // Small bodies are not among them.
    hostile.client.put(&hostile.path("/spaces/77"), &json!({ "name": "small" })).expect(201);
    drop(unfinished);
    until("the share to be given back", || batch(&hostile, space).status == 201);
}
