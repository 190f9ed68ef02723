//! A network that drops everything silently, between the service and its database.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hydria::cli::serve::Options;
use serde_json::json;

use crate::support::{Answer, App, Client, database, rows, until};

/// Stands between a service and its database, and can stop to pass anything on.
struct Network {
    url: String,
    /// Connections up to this number are silent: what comes is taken and goes nowhere.
    silent: Arc<AtomicUsize>,
    made: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

impl Network {
    fn to(url: &str) -> Self {
        let folder = tempfile::tempdir_in(database::folder()).expect("a folder");
        let socket = ".s.PGSQL.5432";
        let host = url.split(' ').find_map(|part| part.strip_prefix("host=")).expect("a host");
        let target = PathBuf::from(host).join(socket);
        let listener = UnixListener::bind(folder.path().join(socket)).expect("a socket");
        let (silent, made) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let network = Self {
            url: url.replace(host, folder.path().to_str().expect("UTF-8")),
            silent: Arc::clone(&silent),
            made: Arc::clone(&made),
            _folder: folder,
        };
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let number = made.fetch_add(1, Ordering::SeqCst) + 1;
                let far = UnixStream::connect(&target).expect("the database");
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let from = from.try_clone().expect("a socket");
                    let to = to.try_clone().expect("a socket");
                    let silent = Arc::clone(&silent);
                    std::thread::spawn(move || pass(from, to, number, &silent));
                }
            }
        });
        network
    }

    /// From now on connections there are, and new ones, are silent.
    fn fall_silent(&self) {
        self.silent.store(usize::MAX, Ordering::SeqCst);
    }

    /// New connections work; those there are stay silent for ever.
    fn lose_connections(&self) {
        self.silent.store(self.made.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

fn pass(mut from: impl Read, mut to: UnixStream, number: usize, silent: &AtomicUsize) {
    let mut part = [0; 8192];
    while let Ok(count @ 1..) = from.read(&mut part) {
        let is_silent = || number <= silent.load(Ordering::SeqCst);
        if is_silent() {
            continue;
        }
        if to.write_all(&part[..count]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

fn expect_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn look_ups_are_refused_in_time_and_find_other_connections() {
    let network = Network::to(&database::fresh());
    let options = Options { no_worker: true, ..Options::default() };
    let app = App::start_on(&network.url, &[], options);
    let owner = app.customer("library");
    let space = owner.path(&format!("/spaces/{}", owner.space("maps")));
    owner.client.get(&space).expect(200);
    network.fall_silent();
    // The credentials, or the space, whichever is looked up first.
    let asked = Instant::now();
    expect_unavailable(&owner.client.get(&space));
    assert!(asked.elapsed() < Duration::from_secs(30), "it is not waited for the network");
    network.lose_connections();
    until("an answer again", || owner.client.get(&space).status == 200);
}

/// Holds a lock on a table until it is dropped.
struct Lock {
    held: diesel::PgConnection,
    /// Another connection, for a transaction sees the activity of others as it was when it first looked.
    watch: diesel::PgConnection,
}

impl Lock {
    fn on(app: &App, table: &str) -> Self {
        let mut conn = app.database();
        rows::execute(&mut conn, "BEGIN");
        rows::execute(&mut conn, &format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"));
        Self { held: conn, watch: app.database() }
    }

    /// Waits until statements of others wait for the lock.
    fn is_waited_for(&mut self, by: i64) {
        until("others to wait", || {
            let waiting = "SELECT count(*) AS n FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
            rows::number(&mut self.watch, waiting) >= by
        });
    }
}

fn in_background(client: &Client, path: &str) -> std::thread::JoinHandle<u16> {
    let (client, path) = (client.clone(), path.to_owned());
    std::thread::spawn(move || client.get(&path).status)
}

#[test]
fn look_ups_that_take_long_keep_no_keys_waiting() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let mut lock = Lock::on(&app, "images");
    // One for each of the connections for look-ups.
    let slow: Vec<_> = ["/spaces/1/images/a", "/spaces/1/images/a/storage"]
        .iter()
        .map(|below| in_background(&owner.client, &owner.path(below)))
        .collect();
    lock.is_waited_for(1);
    let waiting = lock.held;
    let key = app.administrator.post(&owner.path("/keys"), &json!({})).expect(201);
    let fresh = app.visitor.with_key(Some((&key.text("key"), &key.text("secret"))));
    assert_eq!(fresh.get(&owner.path("/spaces")).expect(200).number("totalItems"), space);
    drop(waiting);
    for slow in slow {
        let status = slow.join().expect("no panic");
        assert!(matches!(status, 404 | 503), "{status}");
    }
}

#[test]
fn resources_that_count_rows_keep_no_look_ups_waiting() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let space = owner.space("maps");
    let image = json!({ "space": space, "id": "a", "origin": "http://127.0.0.1:1/x.png" });
    let batch = owner.submit(&[image]).expect(201).id();
    let mut lock = Lock::on(&app, "batches");
    let slow: Vec<_> = [batch.as_str(), &owner.path("/queue"), &batch]
        .iter()
        .map(|path| in_background(&owner.client, path))
        .collect();
    lock.is_waited_for(2);
    owner.client.get(&owner.path(&format!("/spaces/{space}/images/a"))).expect(200);
    owner.client.get(&owner.path(&format!("/spaces/{space}"))).expect(200);
    drop(lock);
    for slow in slow {
        assert_eq!(slow.join().expect("no panic"), 200);
    }
}
