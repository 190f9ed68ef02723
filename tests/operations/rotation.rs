//! Rotation of the secret: beside processes that run, killed at every step, and with the secret in the settings.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use diesel::PgConnection;
use hydria::secrets::{Secret, sign};
use serde_json::json;

use super::backups::text;
use crate::process::home::{BASE, Home, Running};
use crate::support::{Client, Origin, Owner, Receiver, database, rows, until};

/// A service with something of each kind that is sealed.
struct Library {
    home: Home,
    url: Option<String>,
    service: Running,
    origin: Origin,
    receiver: Receiver,
    owner: Owner,
    space: i64,
    /// The key of the webhook's signatures.
    key: Secret,
    images: usize,
}

impl Library {
    fn start(url: Option<String>, settings: &[(&str, &str)], arguments: &[&str]) -> Self {
        let (home, origin, receiver) = (Home::new(), Origin::start(), Receiver::start());
        let service = serve(&home, url.as_deref(), settings, arguments);
        let owner = Owner::make(&service.administrator(), "library");
        let space = owner.space("maps");
        let put = |path: &str, body| owner.client.put(&owner.path(path), &body).expect(201);
        let credentials = json!({ "user": "reader", "password": "secret" });
        put(
            "/originStrategies/closed",
            json!({ "regex": "/basic/", "originStrategy": "basic-http-authentication", "credentials": credentials }),
        );
        put("/authServices/clickthrough/roleProvider", json!({ "credentials": credentials }));
        let webhook = json!({ "url": receiver.url("/"), "kinds": ["imageCreated"] });
        let webhook = owner.client.post(&owner.path("/webhooks"), &webhook).expect(201);
        let key = Secret::new(webhook.text("secret"));
        Self { home, url, service, origin, receiver, owner, space, key, images: 0 }
    }

    fn connect(&self) -> PgConnection {
        match &self.url {
            Some(url) => hydria::database::connect(url).expect("the server answers"),
            None => self.home.connect(),
        }
    }

    /// Asks a service for an image whose origin wants the stored credentials, and waits for the message that tells of it.
    #[track_caller]
    fn is_served_by(&mut self, service: &Running) {
        self.is_served_to(&service.client_of(&self.owner));
    }

    /// Checks what [`Library::is_served_by`] does, with the service that runs all the time.
    #[track_caller]
    fn goes_on(&mut self) {
        self.is_served_to(&self.owner.client.clone());
    }

    #[track_caller]
    fn is_served_to(&mut self, client: &Client) {
        self.images += 1;
        let path = format!("/spaces/{}/images/{}", self.space, self.images);
        let origin = self.origin.url(&format!("/basic/reader/secret/30x20/{}.png", self.images));
        let image = self.owner.path(&path);
        client.put(&image, &json!({ "origin": origin })).expect(201);
        until("the image", || client.get(&image).expect(200).body.get("finished").is_some());
        let image = client.get(&image).expect(200);
        assert_eq!(image.number("width"), 30, "{:?}", image.body);
        let received = self.receiver.wait_for(self.images);
        let last = received.last().expect("a message");
        let seconds = last.headers["webhook-timestamp"].parse().expect("a number");
        let signature = sign(&self.key, last.id(), seconds, &last.body).expect("a signature");
        assert_eq!(last.headers["webhook-signature"], signature);
    }

