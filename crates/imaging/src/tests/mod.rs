//! Images are made here, so that each test says what it is about.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the numbers of test images are small, or meant to wrap"
)]

mod awkward;
mod container;
mod fuzz;
mod jpeg;
mod kinds;
mod make;
mod orientation;
mod raster;
mod recognition;
mod render;
mod thumbnails;
mod tiff;

use std::fs::File;
use std::io::{Cursor, Write};

use mozjpeg::Decompress;

use crate::{Derived, ImagingError, Plan, ReadAt, Size, derive, inspect};

const RED: [u8; 3] = [220, 30, 30];
const GREEN: [u8; 3] = [30, 180, 40];
const BLUE: [u8; 3] = [40, 50, 210];
const YELLOW: [u8; 3] = [240, 230, 60];

/// A thumbnail, taken out of its container.
struct Thumbnail {
    size: Size,
    jpeg: Vec<u8>,
}

/// The derivatives of an image, its thumbnails taken out of their container.
struct Made {
    size: Size,
    thumbnails: Vec<Thumbnail>,
    derived: Derived,
    container: Vec<u8>,
}

/// Says what is made of an image, and nothing of its bytes.
impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} with {} thumbnails", self.size, self.thumbnails.len())
    }
}

/// Returns a file for pictures that are turned upright.
fn scratch() -> File {
    tempfile::tempfile().unwrap()
}

fn planned(edges: &[u32]) -> Plan {
    Plan { thumbnail_edges: edges.to_vec(), quality: 92, threads: 1, ..Plan::default() }
}

/// Inspects and derives, as a service does.
fn read(file: &[u8], edges: &[u32]) -> Result<Made, ImagingError> {
    read_from(&file.to_vec(), &planned(edges))
}

fn read_from(source: &dyn ReadAt, plan: &Plan) -> Result<Made, ImagingError> {
    let probe = inspect(source)?;
    let mut container = Cursor::new(Vec::new());
    let derived = derive(source, &mut container, &probe, plan, &scratch())?;
    let container = container.into_inner();
    assert_eq!(container.len() as u64, derived.bytes);
    let taken = |stored: &crate::container::Stored| {
        let range = stored.range();
        let jpeg = container[range.start as usize..range.end as usize].to_vec();
        Thumbnail { size: stored.size, jpeg }
    };
    let thumbnails = derived.index.thumbnails().iter().map(taken).collect();
    Ok(Made { size: derived.size, thumbnails, derived, container })
}

/// Returns the same by way of a real file.
fn read_from_disk(file: &[u8], edges: &[u32]) -> Result<Made, ImagingError> {
    let mut on_disk: File = tempfile::tempfile().unwrap();
    on_disk.write_all(file).unwrap();
    read_from(&on_disk, &planned(edges))
}

fn size(width: u32, height: u32) -> Size {
    Size { width, height }
}

/// Returns the four quarters, clockwise from the top left, looked at in the middle of each.
fn corners(thumbnail: &Thumbnail) -> [[u8; 3]; 4] {
    let (width, height) = (thumbnail.size.width as usize, thumbnail.size.height as usize);
    let pixels = decoded(thumbnail);
    let at = |x: usize, y: usize| pixels[y * width + x];
    let (left, right) = (width / 4, width * 3 / 4);
    let (top, bottom) = (height / 4, height * 3 / 4);
    [at(left, top), at(right, top), at(right, bottom), at(left, bottom)]
}

fn decoded(thumbnail: &Thumbnail) -> Vec<[u8; 3]> {
    let decoder = Decompress::new_mem(&thumbnail.jpeg).unwrap();
    assert_eq!(decoder.size(), (thumbnail.size.width as usize, thumbnail.size.height as usize));
    decoder.rgb().unwrap().read_scanlines().unwrap()
}

#[track_caller]
fn assert_close(found: [u8; 3], expected: [u8; 3], tolerance: u8) {
    let close = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= tolerance);
    assert!(close, "{found:?} is not within {tolerance} of {expected:?}");
}

#[track_caller]
fn assert_corners(derived: &Made, expected: [[u8; 3]; 4], tolerance: u8) {
    for (found, expected) in corners(&derived.thumbnails[0]).into_iter().zip(expected) {
        assert_close(found, expected, tolerance);
    }
}
