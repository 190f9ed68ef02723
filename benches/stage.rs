//! What is measured on: the service and its database, filled with a million images; what they cost.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{Integer, Text};
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _};
use private_postgres::Private;
use serde_json::Value;

use crate::Failure;
use crate::load::{Answer, ask};

/// Images in the one space that is measured.
pub const IMAGES: u64 = 1_000_000;
/// The first of their ids, which are numbers.
pub const FIRST: u64 = 1_000_001;
/// Number of the customer, and of its space.
pub const SPACE: &str = "/customers/2/spaces/1";

const KEY: (&str, &str) = ("administrator", "the-secret-of-the-bench");

/// The columns of an image as the service reads them.
pub const COLUMNS: &str = "customer, space, id, created, origin, initial_origin, max_unauthorised, \
    roles, tags, string1, string2, string3, number1, number2, number3, media_type, \
    image_optimisation_policy, thumbnail_policy, batch, queued, dequeued, finished, ingesting, \
    error, width, height, thumbnails, media_type_given, label, required_statement, rights, has_tiles";

/// A process that is ended with this value.
pub struct Process(pub Child);

impl Process {
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) {
        // It may have ended by itself, which is as well.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

/// A folder that PostgreSQL's user may pass through, also where its programs are run by root.
pub fn folder() -> Result<tempfile::TempDir, Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let open = std::fs::Permissions::from_mode(0o755);
    Ok(tempfile::Builder::new().prefix("hydria-bench-").permissions(open).tempdir()?)
}

/// A free port: it was one a moment ago.
pub fn port() -> Result<SocketAddr, Failure> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Starts the release binary on a data folder; answers when it is ready, and how long that took.
pub fn serve(data: &Path) -> Result<(Process, SocketAddr, Duration), Failure> {
    serve_with(data, &["--no-worker"], &[])
}