    fn file(&self, name: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.home.data().join(name)).ok()?;
        Some(text.trim().to_owned())
    }

    /// Begins a rotation that is to be killed.
    fn rotation(&self) -> Child {
        let mut command = self.home.command(&["secret", "rotate"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary runs")
    }
}

fn serve(home: &Home, url: Option<&str>, settings: &[(&str, &str)], arguments: &[&str]) -> Running {
    let mut command = home.command(&[&["serve"], arguments].concat());
    command.env("HYDRIA_WEBHOOK_ALLOW", "127.0.0.0/8").envs(settings.iter().copied());
    command.envs(url.map(|url| ("DATABASE_URL", url)));
    Running::start(command, "ready at ")
}

/// Everything that is sealed, as the comments of the columns say, with the name of its column.
fn sealed(conn: &mut PgConnection) -> BTreeSet<String> {
    let columns = "SELECT 'SELECT ''' || c.oid::regclass || '.' || a.attname || ' '' || encode(' || a.attname || ', ''hex'') \
         AS text FROM ' || c.oid::regclass || ' WHERE ' || a.attname || ' IS NOT NULL' AS text \
         FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid \
         WHERE c.relkind = 'r' AND a.atttypid = 'bytea'::regtype \
         AND col_description(c.oid, a.attnum) ~ 'sealed'";
    let columns = rows::texts(conn, columns);
    let found: Vec<Vec<String>> = columns.iter().map(|column| rows::texts(conn, column)).collect();
    assert!(found.iter().all(|values| !values.is_empty()), "the library has one of each kind");
    found.concat().into_iter().collect()
}

fn opening(conn: &mut PgConnection) -> i64 {
    rows::number(conn, "SELECT count(*) AS n FROM deployment_keys")
}

/// Waits until a statement about a table waits for a lock.
#[track_caller]
fn wait_for_lock(conn: &mut PgConnection, table: &str) {
    let waiting = format!(
        "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
         AND query LIKE '%{table}%' AND pid <> pg_backend_pid()"
    );
    until(&format!("a lock of {table}"), || rows::number(conn, &waiting) > 0);
}

fn with(home: &Home, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command: Command = home.command(arguments);
    command.envs(settings.iter().copied()).output().expect("the binary runs")
}

#[track_caller]
fn refuses(home: &Home, arguments: &[&str], settings: &[(&str, &str)], words: &[&str]) {
    let output = with(home, arguments, settings);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in words {
        assert!(said.contains(words), "no {words} in {said}");
    }
}

#[track_caller]
fn succeeds(home: &Home, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let output = with(home, arguments, settings);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_rotation_beside_a_service_and_its_workers_seals_everything_anew_and_ends_no_key() {
    let mut library = Library::start(None, &[], &["--no-worker"]);
    // As a version before has left it, which derived the keys from the secret.
    library.service.tell_to_stop();
    assert!(library.service.ended().success());
    let (private, mut conn) = library.home.database();
    assert_eq!(rows::execute(&mut conn, "DELETE FROM deployment_keys"), 1);
    drop(conn);
    private.stop().expect("an end");
    library.service = serve(&library.home, None, &[], &["--no-worker"]);
    library.owner.client = library.service.client_of(&library.owner);
    let worker = library.home.command(&["worker"]);
    let worker = {
        let mut command = worker;
        command.env("HYDRIA_WEBHOOK_ALLOW", "127.0.0.0/8");
        Running::start(command, "working")
    };
    library.goes_on();
    let mut conn = library.connect();
    let (before, first) = (sealed(&mut conn), library.file("secret").expect("a secret"));
    let hashes = "SELECT encode(secret, 'hex') AS text FROM keys ORDER BY key";
    let keys = rows::texts(&mut conn, hashes);
    let said = library.home.says(&["secret", "rotate"]);
    assert!(said.contains("3 stored credentials"), "{said}");
    let after = sealed(&mut conn);
    assert_eq!((after.len(), before.intersection(&after).count()), (before.len(), 0));
    assert_eq!(rows::texts(&mut conn, hashes), keys);
    let second = library.file("secret").expect("a secret");
    assert!(second != first && second.len() >= 43);
    let mode = std::fs::metadata(library.home.data().join("secret")).expect("a file");
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    assert_eq!((library.file("secret.old"), library.file("secret.new")), (None, None));
    assert_eq!(opening(&mut conn), 1);
    // The processes that run have the new keys, and seal with them.
    library.goes_on();
    let strategy = library.owner.path("/originStrategies/closed");
    let credentials = json!({ "credentials": { "user": "reader", "password": "secret" } });
    library.owner.client.patch(&strategy, &credentials).expect(205);
    library.goes_on();
    drop(conn);
    worker.stop();
    let Library { service, home, .. } = library;
    service.stop();
    let old = [("HYDRIA_SECRET", first.as_str())];
    refuses(&home, &["serve"], &old, &["HYDRIA_SECRET", "secret rotate", "the new one"]);
    // Alone, with the private server run for it.
    home.says(&["secret", "rotate"]);
    let service = home.serve(&[]);
    service.administrator().get("/customers").expect(200);
    service.stop();
}

#[test]
fn a_rotation_that_is_killed_at_any_step_leaves_either_secret_of_use_and_comes_to_its_end() {
    let mut library = Library::start(None, &[], &[]);
    library.goes_on();
    let mut conn = library.connect();
    let mut blocking = library.connect();
    let before = sealed(&mut conn);
    let first = library.file("secret").expect("a secret");
    let home_of = |library: &Library| library.home.data();
    let kill = |mut rotation: Child| {
        rotation.kill().expect("a process");
        rotation.wait().expect("a process");
    };
    let opens = |library: &Library, secret: &str| {
        let settings = [("HYDRIA_SECRET", secret)];
        with(&library.home, &["key", "make", "library"], &settings).status.success()
    };

    // The new secret is written, and opens nothing yet.
    rows::execute(&mut blocking, "BEGIN");
    rows::execute(&mut blocking, "SELECT FROM deployment_keys FOR SHARE");
    let rotation = library.rotation();
    wait_for_lock(&mut conn, "deployment_keys");
    kill(rotation);
    rows::execute(&mut blocking, "ROLLBACK");
    let second = library.file("secret.new").expect("a new secret");
    assert_eq!(library.file("secret").as_ref(), Some(&first));
    assert!(opens(&library, &first) && !opens(&library, &second));
    library.goes_on();

    // Both open, and a process does not know the new key yet: it does not seal.
    let generation =
        rows::number(&mut conn, "SELECT max(generation)::bigint AS n FROM deployment_keys");
    rows::execute(
        &mut blocking,
        &format!("SELECT pg_advisory_lock_shared(1213811545, {generation})"),
    );
    let rotation = library.rotation();
    until("the new secret", || library.file("secret").as_ref() == Some(&second));
    kill(rotation);
    assert_eq!((opening(&mut conn), library.file("secret.old").as_ref()), (2, Some(&first)));
    assert!(opens(&library, &first) && opens(&library, &second));
    assert_eq!(sealed(&mut conn), before);
    library.goes_on();
    rows::execute(&mut blocking, "SELECT pg_advisory_unlock_all()");

    // One part is sealed anew, and the other is not.
    rows::execute(&mut blocking, "BEGIN");
    rows::execute(&mut blocking, "SELECT FROM webhooks FOR UPDATE");
    let rotation = library.rotation();
    wait_for_lock(&mut conn, "AS sealed FROM webhooks");
    kill(rotation);
    rows::execute(&mut blocking, "ROLLBACK");
    assert_eq!(sealed(&mut conn).intersection(&before).count(), 1);
    library.goes_on();
    let folder = home_of(&library).with_file_name("backup");
    library.home.says(&["backup", text(&folder), "--with-secret"]);
    assert!(opens(&library, &first) && opens(&library, &second));
    // Restored where the secret before is at hand alone, it is of use, and the one that is lost is passed over.
    let elsewhere = Home::new();
    std::fs::create_dir(elsewhere.data()).expect("a folder");
    std::fs::write(elsewhere.data().join("secret"), &first).expect("a file");
    assert!(elsewhere.says(&["restore", text(&folder)]).contains("is that of the backup"));
    elsewhere.says(&["secret", "rotate"]);
    // Without the setting that lets it send messages to this machine.
    let service = elsewhere.serve(&[]);
    assert_eq!(opening(&mut elsewhere.connect()), 1);
    let client = service.client_of(&library.owner);
    let image = library.owner.path(&format!("/spaces/{}/images/1", library.space));
    let again = library.origin.url("/basic/reader/secret/40x20/again.png");
    assert_eq!(client.put(&image, &json!({ "origin": again })).expect(200).number("width"), 40);
    service.stop();
    let kept = std::fs::read_to_string(elsewhere.data().join("secret")).expect("a file");
    assert!(![&first, &second].contains(&&kept.trim().to_owned()));

    // Everything is sealed anew, and both still open.
    rows::execute(&mut blocking, "BEGIN");
    rows::execute(&mut blocking, "SELECT FROM webhooks FOR UPDATE");
    let rotation = library.rotation();
    wait_for_lock(&mut conn, "AS sealed FROM webhooks");
    let mut last = library.connect();
    rows::execute(&mut last, "BEGIN");
    rows::execute(&mut last, "SELECT FROM deployment_keys FOR SHARE");
    rows::execute(&mut blocking, "ROLLBACK");
    wait_for_lock(&mut conn, "deployment_keys");
    kill(rotation);
    rows::execute(&mut last, "ROLLBACK");
    assert_eq!(sealed(&mut conn).intersection(&before).count(), 0);
    assert!(opens(&library, &first) && opens(&library, &second));
    drop((last, blocking, conn));
    // Processes start with either.
    library.service.tell_to_stop();
    assert!(library.service.ended().success());
    library.service = serve(&library.home, None, &[("HYDRIA_SECRET", &first)], &[]);
    library.owner.client = library.service.client_of(&library.owner);
    library.goes_on();
    let said = library.home.says(&["secret", "rotate"]);
    assert!(said.contains("0 stored credentials"), "{said}");
    assert!(!opens(&library, &first) && opens(&library, &second));
    library.goes_on();
    assert_eq!((library.file("secret"), library.file("secret.old")), (Some(second.clone()), None));

    // Only the secret before is left to be removed.
    std::fs::write(home_of(&library).join("secret.old"), &first).expect("a file");
    assert!(library.home.says(&["secret", "rotate"]).contains("by a run before"));
    assert_eq!((library.file("secret"), library.file("secret.old")), (Some(second), None));
}

#[test]
fn a_secret_of_the_settings_is_replaced_process_by_process() {
    let (first, second) = ("the first secret of all", "the second secret of all");
    let url = database::empty();
    let mut library =
        Library::start(Some(url.clone()), &[("HYDRIA_SECRET", first)], &["--no-worker"]);
    let old = [("DATABASE_URL", url.as_str()), ("HYDRIA_SECRET", first)];
    let new = [("DATABASE_URL", url.as_str()), ("HYDRIA_SECRET", second)];
    let both = [new[0], new[1], ("HYDRIA_SECRET_OLD", first)];
    let rotate = ["secret", "rotate"];
    refuses(&library.home, &rotate, &old, &["HYDRIA_SECRET_OLD", "openssl rand"]);
    refuses(&library.home, &rotate, &new, &["is not the one", "HYDRIA_SECRET"]);
    let neither = [new[0], new[1], ("HYDRIA_SECRET_OLD", "a third secret of all")];
    refuses(&library.home, &["worker"], &neither, &["HYDRIA_SECRET or HYDRIA_SECRET_OLD"]);
    let mut command = library.home.command(&["worker"]);
    command.env("HYDRIA_WEBHOOK_ALLOW", "127.0.0.0/8").envs(both);
    let worker = Running::start(command, "working");
    library.goes_on();
    let said = succeeds(&library.home, &rotate, &both);
    assert!(said.contains("3 stored credentials") && said.contains("HYDRIA_SECRET_OLD"), "{said}");
    library.goes_on();
    assert!(succeeds(&library.home, &rotate, &both).contains("in force"));
    refuses(&library.home, &["worker"], &old, &["is not the one"]);
    let files = rows::files(&library.home.data());
    let secrets: Vec<&PathBuf> =
        files.iter().filter(|file| text(file).contains("/secret")).collect();
    assert!(secrets.is_empty(), "{secrets:?}");
    let other = serve(&library.home, Some(&url), &new[1..], &["--no-worker"]);
    library.is_served_by(&other);
    other.stop();
    worker.stop();
    assert!(Client::new(BASE, &library.service.root(), None).get("/").status == 200);
}
