use std::fs::File;
use std::io::{Seek, Write};
use std::time::{Duration, Instant};

use super::bytes::ReadAt;
use super::container::{Index, Writer};
use super::jpeg::{Encoder, Encoding};
use super::scale::{Crop, Filter, Scaler};
use super::{Channels, ImagingError, Picture, Probe, Size};

/// The qualities of JPEGs made here.
///
/// Of the qualities tried (80 to 95), the least that shows no blocks.
const QUALITY: u8 = 85;

/// The derivatives that are to be made of an image, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The longest edge of each thumbnail, in pixels.
    ///
    /// Edges beyond the image are passed over, so that none is larger than the image itself;
    /// the same edge counts once.
    pub thumbnail_edges: Vec<u32>,
    /// The longest edge of the stored answer to `full/max`, in pixels; none makes none.
    pub rendition_edge: Option<u32>,
    /// The edge of tiles in pixels: 64 to 4,096, a multiple of 16.
    pub tile: u32,
    /// Of all JPEGs, from 1 to 100.
    pub quality: u8,
    /// Colours at half the resolution each way (4:2:0); otherwise at the full one (4:4:4).
    pub subsampled: bool,
    /// Threads that encode tiles; 0 is as many as there are cores.
    pub threads: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            thumbnail_edges: Vec::new(),
            rendition_edge: None,
            tile: 512,
            quality: QUALITY,
            subsampled: true,
            threads: 0,
        }
    }
}

/// The derivatives of an image, as they stand in their container.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The true size, after the orientation is applied, of the first frame or page.
    pub size: Size,
    /// The places of tiles, thumbnails and the rendition.
    pub index: Index,
    /// The length of the container.
    pub bytes: u64,
    /// The time that reading and decoding took, without what was made meanwhile.
    pub decoding: Duration,
}

/// Reads an image once, and writes a container with all its derivatives from the start of `sink`.
///
/// The container is complete only when this returns; making it last is up to the caller. `scratch` is a file for the
/// pictures that do not fit into memory while they are turned upright; what is in it is overwritten.
///
/// # Errors
/// Returns what [`Picture::open`] returns; [`ImagingError::Io`] if writing fails, too.
pub fn derive(
    source: &dyn ReadAt,
    sink: impl Write + Seek,
    probe: &Probe,
    plan: &Plan,
    scratch: &File,
) -> Result<Derived, ImagingError> {
    let began = Instant::now();
    let mut picture = Picture::open(source, probe, scratch)?;
    let mut decoding = began.elapsed();
    let (size, channels) = (picture.size(), picture.channels());
    let encoding = Encoding { quality: plan.quality, subsampled: plan.subsampled };
    let threads = match plan.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let mut writer = Writer::new(sink, size, channels, plan.tile, encoding, threads)?;
    let levels = writer.levels();
    let reduce = |edge: u32| Reduction::begin(size, channels, edge, levels, encoding);
    let edges = thumbnail_edges(size, &plan.thumbnail_edges);
    let mut thumbnails: Vec<Reduction> = edges.into_iter().map(reduce).collect::<Result<_, _>>()?;
    let mut rendition = plan.rendition_edge.filter(|edge| *edge > 0).map(reduce).transpose()?;
    while picture.left() > 0 {
        let began = Instant::now();
        picture.read(writer.next_rows())?;
        decoding += began.elapsed();
        writer.advance(|level, rows| {
            let mut all = thumbnails.iter_mut().chain(&mut rendition);
            all.try_for_each(|reduction| reduction.push(level, rows))
        })?;
    }
    drop(picture);
    let rendition = rendition.map(Reduction::finish).transpose()?;
    let thumbnails: Vec<_> =
        thumbnails.into_iter().map(Reduction::finish).collect::<Result<_, _>>()?;
    let (index, bytes) = writer.finish(rendition.as_ref(), &thumbnails)?;
    Ok(Derived { size, index, bytes, decoding })
}

/// Returns the size whose longest edge is `edge`, the other rounded to the nearest, at least 1.
pub(super) fn fit(size: Size, edge: u32) -> Size {
    let longest = u64::from(size.longest());
    let shrunk = |full: u32| {
        let scaled = (u64::from(full) * u64::from(edge) * 2 + longest) / (longest * 2);
        u32::try_from(scaled).unwrap_or(edge).max(1)
    };
    Size { width: shrunk(size.width), height: shrunk(size.height) }
}

/// Returns the size of a level, and what part of it is the picture: at odd edges, a level
/// has half a pixel more.
pub(super) fn level_of(size: Size, level: u32) -> (Size, Crop) {
    let shrunk = |full: u32| u32::try_from(u64::from(full).div_ceil(1 << level)).unwrap_or(full);
    let part = |full: u32| f64::from(full) / f64::from(1_u32 << level.min(31));
    let crop = Crop { left: 0.0, top: 0.0, width: part(size.width), height: part(size.height) };
    (Size { width: shrunk(size.width), height: shrunk(size.height) }, crop)
}

/// Returns the smallest level that is at least as large as a size.
pub(super) fn level_for(size: Size, wanted: Size, levels: u32) -> u32 {
    let suffices = |level: &u32| {
        let (level, _) = level_of(size, *level);
        level.width >= wanted.width && level.height >= wanted.height
    };
    (0..levels).rev().find(suffices).unwrap_or(0)
}

/// Returns the longest edges of thumbnails that an image of this size gets, each once, largest first.
fn thumbnail_edges(size: Size, wanted: &[u32]) -> Vec<u32> {
    let fits = |edge: &u32| (1..=size.longest()).contains(edge);
    let mut edges: Vec<u32> = wanted.iter().copied().filter(fits).collect();
    edges.sort_unstable_by(|a, b| b.cmp(a));
    edges.dedup();
    edges
}

/// The whole picture at a smaller size, or its own, encoded while it is read.
struct Reduction {
    size: Size,
    level: usize,
    scaler: Option<Scaler>,
    encoder: Encoder<Vec<u8>>,
}

impl Reduction {
    fn begin(
        size: Size,
        channels: Channels,
        edge: u32,
        levels: u32,
        encoding: Encoding,
    ) -> Result<Self, ImagingError> {
        let wanted = if size.longest() > edge { fit(size, edge) } else { size };
        let level = level_for(size, wanted, levels);
        let (from, crop) = level_of(size, level);
        let scaler = (from != wanted)
            .then(|| Scaler::new(from, crop, wanted, channels.count(), Filter::Lanczos3));
        let encoder = Encoder::begin(Vec::new(), wanted, channels, encoding)?;
        Ok(Self { size: wanted, level: level as usize, scaler, encoder })
    }

    fn push(&mut self, level: usize, rows: &[u8]) -> Result<(), ImagingError> {
        if level != self.level {
            return Ok(());
        }
        match &mut self.scaler {
            Some(scaler) => scaler.push(rows, |rows| self.encoder.write(rows)),
            None => self.encoder.write(rows),
        }
    }

    fn finish(self) -> Result<(Size, Vec<u8>), ImagingError> {
        Ok((self.size, self.encoder.finish()?))
    }
}
