//! The log, for people and for programs.

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
