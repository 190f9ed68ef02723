//! Commands for the owner of the machine: beside a running service, and alone.

use super::home::{BASE, Home};
use crate::support::{Client, rows};

/// What stands behind a label in what a command prints.
#[track_caller]
fn after(words: &str, label: &str) -> String {
    let found = words.split_once(label).unwrap_or_else(|| panic!("no {label} in {words}"));
    found.1.split_whitespace().next().expect("something behind it").to_owned()
}

#[test]
fn commands_work_beside_a_running_service() {
    let home = Home::new();
    let service = home.serve(&[]);
    let made = home.says(&["customer", "make", "library", "--display-name", "The Library"]);
    let (key, secret) = (after(&made, "key:"), after(&made, "secret:"));
    let client = Client::new(BASE, &service.root(), Some((&key, &secret)));
    let customer = client.get("/customers/2").expect(200);
    assert_eq!(customer.text("displayName"), "The Library");
    let listed = home.says(&["customer", "list"]);
    assert!(listed.contains("library") && listed.contains("administrator"), "{listed}");
    let named = home.says(&["key", "make", "Library"]);
    let named = client.with_key(Some((&after(&named, "key:"), &after(&named, "secret:"))));
    assert_eq!(named.get("/customers/2").expect(200).text("name"), "library");
    assert_eq!(home.says(&["key", "list", "library"]).lines().count(), 3, "a head and two keys");
    let lost = home.says(&["key", "make", "1"]);
    let new = (after(&lost, "key:"), after(&lost, "secret:"));
    let administrator = client.with_key(Some((&new.0, &new.1)));
    administrator.get("/customers/2").expect(200);
    assert!(home.says(&["key", "list", "1"]).contains(&new.0));
    let limited =
        home.says(&["key", "make", "2", "--read-only", "--expires", "2099-01-01T00:00:00Z"]);
    let limited = client.with_key(Some((&after(&limited, "key:"), &after(&limited, "secret:"))));
    limited.get("/customers/2").expect(200);
    limited.post("/customers/2/keys", &serde_json::json!({})).expect(403);
    let listed = home.says(&["key", "list", "2"]);
    assert!(listed.contains("only reads, expires 2099-01-01"), "{listed}");
    assert!(!home.says(&["key", "list"]).contains(&new.1), "secrets are not listed");
    home.says(&["key", "remove", &key]);
    // A verified key may be remembered for one second (`docs/rules.md` 8.4).
    crate::support::until("the key to be forgotten", || client.get("/customers/2").status == 401);
    assert!(home.says(&["migrate"]).contains("up to date"));
    assert!(home.says(&["check"]).contains("agree"));
    administrator.get("/customers").expect(200);
    service.stop();
}

#[test]
fn commands_work_alone_and_leave_no_server() {
    let home = Home::new();
    assert!(home.says(&["migrate"]).contains("up to date"));
    home.says(&["customer", "make", "library", "--administrator"]);
    assert!(home.says(&["customer", "list"]).contains("library"));
    let made = home.says(&["key", "make", "1"]);
    assert!(home.says(&["check"]).contains("agree"));
    assert_eq!(home.postmaster(), None);
    let service = home.serve(&[]);
    let key = (after(&made, "key:"), after(&made, "secret:"));
    let client = Client::new(BASE, &service.root(), Some((&key.0, &key.1)));
    client.get("/customers/1").expect(200);
    service.stop();
}

#[test]
fn what_cannot_be_done_is_said_and_fails() {
    let home = Home::new();
    home.says(&["customer", "make", "library"]);
    for arguments in [
        ["customer", "make", "library"].as_slice(),
        &["customer", "make", "123"],
        &["key", "make", "99"],
        &["key", "make", "nobody"],
        &["key", "remove", "nobody"],
    ] {
        let output = home.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.lines().any(|line| line.starts_with("hydria: ")), "{words}");
    }
    assert!(home.says(&["customer", "list"]).contains("library"));
}