/// Starts it with options and settings.
pub fn serve_with(
    data: &Path,
    options: &[&str],
    settings: &[(&str, &str)],
) -> Result<(Process, SocketAddr, Duration), Failure> {
    let address = port()?;
    let began = Instant::now();
    let log = std::fs::File::create(data.join("service.log"))?;
    let child = Command::new(env!("CARGO_BIN_EXE_hydria"))
        .arg("serve")
        .args(options)
        .envs(settings.iter().copied())
        .env_remove("DATABASE_URL")
        .env("HYDRIA_DATA", data)
        .env("HYDRIA_LISTEN", address.to_string())
        .env("HYDRIA_BOOTSTRAP_KEY", format!("{}:{}", KEY.0, KEY.1))
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()?;
    let mut process = Process(child);
    while !is_well(address) {
        if process.0.try_wait()?.is_some() || began.elapsed() > Duration::from_mins(1) {
            let log = std::fs::read_to_string(data.join("service.log"))?;
            return Err(format!("the service does not start: {log}").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok((process, address, began.elapsed()))
}

/// Whether a service answers that it is well.
fn is_well(address: SocketAddr) -> bool {
    ask(address, "GET", "/healthz", None, "").is_ok_and(|answer| answer.status == 200)
}

/// Process id of the private server of a data folder.
pub fn postmaster(data: &Path) -> Result<u32, Failure> {
    let text = std::fs::read_to_string(data.join("postgres/postmaster.pid"))?;
    let first = text.lines().next().and_then(|line| line.parse().ok());
    first.ok_or_else(|| "the database is not where it was looked for".into())
}

/// The service over its million images.
pub struct Stage {
    pub service: Process,
    pub address: SocketAddr,
    /// Of the customer who owns the images.
    pub authorization: String,
    pub conn: PgConnection,
    pub url: String,
    postmaster: u32,
    pgbench: PathBuf,
    pub data: tempfile::TempDir,
}

#[derive(QueryableByName)]
pub struct Said {
    #[diesel(sql_type = Text)]
    pub text: String,
}

#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = Integer)]
    number: i32,
}

impl Stage {
    /// Makes a service, a customer, and its images.
    pub fn set() -> Result<Self, Failure> {
        Self::set_with(&["--no-worker"], &[])
    }

    /// Makes them with options and settings of the service.
    pub fn set_with(options: &[&str], settings: &[(&str, &str)]) -> Result<Self, Failure> {
        let data = folder()?;
        let (service, address, _) = serve_with(data.path(), options, settings)?;
        let url = Private::join(data.path())?.url().to_owned();
        let mut conn = hydria::database::connect(&url)?;
        let pgbench = find_pgbench(&mut conn)?;
        let postmaster = postmaster(data.path())?;
        let mut stage = Self {
            service,
            address,
            authorization: String::new(),
            conn,
            url,
            postmaster,
            pgbench,
            data,
        };
        stage.authorization = basic(KEY.0, KEY.1);
        stage.post("/customers", r#"{"name": "measured"}"#)?;
        let key = stage.post("/customers/2/keys", "{}")?;
        stage.post("/customers/2/spaces", r#"{"name": "a million"}"#)?;
        let text = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
        stage.authorization = basic(text("key"), text("secret"));
        stage.fill()?;
        Ok(stage)
    }

    /// Fills the space on the server's side: indexes last, foreign keys and totals by hand.
    fn fill(&mut self) -> Result<(), Failure> {
        let indexes: Vec<Said> = diesel::sql_query(
            "SELECT indexdef AS text FROM pg_indexes \
             WHERE tablename = 'images' AND indexname <> 'images_pkey'",
        )
        .load(&mut self.conn)?;
        let names: Vec<Said> = diesel::sql_query(
            "SELECT indexname::text AS text FROM pg_indexes \
             WHERE tablename = 'images' AND indexname <> 'images_pkey'",
        )
        .load(&mut self.conn)?;
        let (last, seconds) = (FIRST + IMAGES - 1, IMAGES / 1000);
        self.run("SET statement_timeout = 0; SET session_replication_role = replica")?;
        for name in names {
            self.run(&format!("DROP INDEX {}", name.text))?;
        }
        self.run(&format!(
            "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
               string1, number1, number2, media_type, queued, dequeued, finished, ingesting, width, \
               height, thumbnails) \
             SELECT 2, 1, n::text, {CREATED} + (n - {FIRST}) * interval '1 ms', \
               'https://images.example.org/books/' || n / 200 || '/pages/' || n || '.jpg', -1, \
               '{{}}', ARRAY['tag' || n % 10], 'book ' || n / 200, n % 200, n % 1000, \
               'image/jpeg', {CREATED}, {CREATED}, {CREATED} + n % 86400 * interval '1 s', FALSE, \
               2000 + n % 1000, 3000, '{{683,1024,150000,267,400,30000,133,200,9000,67,100,4000}}' \
             FROM generate_series({FIRST}, {last}) AS n",
        ))?;
        self.run(&format!(
            "INSERT INTO derivatives (customer, space, image, object, size, derived_size, checked) \
             SELECT 2, 1, n::text, 'thumbnails/000/' || n || '-1', 3000000, 193000, {CREATED} \
             FROM generate_series({FIRST}, {last}) AS n",
        ))?;
        for index in indexes {
            self.run(&index.text)?;
        }
        self.run(&format!(
            "INSERT INTO tallies VALUES (2, 1, {IMAGES}, 0, {IMAGES}::bigint * 3000000, \
               {IMAGES}::bigint * 193000) \
             ON CONFLICT (customer, space) DO UPDATE SET images = excluded.images; \
             INSERT INTO image_chunks SELECT 2, space, level, '-infinity', {IMAGES} \
               FROM (VALUES (0, 0), (0, 1), (1, 0), (1, 1)) AS lists (space, level); \
             SET session_replication_role = DEFAULT"
        ))?;
        crate::scale::roll_up_all(&mut self.conn)?;
        self.run("VACUUM (ANALYZE) images")?;
        self.run("ANALYZE")?;
        self.run("CHECKPOINT")?;
        log(&format!("{IMAGES} images, over {seconds} s of registration"));
        Ok(())
    }

    pub fn run(&mut self, sql: &str) -> Result<(), Failure> {
        Ok(self.conn.batch_execute(sql).map_err(|e| format!("{sql}: {e}"))?)
    }

    /// POSTs a document, which must make something; answers that.
    pub fn post(&self, path: &str, body: &str) -> Result<Value, Failure> {
        let answer = ask(self.address, "POST", path, Some(&self.authorization), body)?;
        match answer.status {
            201 => Ok(serde_json::from_slice(&answer.body)?),
            status => {
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                Err(format!("POST {path}: {status} {text}").into())
            }
        }
    }

    /// GETs a document, which must be there.
    pub fn get(&self, path: &str) -> Result<Answer, Failure> {
        let answer = ask(self.address, "GET", path, Some(&self.authorization), "")?;
        match answer.status {
            200 => Ok(answer),
            status => Err(format!("GET {path}: {status}").into()),
        }
    }

    /// Runs pgbench on one statement, prepared, over the service's socket; answers transactions a second.
    pub fn pgbench(&self, script: &str, time: Duration) -> Result<f64, Failure> {
        let file = self.data.path().join("script.sql");
        std::fs::write(&file, script)?;
        let output = Command::new(&self.pgbench)
            .args(["-n", "-M", "prepared", "-c", "64", "-j", "2", "-T"])
            .arg(time.as_secs().to_string())
            .arg("-f")
            .arg(&file)
            .arg(&self.url)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let rate = text
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        rate.ok_or_else(|| format!("pgbench: {}", said()).into())
    }

    /// CPU seconds that the service, and the database, have used so far.
    pub fn cpu(&self) -> Cpu {
        Cpu { service: used(self.service.id(), false), database: used(self.postmaster, true) }
    }
}

/// When the first of the million was registered.
pub const CREATED: &str = "timestamptz '2024-01-01 00:00:00Z'";

/// The credentials of the administrator.
pub fn administrator() -> String {
    basic(KEY.0, KEY.1)
}

pub fn basic(key: &str, secret: &str) -> String {
    use base64::Engine as _;
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{key}:{secret}"));
    format!("Basic {credentials}")
}

/// pgbench of the version that the server is of, else the one there is.
fn find_pgbench(conn: &mut PgConnection) -> Result<PathBuf, Failure> {
    let version: Numbered = diesel::sql_query(
        "SELECT current_setting('server_version_num')::integer / 10000 AS number",
    )
    .get_result(conn)?;
    let own = PathBuf::from(format!("/usr/lib/postgresql/{}/bin/pgbench", version.number));
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(own)
        .chain(std::env::split_paths(&path).map(|folder| folder.join("pgbench")))
        .find(|program| program.is_file())
        .ok_or_else(|| "pgbench is not there; PostgreSQL's server package brings it".into())
}

/// CPU seconds.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    pub service: f64,
    pub database: f64,
}

impl std::ops::Sub for Cpu {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { service: self.service - earlier.service, database: self.database - earlier.database }
    }
}

/// CPU seconds of a process, with its children's where it is the head of a family.
pub fn used(process: u32, family: bool) -> f64 {
    let own = ticks(process, family).unwrap_or_default();
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.unwrap_or_default();
    let below = children.split_whitespace().filter(|_| family);
    let below: u64 = below.filter_map(|child| ticks(child.parse().ok()?, false)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a bench does not run for so long")]
    let seconds = (own + below) as f64 / 100.0;
    seconds
}

/// Hundredths of a second of CPU; `ended`: those of children that are no more as well.
fn ticks(process: u32, ended: bool) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Counted from after the name, which may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let wanted = if ended { 11..15 } else { 11..13 };
    fields.get(wanted)?.iter().map(|field| field.parse::<u64>().ok()).sum()
}

/// Resident memory of a process, in MB.
pub fn resident_mb(process: u32) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kb = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("no VmRSS")?;
    Ok(kb.parse::<f64>()? * 1024.0 / 1e6)
}

/// The static server of [`crate::load`], in a process of its own.
pub struct Ceiling {
    _process: Process,
    pub address: SocketAddr,
}

impl Ceiling {
    /// What serves this answer of the service, whatever is asked for.
    pub fn of(mut answer: Answer) -> Result<Self, Failure> {
        let own = ["content-length", "date", "connection"];
        answer.headers.retain(|(name, _)| !own.contains(&&**name));
        let body = String::from_utf8_lossy(&answer.body);
        let mut child = Command::new(std::env::current_exe()?)
            .arg("static")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take().ok_or("no input")?;
        serde_json::to_writer(stdin, &(&answer.headers, body))?;
        let stdout: ChildStdout = child.stdout.take().ok_or("no output")?;
        let process = Process(child);
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(Self { _process: process, address: line.trim().parse()? })
    }
}

/// Tells what goes on, apart from the figures.
pub fn log(text: &str) {
    eprintln!("{text}");
}
