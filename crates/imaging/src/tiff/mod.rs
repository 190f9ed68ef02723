mod chunk;
mod codes;
mod directory;
mod fax;
mod finish;
mod kind;
mod levels;
mod lzw;
mod page;
mod stream;

use self::chunk::Chunk;
use self::finish::Finish;
use self::page::Page;
use super::bytes::ReadAt;
use super::rows::{Rows, past_the_end};
use super::samples::{Channels, zeroed};
use super::{Format, ImagingError, Opened, Probe, Size};

/// Reads the directory of the picture in a TIFF.
pub(super) fn inspect(source: &dyn ReadAt) -> Result<Probe, ImagingError> {
    let page = Page::open(source)?;
    let estimated_memory_bytes = page.estimated_memory_bytes();
    let (size, orientation) = (page.size, page.orientation);
    Ok(Probe { format: Format::Tiff, size, orientation, estimated_memory_bytes })
}

/// Begins to read the picture in a TIFF, strip by strip or tile by tile.
pub(super) fn open(source: &dyn ReadAt) -> Result<Opened<'_>, ImagingError> {
    let mut page = Page::open(source)?;
    page.check_is_whole()?;
    let profile = page.profile.take();
    let orientation = page.orientation;
    let rows = Box::new(TiffRows::new(page)?);
    Ok(Opened { rows, orientation, profile })
}

struct TiffRows<'a> {
    page: Page<'a>,
    finish: Finish,
    next: u32,
    /// Of strips, those that are being read, one of each plane.
    open: Vec<Chunk<'a>>,
    /// Rows of all samples: one, or those of a row of tiles.
    samples: Vec<u8>,
    /// A row of one plane, or of one tile.
    piece: Vec<u8>,
}

impl<'a> TiffRows<'a> {
    fn new(page: Page<'a>) -> Result<Self, ImagingError> {
        let row = page.size.width as usize * samples(&page);
        let rows = if page.tiled { page.chunk.height.min(page.size.height) as usize } else { 1 };
        let finish = Finish::new(&page);
        let samples = zeroed(row.saturating_mul(rows))?;
        Ok(Self { page, finish, next: 0, open: Vec::new(), samples, piece: Vec::new() })
    }

    /// Reads a row of pixels from strips.
    fn strip_row(&mut self) -> Result<(), ImagingError> {
        let page = &self.page;
        if self.next.is_multiple_of(page.chunk.height) {
            let strip = (self.next / page.chunk.height) as usize;
            self.open.clear();
            for plane in 0..page.planes() {
                self.open.push(Chunk::open(page, plane * page.down() as usize + strip)?);
            }
        }
        match self.open.as_mut_slice() {
            [chunk] => chunk.read(&mut self.samples)?,
            chunks => {
                self.piece.resize(page.size.width as usize, 0);
                for (plane, chunk) in chunks.iter_mut().enumerate() {
                    chunk.read(&mut self.piece)?;
                    place(&mut self.samples, &self.piece, plane, page.planes());
                }
            }
        }
        Ok(())
    }

    /// Reads a row of tiles.
    fn tile_row(&mut self) -> Result<(), ImagingError> {
        let page = &self.page;
        let all = samples(page);
        let row = page.size.width as usize * all;
        let (across, down) = (page.across() as usize, page.down() as usize);
        let top = (self.next / page.chunk.height) as usize;
        for plane in 0..page.planes() {
            for column in 0..across {
                let index = (plane * down + top) * across + column;
                let mut tile = Chunk::open(page, index)?;
                let true_size = page.true_size(index);
                let left = column * page.chunk.width as usize * all;
                let width = true_size.width as usize;
                let lines = self.samples.chunks_exact_mut(row);
                for line in lines.take(true_size.height as usize) {
                    let line = line.get_mut(left..left + width * all).unwrap_or_default();
                    if page.planar {
                        self.piece.resize(width, 0);
                        tile.read(&mut self.piece)?;
                        place(line, &self.piece, plane, all);
                    } else {
                        tile.read(line)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn next_row(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        if self.next >= self.page.size.height {
            return Err(past_the_end());
        }
        let row = self.page.size.width as usize * samples(&self.page);
        let line = if self.page.tiled {
            let within = self.next % self.page.chunk.height;
            if within == 0 {
                self.tile_row()?;
            }
            let from = within as usize * row;
            self.samples.get(from..from + row).unwrap_or_default()
        } else {
            self.strip_row()?;
            &self.samples
        };
        self.next += 1;
        self.finish.row(line, into);
        Ok(())
    }
}

/// Returns the samples of a pixel that are held: of planes, those that are read.
fn samples(page: &Page<'_>) -> usize {
    if page.planar { page.planes() } else { page.samples }
}

/// Puts the samples of one plane among those of the others.
fn place(line: &mut [u8], piece: &[u8], plane: usize, planes: usize) {
    let targets = line.iter_mut().skip(plane).step_by(planes);
    targets.zip(piece).for_each(|(to, from)| *to = *from);
}

impl Rows for TiffRows<'_> {
    fn size(&self) -> Size {
        self.page.size
    }

    fn channels(&self) -> Channels {
        self.page.colours.channels()
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        let bytes = self.row_bytes();
        for line in into.chunks_exact_mut(bytes) {
            self.next_row(line).map_err(|error| match error {
                // It is within the file, so that it ends early, not the file.
                ImagingError::Truncated => ImagingError::damaged("a strip or tile is incomplete"),
                error => error,
            })?;
        }
        Ok(())
    }
}
