//! The private server in its ordinary days and its accidents. All work as root and as anybody else.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::process::effective_user;
use super::programs::Programs;
use super::*;

/// Set where this very program is run again as another process of a data folder.
const DATA: &str = "HYDRIA_TRIAL_DATA";
const PART: &str = "HYDRIA_TRIAL_PART";

/// Returns a folder PostgreSQL's user may pass through, with a data folder to be made in it.
fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let data = folder.path().join("data");
    (folder, data)
}

fn started(data: &Path) -> Private {
    Private::start(data, Durability::None).unwrap()
}

fn psql(url: &str, sql: &str) -> Command {
    let mut psql = Command::new(Programs::find(Path::new("/"), None).unwrap().folder.join("psql"));
    psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]).current_dir("/");
    psql
}

/// Returns what the server answers; its refusal otherwise.
fn ask(private: &Private, sql: &str) -> Result<String, String> {
    let output = psql(private.url(), sql).output().unwrap();
    let words = if output.status.success() { Ok(output.stdout) } else { Err(output.stderr) };
    let text = |bytes| String::from_utf8(bytes).unwrap().trim().to_owned();
    words.map(text).map_err(text)
}

fn within_seconds(seconds: u64, what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(seconds), "not within {seconds} s: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn pid_of(private: &Private) -> u32 {
    private.server.as_ref().unwrap().pid()
}

fn kill(pid: u32) {
    process::signal(pid, process::Signal::KILL).unwrap();
}

/// Keeps a connection at work that ends only when it is told to.
fn keep_busy(private: &Private) -> Child {
    let mut psql = psql(private.url(), "DO $$ BEGIN LOOP END LOOP; END $$");
    let client = psql.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    within_seconds(5, "a connection at work", || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %'";
        ask(private, sql).unwrap() == "1"
    });
    client
}

/// Another process that has a part in a data folder, until it is killed or this value ends.
struct Other {
    child: Child,
}

impl Other {
    fn begin(data: &Path, part: &str) -> Self {
        let (_, here) = module_path!().split_once("::").unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("{here}::another_process"), "--nocapture"])
            .envs([(DATA, data.as_os_str()), (PART, part.as_ref())])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let is_up = said.map_while(Result::ok).any(|line| line.contains("it is up"));
        assert!(is_up, "the other process ended early");
        Self { child }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it end as a service ends.
    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Not a test: what [`Other`] runs.
#[test]
fn another_process() {
    let (Some(data), Ok(part)) = (std::env::var_os(DATA), std::env::var(PART)) else { return };
    let data = Path::new(&data);
    let private = if part == "serve" { started(data) } else { Private::join(data).unwrap() };
    println!("it is up");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    private.stop().unwrap();
}

#[test]
fn what_was_written_is_there_after_a_stop_and_a_start() {
    let (_folder, data) = folder();
    let private = Private::start(&data, Durability::Full).unwrap();
    assert_eq!(ask(&private, "CREATE TABLE t AS SELECT 7 AS n"), Ok(String::new()));
    private.stop().unwrap();

    let begun = Instant::now();
    let private = started(&data);
    assert!(begun.elapsed() < Duration::from_secs(2), "a warm start took {:?}", begun.elapsed());
    assert_eq!(ask(&private, "SELECT n FROM t"), Ok("7".to_owned()));
    assert_eq!(ask(&private, "SHOW fsync"), Ok("off".to_owned()));
}

#[test]
fn a_cluster_is_the_same_on_every_machine() {
    let (_folder, data) = folder();
    let private = started(&data);
    let sql = "SELECT current_user, current_database(), pg_encoding_to_char(encoding), datcollate, \
               datctype, current_setting('timezone'), current_setting('listen_addresses') \
               FROM pg_database WHERE datname = 'hydria'";
    assert_eq!(ask(&private, sql), Ok("hydria|hydria|UTF8|C|C.UTF-8|UTC|".to_owned()));

    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(data.join("postgres")), 0o700);
    assert_eq!(mode(data.join("postgres.socket")), 0o700);
    assert_eq!(mode(data), if effective_user() == 0 { 0o711 } else { 0o700 });
}

