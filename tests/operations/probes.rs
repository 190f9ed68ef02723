//! Probes: whether a process lives, and whether it can do its work.

use std::net::SocketAddr;

use hydria::cli::serve::Options;
use serde_json::json;

use super::scrape::{Scrape, operator};
use crate::process::home::{Home, Running};
use crate::support::{App, Client, Origin, rows, until};

/// Returns where a process shows its metrics, as it says in its log.
fn admin_of(process: &Running) -> SocketAddr {
    let said = process.logged();
    let (_, rest) = said.split_once("metrics are at http://").expect("an address");
    rest.split('/').next().and_then(|address| address.parse().ok()).expect("an address")
}

fn says(client: &Client, path: &str) -> (u16, String) {
    let answer = client.get(path);
    (answer.status, String::from_utf8(answer.bytes).expect("UTF-8"))
}

#[test]
fn a_service_that_works_is_alive_and_ready_and_says_nothing_else() {
    let app = App::without_workers();
    for path in ["/livez", "/readyz"] {
        let answer = app.visitor.get(path).expect(200);
        assert_eq!(answer.bytes, b"ok\n");
        for name in ["server", "hydria-ignored", "etag"] {
            assert_eq!(answer.header(name), None, "{path}");
        }
        let head = app.visitor.send(app.visitor.request(reqwest::Method::HEAD, path));
        assert_eq!(head.status, 200);
        let wrong = app.visitor.with_key(Some(("nobody", "wrong")));
        assert_eq!(says(&wrong, path), (200, "ok\n".into()), "credentials are not looked at");
    }
    assert_eq!(says(&app.visitor, "/healthz"), (200, "ready\n".into()));
}

#[test]
fn a_service_is_not_ready_while_migrations_are_pending() {
    let app = App::without_workers();
    let mut conn = app.database();
    let newest = "(SELECT max(version) FROM __diesel_schema_migrations)";
    rows::execute(&mut conn, "CREATE TABLE kept AS SELECT * FROM __diesel_schema_migrations");
    rows::execute(
        &mut conn,
        &format!("DELETE FROM __diesel_schema_migrations WHERE version = {newest}"),
    );
    until("the service not to be ready", || says(&app.visitor, "/readyz") == (503, "no\n".into()));
    assert_eq!(says(&app.visitor, "/livez"), (200, "ok\n".into()));
    let back = "INSERT INTO __diesel_schema_migrations SELECT * FROM kept ON CONFLICT DO NOTHING";
    rows::execute(&mut conn, back);
    until("the service to be ready", || says(&app.visitor, "/readyz").0 == 200);
    rows::execute(&mut conn, "DROP TABLE kept");
    // One that is not of this version is of the next one, which came before this process was replaced.
    let next = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')";
    rows::execute(&mut conn, next);
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(says(&app.visitor, "/readyz").0, 200);
}

#[test]
fn a_service_whose_database_is_out_of_reach_is_alive_and_not_ready_until_it_is_back() {
    let settings = [("HYDRIA_ADMIN_LISTEN", "127.0.0.1:0")];
    let app = App::start_with(&settings, Options { no_worker: true, ..Options::default() });
    let operator = operator(app.admin_address().expect("a listener"));
    let name =
        rows::texts(&mut app.database(), "SELECT current_database()::text AS text").remove(0);
    let elsewhere = crate::support::database::fresh();
    let mut other = hydria::database::connect(&elsewhere).expect("the server answers");
    rows::execute(&mut other, &format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS false"));
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ";
    rows::execute(&mut other, &format!("{end}'{name}'"));
    until("the service not to be ready", || says(&app.visitor, "/readyz") == (503, "no\n".into()));
    assert_eq!(says(&app.visitor, "/livez").0, 200);
    assert_eq!((says(&operator, "/livez").0, says(&operator, "/readyz").0), (200, 503));
    assert!(Scrape::of(&operator).value("hydria_ready") < 0.5, "metrics are shown all the same");
    rows::execute(&mut other, &format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS true"));
    until("the service to be ready", || says(&app.visitor, "/readyz").0 == 200);
    assert_eq!(says(&operator, "/readyz").0, 200);
}

#[test]
fn a_process_that_is_stopping_says_that_it_is_not_ready_until_its_end() {
    let (home, origin) = (Home::new(), Origin::start());
    let mut service = home.serve(&[("HYDRIA_ADMIN_LISTEN", "127.0.0.1:0")]);
    let operator = operator(admin_of(&service));
    assert_eq!(says(&operator, "/readyz"), (200, "ok\n".into()));
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let body = json!({ "origin": origin.url("/held/120x80/x.png") });
    let put = std::thread::spawn(move || client.put("/customers/1/spaces/1/images/a", &body));
    origin.wait_for("/held", 1);
    service.tell_to_stop();
    until("the process not to be ready", || says(&operator, "/readyz") == (503, "no\n".into()));
    assert_eq!(says(&operator, "/livez"), (200, "ok\n".into()));
    origin.release();
    put.join().expect("no panic").expect(201);
    assert!(service.ended().success(), "{}", service.said());
}

#[test]
fn the_command_asks_a_service_and_a_worker_and_says_how_they_are_in_one_line() {
    let home = Home::new();
    let service = home.serve(&[]);
    let worker = {
        let mut command = home.command(&["worker"]);
        command.env("HYDRIA_ADMIN_LISTEN", "127.0.0.1:0");
        Running::start(command, "working")
    };
    let scrape = Scrape::of(&operator(admin_of(&worker)));
    assert!(scrape.value("hydria_ready") > 0.5, "a worker has metrics as well");
    assert!(scrape.0.contains_key("hydria_pool_connections{pool=\"workers\",state=\"idle\"}"));
    let health = |setting: &str, address: &str| {
        let mut command = home.command(&["health"]);
        let output = command.env(setting, address).output().expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let of_service = service.root().replace("http://", "");
    let of_worker = admin_of(&worker).to_string();
    let ready = || (Some(0), "ready\n".to_owned(), String::new());
    assert_eq!(health("HYDRIA_LISTEN", &of_service), ready());
    assert_eq!(health("HYDRIA_ADMIN_LISTEN", &of_worker), ready());
    worker.stop();
    service.stop();
    let (code, out, words) = health("HYDRIA_LISTEN", &of_service);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(words.lines().count(), 1, "{words}");
    assert!(words.contains("nobody answers at"), "{words}");
    let (code, _, words) = health("HYDRIA_LISTEN", "127.0.0.1:0");
    assert!(code == Some(1) && words.contains("HYDRIA_LISTEN"), "{words}");
}
