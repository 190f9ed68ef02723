//! Renders an answer out of a container that the example `derive` made:
//! `render CONTAINER X,Y,WIDTH,HEIGHT WIDTH,HEIGHT DEGREES ANSWER`.
//!
//! The format is told by the name of the answer: jpg, png, webp, gif or tif; `gray` or
//! `bitonal` within the name make it so.

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::time::Instant;

use imaging::Size;
use imaging::container::Index;
use imaging::render::{OutputFormat, Quality, Rendering, render, render_cost};

fn numbers(text: &str) -> Result<Vec<u32>, Box<dyn Error>> {
    Ok(text.split(',').map(str::parse).collect::<Result<_, _>>()?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [container, region, output, degrees, answer] = arguments.as_slice() else {
        return Err("usage: render CONTAINER X,Y,WIDTH,HEIGHT WIDTH,HEIGHT DEGREES ANSWER".into());
    };
    let index = Index::decode(&std::fs::read(format!("{container}.index"))?)?;
    let &[x, y, width, height] = numbers(region)?.as_slice() else {
        return Err("a region has four numbers".into());
    };
    let &[across, down] = numbers(output)?.as_slice() else {
        return Err("a size has two numbers".into());
    };
    let format = match answer.rsplit('.').next() {
        Some("jpg") => OutputFormat::Jpeg,
        Some("png") => OutputFormat::Png,
        Some("webp") => OutputFormat::Webp,
        Some("gif") => OutputFormat::Gif,
        Some("tif") => OutputFormat::Tiff,
        _ => return Err("the answer is no jpg, png, webp, gif or tif".into()),
    };
    let quality = match answer {
        name if name.contains("gray") => Quality::Gray,
        name if name.contains("bitonal") => Quality::Bitonal,
        _ => Quality::Default,
    };
    let rendering = Rendering {
        x,
        y,
        region: Size { width, height },
        output: Size { width: across, height: down },
        mirrored: false,
        rotation: degrees.parse()?,
        quality,
        format,
        jpeg_quality: 85,
    };
    let begun = Instant::now();
    let mut sink = BufWriter::new(File::create(answer)?);
    render(&File::open(container)?, &index, &rendering, &mut sink)?;
    let cost = render_cost(&index, &rendering)?;
    println!("{:.1} ms, {cost:?}", begun.elapsed().as_secs_f64() * 1e3);
    Ok(())
}
