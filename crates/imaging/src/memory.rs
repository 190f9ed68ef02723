//! Estimates the memory that derivation takes besides reading.

use image::metadata::Orientation;

use super::Size;
use super::orientation::{BAND_BYTES, MOST_HELD_BYTES, holds_rows, upright};
use super::samples::Channels;

/// Bytes that any reading takes, whatever the size: buffers, tables, code of first use.
const BASE_BYTES: u64 = 12 << 20;

/// The edge of tiles, and of the smallest level that thumbnails are made from, reckoned with.
const PLANNED_EDGE: u64 = 512;

/// Returns the memory for turning a picture upright and for making its derivatives, in bytes.
pub(super) fn of_derivation(stored: Size, channels: Channels, orientation: Orientation) -> u64 {
    let samples = if channels == Channels::Gray { 1 } else { 3 };
    let turning = match holds_rows(orientation) {
        true => MOST_HELD_BYTES.min(stored.pixels() * samples) + BAND_BYTES,
        false => 0,
    };
    // A row of tiles of each level, each half as wide as the one before, as several threads hold it; one thread holds less:
    // an encoder for each of these tiles, some 100 kB, and 32 rows. And the rows that thumbnails and the rendition are scaled
    // of, with what is made of them.
    let levels = u64::from(upright(stored, orientation).width) * PLANNED_EDGE * samples * 2;
    BASE_BYTES + turning + levels + (16 << 20) * samples
}
