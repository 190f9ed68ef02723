//! A primary of PostgreSQL and a replica that follows it by streaming, both private to a test.

use std::fs::{File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use diesel::{PgConnection, RunQueryDsl as _};
use private_postgres::{Durability, Private, Whereabouts};

use crate::support::{database, rows, until};

/// Both servers; they end with it, the replica first.
pub struct Pair {
    standby: Option<Child>,
    primary: Private,
    folder: tempfile::TempDir,
    account: Account,
}

/// The user that PostgreSQL's programs run as, and where they are.
struct Account {
    uid: u32,
    gid: u32,
    programs: PathBuf,
}

impl Account {
    /// The one who owns the cluster of a data folder, with the programs of its version.
    fn of(data: &Path) -> Self {
        let cluster = Whereabouts::of(data).expect("a cluster").cluster;
        let owner = std::fs::metadata(&cluster).expect("a cluster");
        let version = std::fs::read_to_string(cluster.join("PG_VERSION")).expect("a version");
        let programs = Path::new("/usr/lib/postgresql").join(version.trim()).join("bin");
        Self { uid: owner.uid(), gid: owner.gid(), programs }
    }

    /// A program that ends with the thread of the test.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        command_of(self.uid, self.gid, program)
    }

    fn make_folder(&self, folder: &Path) {
        std::fs::create_dir(folder).expect("a folder");
        std::fs::set_permissions(folder, Permissions::from_mode(0o700)).expect("a mode");
        chown(folder, Some(self.uid), Some(self.gid)).expect("an owner");
    }
}

/// A program that runs as a user, where the tests may choose, and ends with the thread of the test.
fn command_of(uid: u32, gid: u32, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    let own = std::fs::metadata("/proc/self").expect("a process").uid();
    if own != uid {
        command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".into()]);
    }
    command.args(["--pdeathsig", "INT"]).arg("--").arg(program).current_dir("/");
    command
}

/// A program that runs as the user of the cluster of the tests, with a folder of that user.
pub fn as_user_of_postgres(program: &str, folder: &Path) -> Command {
    let account = Account::of(&database::folder().join("cluster"));
    account.make_folder(folder);
    account.command(program)
}

/// Sends a signal to a process and to its children.
fn signal_all(process: u32, signal: &str) {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.unwrap_or_default();
    for process in children.split_whitespace().chain([process.to_string().as_str()]) {
        // A child may have ended meanwhile.
        let _ = Command::new("kill").args([signal, process]).stderr(Stdio::null()).status();
    }
}

/// Address of a database on the socket in a folder.
fn url(folder: &Path, name: &str) -> String {
    format!("host={} port=5432 user=hydria dbname={name}", folder.display())
}

impl Pair {
    /// Starts both, with an empty database `hydria`.
    pub fn start() -> Self {
        let folder = tempfile::tempdir_in(database::folder()).expect("a folder");
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a mode");
        let data = folder.path().join("primary");
        std::fs::create_dir(&data).expect("a folder");
        let mut primary = Private::start(&data, Durability::None).expect("a primary");
        let mut conn = hydria::database::connect(primary.url()).expect("the primary answers");
        rows::execute(&mut conn, "ALTER SYSTEM SET max_connections = 300");
        drop(conn);
        primary.restart().expect("the primary starts again");
        let account = Account::of(&data);
        let mut pair = Self { standby: None, primary, folder, account };
        pair.account.make_folder(&pair.path("socket"));
        pair.account.make_folder(&pair.path("standby"));
        let socket = Whereabouts::of(&data).expect("a cluster").socket;
        let mut copy = pair.account.command(pair.account.programs.join("pg_basebackup"));
        copy.arg("-h")
            .arg(socket)
            .args(["-p", "5432", "-U", "hydria", "-c", "fast", "-R", "-X", "stream"]);
        let copied = copy.arg("-D").arg(pair.path("standby")).output().expect("pg_basebackup");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        pair.start_standby();
        pair
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the replica, and waits until it answers.
    pub fn start_standby(&mut self) {
        let log = File::create(self.path("standby.log")).expect("a log");
        let mut command = self.account.command(self.account.programs.join("postgres"));
        command.arg("-D").arg(self.path("standby")).arg("-k").arg(self.path("socket"));
        command.args(["-p", "5432", "-c", "listen_addresses=", "-c", "hot_standby=on"]);
        // Whoever reads there does not keep it from following.
        command.args(["-c", "max_standby_streaming_delay=0"]);
        command.stdout(Stdio::null()).stderr(log);
        self.standby = Some(command.spawn().expect("setpriv and postgres"));
        let log = self.path("standby.log");
        until("the replica to answer", || {
            let ended = self.standby.as_mut().expect("a process").try_wait().expect("a process");
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none(), "the replica ended: {}", said());
            hydria::database::connect(&self.standby_url()).is_ok()
        });
    }

    /// Stops all processes of the replica, or lets them go on: its connections stay open, and nothing answers.
    pub fn freeze(&self, is_frozen: bool) {
        let process = self.standby.as_ref().expect("a replica").id();
        signal_all(process, if is_frozen { "-STOP" } else { "-CONT" });
    }

    /// Kills the replica, as a machine does that fails.
    pub fn kill_standby(&mut self) {
        let mut standby = self.standby.take().expect("a replica");
        // The process is its own, and its children end without it.
        standby.kill().expect("a process");
        standby.wait().expect("a process");
        until("its children to be gone", || {
            hydria::database::connect(&self.standby_url()).is_err()
        });
        // What it left is looked at by the next one, which refuses while a process of that number runs.
        let _ = std::fs::remove_file(self.path("standby/postmaster.pid"));
    }

    pub fn primary_url(&self) -> String {
        self.primary.url().to_owned()
    }

    pub fn standby_url(&self) -> String {
        url(&self.path("socket"), "hydria")
    }

    /// A connection to the primary.
    pub fn connect(&self) -> PgConnection {
        hydria::database::connect(&self.primary_url()).expect("the primary answers")
    }

    /// Keeps the replica as it is.
    pub fn pause(&self) {
        until("the replica to stand still", || {
            self.at_standby("SELECT pg_wal_replay_pause()").is_some()
                && self.at_standby("SELECT WHERE pg_get_wal_replay_pause_state() = 'paused'")
                    == Some(1)
        });
    }

    /// Lets the replica follow again.
    pub fn resume(&self) {
        until("the replica to go on", || {
            self.at_standby("SELECT pg_wal_replay_resume()").is_some()
        });
    }

    /// Runs a statement at the replica; returns the number of its rows, or nothing where it was in the way of what is applied.
    fn at_standby(&self, sql: &str) -> Option<usize> {
        let mut conn = hydria::database::connect(&self.standby_url()).ok()?;
        diesel::sql_query(sql).execute(&mut conn).ok()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if let Some(mut standby) = self.standby.take() {
            // A test may have failed while it stood still.
            signal_all(standby.id(), "-CONT");
            let _ = Command::new("kill").args(["-INT", &standby.id().to_string()]).status();
            let _ = standby.wait();
        }
    }
}
