//! The engine: jobs that take no work, images of a usual size, one customer beside another, and a large deletion.

use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Failure;
use crate::images::{origin, photo, tiles_beside};
use crate::load::ask;
use crate::sheet::{Sheet, median};
use crate::stage::{self, IMAGES, Process, Stage, log, serve_with};

/// Jobs without work that are done in one measurement.
const JOBS: u32 = 10_000;
/// Images of a batch.
const BATCH: u32 = 1000;
/// Edges of the photograph of six megapixels.
const PHOTO: (u32, u32) = (3000, 2000);
/// Photographs in one measurement.
const PHOTOS: u32 = 120;
/// Measurements of each kind, in turn.
const ROUNDS: usize = 3;
/// Images that wait while another customer's ten are done.
const WAITING: u32 = 100_000;
/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_mins(20);
/// Networks of the origin of the bench.
const LOCAL: (&str, &str) = ("HYDRIA_ORIGIN_ALLOW", "127.0.0.0/8");

/// A service on an empty folder, and its administrator.
struct Service {
    _process: Process,
    data: tempfile::TempDir,
    address: SocketAddr,
}

impl Service {
    fn start(options: &[&str], customers: u32) -> Result<Self, Failure> {
        let data = stage::folder()?;
        let (process, address, _) = serve_with(data.path(), options, &[LOCAL])?;
        let service = Self { _process: process, data, address };
        for number in 2..customers + 2 {
            service.send("POST", "/customers", &json!({ "name": format!("measured-{number}") }))?;
            service.send(
                "POST",
                &format!("/customers/{number}/spaces"),
                &json!({ "name": "s" }),
            )?;
        }
        Ok(service)
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = ask(self.address, method, path, Some(&stage::administrator()), &body)?;
        match answer.status {
            200..300 => Ok(serde_json::from_slice(&answer.body).unwrap_or_default()),
            status => {
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                Err(format!("{method} {path}: {status} {text}").into())
            }
        }
    }

    /// Registers images of one origin as batches; answers the addresses of these.
    fn register(
        &self,
        customer: u32,
        name: &str,
        count: u32,
        origin: &str,
    ) -> Result<Vec<String>, Failure> {
        let mut batches = Vec::new();
        for first in (0..count).step_by(BATCH as usize) {
            let images: Vec<Value> = (first..count.min(first + BATCH))
                .map(|n| json!({ "space": 1, "id": format!("{name}-{n}"), "origin": origin }))
                .collect();
            let path = format!("/customers/{customer}/queue");
            let made = self.send("POST", &path, &json!({ "member": images }))?;
            let id = made.get("@id").and_then(Value::as_str).ok_or("a batch without an address")?;
            batches.push(path_of(id)?.to_owned());
        }
        Ok(batches)
    }

