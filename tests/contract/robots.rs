//! What crawlers are told they may ask for.

use hydria::cli::serve::Options;
use reqwest::Method;

use crate::process::home::Home;
use crate::support::{App, Client};

fn app(settings: &[(&str, &str)]) -> App {
    App::start_with(settings, Options { no_worker: true, ..Options::default() })
}

/// The rules, as any crawler gets them.
#[track_caller]
fn rules(client: &Client) -> String {
    let answer = client.get("/robots.txt").expect(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    String::from_utf8(answer.bytes).expect("UTF-8")
}

#[test]
fn crawlers_may_read_descriptions_and_thumbnails_unless_something_else_is_set() {
    let app = app(&[]);
    let text = rules(&app.visitor);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let expected = [
        "User-agent: *",
        "Allow: /iiif-img/*/info.json$",
        "Allow: /degraded/*/info.json$",
        "Disallow: /iiif-img/",
        "Disallow: /degraded/",
        "Disallow: /customers/",
    ];
    assert_eq!(lines, expected);
    // A crawler is turned away by nothing that it sends.
    let wrong = app.visitor.with_key(Some(("nobody", "nothing")));
    assert_eq!(rules(&wrong), text);
    let odd = app.visitor.request(Method::GET, "/robots.txt?format=zzz&x=1");
    app.visitor.send(odd.header("Prefer", "handling=strict")).expect(200);
    let head = app.visitor.send(app.visitor.request(Method::HEAD, "/robots.txt")).expect(200);
    assert_eq!(head.header("content-length"), Some(text.len().to_string().as_str()));
    let own = head.header("etag").expect("a tag");
    let again = app.visitor.request(Method::GET, "/robots.txt").header("If-None-Match", own);
    app.visitor.send(again).expect(304);
    let refused = app.visitor.delete("/robots.txt").expect(405);
    assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS"));
}

#[test]
fn everything_or_nothing_is_open_where_that_is_set() {
    for (setting, expected) in
        [("allow", "User-agent: *\nDisallow:\n"), ("disallow", "User-agent: *\nDisallow: /\n")]
    {
        assert_eq!(rules(&app(&[("HYDRIA_ROBOTS", setting)]).visitor), expected);
    }
}

#[test]
fn the_rules_hold_below_a_path_that_a_proxy_takes_off() {
    let app = app(&[("HYDRIA_PUBLIC_URL", "https://images.example.org/iiif")]);
    assert!(rules(&app.visitor).contains("\nDisallow: /iiif/iiif-img/\n"));
}

#[test]
fn a_file_is_served_as_it_was_when_the_service_started() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rules");
    let own = "User-agent: Büchersucher\r\nDisallow: /thumbs/\r\n";
    std::fs::write(&file, own).expect("it is written");
    let app = app(&[("HYDRIA_ROBOTS", file.to_str().expect("UTF-8"))]);
    assert_eq!(rules(&app.visitor), own);
    std::fs::remove_file(&file).expect("it is there");
    assert_eq!(rules(&app.visitor), own);
}

#[test]
fn a_file_that_cannot_be_served_refuses_the_start_in_words() {
    let home = Home::new();
    let folder = tempfile::tempdir().expect("a folder");
    let [long, binary] = ["long", "binary"].map(|name| folder.path().join(name));
    std::fs::write(&long, vec![b'#'; (500 << 10) + 1]).expect("it is written");
    std::fs::write(&binary, [b'#', 0xff]).expect("it is written");
    let text = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    for (setting, reason) in [
        ("dissallow".to_owned(), "cannot be read: No such file"),
        (text(&folder.path().join("nothing")), "cannot be read: No such file"),
        (text(folder.path()), "cannot be read: Is a directory"),
        (text(&long), "is longer than the 512000 bytes"),
        (text(&binary), "is no text in UTF-8"),
    ] {
        let output = home.command(&["serve"]).env("HYDRIA_ROBOTS", &setting).output();
        let output = output.expect("the binary runs");
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}");
        for part in ["HYDRIA_ROBOTS", &setting, reason, "descriptions, allow and disallow"] {
            assert!(words.contains(part), "{part} is missing: {words}");
        }
    }
    assert!(!home.data().exists(), "nothing is made before");
}
