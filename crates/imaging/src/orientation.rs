use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use image::metadata::Orientation;

use super::rows::{BoxedRows, ROWS_AT_ONCE, Rows, past_the_end};
use super::samples::{Channels, zeroed};
use super::{ImagingError, Size};

/// Pictures up to this size are held in memory while their rows change places; larger ones
/// in a file.
pub(super) const MOST_HELD_BYTES: u64 = 64 << 20;

/// Memory for the rows that are put together from a held picture at a time.
pub(super) const BAND_BYTES: u64 = 32 << 20;

/// Returns the size of an image once its orientation is applied.
pub(super) fn upright(stored: Size, orientation: Orientation) -> Size {
    match is_transposed(orientation) {
        true => Size { width: stored.height, height: stored.width },
        false => stored,
    }
}

/// Says whether the rows of an image have to be held back until the last is read.
pub(super) fn holds_rows(orientation: Orientation) -> bool {
    !matches!(orientation, Orientation::NoTransforms | Orientation::FlipHorizontal)
}

fn is_transposed(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// Turns a picture upright; where its rows change places, it is read to its end first.
///
/// A picture of more than `most_held` bytes goes to the file `scratch`.
///
/// # Errors
/// Returns what reading returns, and [`ImagingError::Io`] for the file.
pub(super) fn turned<'a>(
    inner: BoxedRows<'a>,
    orientation: Orientation,
    most_held: u64,
    scratch: &File,
) -> Result<BoxedRows<'a>, ImagingError> {
    match orientation {
        Orientation::NoTransforms => Ok(inner),
        Orientation::FlipHorizontal => Ok(Box::new(Mirrored { inner })),
        _ => {
            let (size, channels) = (inner.size(), inner.channels());
            let held = Held::fill(inner, most_held, scratch)?;
            let band = Band { samples: Vec::new(), at: 0 };
            Ok(Box::new(Turned { held, stored: size, channels, orientation, next: 0, band }))
        }
    }
}

struct Mirrored<'a> {
    inner: BoxedRows<'a>,
}

impl Rows for Mirrored<'_> {
    fn size(&self) -> Size {
        self.inner.size()
    }

    fn channels(&self) -> Channels {
        self.inner.channels()
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        self.inner.read(into)?;
        let (row, channels) = (self.row_bytes(), self.channels());
        into.chunks_exact_mut(row).for_each(|row| mirror(row, channels));
        Ok(())
    }
}

fn mirror(row: &mut [u8], channels: Channels) {
    match channels {
        Channels::Gray => row.reverse(),
        Channels::Rgb => row.as_chunks_mut::<3>().0.reverse(),
        Channels::Cmyk => row.as_chunks_mut::<4>().0.reverse(),
    }
}

/// All the samples of a picture, in memory or in a file without a name.
enum Held {
    Memory(Vec<u8>),
    File(File),
}

impl Held {
    fn fill(
        mut inner: BoxedRows<'_>,
        most_held: u64,
        scratch: &File,
    ) -> Result<Self, ImagingError> {
        let row = inner.row_bytes();
        let height = inner.size().height as usize;
        let bytes = row.saturating_mul(height);
        if bytes as u64 <= most_held {
            let mut samples = zeroed(bytes)?;
            for rows in samples.chunks_mut(row * ROWS_AT_ONCE) {
                inner.read(rows)?;
            }
            return Ok(Self::Memory(samples));
        }
        let file = scratch.try_clone().map_err(ImagingError::Io)?;
        let mut rows = zeroed(row * ROWS_AT_ONCE.min(height))?;
        for top in (0..height).step_by(ROWS_AT_ONCE) {
            let some = rows.get_mut(..row * ROWS_AT_ONCE.min(height - top)).unwrap_or_default();
            inner.read(some)?;
            file.write_all_at(some, (top * row) as u64).map_err(ImagingError::Io)?;
        }
        Ok(Self::File(file))
    }

