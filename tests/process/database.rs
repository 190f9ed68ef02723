//! The database goes, and comes back, while requests and images are under way.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::home::{Home, signal};
use crate::support::{Answer, Origin, rows, until};

#[test]
fn without_its_database_it_says_so_and_recovers_by_itself() {
    let home = Home::new();
    let service = home.serve(&[]);
    let client = service.administrator();
    let stop = AtomicBool::new(false);
    let answers: Vec<(String, Answer)> = std::thread::scope(|threads| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (client, stop) = (&client, &stop);
                threads.spawn(move || {
                    let mut answers = Vec::new();
                    for n in 0.. {
                        if stop.load(Ordering::SeqCst) {
                            break;
                        }
                        let name = format!("{writer}-{n}");
                        let body = json!({ "name": name });
                        answers.push((name, client.post("/customers/1/spaces", &body)));
                    }
                    answers
                })
            })
            .collect();
        let mut refused = 0;
        for _ in 0..2 {
            let old = home.postmaster().expect("a server");
            signal("KILL", old);
            until("a new server", || home.postmaster().is_some_and(|new| new != old));
            until("an answer again", || {
                let status = client.get("/customers/1/spaces").status;
                refused += usize::from(status == 503);
                assert!(status == 200 || status == 503, "{status}");
                status == 200
            });
        }
        stop.store(true, Ordering::SeqCst);
        writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect()
    });
    let refused: Vec<_> = answers.iter().filter(|(_, answer)| answer.status != 201).collect();
    assert!(!refused.is_empty(), "nobody noticed that the database was gone");
    for (_, answer) in &refused {
        let text = String::from_utf8_lossy(&answer.bytes);
        assert_eq!(answer.status, 503, "{text}");
        assert!(answer.header("retry-after").is_some());
        assert!(!text.contains("postgres"), "no internals: {text}");
    }
    let mut held = HashSet::new();
    for page in 1.. {
        let path = format!("/customers/1/spaces?pageSize=500&page={page}");
        let found = client.get(&path).expect(200);
        let total = found.number("totalItems");
        held.extend(found.each("name"));
        if i64::try_from(held.len()).expect("few") >= total {
            break;
        }
    }
    let made = answers.iter().filter(|(_, answer)| answer.status == 201);
    for (name, _) in made {
        assert!(held.contains(name), "{name} was made, and is lost");
    }
    assert!(home.says(&["check"]).contains("agree"));
    service.stop();
}

#[test]
fn no_request_is_given_a_connection_of_a_server_that_is_gone() {
    let home = Home::new();
    let service = home.serve(&[]);
    let client = service.administrator();
    // Several at once, so that the pool holds several connections.
    let make = |when: &str| {
        let begin = std::sync::Barrier::new(8);
        std::thread::scope(|threads| {
            for n in 0..8 {
                let (begin, client) = (&begin, &client);
                threads.spawn(move || {
                    begin.wait();
                    let body = json!({ "name": format!("{when} {n}") });
                    client.post("/customers/1/spaces", &body).expect(201);
                });
            }
        });
    };
    make("at first");
    // Killed it says nothing to its clients; told to stop, it does.
    for kind in ["KILL", "INT"] {
        let old = home.postmaster().expect("a server");
        signal(kind, old);
        until("a new server", || home.postmaster().is_some_and(|new| new != old));
        until("an answer of it", || home.takes_connections());
        make(&format!("after {kind}"));
    }
    service.stop();
}

#[test]
fn a_batch_goes_on_where_the_database_broke_off() {
    let (home, origin) = (Home::new(), Origin::start());
    // Nobody waits so long: what broke off is not to wait for the end of its lease.
    let service = home.serve(&[("HYDRIA_LEASE_SECONDS", "600")]);
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let images: Vec<Value> = (0..200)
        .map(|n| {
            let path = if n % 50 == 49 { "/missing/x.png" } else { "/image/120x80/x.png" };
            json!({ "id": n.to_string(), "space": 1, "origin": origin.url(path) })
        })
        .collect();
    let body = json!({ "@type": "Collection", "member": images });
    let batch = client.post("/customers/1/queue", &body).expect(201).id();
    let settled = "SELECT count(*) AS n FROM members WHERE outcome IS NOT NULL";
    for part in [20, 80, 140] {
        until("a part of it", || {
            // The server may be gone for a moment, and this connection with it.
            let answer = client.get(&batch);
            answer.status == 200 && answer.number("completed") + answer.number("errors") >= part
        });
        signal("KILL", home.postmaster().expect("a server"));
    }
    until("the end", || {
        let answer = client.get(&batch);
        answer.status == 200 && answer.body.get("finished").is_some()
    });
    let done = client.get(&batch).expect(200);
    assert_eq!((done.number("completed"), done.number("errors")), (196, 4));
    let mut conn = home.connect();
    assert_eq!(rows::number(&mut conn, settled), 200);
    until("what was left over to go", || rows::files(&home.objects()).len() == 196);
    drop(conn);
    assert!(home.says(&["check"]).contains("agree"));
    service.stop();
}

#[test]
fn a_put_that_waits_outlives_the_database() {
    let (home, origin) = (Home::new(), Origin::start());
    let service = home.serve(&[("HYDRIA_LEASE_SECONDS", "600")]);
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let body = json!({ "origin": origin.url("/held/120x80/x.png") });
    let put = std::thread::spawn(move || client.put("/customers/1/spaces/1/images/a", &body));
    origin.wait_for("/held", 1);
    let old = home.postmaster().expect("a server");
    signal("KILL", old);
    until("a new server", || home.postmaster().is_some_and(|new| new != old));
    origin.release();
    let answer = put.join().expect("no panic").expect(201);
    assert_eq!((answer.number("width"), answer.text("error")), (120, String::new()));
    assert_eq!(origin.asked().len(), 1, "the attempt under way goes on");
    service.stop();
}
