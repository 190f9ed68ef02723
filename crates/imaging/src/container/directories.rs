//! The directories of a container, as BigTIFF has them.

use super::VERSION;
use super::index::Stored;
use crate::{Channels, Size};

/// Private tags, of the range that is free for anyone.
const CONTAINER_VERSION: u16 = 65_100;
const TRUE_OFFSETS: u16 = 65_101;
const TRUE_BYTES: u16 = 65_102;
/// Width, height, place and length of each thumbnail.
const THUMBNAILS: u16 = 65_103;
/// The same of the rendition.
const RENDITION: u16 = 65_104;

const SHORT: u16 = 3;
const LONG: u16 = 4;
const BYTES: u16 = 7;
const LONG8: u16 = 16;

/// The entries of the directory of a level.
pub(super) struct Description<'a> {
    pub(super) size: Size,
    pub(super) is_reduced: bool,
    pub(super) channels: Channels,
    pub(super) subsampled: bool,
    pub(super) tile: u32,
    /// Of each tile, padded in width; place and length.
    pub(super) padded: &'a [(u64, u32)],
    /// Of the tiles in the right column at true width, from the top, if they were padded.
    pub(super) true_width: &'a [(u64, u32)],
    pub(super) jpeg_tables: &'a [u8],
    /// Of the first level only.
    pub(super) thumbnails: &'a [Stored],
    pub(super) rendition: Option<&'a Stored>,
}

/// Returns the head of a container whose first directory is at `first`.
pub(super) fn head(first: u64) -> [u8; 16] {
    let mut head = *b"II\x2B\0\x08\0\0\0\0\0\0\0\0\0\0\0";
    for (to, from) in head.iter_mut().skip(8).zip(first.to_le_bytes()) {
        *to = from;
    }
    head
}

/// Returns a directory with its values, to be written at `at`, a multiple of 8.
///
/// With `has_next`, another directory follows upon it.
pub(super) fn directory(described: &Description<'_>, at: u64, has_next: bool) -> Vec<u8> {
    let places = |all: &[(u64, u32)]| all.iter().map(|(at, _)| *at).collect::<Vec<_>>();
    let lengths =
        |all: &[(u64, u32)]| all.iter().map(|(_, length)| u64::from(*length)).collect::<Vec<_>>();
    let colours = described.channels != Channels::Gray;
    let samples = if colours { 3 } else { 1 };
    let mut entries: Vec<(u16, u16, Vec<u64>)> = vec![
        (254, LONG, vec![u64::from(described.is_reduced)]),
        (256, LONG, vec![u64::from(described.size.width)]),
        (257, LONG, vec![u64::from(described.size.height)]),
        (258, SHORT, vec![8; samples]),
        (259, SHORT, vec![7]),
        (262, SHORT, vec![if colours { 6 } else { 1 }]),
        (277, SHORT, vec![samples as u64]),
        (284, SHORT, vec![1]),
        (322, LONG, vec![u64::from(described.tile)]),
        (323, LONG, vec![u64::from(described.tile)]),
        (324, LONG8, places(described.padded)),
        (325, LONG, lengths(described.padded)),
        (347, BYTES, described.jpeg_tables.iter().map(|byte| u64::from(*byte)).collect()),
    ];
    if colours {
        let pixels = if described.subsampled { 2 } else { 1 };
        entries.push((530, SHORT, vec![pixels; 2]));
    }
    if !described.is_reduced {
        entries.push((CONTAINER_VERSION, LONG, vec![VERSION]));
    }
    if !described.true_width.is_empty() {
        entries.push((TRUE_OFFSETS, LONG8, places(described.true_width)));
        entries.push((TRUE_BYTES, LONG, lengths(described.true_width)));
    }
    let four = |stored: &Stored| {
        let Size { width, height } = stored.size;
        [u64::from(width), u64::from(height), stored.offset, u64::from(stored.length)]
    };
    if !described.thumbnails.is_empty() {
        entries.push((THUMBNAILS, LONG8, described.thumbnails.iter().flat_map(four).collect()));
    }
    if let Some(rendition) = described.rendition {
        entries.push((RENDITION, LONG8, four(rendition).to_vec()));
    }
    assemble(&entries, at, has_next)
}

/// Puts the entries first and their values behind them.
fn assemble(entries: &[(u16, u16, Vec<u64>)], at: u64, has_next: bool) -> Vec<u8> {
    let mut table = (entries.len() as u64).to_le_bytes().to_vec();
    let mut values = Vec::new();
    let behind = at + 8 + 20 * entries.len() as u64 + 8;
    // Values are at even places, as the specification wants them.
    let start = behind.next_multiple_of(8);
    for (tag, kind, numbers) in entries {
        let width = match *kind {
            BYTES => 1,
            SHORT => 2,
            LONG => 4,
            _ => 8,
        };
        let bytes = |number: &u64| number.to_le_bytes().into_iter().take(width);
        let mut value: Vec<u8> = numbers.iter().flat_map(bytes).collect();
        if value.len() > 8 {
            let place = start + values.len() as u64;
            values.append(&mut value);
            values.resize(values.len().next_multiple_of(8), 0);
            value = place.to_le_bytes().to_vec();
        }
        value.resize(8, 0);
        table.extend(tag.to_le_bytes());
        table.extend(kind.to_le_bytes());
        table.extend((numbers.len() as u64).to_le_bytes());
        table.extend(value);
    }
    let next = if has_next { start + values.len() as u64 } else { 0 };
    table.extend(next.to_le_bytes());
    table.resize(table.len().next_multiple_of(8), 0);
    table.append(&mut values);
    table
}