#[test]
fn the_settings_are_shown_without_their_secrets() {
    let home = Home::new();
    let mut command = home.command(&["config"]);
    command.env("DATABASE_URL", "postgres://me:hidden-word@nowhere/db");
    let output = command.output().expect("the binary runs");
    let words = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success());
    assert!(words.contains("HYDRIA_LISTEN") && words.contains("127.0.0.1:0"), "{words}");
    assert!(!words.contains("hidden-word") && !words.contains("its-secret"), "{words}");
    assert!(words.contains("database db at nowhere, port 5432"), "{words}");
    assert!(!home.data().exists(), "to look is to leave things as they are");
    let mut command = home.command(&["config"]);
    command.env_remove("HYDRIA_PUBLIC_URL").env_remove("HYDRIA_BOOTSTRAP_KEY");
    command.env("HYDRIA_LISTEN", "127.0.0.1:8099");
    let before =
        String::from_utf8(command.output().expect("the binary runs").stdout).expect("UTF-8");
    let objects = home.objects();
    for part in ["http://localhost:8099", "none yet", "1000", objects.to_str().expect("a path")] {
        assert!(before.contains(part), "no {part} in {before}");
    }
    let fetches = before.lines().find(|line| line.starts_with("HYDRIA_FETCHES ")).expect("a line");
    assert!(fetches.contains("one customer two thirds"), "{fetches}");
    assert!(!home.data().exists(), "to look is to leave things as they are");
    home.serve(&[]).stop();
    let after = home.says(&["config"]);
    let cluster = home.data().join("postgres");
    assert!(after.contains(&format!("PostgreSQL in {}", cluster.display())), "{after}");
    let cluster_id = after.lines().last().expect("a line");
    assert!(cluster_id.starts_with("cluster"), "{cluster_id}");
}

#[test]
fn the_first_start_says_where_the_database_is() {
    let home = Home::new();
    let service = home.serve(&[]);
    let cluster = home.data().join("postgres");
    let said = service.said();
    assert!(said.contains(&format!("PostgreSQL in {}", cluster.display())), "{said}");
    service.stop();
}

#[test]
fn a_check_finds_what_was_spoilt_and_mends_it() {
    let home = Home::new();
    let service = home.serve(&[]);
    let client = service.administrator();
    let space = serde_json::json!({ "name": "maps" });
    client.put("/customers/1/spaces/1", &space).expect(201);
    let origin = crate::support::Origin::start();
    let image = |n: u32| {
        let body = serde_json::json!({ "origin": origin.image(120, 80) });
        client.put(&format!("/customers/1/spaces/1/images/{n}"), &body)
    };
    image(1).expect(201);
    image(2).expect(201);
    let mut conn = home.connect();
    rows::execute(&mut conn, "UPDATE tallies SET size = size + 5");
    rows::execute(&mut conn, "UPDATE tally_changes SET images = images + 1");
    rows::execute(&mut conn, "UPDATE images SET ingesting = TRUE WHERE id = '2'");
    rows::execute(&mut conn, "UPDATE images SET batch = 77 WHERE id = '1'");
    rows::execute(&mut conn, "UPDATE images SET has_tiles = FALSE WHERE id = '1'");
    rows::execute(&mut conn, "INSERT INTO derivatives VALUES (1, 1, '3', NULL, 5, 7, now())");
    drop(conn);
    let object = rows::files(&home.objects()).pop().expect("an object");
    std::fs::remove_file(&object).expect("an object");
    std::fs::write(object.with_file_name("999-1"), b"of nobody").expect("an object");
    let found = home.run(&["check"]);
    assert_eq!(found.status.code(), Some(1));
    let words = String::from_utf8(found.stdout).expect("UTF-8");
    for part in [
        "totals of space 1/1",
        "waits without a job",
        "names batch 77",
        "image 1/1/1 is marked wrongly as to whether it has tiles",
        "what was made of image 1/1/3, which is not there",
        "belongs to no image",
        "has lost",
    ] {
        assert!(words.contains(part), "no {part} in {words}");
    }
    assert!(home.says(&["check", "--repair"]).contains("mended"));
    crate::support::until("both to be processed again", || {
        [1, 2].iter().all(|n| {
            let image = client.get(&format!("/customers/1/spaces/1/images/{n}")).expect(200);
            image.body.get("ingesting") == Some(&serde_json::json!(false))
        })
    });
    assert!(home.says(&["check"]).contains("agree"));
    service.stop();
}
