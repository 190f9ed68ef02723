//! Told to stop: requests are finished, leases given back, the private server stopped.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::home::{BASE, Home};
use crate::support::{Client, Origin, rows, until};

/// More than an end may take that waits for no request.
const SOON: Duration = Duration::from_secs(12);
/// Nobody waits so long: what is given back is not to wait for the end of its lease.
const LEASE: (&str, &str) = ("HYDRIA_LEASE_SECONDS", "600");

#[test]
fn told_to_stop_it_gives_leases_back_and_leaves_no_server() {
    let (home, origin) = (Home::new(), Origin::start());
    let mut service = home.serve(&[LEASE]);
    let client = service.administrator();
    let space = client.post("/customers/1/spaces", &json!({ "name": "maps" })).expect(201);
    let held = origin.url("/held/120x80/x.png");
    let images: Vec<Value> = (0..3)
        .map(|n| json!({ "id": n.to_string(), "space": space.number("id"), "origin": held }))
        .collect();
    let body = json!({ "@type": "Collection", "member": images });
    let batch = client.post("/customers/1/queue", &body).expect(201).id();
    origin.wait_for("/held", 3);
    let server = home.postmaster();
    assert!(server.is_some());
    let began = Instant::now();
    service.tell_to_stop();
    let status = service.ended();
    assert_eq!(status.code(), Some(0), "{}", service.said());
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(home.postmaster(), None);
    origin.release();
    let service = home.serve(&[LEASE]);
    let again = Client::new(BASE, &service.root(), Some(("administrator", "its-secret")));
    until("the batch", || again.get(&batch).expect(200).body.get("finished").is_some());
    assert_eq!(again.get(&batch).expect(200).number("completed"), 3);
    service.stop();
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let (home, origin) = (Home::new(), Origin::start());
    let mut service = home.serve(&[]);
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let body = json!({ "origin": origin.url("/held/120x80/x.png") });
    let address = service.root().replace("http://", "");
    let put = std::thread::spawn(move || client.put("/customers/1/spaces/1/images/a", &body));
    origin.wait_for("/held", 1);
    service.tell_to_stop();
    service.wait_for("stopping");
    until("the socket to close", || TcpStream::connect(&address).is_err());
    origin.release();
    let answer = put.join().expect("no panic").expect(201);
    assert_eq!(answer.number("width"), 120);
    assert_eq!(service.ended().code(), Some(0), "{}", service.said());
    assert_eq!(home.postmaster(), None);
}

#[test]
fn a_service_that_was_killed_leaves_no_server_behind_and_starts_again() {
    let home = Home::new();
    let mut service = home.serve(&[]);
    let made = json!({ "name": "library" });
    service.administrator().post("/customers", &made).expect(201);
    service.kill();
    until("the server to end by itself", || home.postmaster().is_none());
    let service = home.serve(&[]);
    service.administrator().get("/customers/2").expect(200);
    let mut conn = home.connect();
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM customers"), 2);
    drop(conn);
    service.stop();
}