    fn copy(&self, from: usize, into: &mut [u8]) -> Result<(), ImagingError> {
        match self {
            Self::Memory(samples) => {
                into.copy_from_slice(
                    samples.get(from..from + into.len()).ok_or_else(past_the_end)?,
                );
                Ok(())
            }
            Self::File(file) => file.read_exact_at(into, from as u64).map_err(|error| {
                // An early end here is a full disk, not an incomplete image.
                ImagingError::Io(io::Error::from_raw_os_error(error.raw_os_error().unwrap_or(5)))
            }),
        }
    }
}

/// Finished rows, from that of number `at - rows` to that before `at`.
struct Band {
    samples: Vec<u8>,
    /// The first byte not yet given out.
    at: usize,
}

struct Turned {
    held: Held,
    stored: Size,
    channels: Channels,
    orientation: Orientation,
    /// The upright row that the next band begins with.
    next: usize,
    band: Band,
}

impl Turned {
    /// Puts the next rows together: rows of the stored picture, or columns of it.
    fn next_band(&mut self) -> Result<(), ImagingError> {
        let size = self.size();
        let row = self.row_bytes();
        let most = usize::try_from(BAND_BYTES).unwrap_or(usize::MAX) / row.max(1);
        let rows = (size.height as usize).saturating_sub(self.next).min(most.max(1));
        if rows == 0 {
            return Err(past_the_end());
        }
        self.band.at = 0;
        if self.band.samples.len() != rows * row {
            self.band.samples = zeroed(rows * row)?;
        }
        if is_transposed(self.orientation) {
            self.transpose(rows)?;
        } else {
            // Rows from the bottom; turned by 180 degrees they are mirrored, too.
            let mirrored = self.orientation == Orientation::Rotate180;
            for (number, line) in (self.next..).zip(self.band.samples.chunks_exact_mut(row)) {
                self.held.copy((size.height as usize - 1 - number) * row, line)?;
                if mirrored {
                    mirror(line, self.channels);
                }
            }
        }
        self.next += rows;
        Ok(())
    }

    fn transpose(&mut self, rows: usize) -> Result<(), ImagingError> {
        let count = self.channels.count();
        let (width, height) = (self.stored.width as usize, self.stored.height as usize);
        // Where the first upright row is the right column, columns run from the right; where
        // the first upright column is the bottom row, rows run from the bottom.
        let from_right =
            matches!(self.orientation, Orientation::Rotate270 | Orientation::Rotate270FlipH);
        let from_bottom =
            matches!(self.orientation, Orientation::Rotate90 | Orientation::Rotate270FlipH);
        let left = if from_right { width - self.next - rows } else { self.next };
        let mut piece = zeroed(rows * count)?;
        for y in 0..height {
            self.held.copy((y * width + left) * count, &mut piece)?;
            let x = if from_bottom { height - 1 - y } else { y };
            let lines = self.band.samples.chunks_exact_mut(height * count);
            let pixels = piece.chunks_exact(count);
            let put = |(line, pixel): (&mut [u8], &[u8])| {
                if let Some(place) = line.get_mut(x * count..(x + 1) * count) {
                    place.copy_from_slice(pixel);
                }
            };
            match from_right {
                true => lines.zip(pixels.rev()).for_each(put),
                false => lines.zip(pixels).for_each(put),
            }
        }
        Ok(())
    }
}

impl Rows for Turned {
    fn size(&self) -> Size {
        upright(self.stored, self.orientation)
    }

    fn channels(&self) -> Channels {
        self.channels
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        let mut done = 0;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            if self.band.at == self.band.samples.len() {
                self.next_band()?;
            }
            let ready = self.band.samples.get(self.band.at..).unwrap_or_default();
            let some = ready.len().min(rest.len());
            if let (Some(to), Some(from)) = (rest.get_mut(..some), ready.get(..some)) {
                to.copy_from_slice(from);
            }
            done += some;
            self.band.at += some;
        }
        Ok(())
    }
}