    /// Waits until batches are finished.
    fn finish(&self, batches: &[String]) -> Result<(), Failure> {
        let began = Instant::now();
        for batch in batches {
            while !self
                .send("GET", batch, &Value::Null)?
                .get("finished")
                .is_some_and(Value::is_string)
            {
                if began.elapsed() > PATIENCE {
                    return Err(format!("{batch} is not finished in time").into());
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(())
    }
}

fn path_of(address: &str) -> Result<&str, Failure> {
    let start = address.find("/customers").ok_or("an address elsewhere")?;
    Ok(address.get(start..).unwrap_or_default())
}

/// Starts a process that only works.
fn work(data: &Path) -> Result<Process, Failure> {
    let child = Command::new(env!("CARGO_BIN_EXE_hydria"))
        .arg("worker")
        .env_remove("DATABASE_URL")
        .env("HYDRIA_DATA", data)
        .stdout(Stdio::null())
        .stderr(File::create(data.join("worker.log"))?)
        .spawn()?;
    Ok(Process(child))
}

/// Measures how many jobs are claimed and finished whose origin is in a private network: nothing is fetched.
pub fn jobs(sheet: &mut Sheet) -> Result<(), Failure> {
    Sheet::heading("Jobs without work, claimed and finished (10,000 in ten batches)");
    let _ = &sheet;
    let mut rates = Vec::new();
    for workers in [1_usize, 4, 16] {
        let service = Service::start(&["--no-worker"], 1)?;
        let batches = service.register(2, "empty", JOBS, "http://10.0.0.1/page.jpg")?;
        let began = Instant::now();
        let mut processes = Vec::new();
        for _ in 0..workers {
            processes.push(work(service.data.path())?);
        }
        service.finish(&batches)?;
        let rate = f64::from(JOBS) / began.elapsed().as_secs_f64();
        Sheet::fact(
            &format!("{workers} worker processes, their start included"),
            &format!("{rate:.0}/s"),
        );
        rates.push(rate);
        for process in &mut processes {
            process.stop();
        }
        drop(service);
    }
    Ok(())
}

/// Measures images of six megapixels a minute, beside the imaging library on all cores.
pub fn throughput(sheet: &mut Sheet) -> Result<(), Failure> {
    Sheet::heading("JPEGs of six megapixels from a local origin, a minute");
    let service = Service::start(&[], 1)?;
    let folder = stage::folder()?;
    let photo = folder.path().join("photo.jpg");
    photo::draw(PHOTO.0, PHOTO.1, &photo)?;
    let origin = origin::serve_files(folder.path().to_owned())?;
    let (mut own, mut library) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let began = Instant::now();
        derive_all(&photo, folder.path())?;
        library.push(f64::from(PHOTOS) * 60.0 / began.elapsed().as_secs_f64());
        let began = Instant::now();
        let name = format!("round-{round}");
        let batches = service.register(2, &name, PHOTOS, &format!("http://{origin}/photo.jpg"))?;
        service.finish(&batches)?;
        own.push(f64::from(PHOTOS) * 60.0 / began.elapsed().as_secs_f64());
    }
    Sheet::fact("the service", &format!("{:.0}", median(&own)));
    Sheet::fact("the imaging library on all cores", &format!("{:.0}", median(&library)));
    sheet.at_least("images a minute / library", crate::sheet::ratio(&own, &library), 0.85);
    Ok(())
}

/// Makes what the service makes of an image, as often, with a thread for each core.
fn derive_all(photo: &Path, folder: &Path) -> Result<(), Failure> {
    let cores = std::thread::available_parallelism()?.get();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores)
            .map(|_| {
                scope.spawn(|| -> Result<(), Failure> {
                    while next.fetch_add(1, Ordering::Relaxed) < PHOTOS as usize {
                        let source = File::open(photo)?;
                        let plan = imaging::Plan {
                            thumbnail_edges: vec![1024, 400, 200, 100],
                            threads: 1,
                            ..imaging::Plan::default()
                        };
                        let output = tempfile::tempfile_in(folder)?;
                        let probe = imaging::inspect(&source)?;
                        let scratch = tempfile::tempfile_in(folder)?;
                        imaging::derive(&source, output, &probe, &plan, &scratch)?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_panic| "the library broke off")?)
    })
}

/// Measures how long ten images of one customer take while another has a hundred thousand waiting.
pub fn fairness(sheet: &mut Sheet) -> Result<(), Failure> {
    Sheet::heading("Ten images of one customer while another has 100,000 waiting");
    let service = Service::start(&[], 2)?;
    let folder = stage::folder()?;
    photo::draw(PHOTO.0, PHOTO.1, &folder.path().join("photo.jpg"))?;
    let address = origin::serve_files(folder.path().to_owned())?;
    let origin = format!("http://{address}/photo.jpg");
    let ten = |name: String| -> Result<f64, Failure> {
        let began = Instant::now();
        service.finish(&service.register(3, &name, 10, &origin)?)?;
        Ok(began.elapsed().as_secs_f64() * 1000.0)
    };
    let idle =
        (0..ROUNDS).map(|round| ten(format!("idle-{round}"))).collect::<Result<Vec<_>, _>>()?;
    service.register(2, "many", WAITING, &origin)?;
    let beside =
        (0..ROUNDS).map(|round| ten(format!("beside-{round}"))).collect::<Result<Vec<_>, _>>()?;
    let waits = service.send("GET", "/customers/2/queue", &Value::Null)?;
    let waits = waits.get("imagesWaiting").and_then(Value::as_u64).unwrap_or_default();
    Sheet::fact("waiting at the end", &waits.to_string());
    let (idle, beside) = (median(&idle), median(&beside));
    Sheet::fact("ten images, when idle; beside", &format!("{idle:.0}; {beside:.0} ms"));
    sheet.at_most("beside / idle", beside / idle, 3.0);
    Ok(())
}

/// Measures tiles while a million images are deleted.
pub fn deletion(sheet: &mut Sheet) -> Result<(), Failure> {
    Sheet::heading("Aligned tiles, 200 a second, while a million images are deleted");
    let folder = stage::folder()?;
    let origin = origin::serve_files(folder.path().to_owned())?;
    let stage = Stage::set_with(&[], &[LOCAL])?;
    photo::draw(10_000, 7_500, &folder.path().join("photo.jpg"))?;
    stage.post("/customers/2/spaces", r#"{"name": "served"}"#)?;
    let send = |method: &str, path: &str, body: &str| {
        ask(stage.address, method, path, Some(&stage.authorization), body)
    };
    let image = "/customers/2/spaces/2/images/photo";
    let body = json!({ "origin": format!("http://{origin}/photo.jpg") }).to_string();
    let made = send("PUT", image, &body)?;
    if made.status != 201 {
        return Err(format!("the photograph: {}", made.status).into());
    }
    let began = Instant::now();
    let (before, beside) = tiles_beside(stage.address, "/iiif-img/2/2/photo", || {
        let answer = send("DELETE", "/customers/2/spaces/1/images?all=true", "")?;
        if answer.status != 202 {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(format!("the deletion: {} {text}", answer.status).into());
        }
        let job: Value = serde_json::from_slice(&answer.body)?;
        let job = path_of(job.get("@id").and_then(Value::as_str).unwrap_or_default())?.to_owned();
        loop {
            let shown: Value = serde_json::from_slice(&send("GET", &job, "")?.body)?;
            if shown.get("finished").is_some_and(Value::is_string) {
                log(&shown.to_string());
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("the deletion is not finished in time: {shown}").into());
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let left: Value = serde_json::from_slice(&stage.get("/customers/2/spaces/1/images")?.body)?;
    if left.get("totalItems").and_then(Value::as_u64) != Some(0) {
        return Err("images are left".into());
    }
    Sheet::fact("images deleted; seconds", &format!("{IMAGES}; {seconds:.0}"));
    sheet.at_most("p99 beside it / idle", beside / before, 2.0);
    Ok(())
}
