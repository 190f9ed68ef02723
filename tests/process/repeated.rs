//! The same submission to two processes at once, one of which is killed: it is one batch.

use diesel::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};

use super::home::{BASE, Home, Running};
use crate::support::{Answer, Client, database, rows, until};

/// Two processes of one service on one database.
struct Pair {
    url: String,
    _homes: [Home; 2],
    first: Running,
    second: Running,
    body: String,
}

impl Pair {
    fn start() -> Self {
        let (home, other) = (Home::new(), Home::new());
        let url = database::empty();
        let first = Running::start(Self::command(&home, &[("DATABASE_URL", &url)]), "ready at ");
        let secret = std::fs::read_to_string(home.data().join("secret")).expect("a secret");
        let objects = home.objects();
        let storage = objects.to_str().expect("a path in UTF-8");
        let shared = [
            ("DATABASE_URL", url.as_str()),
            ("HYDRIA_SECRET", secret.trim()),
            ("HYDRIA_STORAGE", storage),
        ];
        let second = Running::start(Self::command(&other, &shared), "ready at ");
        let client = first.administrator();
        client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
        let image =
            |n| json!({ "id": format!("{n}"), "space": 1, "origin": "https://localhost:9/" });
        let images: Vec<Value> = (0..1000).map(image).collect();
        let body = json!({ "member": images }).to_string();
        Self { url, _homes: [home, other], first, second, body }
    }

    fn command(home: &Home, settings: &[(&str, &str)]) -> std::process::Command {
        let mut command = home.command(&["serve", "--no-worker"]);
        command.envs(settings.iter().copied());
        command
    }

    fn connect(&self) -> PgConnection {
        hydria::database::connect(&self.url).expect("the database answers")
    }

    /// One batch of all images, however often any process is asked.
    fn comes_to_one_batch(&self, answer: &Answer) {
        let client = self.second.administrator();
        let again = send(&client, &self.body).expect("an answer");
        assert_eq!((again.status, &again.bytes), (201, &answer.bytes));
        assert_eq!(again.header("location"), answer.header("location"));
        let batches = client.get("/customers/1/queue/batches").expect(200);
        assert_eq!((batches.number("totalItems"), answer.status), (1, 201));
        assert_eq!(batches.members()[0]["@id"], answer.body["@id"]);
        assert_eq!(answer.number("count"), 1000);
        let queue = client.get("/customers/1/queue").expect(200);
        assert_eq!(queue.number("size"), 1000);
        assert!(answer.id().starts_with(BASE));
    }
}

/// Submits the body; nothing where the connection breaks.
fn send(client: &Client, body: &str) -> Option<Answer> {
    let request = client.request(Method::POST, "/customers/1/queue");
    let request = request.header("Idempotency-Key", "\"a thousand\"");
    let request = request.header("Content-Type", "application/json").body(body.to_owned());
    let response = request.send().ok()?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().ok()?.to_vec();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Some(Answer { status, headers, bytes, body })
}

#[test]
fn a_submission_to_two_processes_one_of_which_is_killed_is_one_batch() {
    let mut pair = Pair::start();
    let (one, two) = (pair.first.administrator(), pair.second.administrator());
    let (mut holder, mut looker) = (pair.connect(), pair.connect());
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity \
        WHERE wait_event_type = 'Lock' AND datname = current_database()";
    let body = pair.body.clone();
    let answer = std::thread::scope(|scope| {
        let mut second = None;
        let held: QueryResult<()> = holder.transaction(|holder| {
            // Whoever makes an image needs its space: the first is held in the middle of its transaction.
            rows::execute(holder, "SELECT FROM spaces FOR UPDATE");
            let first = scope.spawn(|| send(&one, &body));
            until("the first", || rows::number(&mut looker, waiting) == 1);
            second = Some(scope.spawn(|| send(&two, &body)));
            pair.first.kill();
            assert!(first.join().expect("no panic").is_none(), "nobody was answered");
            Err(diesel::result::Error::RollbackTransaction)
        });
        assert!(held.is_err());
        second.expect("sent").join().expect("no panic").expect("an answer")
    });
    pair.comes_to_one_batch(&answer);
    pair.second.stop();
}

#[test]
fn wherever_a_process_is_killed_a_submission_is_one_batch() {
    for step in 0..4 {
        let mut pair = Pair::start();
        let (one, two) = (pair.first.administrator(), pair.second.administrator());
        let mut looker = pair.connect();
        let body = pair.body.clone();
        let answer = std::thread::scope(|scope| {
            let first = scope.spawn(|| send(&one, &body));
            let second = scope.spawn(|| send(&two, &body));
            // From before its transaction begins to after it is committed.
            match step {
                0 => {}
                1 => until("a transaction", || {
                    let under_way =
                        "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory'";
                    let kept = "SELECT count(*) AS n FROM kept_answers";
                    rows::number(&mut looker, under_way) + rows::number(&mut looker, kept) > 0
                }),
                2 => until("the record", || {
                    rows::number(&mut looker, "SELECT count(*) AS n FROM kept_answers") == 1
                }),
                _ => {
                    first.join().expect("no panic").expect("an answer");
                    pair.first.kill();
                    return second.join().expect("no panic").expect("an answer");
                }
            }
            pair.first.kill();
            let _ = first.join().expect("no panic");
            second.join().expect("no panic").expect("an answer")
        });
        pair.comes_to_one_batch(&answer);
        pair.second.stop();
    }
}
