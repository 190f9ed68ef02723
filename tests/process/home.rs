//! A data folder, and processes of the binary that run on it.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::PgConnection;
use private_postgres::Private;

use crate::support::{Client, Owner, database, rows, until};

/// Base of all addresses: the same whatever port a process listens on.
pub const BASE: &str = "http://hydria.test";

/// A data folder that PostgreSQL's user reaches.
pub struct Home {
    folder: tempfile::TempDir,
}

/// A process of the binary, and what it has said so far.
pub struct Running {
    child: Child,
    out: Words,
    err: Words,
}

#[derive(Clone, Default)]
struct Words(Arc<Mutex<String>>);

impl Words {
    fn of(from: impl Read + Send + 'static) -> Self {
        let words = Self::default();
        let shared = words.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                shared.0.lock().expect("no panic").push_str(&(line + "\n"));
            }
        });
        words
    }

    fn get(&self) -> String {
        self.0.lock().expect("no panic").clone()
    }
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::tempdir_in(database::folder()).expect("a folder");
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("a folder that others may enter");
        Self { folder }
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn objects(&self) -> PathBuf {
        self.data().join("objects")
    }

    /// The binary, with this data folder and few other settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hydria"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HYDRIA_") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .env("HYDRIA_DATA", self.data())
            .env("HYDRIA_LISTEN", "127.0.0.1:0")
            .env("HYDRIA_PUBLIC_URL", BASE)
            .env("HYDRIA_ORIGIN_ALLOW", "127.0.0.1")
            .env("HYDRIA_BOOTSTRAP_KEY", "administrator:its-secret")
            .env("HYDRIA_LOG", "info,hydria::access=warn")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// What a command says that succeeds.
    #[track_caller]
    pub fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {err}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// A service that answers.
    #[track_caller]
    pub fn serve(&self, settings: &[(&str, &str)]) -> Running {
        let mut command = self.command(&["serve"]);
        command.envs(settings.iter().copied());
        Running::start(command, "ready at ")
    }

    /// A connection to the private server.
    pub fn connect(&self) -> PgConnection {
        hydria::database::connect(&self.database_url()).expect("the private server answers")
    }

    /// Whether the private server takes connections.
    pub fn takes_connections(&self) -> bool {
        hydria::database::connect(&self.database_url()).is_ok()
    }

    fn database_url(&self) -> String {
        let socket = self.data().join("postgres.socket");
        format!("host={} port=5432 user=hydria dbname=hydria", socket.display())
    }

    /// The private server, run for a moment where nothing else runs it, and a connection to it.
    pub fn database(&self) -> (Private, PgConnection) {
        let private = Private::join_existing(&self.data()).expect("a cluster");
        let conn = hydria::database::connect(private.url()).expect("the private server answers");
        (private, conn)
    }

    /// The first process of the private server, where there is one.
    pub fn postmaster(&self) -> Option<u32> {
        let file = self.data().join("postgres/postmaster.pid");
        let pid = std::fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()?;
        let is_there = |pid: &u32| Path::new("/proc").join(pid.to_string()).exists();
        Some(pid).filter(is_there)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // A server whose service was killed ends by itself; the folder is needed until then.
        let end = Instant::now() + Duration::from_secs(20);
        while self.postmaster().is_some() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Running {
    /// Starts a process, and waits until it has said this.
    #[track_caller]
    pub fn start(mut command: Command, until_it_says: &str) -> Self {
        let spawned = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.expect("the binary runs");
        let out = Words::of(child.stdout.take().expect("an output"));
        let err = Words::of(child.stderr.take().expect("an output"));
        let mut running = Self { child, out, err };
        running.wait_for(until_it_says);
        running
    }

    /// Waits until it has said something, on either output.
    #[track_caller]
    pub fn wait_for(&mut self, words: &str) {
        until(words, || {
            let said = self.said();
            let ended = self.child.try_wait().expect("a process");
            assert!(ended.is_none() || said.contains(words), "ended ({ended:?}): {said}");
            said.contains(words)
        });
    }

    /// All it has said so far.
    pub fn said(&self) -> String {
        self.out.get() + &self.err.get()
    }

    /// What it has said on its standard error: the log.
    pub fn logged(&self) -> String {
        self.err.get()
    }

    /// What it has said on its standard output.
    pub fn printed(&self) -> String {
        self.out.get()
    }

    /// Where it is reached.
    #[track_caller]
    pub fn root(&self) -> String {
        let said = self.err.get();
        let (_, rest) = said.split_once("(listening on ").expect("an address");
        format!("http://{}", rest.split(')').next().expect("its end"))
    }

    /// A client with the administrator's key.
    pub fn administrator(&self) -> Client {
        Client::new(BASE, &self.root(), Some(("administrator", "its-secret")))
    }

    /// A client with the key of a customer.
    pub fn client_of(&self, owner: &Owner) -> Client {
        Client::new(BASE, &self.root(), Some((&owner.key, &owner.secret)))
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as the kernel does with what takes too much memory.
    pub fn kill(&mut self) {
        self.child.kill().expect("a process");
        self.child.wait().expect("a process");
    }

    /// Tells it to stop, and goes on.
    pub fn tell_to_stop(&self) {
        signal("TERM", self.child.id());
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        until("its end", || {
            status = self.child.try_wait().expect("a process");
            status.is_some()
        });
        status.expect("an end")
    }

    /// Stops it in order.
    #[track_caller]
    pub fn stop(mut self) {
        self.tell_to_stop();
        let status = self.ended();
        assert!(status.success(), "{status}: {}", self.said());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, where the test has gone well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes down, in a table `finishes`, each time that a batch becomes finished.
pub fn note_finishes(conn: &mut PgConnection) {
    for sql in [
        "CREATE TABLE finishes (batch BIGINT)",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN INSERT INTO finishes VALUES (NEW.id); RETURN NULL; END $$",
        "CREATE TRIGGER note AFTER UPDATE OF finished ON batches \
         FOR EACH ROW EXECUTE FUNCTION note()",
    ] {
        rows::execute(conn, sql);
    }
}

/// Sends a signal to one process.
#[track_caller]
pub fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(sent.expect("kill").success(), "no process {pid}");
}
