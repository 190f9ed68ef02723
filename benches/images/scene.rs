//! The service with its images: started with settings, images registered, and copied as rows and links.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::{PgConnection, RunQueryDsl as _};
use parking_lot::Mutex;
use private_postgres::Private;
use serde_json::{Value, json};

use crate::Failure;
use crate::load::ask;
use crate::stage::{self, Process, Said, serve_with};

use super::origin::serve_files;

/// The space of all images; the customer is the first one that is made.
const SPACE: &str = "/customers/2/spaces/1";

/// The longest that an image may take until it is served.
const PATIENCE: Duration = Duration::from_mins(10);

/// Images that are copied with one statement.
const COPIES: u32 = 1000;

/// A data folder, and the service that runs on it.
pub struct Scene {
    pub data: tempfile::TempDir,
    pub address: SocketAddr,
    pub roots: Vec<u32>,
    conn: Mutex<PgConnection>,
    service: Process,
    origin: SocketAddr,
}

impl Scene {
    /// Starts a service on an empty folder, with a customer and a space.
    pub fn set(settings: &[(&str, &str)]) -> Result<Self, Failure> {
        let data = stage::folder()?;
        std::fs::create_dir(data.path().join("photos"))?;
        let origin = serve_files(data.path().join("photos"))?;
        let (service, address, conn, roots) = start(data.path(), settings)?;
        let scene = Self { data, address, roots, conn, service, origin };
        scene.post("/customers", &json!({ "name": "measured" }))?;
        scene.post("/customers/2/spaces", &json!({ "name": "images" }))?;
        Ok(scene)
    }

    /// Ends the service, and starts it with other settings on the same folder.
    pub fn restart(&mut self, settings: &[(&str, &str)]) -> Result<(), Failure> {
        self.service.stop();
        (self.service, self.address, self.conn, self.roots) = start(self.data.path(), settings)?;
        Ok(())
    }

    /// Process id of the service.
    pub fn id(&self) -> u32 {
        self.service.id()
    }

    fn post(&self, path: &str, body: &Value) -> Result<(), Failure> {
        self.send("POST", path, body).map(|_| ())
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let key = stage::administrator();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = ask(self.address, method, path, Some(&key), &body)?;
        match answer.status {
            200..300 => Ok(serde_json::from_slice(&answer.body).unwrap_or_default()),
            status => {
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                Err(format!("{method} {path}: {status} {text}").into())
            }
        }
    }

    /// Registers a file of the folder of photographs as an image, and waits until it is served.
    pub fn register(&self, image: &str, file: &str) -> Result<(), Failure> {
        let path = format!("{SPACE}/images/{image}");
        let origin = format!("http://{}/{file}", self.origin);
        self.send("PUT", &path, &json!({ "@type": "Image", "origin": origin }))?;
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let shown = self.send("GET", &path, &Value::Null)?;
            if let Some(error) =
                shown.get("error").and_then(Value::as_str).filter(|e| !e.is_empty())
            {
                return Err(format!("{image}: {error}").into());
            }
            if shown.get("finished").is_some_and(Value::is_string) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Err(format!("{image} is not ready in time").into())
    }

    /// Makes so many images that share what was made of one: rows, and hard links to its object.
    pub fn copy(&mut self, image: &str, copies: u32) -> Result<(), Failure> {
        let object =
            self.text(&format!("SELECT object AS text FROM derivatives WHERE image = '{image}'"))?;
        let objects = self.data.path().join("objects");
        for number in 0..copies {
            let link = objects.join(format!("{object}-{number}"));
            std::fs::hard_link(objects.join(&object), link)?;
        }
        // Totals and look-ups of what a row refers to are triggers, which a replica has none of.
        self.conn.get_mut().batch_execute("SET session_replication_role = replica")?;
        for first in (0..copies).step_by(COPIES as usize) {
            let last = copies.min(first + COPIES) - 1;
            self.copy_rows("images", "id", image, first..=last)?;
            self.copy_rows("derivatives", "image", image, first..=last)?;
        }
        self.conn
            .get_mut()
            .batch_execute("RESET session_replication_role; ANALYZE images, derivatives")?;
        Ok(())
    }

    fn copy_rows(
        &mut self,
        table: &str,
        id: &str,
        image: &str,
        numbers: std::ops::RangeInclusive<u32>,
    ) -> Result<(), Failure> {
        let columns = self.text(&format!(
            "SELECT string_agg(column_name, ', ') AS text FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}' AND is_generated = 'NEVER' \
             AND column_name NOT IN ('{id}', 'object')"
        ))?;
        let object = if table == "derivatives" { ", object" } else { "" };
        let own = if object.is_empty() { "" } else { ", object || '-' || n" };
        let (first, last) = numbers.into_inner();
        let statement = format!(
            "INSERT INTO {table} ({columns}, {id}{object}) \
             SELECT {columns}, '{image}-' || n{own} \
             FROM {table}, generate_series({first}, {last}) AS n WHERE {id} = '{image}'"
        );
        Ok(self
            .conn
            .get_mut()
            .batch_execute(&statement)
            .map_err(|e| format!("{statement}: {e}"))?)
    }

    fn text(&mut self, select: &str) -> Result<String, Failure> {
        let said: Said = diesel::sql_query(select).get_result(self.conn.get_mut())?;
        Ok(said.text)
    }
}

type Started = (Process, SocketAddr, Mutex<PgConnection>, Vec<u32>);

fn start(data: &Path, settings: &[(&str, &str)]) -> Result<Started, Failure> {
    let private = [("HYDRIA_ORIGIN_ALLOW", "127.0.0.0/8")];
    let (service, address, _) = serve_with(data, &[], &[&private[..], settings].concat())?;
    let conn = hydria::database::connect(Private::join(data)?.url())?;
    let roots = vec![service.id(), stage::postmaster(data)?];
    Ok((service, address, Mutex::new(conn), roots))
}
