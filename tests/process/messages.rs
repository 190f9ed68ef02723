//! A server that speaks another language than English, and one that says nothing at all.

use std::net::TcpListener;
use std::process::Command;

use diesel::{Connection, PgConnection};
use hydria::cli::serve::Options;
use hydria::database::messages::Messages;
use serde_json::json;

use super::home::{Home, Running};
use crate::support::{App, Owner, database, rows, until};

/// A locale of this machine whose messages are translated: `script/setup` makes one.
fn german() -> String {
    let listed = Command::new("locale").arg("-a").output().expect("locale(1)").stdout;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let found = listed.lines().find(|name| name.starts_with("de_DE") && name.contains("utf"));
    let words = "this test needs German messages: localedef -i de_DE -f UTF-8 de_DE.UTF-8";
    found.expect(words).to_owned()
}

/// A database whose messages are German, and the same for a role that may not change that.
fn databases() -> (String, String) {
    let url = database::fresh();
    let name = url.rsplit("dbname=").next().expect("a name").to_owned();
    let role = format!("plain_{name}");
    let mut conn = PgConnection::establish(&url).expect("a database");
    for sql in [
        format!("ALTER DATABASE {name} SET lc_messages = '{}'", german()),
        format!("CREATE ROLE {role} LOGIN"),
        format!("GRANT ALL ON SCHEMA public TO {role}"),
        format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"),
        format!("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}"),
        // Long enough that the other side of the deadlock waits by then.
        format!("ALTER ROLE {role} SET deadlock_timeout = '3s'"),
    ] {
        rows::execute(&mut conn, &sql);
    }
    let plain = url.replace("user=hydria", &format!("user={role}"));
    (url, plain)
}

/// Does what is answered by the kind of an error: 409, 400, and another try.
fn kinds_are_told_apart(app: &App, url: &str) {
    let owner = app.customer("library");
    let client = &owner.client;
    client.put(&owner.path("/authServices/login"), &json!({ "name": "login" })).expect(201);
    let role = json!({ "authService": "login" });
    client.put(&owner.path("/roles/staff"), &role).expect(201);
    client.delete(&owner.path("/authServices/login")).expect(409);
    let policy = json!({ "storagePolicy": "no-such-policy" });
    let storage = owner.path("/storage");
    app.administrator.patch(&storage, &policy).expect(400);
    let space = owner.path(&format!("/spaces/{}", owner.space("maps")));
    // The request holds the row of its space, and waits for us; then we wait for the row.
    let mut conn = PgConnection::establish(url).expect("a database");
    for sql in [
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$",
        "CREATE TRIGGER wait BEFORE UPDATE ON spaces FOR EACH ROW EXECUTE FUNCTION wait()",
        "SET deadlock_timeout = '1h'",
        "BEGIN",
        "SELECT pg_advisory_xact_lock(7)",
    ] {
        rows::execute(&mut conn, sql);
    }
    let mut watch = PgConnection::establish(url).expect("a database");
    let waiting = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let deadlocks =
        "SELECT deadlocks AS n FROM pg_stat_database WHERE datname = current_database()";
    let before = rows::number(&mut watch, deadlocks);
    std::thread::scope(|threads| {
        let patch = threads.spawn(|| client.patch(&space, &json!({ "defaultTags": ["old"] })));
        until("the request to wait", || rows::number(&mut watch, waiting) == 1);
        rows::execute(&mut conn, "UPDATE spaces SET name = 'plans'");
        rows::execute(&mut conn, "COMMIT");
        patch.join().expect("no panic").expect(205);
    });
    until("the deadlock to be counted", || rows::number(&mut watch, deadlocks) > before);
    let shown = client.get(&space).expect(200);
    assert_eq!((shown.text("name"), &shown.body["defaultTags"]), ("plans".into(), &json!(["old"])));
}

#[test]
fn errors_are_told_apart_where_the_language_can_be_set() {
    let (url, _) = databases();
    let (_, messages) = hydria::database::connect_with_messages(&url).expect("a database");
    assert_eq!(messages, Messages::English);
    rows::execute(
        &mut PgConnection::establish(&url).expect("a database"),
        "ALTER ROLE hydria SET deadlock_timeout = '3s'",
    );
    kinds_are_told_apart(&App::start_on(&url, &[], Options::default()), &url);
}

#[test]
fn errors_are_told_apart_without_words_where_it_cannot() {
    let (url, plain) = databases();
    let (mut conn, messages) = hydria::database::connect_with_messages(&plain).expect("a database");
    assert!(matches!(messages, Messages::Other(_)), "{messages:?}");
    let words = diesel::sql_query("SELECT 1 / 0");
    let words = diesel::RunQueryDsl::execute(words, &mut conn).expect_err("no number").to_string();
    assert!(!words.contains("division by zero"), "the server speaks English: {words}");
    kinds_are_told_apart(&App::start_on(&plain, &[], Options::default()), &url);
}

#[test]
fn a_language_that_cannot_be_set_is_warned_of() {
    let (home, (_, plain)) = (Home::new(), databases());
    let service = home.serve(&[("DATABASE_URL", &plain)]);
    let said = service.said();
    assert!(said.contains("GRANT SET ON PARAMETER lc_messages"), "{said}");
    service.stop();
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let home = Home::new();
    let url = format!("postgres://hydria@127.0.0.1:{port}/hydria?sslmode=disable");
    let mut command = home.command(&["serve"]);
    command.env("DATABASE_URL", &url);
    // It ends by itself; without a time-out it would wait for good.
    let mut running = Running::start(command, "no connection to the database");
    assert_eq!(running.ended().code(), Some(1));
}

/// A service whose server speaks German to it, a customer, a space that was looked up, and a connection.
fn german_service() -> (App, Owner, String, PgConnection) {
    let (url, plain) = databases();
    let app = App::start_on(&plain, &[], Options { no_worker: true, ..Options::default() });
    let owner = app.customer("library");
    let space = owner.path(&format!("/spaces/{}", owner.space("maps")));
    owner.client.get(&space).expect(200);
    let conn = PgConnection::establish(&url).expect("a database");
    (app, owner, space, conn)
}

#[test]
fn look_ups_that_time_out_are_answered_503_in_any_language() {
    let (_app, owner, space, mut conn) = german_service();
    rows::execute(&mut conn, "BEGIN");
    rows::execute(&mut conn, "LOCK TABLE spaces IN ACCESS EXCLUSIVE MODE");
    let answer = owner.client.get(&space).expect(503);
    assert!(answer.header("retry-after").is_some());
    rows::execute(&mut conn, "COMMIT");
    owner.client.get(&space).expect(200);
}

#[test]
fn a_connection_that_is_ended_is_replaced_in_any_language() {
    let (_app, owner, space, mut conn) = german_service();
    let end_others = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for path in [space, owner.path("/spaces"), owner.path("/spaces?orderBy=name")] {
        assert!(rows::number(&mut conn, end_others) > 0);
        let answer = owner.client.get(&path);
        assert!(matches!(answer.status, 200 | 503), "{}", answer.body);
    }
}
