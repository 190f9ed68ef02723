//! The table of routes, `tests/routes.md`: every row and every status of it, and nothing but those.

mod cases;
mod returns;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use serde_json::{Value, json};

use super::families::family;
use super::world::World;
use crate::support::Answer;

/// The table as it was published, committed word for word.
const TABLE: &str = include_str!("../../routes.md");

/// One row of the table.
struct Row {
    uri: String,
    method: String,
    returns: String,
    statuses: Vec<u16>,
}

/// One status of one row, and the request that is answered with it.
struct Case {
    uri: String,
    method: &'static str,
    status: u16,
    ask: Box<dyn Fn(&World) -> Asked>,
}

/// What was asked, and what came back.
struct Asked {
    path: String,
    answer: Answer,
}

fn rows() -> Vec<Row> {
    TABLE
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim().split('|').map(str::trim).collect();
            let ["", uri, method, _accepts, returns, statuses, ..] = cells.as_slice() else {
                return None;
            };
            uri.starts_with('/').then(|| Row {
                uri: (*uri).to_owned(),
                method: (*method).to_owned(),
                returns: (*returns).to_owned(),
                statuses: statuses
                    .split(',')
                    .map(|status| status.trim().parse().expect("a status"))
                    .collect(),
            })
        })
        .collect()
}

#[test]
fn every_status_of_every_row_has_a_case_and_every_case_a_row() {
    let rows = rows();
    assert!(rows.len() > 50, "only {} rows were read", rows.len());
    let wanted: BTreeSet<(String, String, u16)> = rows
        .iter()
        .flat_map(|row| {
            row.statuses.iter().map(|status| (row.uri.clone(), row.method.clone(), *status))
        })
        .collect();
    let cases = cases::all();
    let tried: BTreeSet<(String, String, u16)> =
        cases.iter().map(|c| (c.uri.clone(), c.method.to_owned(), c.status)).collect();
    assert_eq!(tried.len(), cases.len(), "a case stands twice");
    let missing: Vec<_> = wanted.difference(&tried).collect();
    let beyond: Vec<_> = tried.difference(&wanted).collect();
    assert!(missing.is_empty() && beyond.is_empty(), "no case: {missing:#?}; no row: {beyond:#?}");
}

#[test]
fn every_case_is_answered_as_the_table_says() {
    let world = World::new();
    let rows = rows();
    let vocabulary = world.app.visitor.get("/vocab").expect(200).body;
    let mut wrong = Vec::new();
    for case in cases::all() {
        let row = rows.iter().find(|row| row.uri == case.uri && row.method == case.method);
        let row = row.expect("every case has a row");
        let Asked { path, answer } = (case.ask)(&world);
        let told = if answer.status == case.status {
            returns::check(row, &path, &answer, &world.app.base, &vocabulary)
        } else {
            Err(format!("{} {}", answer.status, answer.body))
        };
        if let Err(reason) = told {
            wrong.push(format!("{} {} {}: {reason}", case.method, case.uri, case.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sends a request by hand and answers the bytes that come back.
fn raw(world: &World, method: &str, path: &str, body: &str) -> String {
    let address = world.app.administrator.root.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).expect("the service listens");
    let credentials = format!("{}:{}", world.owner.key, world.owner.secret);
    let credentials = base64::engine::general_purpose::STANDARD.encode(credentials);
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {credentials}\r\n\
         Content-Type: application/ld+json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("the request is sent");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("the answer ends");
    String::from_utf8(bytes).expect("text")
}

#[test]
fn a_205_is_empty_on_the_wire_and_says_so() {
    let world = World::new();
    let (path, _) = world.made(family("Role"));
    for (method, body) in [("PATCH", json!({ "label": "new" })), ("DELETE", Value::Null)] {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = raw(&world, method, &path, &body);
        let (head, rest) = answer.split_once("\r\n\r\n").expect("a head");
        let head = head.to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 205 reset content\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-length: 0"), "{head}");
        assert!(!head.contains("content-type"), "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
        assert_eq!(rest, "", "{method}");
    }
}
