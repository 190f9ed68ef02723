use std::ops::Range;

use crate::jpeg::{Encoder, Encoding};
use crate::{Channels, ImagingError, Size};

/// The tiles of a level: their edge, and how they are encoded.
#[derive(Clone, Copy)]
pub(super) struct Tiling {
    pub(super) tile: u32,
    pub(super) channels: Channels,
    pub(super) encoding: Encoding,
}

/// Whole rows of a level, of so many bytes each.
#[derive(Clone, Copy)]
pub(super) struct Band<'a> {
    pub(super) samples: &'a [u8],
    pub(super) row_bytes: usize,
}

/// A tile as it is written: for readers of TIFF, and at true width where that differs.
pub(super) struct Encoded {
    pub(super) padded: Option<Vec<u8>>,
    pub(super) exact: Vec<u8>,
}

/// A tile that is encoded while its rows come.
pub(super) struct OpenTile {
    /// Bytes of a row of the level that are the tile's.
    columns: Range<usize>,
    /// Bytes of a pixel, and of a row of a tile of full width.
    pixel: usize,
    full: usize,
    exact: Encoder<Vec<u8>>,
    padded: Option<Encoder<Vec<u8>>>,
}

impl OpenTile {
    /// Begins the tile of a column of a level that is `width` pixels wide; `height` is that of the tile.
    ///
    /// # Errors
    /// Returns what [`Encoder::begin`] returns.
    pub(super) fn begin(
        tiling: Tiling,
        width: u32,
        column: u32,
        height: u32,
    ) -> Result<Self, ImagingError> {
        let Tiling { tile, channels, encoding } = tiling;
        let count = channels.count();
        let left = column * tile;
        let size = Size { width: tile.min(width - left), height };
        let begin = |size| Encoder::begin(Vec::new(), size, channels, encoding);
        let wide = Size { width: tile, height };
        Ok(Self {
            columns: left as usize * count..(left + size.width) as usize * count,
            pixel: count,
            full: tile as usize * count,
            exact: begin(size)?,
            padded: (size.width < tile).then(|| begin(wide)).transpose()?,
        })
    }

    /// Encodes the tile's part of the next rows of its level.
    ///
    /// # Errors
    /// Returns what [`Encoder::write`] returns.
    pub(super) fn write(&mut self, band: Band<'_>) -> Result<(), ImagingError> {
        let columns = self.columns.clone();
        let lines = || {
            band.samples.chunks_exact(band.row_bytes).filter_map(|line| line.get(columns.clone()))
        };
        self.exact.write_each(lines())?;
        let Some(padded) = &mut self.padded else { return Ok(()) };
        let mut filled = Vec::new();
        let bytes = self.full * (band.samples.len() / band.row_bytes);
        if filled.try_reserve_exact(bytes).is_err() {
            return Err(ImagingError::Io(std::io::ErrorKind::OutOfMemory.into()));
        }
        for line in lines() {
            let last = line.get(line.len() - self.pixel..).unwrap_or_default();
            filled.extend_from_slice(line);
            (line.len()..self.full)
                .step_by(self.pixel)
                .for_each(|_| filled.extend_from_slice(last));
        }
        padded.write(&filled)
    }

    /// Ends the tile, once all its rows are written.
    ///
    /// # Errors
    /// Returns what [`Encoder::finish`] returns.
    pub(super) fn finish(self) -> Result<Encoded, ImagingError> {
        Ok(Encoded {
            exact: self.exact.finish()?,
            padded: self.padded.map(Encoder::finish).transpose()?,
        })
    }
}
