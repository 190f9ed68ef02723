//! Starting: the first time, a second time, twice at once, and with settings that are wrong.

use std::os::unix::fs::PermissionsExt;

use super::home::{BASE, Home, Running};
use crate::support::{Browser, Client, rows};
use serde_json::json;

#[test]
fn the_first_start_shows_a_key_once_and_keeps_it_for_the_owner_alone() {
    let home = Home::new();
    let serve = || {
        let mut command = home.command(&["serve"]);
        command.env_remove("HYDRIA_BOOTSTRAP_KEY");
        Running::start(command, "ready at ")
    };
    let first = serve();
    let printed = first.printed();
    let after = |label: &str| {
        let line = printed.lines().find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in {printed}")).trim().to_owned()
    };
    let (key, secret) = (after("key:"), after("secret:"));
    let file = home.data().join("admin-key");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), format!("{key}:{secret}\n"));
    let mode = file.metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let client = |root: &str| Client::new(BASE, root, Some((&key, &secret)));
    client(&first.root()).get("/customers").expect(200);
    assert!(!first.said().replace(&printed, "").contains(&secret), "not in the log");
    first.stop();
    let second = serve();
    assert!(!second.said().contains(&secret), "{}", second.said());
    client(&second.root()).get("/customers").expect(200);
    second.stop();
}

