//! A pooler (pgbouncer) between the service and its database.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::json;

use super::standby::as_user_of_postgres;
use crate::process::home::{Home, Running};
use crate::support::{Origin, database, until};

struct Pooler {
    process: Child,
    folder: tempfile::TempDir,
    url: String,
}

impl Pooler {
    /// A pooler in a mode before a database of its own.
    fn start(mode: &str) -> Self {
        let url = database::fresh();
        let part = |name: &str| {
            let value = url.split(' ').find_map(|part| part.strip_prefix(&format!("{name}=")));
            value.expect(name).to_owned()
        };
        let folder = tempfile::tempdir_in(database::folder()).expect("a folder");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("a mode");
        let socket = folder.path().join("socket");
        let settings = folder.path().join("settings");
        let words = format!(
            "[databases]\n* = host={} port={} user=hydria\n[pgbouncer]\nauth_type = any\n\
             listen_addr =\nlisten_port = 6432\nunix_socket_dir = {}\npool_mode = {mode}\n\
             default_pool_size = 60\nmax_client_conn = 200\n",
            part("host"),
            part("port"),
            socket.display(),
        );
        std::fs::write(&settings, words).expect("a file");
        let mut command = as_user_of_postgres(&program(), &socket);
        let process = command.arg("-q").arg(&settings).stderr(Stdio::null()).stdout(Stdio::null());
        let process = process.spawn().expect("pgbouncer, which script/setup installs");
        let url =
            format!("host={} port=6432 user=hydria dbname={}", socket.display(), part("dbname"));
        let pooler = Self { process, folder, url };
        until("the pooler to answer", || socket.join(".s.PGSQL.6432").exists());
        pooler
    }
}

/// Debian's place for it is in no ordinary user's path.
fn program() -> String {
    let debian: PathBuf = Path::new("/usr/sbin/pgbouncer").into();
    if debian.exists() { debian.display().to_string() } else { "pgbouncer".into() }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = self.folder.path();
    }
}

#[test]
fn all_works_through_a_pooler_that_gives_out_sessions() {
    let (pooler, home, origin) = (Pooler::start("session"), Home::new(), Origin::start());
    let mut command = home.command(&["serve"]);
    command.env("DATABASE_URL", &pooler.url);
    let service = Running::start(command, "ready at ");
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let image = json!({ "origin": origin.image(120, 80) });
    let made = client.put("/customers/1/spaces/1/images/a", &image).expect(201);
    assert_eq!(made.number("width"), 120);
    let members = json!({ "member": [{ "id": "b", "space": 1, "origin": origin.image(90, 60) }] });
    let batch = client.post("/customers/1/queue", &members).expect(201).id();
    until("the batch", || client.get(&batch).expect(200).body["finished"].is_string());
    service.stop();
}

#[test]
fn a_pooler_that_gives_sessions_out_by_transaction_or_statement_is_refused_in_words() {
    for mode in ["transaction", "statement"] {
        let (pooler, home) = (Pooler::start(mode), Home::new());
        for arguments in [&["serve"][..], &["worker"]] {
            let mut command = home.command(arguments);
            command.env("DATABASE_URL", &pooler.url);
            let output = command.output().expect("the binary runs");
            let words = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{mode}: {words}");
            for part in ["pooler", "pool_mode = session"] {
                assert!(words.contains(part), "{mode}: {words}");
            }
        }
    }
}
