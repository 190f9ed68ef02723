//! Viewers while crawlers ask for three times what can be answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::load::Random;
use crate::sheet::Sheet;
use crate::stage::log;

use super::client::{count, percentile, request};
use super::paced::{Outcome, paced};
use super::requests::draw_part;
use super::scene::Scene;
use super::viewers::{Kind, Views, read};
use super::{FILE, MB, WHOLE, draw, memory};

/// Images that share one object by hard links.
const IMAGES: u32 = 20_000;

/// Images that viewers open.
const VIEWED: u32 = 200;

const VIEWERS: u64 = 50;

/// Connections of crawlers.
const CRAWLERS: usize = 300;

/// How often capacity is asked for.
const TIMES: f64 = 3.0;

/// How long viewers read alone, and beside crawlers.
const ALONE: Duration = Duration::from_secs(20);
const BESIDE: Duration = Duration::from_mins(1);

/// How long it is measured what can be answered.
const CAPACITY: Duration = Duration::from_secs(10);

/// Requests a second by which refusals are timed. Crawlers run at the lowest priority, since real ones have machines of
/// their own, so that they would also time how long they wait for the processor.
const PROBES: f64 = 20.0;

/// Memory that the service may take, in MiB: the default of `HYDRIA_MEMORY_MB`, and 256 besides.
const MEMORY_MIB: f64 = 512.0 + 256.0;

/// Time that viewers are spared, in milliseconds, whatever they had when idle.
const SPARED_MS: f64 = 5.0;