#[test]
fn the_first_start_prints_an_address_that_logs_in_once_and_commands_print_more() {
    let home = Home::new();
    let mut command = home.command(&["serve"]);
    command.env_remove("HYDRIA_BOOTSTRAP_KEY").env_remove("HYDRIA_PUBLIC_URL");
    let service = Running::start(command, "ready at ");
    let link = |words: &str| {
        let line = words.lines().find(|line| line.contains("/#log-in="));
        let line = line.unwrap_or_else(|| panic!("no address in {words}")).trim();
        let line = line.split_whitespace().next().expect("an address");
        let (base, token) = line.split_once("/#log-in=").expect("a token");
        (base.to_owned(), json!({ "token": token }))
    };
    let printed = service.printed();
    let (base, token) = link(&printed);
    let browser = Browser::new(&Client::new(&base, &service.root(), None));
    browser.log_in(&token).expect(204);
    let key = browser.get("/console/session").expect(200).text("name");
    assert!(printed.contains(&key), "it is that of the key");
    browser.get("/customers").expect(200);
    browser.log_in(&token).expect(401);
    let text = token["token"].as_str().expect("a text");
    assert!(!service.logged().contains(text), "not in the log");

    let run = |base: &str, key: &str| {
        let mut command = home.command(&["key", "link", key]);
        command.env("HYDRIA_PUBLIC_URL", base).output().expect("the binary runs")
    };
    let made = || {
        let output = run(&base, &key);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        link(&String::from_utf8_lossy(&output.stdout)).1
    };
    browser.log_in(&made()).expect(204);
    let old = made();
    rows::execute(
        &mut home.connect(),
        "UPDATE log_in_links SET created = created - interval '10 minutes'",
    );
    browser.log_in(&old).expect(401);
    for (base, key) in [(base.as_str(), "nobody"), (BASE, &key)] {
        let output = run(base, key);
        assert_eq!(output.status.code(), Some(1), "{base} {key}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("hydria: "), "{output:?}");
    }
    service.stop();
    // Where the key was given, nobody reads of a way in.
    let home = Home::new();
    let mut command = home.command(&["serve"]);
    command.env_remove("HYDRIA_PUBLIC_URL");
    let service = Running::start(command, "ready at ");
    assert!(!service.said().contains("#log-in="), "{}", service.said());
    service.stop();
}

#[test]
fn a_second_serve_on_the_same_folder_is_refused_in_words() {
    let home = Home::new();
    let first = home.serve(&[]);
    let second = home.run(&["serve"]);
    assert_eq!(second.status.code(), Some(1));
    let words = String::from_utf8_lossy(&second.stderr);
    let pid = format!("{}", first.pid());
    assert!(words.contains(&pid) && words.contains("data"), "{words}");
    first.administrator().get("/customers").expect(200);
    first.stop();
}

#[test]
fn it_listens_on_any_port_of_either_kind_of_address() {
    let home = Home::new();
    for (listen, start) in [("[::1]:0", "http://[::1]:"), ("127.0.0.1:0", "http://127.0.0.1:")] {
        let mut command = home.command(&["serve"]);
        command.env("HYDRIA_LISTEN", listen).env_remove("HYDRIA_PUBLIC_URL");
        let service = Running::start(command, "ready at ");
        let root = service.root();
        assert!(root.starts_with(start) && !root.ends_with(":0"), "{root}");
        let port = root.rsplit(':').next().expect("a port");
        let base = format!("http://localhost:{port}");
        let answer = Client::new(&base, &root, None).get("/").expect(200);
        assert_eq!(answer.id(), format!("{base}/"));
        service.stop();
    }
}

#[test]
fn a_setting_that_is_misspelt_is_warned_of_and_one_that_is_wrong_refused() {
    let home = Home::new();
    let mut command = home.command(&["contexts"]);
    command.arg(home.data()).env("HYDRIA_LISTN", "x").env("HYDRIA_LOG", "warn");
    let output = command.output().expect("the binary runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && words.contains("HYDRIA_LISTN"), "{words}");
    let mut command = home.command(&["serve"]);
    command.env("HYDRIA_BATCH_LIMIT", "many").env("HYDRIA_LISTEN", "nowhere");
    let output = command.output().expect("the binary runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("HYDRIA_BATCH_LIMIT") && words.contains("HYDRIA_LISTEN"), "{words}");
}

#[test]
fn a_storage_that_is_neither_folder_nor_bucket_is_refused_and_nothing_is_made_of_it() {
    let home = Home::new();
    let mut command = home.command(&["serve"]);
    let here = home.data().parent().expect("a folder").to_owned();
    command.env("HYDRIA_STORAGE", "gs://bucket").current_dir(&here);
    let output = command.output().expect("the binary runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("HYDRIA_STORAGE") && words.contains("folder"), "{words}");
    assert_eq!(std::fs::read_dir(&here).expect("a folder").count(), 0, "something was made");
}

#[test]
fn a_setting_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let home = Home::new();
    let mut command = home.command(&["config"]);
    command.env("HYDRIA_DATA", std::ffi::OsString::from_vec(vec![b'/', 0xff]));
    let output = command.output().expect("the binary runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("HYDRIA_DATA must be text"), "{words}");
}

#[test]
fn listening_for_everybody_without_a_public_address_warns() {
    let home = Home::new();
    for (settings, warns) in [(None, true), (Some(BASE), false)] {
        let mut command = home.command(&["serve"]);
        command.env("HYDRIA_LISTEN", "0.0.0.0:0").env_remove("HYDRIA_PUBLIC_URL");
        command.envs(settings.map(|url| ("HYDRIA_PUBLIC_URL", url)));
        let service = Running::start(command, "ready at ");
        assert_eq!(service.said().contains("set HYDRIA_PUBLIC_URL"), warns, "{}", service.said());
        service.stop();
    }
}

#[test]
fn another_bootstrap_key_later_on_is_ignored_with_a_warning() {
    let home = Home::new();
    home.serve(&[]).stop();
    let later = home.serve(&[("HYDRIA_BOOTSTRAP_KEY", "stranger:with-a-secret")]);
    assert!(later.said().contains("HYDRIA_BOOTSTRAP_KEY is ignored"), "{}", later.said());
    let client = later.administrator();
    client.get("/customers").expect(200);
    client.with_key(Some(("stranger", "with-a-secret"))).get("/customers").expect(401);
    let kept = std::fs::read_to_string(home.data().join("admin-key")).expect("a file");
    assert_eq!(kept, "administrator:its-secret\n");
    later.stop();
}
