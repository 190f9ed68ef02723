//! A service without workers, and workers of their own.

use serde_json::json;

use super::home::{Home, Running};
use crate::support::{Origin, until};

#[test]
fn a_worker_of_its_own_does_the_work_of_a_service_without() {
    let (home, origin) = (Home::new(), Origin::start());
    let mut command = home.command(&["serve", "--no-worker"]);
    command.env("HYDRIA_WAIT_SECONDS", "1");
    let service = Running::start(command, "ready at ");
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let image = "/customers/1/spaces/1/images/a";
    let body = json!({ "origin": origin.image(120, 80) });
    let waits = client.put(image, &body).expect(201);
    assert_eq!(waits.body.get("ingesting"), Some(&json!(true)), "nobody works");
    assert_eq!(origin.asked().len(), 0);
    let worker = Running::start(home.command(&["worker"]), "working");
    until("the image", || client.get(image).expect(200).number("width") == 120);
    let body = json!({ "origin": origin.image(240, 160) });
    assert_eq!(client.put(image, &body).expect(200).number("width"), 240);
    service.stop();
    until("the worker to keep the server running", || home.postmaster().is_some());
    worker.stop();
    assert_eq!(home.postmaster(), None);
}

#[test]
fn each_failed_image_and_each_finished_batch_has_a_line_in_the_log() {
    let (home, origin) = (Home::new(), Origin::start());
    let mut service = home.serve(&[]);
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let image = |id: &str, origin: String| json!({ "id": id, "space": 1, "origin": origin });
    let members = [
        image("good", origin.image(120, 80)),
        image("lost", origin.url("/missing/x.png")),
        image("gone", origin.url("/missing/y.png")),
    ];
    let batch = client.post("/customers/1/queue", &json!({ "member": members })).expect(201).id();
    let path = batch.strip_prefix(super::home::BASE).expect("an address of ours");
    service.wait_for(&format!("{path} is finished: 1 of 3 images came through, 2 failed"));
    let said = service.said();
    for id in ["lost", "gone"] {
        let line = format!("/customers/1/spaces/1/images/{id} failed: ");
        let found: Vec<&str> = said.lines().filter(|said| said.contains(&line)).collect();
        assert!(found.len() == 1 && found[0].contains("404"), "{found:?} in {said}");
    }
    assert!(!said.contains("images/good"), "{said}");
    service.stop();
}
