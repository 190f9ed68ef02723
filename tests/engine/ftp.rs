//! Origins on servers of FTP: data connections go to the server itself, and to nobody that it names.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use super::scene::Scene;
use crate::support::file_server::Folders;
use crate::support::pictures;

fn folders() -> Folders {
    let picture = pictures::smooth("40x30");
    Folders::of(&[("scans/b c.png", &picture), ("a.png", &picture)])
}

fn scene(settings: &[(&str, &str)], strategy: &str, credentials: &Value) -> Scene {
    let scene = Scene::with(settings);
    let body =
        json!({ "regex": "^ftps?:", "originStrategy": strategy, "credentials": credentials });
    scene.owner.client.post(&scene.owner.path("/originStrategies"), &body).expect(201);
    scene
}

#[test]
fn a_file_is_fetched_anonymously_or_with_a_user_wherever_the_server_says_that_it_is() {
    let folders = folders();
    // An address of documentation, which would never answer.
    let server = folders.ftp("plain", "192.0.2.1");
    let at = |path: &str| format!("ftp://127.0.0.1:{}{path}", server.port);
    let anonymous = scene(&[], "ftp", &Value::Null);
    let put = |scene: &Scene, id: &str, path: &str| {
        let answer = scene.put(id, &at(path)).expect(201);
        (answer.text("error"), answer.number("width"))
    };
    assert_eq!(put(&anonymous, "a", "/scans/b%20c.png"), (String::new(), 40));
    assert!(put(&anonymous, "missing", "/none.png").0.contains("no such file"));
    let user = scene(&[], "ftp", &json!({ "user": "reader", "password": "secret" }));
    assert_eq!(put(&user, "a", "/a.png"), (String::new(), 40));
    let wrong = scene(&[], "ftp", &json!({ "user": "reader", "password": "wrong" }));
    assert!(put(&wrong, "a", "/a.png").0.contains("refuses the user"));
    let injected = anonymous.put("b", &at("/a%0D%0ADELE%20a.png")).expect(400);
    assert_eq!(injected.faults(), ["origin"]);
}

#[test]
fn a_data_connection_passes_the_check_of_addresses_too() {
    let folders = folders();
    let server = folders.ftp("plain", "127.0.0.1");
    let allowed = format!("127.0.0.1:{}", server.port);
    let scene = scene(&[("HYDRIA_ORIGIN_ALLOW", &allowed)], "ftp", &Value::Null);
    let origin = format!("ftp://127.0.0.1:{}/a.png", server.port);
    let error = scene.put("a", &origin).expect(201).text("error");
    assert!(error.contains("no public address"), "{error}");
    let elsewhere = scene.put("b", "ftp://127.0.0.1:1/a.png").expect(201).text("error");
    assert!(elsewhere.contains("no public address"), "{elsewhere}");
}

#[test]
fn a_certificate_that_nobody_trusts_ends_it_before_a_password_is_told() {
    let folders = folders();
    let server = folders.ftp("tls", "127.0.0.1");
    let scene = scene(&[], "ftps", &json!({ "user": "reader", "password": "secret" }));
    let error = scene.put("a", &format!("ftps://127.0.0.1:{}/a.png", server.port)).expect(201);
    assert!(error.text("error").contains("no secure connection"), "{}", error.body);
}

/// Serves FTP to one client after another, of which none gets more of the file than `sent`.
fn breaking_off(size: usize, sent: &'static [u8], last: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let data = TcpListener::bind("127.0.0.1:0").expect("a port");
            let at = data.local_addr().expect("an address").port();
            let mut answers = stream.try_clone().expect("the same connection");
            answers.write_all(b"220 ready\r\n").expect("a client");
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let answer = match line.split(' ').next().unwrap_or_default() {
                    "USER" => "331 password".to_owned(),
                    "PASS" => "230 in".to_owned(),
                    "TYPE" => "200 binary".to_owned(),
                    "SIZE" => format!("213 {size}"),
                    "PASV" => format!("227 at (10,0,0,1,{},{})", at / 256, at % 256),
                    "RETR" => {
                        answers.write_all(b"150 here it comes\r\n").expect("a client");
                        let (mut to, _) = data.accept().expect("a data connection");
                        to.write_all(sent).expect("a client");
                        last.to_owned()
                    }
                    _ => "221 bye".to_owned(),
                };
                if answers.write_all(format!("{answer}\r\n").as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    port
}

#[test]
fn a_file_that_breaks_off_is_told_from_a_whole_one() {
    let scene = scene(&[], "ftp", &Value::Null);
    let error = |id: &str, port: u16| {
        scene.put(id, &format!("ftp://127.0.0.1:{port}/a.png")).expect(201).text("error")
    };
    let short = error("short", breaking_off(9, b"abc", "226 done"));
    assert!(short.contains("broke off after 3 of 9 bytes"), "{short}");
    let aborted = error("aborted", breaking_off(3, b"abc", "426 aborted"));
    assert!(aborted.contains("broke off after 3"), "{aborted}");
}
