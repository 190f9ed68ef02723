//! Tiles while a large image is being ingested.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::sheet::Sheet;

use super::client::percentile;
use super::paced::{Outcome, paced};
use super::photo;
use super::requests::{Part, Tile, draw_tiles, own};
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
    let tiles = draw_tiles(99, |_| true).into_iter().map(Tile::part);
    let requests = own("photo", tiles.map(Part::rest));
    let request =
        |number: usize| requests.get(number % requests.len().max(1)).cloned().unwrap_or_default();
    let asked = |goes_on: &(dyn Fn() -> bool + Sync)| {
        paced(scene.address, CONNECTIONS, RATE, 0, &request, goes_on)
    };
    let began = Instant::now();
    let idle = asked(&|| began.elapsed() < IDLE);
    let ends = AtomicBool::new(false);
    let began = Instant::now();
    let (busy, registered) = std::thread::scope(|scope| {
        let registering = scope.spawn(|| {
            let registered = scene.register("large", "large.jpg");
            ends.store(true, Ordering::Relaxed);
            registered
        });
        let busy = asked(&|| !ends.load(Ordering::Relaxed));
        (busy, registering.join())
    });
    registered.map_err(|_panic| "registering broke off")??;
    Sheet::fact("the ingest took", &format!("{:.0} s", began.elapsed().as_secs_f64()));
    let (before, beside) = (tell("p50, p99 when idle", &idle)?, tell("p50, p99 beside it", &busy)?);
    sheet.at_most("p99 beside it / idle (stretch 2)", beside / before, 3.0);
    Ok(())
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