/// A request of a crawler: half for all of an image, half for a region of it; each time of another image.
fn crawled(number: usize) -> Vec<u8> {
    let image = number % IMAGES as usize;
    let rest = if number.is_multiple_of(2) {
        WHOLE.to_owned()
    } else {
        let mut random = Random((number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        draw_part(&mut random).rest()
    };
    request(&format!("/iiif-img/2/1/photo-{image}/{rest}"))
}

/// Measures what readers have of the service while it is crawled.
pub fn crawl(sheet: &mut Sheet) -> Result<(), Failure> {
    let mut scene = Scene::set(&[])?;
    draw(&scene)?;
    scene.register("photo", FILE)?;
    scene.copy("photo", IMAGES)?;
    log(&format!("{IMAGES} images that share an object"));
    Sheet::heading("Readers beside crawlers");
    let address = scene.address;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let began = Instant::now();
    // As fast as they are answered: at a pace that is never reached.
    let answered = paced(address, cores, 1e6, 0, &crawled, &|| began.elapsed() < CAPACITY);
    let good = answered.iter().filter(|outcome| outcome.status == 200).count();
    let capacity = count(good) / began.elapsed().as_secs_f64();
    Sheet::fact(
        "capacity: 200s a second, as many connections as cores",
        &format!("{capacity:.0}/s"),
    );
    let viewed = |number: u32| format!("photo-{}", IMAGES - 1 - number);
    let began = Instant::now();
    let idle = read(address, VIEWERS, &viewed, VIEWED, &|| began.elapsed() < ALONE);
    let asked = AtomicUsize::new(answered.len());
    let next = |_| crawled(asked.fetch_add(1, Ordering::Relaxed));
    let ends = AtomicBool::new(false);
    let began = Instant::now();
    let goes_on = || began.elapsed() < BESIDE;
    let (views, crawls, probes, most) = std::thread::scope(|scope| {
        let crawls =
            scope.spawn(|| paced(address, CRAWLERS, capacity * TIMES, 19, &next, &goes_on));
        let probes = scope.spawn(|| paced(address, 4, PROBES, 0, &next, &goes_on));
        let most = scope.spawn(|| watch(&scene, &ends));
        let views = read(address, VIEWERS, &viewed, VIEWED, &goes_on);
        ends.store(true, Ordering::Relaxed);
        (views, crawls.join(), probes.join(), most.join())
    });
    let broke_off = |_panic| "a thread of the generator broke off";
    let crawls = crawls.map_err(broke_off)?;
    let probes = probes.map_err(broke_off)?;
    let most = most.map_err(broke_off)??;
    let rate = count(crawls.len()) / BESIDE.as_secs_f64();
    Sheet::fact("crawlers asked", &format!("{rate:.0}/s"));
    Sheet::fact("crawlers got", &statuses(crawls.iter().map(|outcome| outcome.status)));
    tell(sheet, &idle, &views);
    refusals(sheet, &probes, &crawls);
    let [service, database] = most;
    Sheet::fact("resident memory of the service at most", &format!("{:.0} MB", service / MB));
    Sheet::fact("that of PostgreSQL, shared parts once", &format!("{:.0} MB", database / MB));
    let both = (service + database) / f64::from(1 << 20);
    sheet.at_most("all of it, MiB", both, MEMORY_MIB);
    Ok(())
}

/// Tells what readers got, and how long it took beside crawlers and alone.
fn tell(sheet: &mut Sheet, idle: &Views, views: &Views) {
    let bad =
        |views: &Views| count(views.iter().filter(|(_, outcome)| outcome.status != 200).count());
    Sheet::fact("readers got", &statuses(views.iter().map(|(_, outcome)| outcome.status)));
    sheet.at_most("what readers were refused", bad(views) + bad(idle), 0.0);
    for (kind, name) in
        [(Kind::Tile, "tiles"), (Kind::Thumbnail, "thumbnails"), (Kind::Description, "info.json")]
    {
        let times = |views: &Views| -> Vec<f64> {
            let own = views.iter().filter(|(of, _)| *of == kind);
            own.map(|(_, outcome)| outcome.ms).collect()
        };
        let (mut before, mut beside) = (times(idle), times(views));
        let p50 = (percentile(&mut before, 50), percentile(&mut beside, 50));
        let p99 = (percentile(&mut before, 99), percentile(&mut beside, 99));
        Sheet::fact(
            &format!("{name}: p50, p99 alone; beside"),
            &format!("{:.2}, {:.2}; {:.2}, {:.2} ms", p50.0, p99.0, p50.1, p99.1),
        );
        let goal = (3.0 * p99.0).max(SPARED_MS);
        let is_met = p99.1 <= goal;
        sheet.goal(
            &format!("{name}: p99 / idle"),
            p99.1 / p99.0,
            is_met,
            &format!("<= {goal:.1} ms"),
        );
    }
}

/// Tells how long refusals took.
fn refusals(sheet: &mut Sheet, probes: &[Outcome], crawls: &[Outcome]) {
    let times = |outcomes: &[Outcome]| -> Vec<f64> {
        let refused = outcomes.iter().filter(|outcome| outcome.status == 503);
        refused.map(|outcome| outcome.ms).collect()
    };
    let (mut own, mut theirs) = (times(probes), times(crawls));
    let p99 = percentile(&mut theirs, 99);
    Sheet::fact("refusals, as crawlers see them: p99", &format!("{p99:.0} ms"));
    if own.is_empty() {
        Sheet::fact("refusals at usual priority", "none");
        return;
    }
    let of = own.len();
    let p99 = percentile(&mut own, 99);
    sheet.at_most(&format!("p99 of {of} refusals at usual priority, ms"), p99, 50.0);
}

/// Returns how often each status came.
fn statuses(all: impl Iterator<Item = u16>) -> String {
    let mut counts = BTreeMap::new();
    for status in all {
        *counts.entry(status).or_insert(0) += 1;
    }
    let counts: Vec<String> =
        counts.into_iter().map(|(status, times)| format!("{times} x {status}")).collect();
    counts.join(", ")
}

/// Watches the memory of the service with its children, and of PostgreSQL; answers the most of both, in bytes.
fn watch(scene: &Scene, ends: &AtomicBool) -> Result<[f64; 2], Failure> {
    let mut most = [0.0_f64; 2];
    while !ends.load(Ordering::Relaxed) {
        let service = memory(scene.id(), "VmRSS:")?;
        let database: f64 = scene.roots.iter().skip(1).map(|root| proportional(*root)).sum();
        most = [most[0].max(service), most[1].max(database)];
        std::thread::sleep(Duration::from_millis(250));
    }
    Ok(most)
}

/// Returns the memory of a family of processes in bytes, what they share counted once.
fn proportional(root: u32) -> f64 {
    let children = std::fs::read_to_string(format!("/proc/{root}/task/{root}/children"));
    let children = children.unwrap_or_default();
    let family = children.split_whitespace().filter_map(|child| child.parse().ok());
    let own = |process: u32| -> Option<f64> {
        let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        Some(line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()? * 1024.0)
    };
    std::iter::once(root).chain(family).filter_map(own).sum()
}
