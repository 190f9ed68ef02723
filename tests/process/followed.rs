//! Killed while it tells changes, and started again: a reader of them misses none.

use serde_json::{Value, json};

use super::home::{Home, Running};
use crate::support::receiver::Received;
use crate::support::{Events, Owner, Receiver, rows, until};

const SETTINGS: [(&str, &str); 2] =
    [("HYDRIA_WEBHOOK_ALLOW", "127.0.0.1"), ("HYDRIA_LEASE_SECONDS", "2")];

#[test]
fn a_reader_of_changes_misses_none_when_the_service_is_killed() {
    let (home, receiver) = (Home::new(), Receiver::start());
    let mut service = home.serve(&SETTINGS);
    let mut owner = Owner::make(&service.administrator(), "library");
    let space = owner.space("maps");
    let hook = json!({ "id": "hook", "url": receiver.url("/"), "kinds": "imageCreated" });
    owner.client.post(&owner.path("/webhooks"), &hook).expect(201);
    let submit = |owner: &Owner, from: usize| {
        // Processing them would only take time.
        let image = |n| json!({ "id": format!("{n:03}"), "space": space, "origin": "https://localhost:9/" });
        let images: Vec<Value> = (from..from + 100).map(image).collect();
        owner.submit(&images).expect(201);
    };
    let mut events = Events::open(&owner.client, &owner.path("/events"), None);
    // The message is received, and its answer is lost with the process.
    receiver.hold();
    submit(&owner, 0);
    let first = receiver.wait_for(1).remove(0);
    let created = |events: &mut Events, wanted: usize| {
        let mut found = Vec::new();
        while found.len() < wanted {
            let event = events.next().expect("an event");
            if event.kind() == "imageCreated" {
                found.push(event.words());
            }
        }
        found
    };
    let mut told = created(&mut events, 30);
    let last = events.last.clone();
    service.kill();
    drop(events);
    receiver.release();

    let service = home.serve(&SETTINGS);
    owner.client = service.client_of(&owner);
    submit(&owner, 100);
    let mut events = Events::open(&owner.client, &owner.path("/events"), Some(&last));
    told.extend(created(&mut events, 170));
    let wanted: Vec<String> = (0..200).map(|n| format!("imageCreated {n:03}")).collect();
    assert_eq!(told, wanted, "the stream");
    drop(events);

    // Else it waits for the end of the lease that the killed process had.
    rows::execute(&mut home.connect(), "UPDATE webhooks SET due = now()");
    let mut words = Vec::new();
    until("all of it", || {
        words = receiver.received().iter().skip(1).flat_map(Received::words).collect();
        words.len() >= 200
    });
    assert_eq!(words, wanted, "the webhook");
    let again = receiver.received().remove(1);
    assert_eq!((again.id(), &again.body), (first.id(), &first.body), "it is known again by its id");
    service.stop();
}

#[test]
fn a_webhook_is_given_back_by_a_process_that_stops_while_it_sends() {
    let (home, receiver) = (Home::new(), Receiver::start());
    let start = |arguments: &[&str], words| {
        let mut command = home.command(arguments);
        command.envs(SETTINGS);
        Running::start(command, words)
    };
    let service = start(&["serve", "--no-worker"], "ready at ");
    let worker = start(&["worker"], "working");
    let owner = Owner::make(&service.administrator(), "library");
    let hook = json!({ "id": "hook", "url": receiver.url("/"), "kinds": "imageCreated" });
    owner.client.post(&owner.path("/webhooks"), &hook).expect(201);
    receiver.hold();
    let image =
        json!({ "id": "a", "space": owner.space("maps"), "origin": "https://localhost:9/" });
    owner.submit(&[image]).expect(201);
    receiver.wait_for(1);
    let claimed = "SELECT count(*) AS n FROM webhooks WHERE due > now()";
    assert_eq!(rows::number(&mut home.connect(), claimed), 1);
    worker.stop();
    assert_eq!(rows::number(&mut home.connect(), claimed), 0);
    receiver.release();
    let worker = start(&["worker"], "working");
    let again = receiver.wait_for(2).remove(1);
    assert_eq!(again.words(), ["imageCreated a"]);
    worker.stop();
    service.stop();
}