#[test]
fn the_server_is_in_a_process_group_of_its_own() {
    let (_folder, data) = folder();
    let private = started(&data);
    let pid = pid_of(&private);
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // pid (name) state parent group …
    let group = stat.rsplit(") ").next().unwrap().split(' ').nth(2).unwrap();
    assert_eq!(group, pid.to_string());
}

#[test]
fn a_cluster_half_made_is_made_anew() {
    let (_folder, data) = folder();
    fs::create_dir_all(data.join("postgres.new/base")).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o711)).unwrap();
    let private = started(&data);
    assert_eq!(ask(&private, "SELECT 1"), Ok("1".to_owned()));
    assert!(!data.join("postgres.new").exists());
}

#[test]
fn a_second_serve_is_refused_with_the_holders_process_id() {
    let (_folder, data) = folder();
    let first = started(&data);
    let refused = Private::start(&data, Durability::None).unwrap_err();
    let holder = std::process::id();
    assert!(matches!(refused, PrivateError::AlreadyServed { pid: Some(pid), .. } if pid == holder));
    assert!(refused.to_string().contains(&format!("by process {holder}: stop that one first")));

    first.stop().unwrap();
    started(&data);
}

#[test]
fn a_command_joins_a_server_and_leaves_it_running() {
    let (_folder, data) = folder();
    let mut serve = started(&data);
    let command = Private::join(&data).unwrap();
    assert_eq!(command.url(), serve.url());
    assert!(command.server.is_none());
    command.stop().unwrap();
    assert!(!serve.has_died());
    assert_eq!(ask(&serve, "SELECT 1"), Ok("1".to_owned()));
}

#[test]
fn a_serve_joins_the_server_a_worker_runs_and_keeps_it_after_the_worker() {
    let (_folder, data) = folder();
    let worker = Other::begin(&data, "join");
    let mut serve = started(&data);
    assert!(serve.server.is_none());
    assert!(!serve.keep().unwrap());
    assert_eq!(ask(&serve, "CREATE TABLE t AS SELECT 7 AS n"), Ok(String::new()));

    worker.end();
    assert!(serve.has_died());
    assert!(serve.keep().unwrap());
    assert!(!serve.has_died());
    assert!(!serve.keep().unwrap());
    assert_eq!(ask(&serve, "SELECT n FROM t"), Ok("7".to_owned()));
}

#[test]
fn a_worker_keeps_the_server_when_the_serve_that_ran_it_is_killed() {
    let (_folder, data) = folder();
    let serve = Other::begin(&data, "serve");
    let mut worker = Private::join(&data).unwrap();
    assert!(worker.server.is_none());

    serve.kill();
    assert!(worker.has_died());
    worker.restart().unwrap();
    assert_eq!(ask(&worker, "SELECT 1"), Ok("1".to_owned()));
    // And the folder may be served again meanwhile.
    assert!(started(&data).server.is_none());
}

#[test]
fn a_killed_service_can_be_started_again_at_once() {
    let (_folder, data) = folder();
    let other = Other::begin(&data, "serve");
    let mut client = keep_busy(&Private::join(&data).unwrap());
    other.kill();
    let private = started(&data);
    assert_eq!(ask(&private, "SELECT 1"), Ok("1".to_owned()));
    client.wait().unwrap();
}

#[test]
fn a_killed_server_comes_back_with_all_that_was_committed() {
    let (_folder, data) = folder();
    let mut private = Private::start(&data, Durability::Full).unwrap();
    ask(&private, "CREATE TABLE t AS SELECT 7 AS n").unwrap();
    // Its process would keep the cluster's memory, and so a new server from starting.
    let mut client = keep_busy(&private);
    kill(pid_of(&private));
    within_seconds(5, "the server's death is seen", || private.has_died());
    assert!(private.keep().unwrap());
    client.wait().unwrap();
    assert_eq!(ask(&private, "SELECT n FROM t"), Ok("7".to_owned()));
}

