//! Tiles while a large image is being ingested.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::sheet::Sheet;

use super::client::{percentile, request};
use super::paced::{Outcome, paced};
use super::photo;
use super::requests::draw_tiles;
use super::scene::Scene;

/// The large image, in pixels: just below what is accepted.
const LARGE: (u32, u32) = (25_800, 19_350);

/// Tiles a second, as a dozen readers ask for.
const RATE: f64 = 200.0;

const CONNECTIONS: usize = 16;

/// How long tiles are asked for while nothing else goes on.
const IDLE: Duration = Duration::from_secs(20);

/// Measures how long tiles take while an image of 500 megapixels is ingested, and without.
pub fn during(sheet: &mut Sheet, scene: &Scene) -> Result<(), Failure> {
    Sheet::heading("Aligned tiles, 200 a second, while 500 megapixels are ingested");
    let file = scene.data.path().join("photos/large.jpg");
    photo::draw(LARGE.0, LARGE.1, &file)?;
    let (before, beside) = tiles_beside(scene.address, "/iiif-img/2/1/photo", || {
        scene.register("large", "large.jpg")
    })?;
    sheet.at_most("p99 beside it / idle (stretch 2)", beside / before, 3.0);
    Ok(())
}

/// Asks for tiles of the photograph while nothing else goes on, and beside `work`; answers the p99 of both, in
/// milliseconds.
pub fn tiles_beside(
    address: SocketAddr,
    service: &str,
    work: impl FnOnce() -> Result<(), Failure> + Send,
) -> Result<(f64, f64), Failure> {
    let tiles = draw_tiles(99, |_| true).into_iter().map(|tile| tile.part().rest());
    let requests: Vec<Vec<u8>> = tiles.map(|rest| request(&format!("{service}/{rest}"))).collect();
    let next =
        |number: usize| requests.get(number % requests.len().max(1)).cloned().unwrap_or_default();
    let asked =
        |goes_on: &(dyn Fn() -> bool + Sync)| paced(address, CONNECTIONS, RATE, 0, &next, goes_on);
    let began = Instant::now();
    let idle = asked(&|| began.elapsed() < IDLE);
    let ends = AtomicBool::new(false);
    let began = Instant::now();
    let (busy, worked) = std::thread::scope(|scope| {
        let working = scope.spawn(|| {
            let worked = work();
            ends.store(true, Ordering::Relaxed);
            worked
        });
        let busy = asked(&|| !ends.load(Ordering::Relaxed));
        (busy, working.join())
    });
    worked.map_err(|_panic| "the work beside it broke off")??;
    Sheet::fact("it took", &format!("{:.0} s", began.elapsed().as_secs_f64()));
    Ok((tell("p50, p99 when idle", &idle)?, tell("p50, p99 beside it", &busy)?))
}

/// Tells medians and p99 of outcomes, all of which must be good; answers the p99 in milliseconds.
fn tell(what: &str, outcomes: &[Outcome]) -> Result<f64, Failure> {
    if let Some(bad) = outcomes.iter().find(|outcome| outcome.status != 200) {
        return Err(format!("{what}: a tile was answered by {}", bad.status).into());
    }
    let mut times: Vec<f64> = outcomes.iter().map(|outcome| outcome.ms).collect();
    let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
    Sheet::fact(what, &format!("{p50:.2}, {p99:.2} ms"));
    Ok(p99)
}
