//! Makes the container of an image: `derive SOURCE CONTAINER [THREADS [RENDITION_EDGE]]`.
//!
//! Writes the index beside it, and prints what was made and how long it took, for comparison with other makers of pyramids;
//! `time` tells the processor time and the peak memory.

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use imaging::{Limits, Plan, derive, inspect};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, container, rest @ ..] = arguments.as_slice() else {
        return Err("usage: derive SOURCE CONTAINER [THREADS [RENDITION_EDGE]]".into());
    };
    let begun = Instant::now();
    let source = File::open(source)?;
    let probe = inspect(&source)?;
    probe.check(&Limits { max_pixels: 1_000_000_000, max_bytes: 4 << 30 })?;
    let plan = Plan {
        thumbnail_edges: vec![1024, 400, 200, 100],
        threads: rest.first().map_or(Ok(0), |threads| threads.parse())?,
        rendition_edge: rest.get(1).map(|edge| edge.parse()).transpose()?,
        ..Plan::default()
    };
    let derived = derive(&source, File::create(container)?, &probe, &plan, &tempfile::tempfile()?)?;
    std::fs::write(format!("{container}.index"), derived.index.encode())?;
    println!(
        "{:?} {} × {}: {} bytes, index {} bytes, {:.2} s, at most {} MB reckoned",
        probe.format,
        derived.size.width,
        derived.size.height,
        derived.bytes,
        derived.index.encode().len(),
        begun.elapsed().as_secs_f64(),
        probe.estimated_memory_bytes >> 20,
    );
    for level in derived.index.levels() {
        println!("  level {} × {}", level.width, level.height);
    }
    for stored in derived.index.rendition().iter().copied().chain(derived.index.thumbnails()) {
        println!("  stored {} × {}: {:?}", stored.size.width, stored.size.height, stored.range());
    }
    Ok(())
}
