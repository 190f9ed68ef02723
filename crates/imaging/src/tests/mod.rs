//! Images are made here, so that each test says what it is about.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the numbers of test images are small, or meant to wrap"
)]

mod fuzz;
mod jpeg;
mod make;
mod raster;
mod recognition;
mod thumbnails;
mod tiff;

use std::io::{Cursor, Write};

use mozjpeg::Decompress;

use super::{Derived, ImagingError, Size, Thumbnail, derive, derive_from, inspect};

const RED: [u8; 3] = [220, 30, 30];
const GREEN: [u8; 3] = [30, 180, 40];
const BLUE: [u8; 3] = [40, 50, 210];
const YELLOW: [u8; 3] = [240, 230, 60];

/// Inspects and derives, as the engine does.
fn read(file: &[u8], edges: &[u32]) -> Result<Derived, ImagingError> {
    let probe = inspect(&mut Cursor::new(file))?;
    derive_from(Cursor::new(file), &probe, edges)
}

/// Returns the same by way of a real file.
fn read_from_disk(file: &[u8], edges: &[u32]) -> Result<Derived, ImagingError> {
    let mut on_disk = tempfile::tempfile().unwrap();
    on_disk.write_all(file).unwrap();
    let probe = inspect(&mut on_disk)?;
    derive(&on_disk, &probe, edges)
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
fn assert_corners(derived: &Derived, expected: [[u8; 3]; 4], tolerance: u8) {
    for (found, expected) in corners(&derived.thumbnails[0]).into_iter().zip(expected) {
        assert_close(found, expected, tolerance);
    }
}
