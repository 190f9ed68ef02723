//! Two services, a worker, a primary with its replica, and a bucket: a walk through everything, while a service is killed.

use std::collections::{BTreeSet, VecDeque};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::standby::Pair;
use crate::process::home::{BASE, Home, Running};
use crate::support::{Answer, Client, Origin, S3, until};

/// A client as a balancer makes it: it stays at one address until a connection breaks, and then takes the next.
struct Sturdy {
    /// Addresses of the services.
    roots: Mutex<[String; 2]>,
    at: AtomicUsize,
    /// Requests that had to be sent again.
    again: AtomicUsize,
}

impl Sturdy {
    fn root(&self) -> (usize, String) {
        let at = self.at.load(Ordering::SeqCst) % 2;
        (at, self.roots.lock().unwrap_or_else(PoisonError::into_inner)[at].clone())
    }

    /// Sends a request until it is answered.
    fn send(&self, method: &Method, address: &str, body: Option<&Value>) -> Answer {
        for _ in 0..200 {
            let (at, root) = self.root();
            let client = Client::new(BASE, &root, Some(("administrator", "its-secret")));
            let request = client.request(method.clone(), address);
            let request = match body {
                Some(body) => {
                    let request = request.header("Content-Type", "application/ld+json");
                    request.body(body.to_string())
                }
                None => request,
            };
            let answered = request.send().ok().and_then(|response| {
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                let bytes = response.bytes().ok()?.to_vec();
                let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
                Some(Answer { status, headers, bytes, body })
            });
            if let Some(answer) = answered {
                return answer;
            }
            self.again.fetch_add(1, Ordering::SeqCst);
            // Another request may have gone on already.
            let _ = self.at.compare_exchange(at, at + 1, Ordering::SeqCst, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(20));
        }
        panic!("{method} {address} finds no service")
    }

    fn get(&self, address: &str) -> Answer {
        self.send(&Method::GET, address, None)
    }

    /// Follows every link from the root on; returns what was read.
    fn walk(&self) -> BTreeSet<String> {
        let (mut seen, mut left) = (BTreeSet::new(), VecDeque::from([format!("{BASE}/")]));
        while let Some(address) = left.pop_front() {
            // A stream of events has no end, and uploads are sent and not read.
            let is_left_out = address.ends_with("/events") || address.ends_with("/uploads");
            if seen.len() > 400 || is_left_out || !seen.insert(address.clone()) {
                continue;
            }
            let answer = self.get(&address);
            assert!(
                [200, 302, 303, 404, 405].contains(&answer.status),
                "{address}: {}",
                answer.status
            );
            addresses(&answer.body, &mut left);
        }
        seen
    }
}

/// Finds the addresses of the service in a document.
fn addresses(value: &Value, found: &mut VecDeque<String>) {
    match value {
        Value::String(text) => {
            let is_one = text.starts_with(BASE) && !text.contains(['{', '#']);
            found.extend(is_one.then(|| text.clone()));
        }
        Value::Array(values) => values.iter().for_each(|value| addresses(value, found)),
        Value::Object(members) => members.values().for_each(|value| addresses(value, found)),
        _ => {}
    }
}

fn command(home: &Home, pair: &Pair, s3: &S3, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    command
        .env("DATABASE_URL", pair.primary_url())
        .env("DATABASE_READ_URL", pair.standby_url())
        .env("HYDRIA_SECRET", "one secret for all processes")
        .envs(s3.settings("s3://images/all"));
    command
}

#[test]
fn a_service_that_is_killed_and_replaced_during_a_walk_through_everything_loses_no_request() {
    let (pair, s3, origin) = (Pair::start(), S3::start(), Origin::start());
    s3.make_bucket("images");
    let homes = [Home::new(), Home::new(), Home::new()];
    let serve = |number: usize, arguments: &[&str]| {
        Running::start(command(&homes[number], &pair, &s3, arguments), "ready at ")
    };
    let first = serve(0, &["serve", "--no-worker"]);
    let second = serve(1, &["serve"]);
    let worker = Running::start(command(&homes[2], &pair, &s3, &["worker"]), "working");
    let client = Sturdy {
        roots: Mutex::new([first.root(), second.root()]),
        at: AtomicUsize::new(0),
        again: AtomicUsize::new(0),
    };
    let put = |path: &str, body: &Value| client.send(&Method::PUT, path, Some(body));
    put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let (ends, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut services = [Some(first), Some(second)];
    thread::scope(|scope| {
        let walker = scope.spawn(|| {
            let mut walks = 0;
            while !ends.load(Ordering::SeqCst) || walks == 0 {
                assert!(client.walk().len() > 50);
                walks += 1;
            }
        });
        let writer = scope.spawn(|| {
            for number in 0.. {
                if ends.load(Ordering::SeqCst) {
                    break;
                }
                let path = format!("/customers/1/spaces/1/images/{number}");
                let body = json!({ "origin": origin.image(300, 200), "number1": number });
                let answer = put(&path, &body);
                assert!([200, 201, 202].contains(&answer.status), "{path}: {}", answer.body);
                let shown = client.get(&path).expect(200);
                assert_eq!(shown.number("number1"), number);
                written.store(usize::try_from(number).expect("a number") + 1, Ordering::SeqCst);
            }
        });
        for round in 0..4 {
            let before = written.load(Ordering::SeqCst);
            until("a few images", || {
                assert!(!writer.is_finished() && !walker.is_finished(), "a request was lost");
                written.load(Ordering::SeqCst) > before + 3
            });
            // The one that answers just now.
            let (at, _) = client.root();
            services[at].take().expect("a service").kill();
            let arguments: &[&str] = if at == 0 { &["serve", "--no-worker"] } else { &["serve"] };
            let again = serve(at, arguments);
            client.roots.lock().expect("no panic")[at] = again.root();
            services[at] = Some(again);
            assert!(client.again.load(Ordering::SeqCst) > round, "nobody was interrupted");
        }
        ends.store(true, Ordering::SeqCst);
    });
    let count = written.load(Ordering::SeqCst);
    let images = "/customers/1/spaces/1/images";
    until("all to be processed", || {
        client.get("/customers/1/queue").expect(200).number("size") == 0
    });
    until("the totals", || {
        usize::try_from(client.get(images).expect(200).number("totalItems")) == Ok(count)
    });
    for number in 0..count {
        let shown = client.get(&format!("{images}/{number}")).expect(200);
        assert_eq!(shown.text("error"), "");
        let pixels = client.get(&format!("/iiif-img/1/1/{number}/full/max/0/default.jpg"));
        assert_eq!(pixels.expect(200).header("content-type"), Some("image/jpeg"));
    }
    worker.stop();
    for service in services.into_iter().flatten() {
        service.stop();
    }
    let check = command(&homes[0], &pair, &s3, &["check"]).output().expect("the binary runs");
    let words = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(words.contains("agree"), "{words}{}", String::from_utf8_lossy(&check.stderr));
}