#[test]
fn service_and_server_killed_together_come_back() {
    let (_folder, data) = folder();
    // A worker's server is durable.
    let other = Other::begin(&data, "join");
    let command = Private::join(&data).unwrap();
    ask(&command, "CREATE TABLE t AS SELECT 7 AS n").unwrap();
    let mut client = keep_busy(&command);
    let server = pid_file::PidFile::read(&command.place.cluster()).and_then(|file| file.pid);
    kill(server.unwrap());
    other.kill();
    let private = started(&data);
    client.wait().unwrap();
    assert_eq!(ask(&private, "SELECT n FROM t"), Ok("7".to_owned()));
}

/// In a container the numbers begin anew, so that an old server's is soon another process's.
#[test]
fn a_stranger_with_an_old_servers_process_id_does_not_keep_a_new_one_from_starting() {
    let (_folder, data) = folder();
    let private = started(&data);
    let Place { account, .. } = &private.place;
    let account = account.clone();
    let (file, lock) =
        (data.join("postgres/postmaster.pid"), data.join("postgres.socket/.s.PGSQL.5432.lock"));
    let texts = [&file, &lock].map(|path| fs::read_to_string(path).unwrap());
    let old = pid_of(&private).to_string();
    private.stop().unwrap();

    // Of the same user, else PostgreSQL would see by itself that it is no server.
    let mut sleep = Command::new("sleep");
    sleep.arg("60");
    if let Some(account) = &account {
        sleep.uid(account.uid).gid(account.gid);
    }
    let mut stranger = sleep.spawn().unwrap();
    for (path, text) in [&file, &lock].into_iter().zip(texts) {
        fs::write(path, text.replacen(&old, &stranger.id().to_string(), 1)).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some(account) = &account {
            chown(path, Some(account.uid), Some(account.gid)).unwrap();
        }
    }
    assert_eq!(Place::find(&data).unwrap().answers(), None);
    let private = Private::start(&data, Durability::None);
    let is_unharmed = stranger.try_wait().unwrap().is_none();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(is_unharmed);
    assert_eq!(ask(&private.unwrap(), "SELECT 1"), Ok("1".to_owned()));
}

#[test]
fn a_cluster_of_another_major_version_is_refused_with_the_way_to_go_on() {
    let (_folder, data) = folder();
    started(&data).stop().unwrap();
    fs::write(data.join("postgres/PG_VERSION"), "8\n").unwrap();
    let refused = Private::start(&data, Durability::None).unwrap_err();
    assert!(matches!(&refused, PrivateError::OtherVersion { made_by, .. } if made_by == "8"));
    assert!(refused.to_string().contains("apt-get install postgresql-8"), "{refused}");
}

#[test]
fn a_program_that_fails_is_quoted() {
    let (_folder, data) = folder();
    started(&data).stop().unwrap();
    fs::write(data.join("postgres/postgresql.conf"), "max_connections = many\n").unwrap();
    let refused = Private::start(&data, Durability::None).unwrap_err().to_string();
    assert!(refused.contains("invalid value for parameter \"max_connections\""), "{refused}");
}

#[test]
fn a_long_or_unusual_name_of_the_data_folder_does_no_harm() {
    let (_folder, data) = folder();
    let data = data.join("it's, a name".repeat(15));
    let private = started(&data);
    assert_eq!(ask(&private, "SELECT 1"), Ok("1".to_owned()));
    let socket = private.place.socket_folder().to_owned();
    assert!(socket.starts_with("/tmp") && socket.exists());
    private.stop().unwrap();
    assert!(!socket.exists());
}

#[test]
fn as_root_a_folder_out_of_postgresqls_reach_has_its_cluster_elsewhere() {
    if effective_user() != 0 {
        return;
    }
    // Closed to all others, as a home is.
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let data = home.path().join("data");
    let private = started(&data);
    let elsewhere = private.place.home.clone();
    assert!(elsewhere.starts_with("/var/lib/hydria"));
    assert!(!data.join("postgres").exists());
    ask(&private, "CREATE TABLE t AS SELECT 7 AS n").unwrap();
    private.stop().unwrap();

    // Opened since, the folder has no cluster of its own: its rows are elsewhere.
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let private = started(&data);
    let rows = ask(&private, "SELECT n FROM t");
    private.stop().unwrap();
    fs::remove_dir_all(elsewhere).unwrap();
    drop(fs::remove_dir("/var/lib/hydria"));
    assert_eq!(rows, Ok("7".to_owned()));
}
