use std::io::Cursor;

use super::ReadRange;
use super::plan::{Steps, Window};
use crate::container::Index;
use crate::jpeg::{Conversion, Header, JpegRows};
use crate::rows::Rows;
use crate::samples::zeroed;
use crate::{Channels, ImagingError};

/// Rows of a tile that are decoded at a time.
const ROWS_AT_ONCE: u32 = 16;

/// Returns the error of a container that lacks a tile of its index.
pub(super) fn missing_tile() -> ImagingError {
    ImagingError::damaged("a tile of it is missing or has another size")
}

/// The pixels of a part of a level, one row of tiles after the other.
pub(super) struct Source<'a> {
    container: &'a dyn ReadRange,
    index: &'a Index,
    level: usize,
    window: Window,
    channels: Channels,
}

impl<'a> Source<'a> {
    pub(super) fn new(container: &'a dyn ReadRange, index: &'a Index, steps: &Steps) -> Self {
        let (level, window, channels) = (steps.level as usize, steps.window, steps.channels);
        Self { container, index, level, window, channels }
    }

    /// Decodes the part, and gives its rows, those of a row of tiles at a time.
    pub(super) fn strips(
        &mut self,
        mut give: impl FnMut(&mut [u8]) -> Result<(), ImagingError>,
    ) -> Result<(), ImagingError> {
        let tile = self.index.tile_edge();
        let Window { left, top, size } = self.window;
        let row = size.width as usize * self.channels.count();
        let mut strip = Vec::new();
        let mut piece = Vec::new();
        for tile_row in top / tile..=(top + size.height - 1) / tile {
            let from = top.max(tile_row * tile);
            let to = (top + size.height).min((tile_row + 1) * tile);
            let bytes = row * (to - from) as usize;
            if strip.len() != bytes {
                strip = zeroed(bytes)?;
            }
            for column in left / tile..=(left + size.width - 1) / tile {
                let rows = (from - tile_row * tile, to - tile_row * tile);
                self.tile((column, tile_row), rows, &mut strip, &mut piece)?;
            }
            give(&mut strip)?;
        }
        Ok(())
    }

    /// Decodes some rows of a tile into their place within a strip.
    fn tile(
        &self,
        (column, row): (u32, u32),
        (first, end): (u32, u32),
        strip: &mut [u8],
        piece: &mut Vec<u8>,
    ) -> Result<(), ImagingError> {
        let range = self.index.tile(self.level, column, row).ok_or_else(missing_tile)?;
        let jpeg = self.container.read_range(range)?;
        let header = Header::read(&mut jpeg.as_slice())?;
        let conversion = match self.channels {
            Channels::Gray => Conversion::Light,
            _ => Conversion::AsMarked,
        };
        let mut rows = JpegRows::open(Cursor::new(&jpeg), &header, conversion)?;
        let Window { left, size, .. } = self.window;
        let edge = self.index.tile_edge();
        let (tile_left, tile_width) = (column * edge, rows.size().width);
        let (from, to) = (left.max(tile_left), (left + size.width).min(tile_left + edge));
        if rows.channels() != self.channels
            || rows.size().height < end
            || tile_width < to - tile_left
        {
            return Err(missing_tile());
        }
        let count = self.channels.count();
        let bytes = tile_width as usize * count;
        piece.resize(bytes * ROWS_AT_ONCE as usize, 0);
        let within = (from - tile_left) as usize * count..(to - tile_left) as usize * count;
        let place = (from - left) as usize * count..(to - left) as usize * count;
        let mut lines = strip.chunks_exact_mut(size.width as usize * count);
        let mut next = 0;
        while next < end {
            let some = ROWS_AT_ONCE.min(end - next);
            let decoded = piece.get_mut(..bytes * some as usize).ok_or_else(missing_tile)?;
            rows.read(decoded)?;
            for (number, row) in (next..).zip(decoded.chunks_exact(bytes)) {
                if number >= first {
                    let line = lines.next().and_then(|line| line.get_mut(place.clone()));
                    let (line, row) = line.zip(row.get(within.clone())).ok_or_else(missing_tile)?;
                    line.copy_from_slice(row);
                }
            }
            next += some;
        }
        Ok(())
    }
}
