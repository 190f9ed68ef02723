//! The address of a client in the log, with and without proxies.

use reqwest::Method;

use crate::process::home::Home;
use crate::support::{Client, until};

/// Asks with headers, and returns the line of the log about it.
fn logged(service: &crate::process::home::Running, headers: &[(&str, &str)]) -> String {
    let client: Client = service.administrator();
    let mut request = client.request(Method::GET, "/customers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = client.send(request).expect(200);
    let id =
        answer.header("request-id").or(answer.header("x-request-id")).expect("an id").to_owned();
    let mut line = None;
    until("the line of the request", || {
        line = service.logged().lines().find(|line| line.contains(&id)).map(str::to_owned);
        line.is_some()
    });
    line.expect("a line")
}

#[test]
fn the_log_has_the_address_of_the_client_and_believes_trusted_proxies_alone() {
    let home = Home::new();
    let log = ("HYDRIA_LOG", "info");
    let spoofed = [("X-Forwarded-For", "6.6.6.6"), ("Forwarded", "for=6.6.6.6")];
    let direct = home.serve(&[log]);
    let line = logged(&direct, &spoofed);
    assert!(line.ends_with(" 127.0.0.1"), "{line}");
    direct.stop();
    let trusted = ("HYDRIA_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1");
    let behind = home.serve(&[log, trusted, ("HYDRIA_LOG_FORMAT", "json")]);
    for (headers, expected) in [
        (&[("X-Forwarded-For", "198.51.100.7")][..], "198.51.100.7"),
        (&[("X-Forwarded-For", "6.6.6.6, 198.51.100.7, 10.0.0.2")], "198.51.100.7"),
        (&[("X-Forwarded-For", "198.51.100.7"), ("Forwarded", "for=6.6.6.6")], "198.51.100.7"),
        (&[("Forwarded", "for=6.6.6.6")], "127.0.0.1"),
    ] {
        let line = logged(&behind, headers);
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(line["client"], expected, "{headers:?}: {line}");
    }
    behind.stop();
}

#[test]
fn proxies_that_are_no_networks_are_refused() {
    let home = Home::new();
    let mut command = home.command(&["serve"]);
    command.env("HYDRIA_TRUSTED_PROXIES", "10.0.0.0/8, all").env("HYDRIA_FORWARDED", "Via");
    let output = command.output().expect("the binary runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("HYDRIA_TRUSTED_PROXIES") && words.contains("all"), "{words}");
    assert!(words.contains("HYDRIA_FORWARDED must be"), "{words}");
}
