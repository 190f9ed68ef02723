use std::io::{self, Seek, SeekFrom, Write};

use super::directories::{Description, directory, head};
use super::index::{Index, Level, Stored, is_tile_edge, level_sizes};
use super::tiles::{Band, Encoded, OpenTile, Tiling};
use crate::jpeg::{self, Encoding};
use crate::samples::zeroed;
use crate::scale::halve;
use crate::{Channels, ImagingError, Size};

/// Returns the rows of a level that are encoded at a time; a row of tiles is a multiple of them.
///
/// Several threads are given a row of tiles. One is given few rows, which stay in the processor's cache from where they are
/// decoded to where they are encoded and halved. Edges of tiles are multiples of 16.
fn band_rows(tile: u32, threads: usize) -> u32 {
    match threads {
        0 | 1 if tile.is_multiple_of(32) => 32,
        0 | 1 => 16,
        _ => tile,
    }
}

/// Writes a container row by row, with a few rows of each level in memory; where several threads encode, with a row of tiles.
pub(crate) struct Writer<W> {
    sink: W,
    at: u64,
    tiling: Tiling,
    /// Rows of a level that are encoded at a time; a row of tiles is a multiple of it.
    band: u32,
    threads: usize,
    levels: Vec<Strip>,
}

/// A level, and what of it is not yet written.
struct Strip {
    size: Size,
    columns: u32,
    /// Bytes of a row.
    row_bytes: usize,
    /// Rows that are not yet encoded, and their number.
    samples: Vec<u8>,
    rows: u32,
    /// Rows that are encoded.
    done: u32,
    /// The row of tiles of which some rows are encoded.
    open: Vec<OpenTile>,
    offsets: Vec<u64>,
    lengths: Vec<u32>,
    /// As readers of TIFF see them.
    padded: Vec<(u64, u32)>,
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a container at the start of `sink`.
    ///
    /// # Errors
    /// Returns [`ImagingError::Io`] if writing fails or memory is short, and
    /// [`ImagingError::Unsupported`] for a tile edge that TIFF does not have.
    pub(crate) fn new(
        mut sink: W,
        size: Size,
        channels: Channels,
        tile: u32,
        encoding: Encoding,
        threads: usize,
    ) -> Result<Self, ImagingError> {
        if !is_tile_edge(tile) {
            let what = format!("tiles of {tile} pixels; they have 64 to 4096, a multiple of 16");
            return Err(ImagingError::Unsupported(what));
        }
        let tiling = Tiling { tile, channels, encoding };
        let band = band_rows(tile, threads);
        let strip = |size: Size| -> Result<Strip, ImagingError> {
            let row_bytes = size.width as usize * channels.count();
            Ok(Strip {
                size,
                columns: size.width.div_ceil(tile),
                row_bytes,
                samples: zeroed(row_bytes * band.min(size.height) as usize)?,
                rows: 0,
                done: 0,
                open: Vec::new(),
                offsets: Vec::new(),
                lengths: Vec::new(),
                padded: Vec::new(),
            })
        };
        let levels = level_sizes(size, tile).into_iter().map(strip).collect::<Result<_, _>>()?;
        let head = head(0);
        sink.seek(SeekFrom::Start(0))
            .and_then(|_| sink.write_all(&head))
            .map_err(ImagingError::Io)?;
        Ok(Self { sink, at: head.len() as u64, tiling, band, threads, levels })
    }

    /// Returns the number of levels.
    pub(crate) fn levels(&self) -> u32 {
        u32::try_from(self.levels.len()).unwrap_or(u32::MAX)
    }

    /// Returns the place for the next rows of the full picture.
    ///
    /// Once they are there, they are to be taken by [`Writer::advance`].
    pub(crate) fn next_rows(&mut self) -> &mut [u8] {
        let Some(first) = self.levels.first_mut() else { return &mut [] };
        let rows = (first.size.height - first.done).min(self.band) as usize;
        first.samples.get_mut(..rows * first.row_bytes).unwrap_or_default()
    }

    /// Encodes the rows that were put into [`Writer::next_rows`], and makes smaller levels of them.
    ///
    /// `seen` is shown the finished rows of each level: its number and the samples.
    ///
    /// # Errors
    /// Returns [`ImagingError::Io`] if writing fails, and what `seen` returns.
    pub(crate) fn advance(
        &mut self,
        mut seen: impl FnMut(usize, &[u8]) -> Result<(), ImagingError>,
    ) -> Result<(), ImagingError> {
        if let Some(first) = self.levels.first_mut() {
            first.rows = (first.size.height - first.done).min(self.band);
        }
        let mut number = 0;
        while self.levels.get(number).is_some_and(|strip| strip.is_full(self.band)) {
            self.encode(number)?;
            let Some((strip, smaller)) =
                self.levels.get_mut(number..).and_then(<[Strip]>::split_first_mut)
            else {
                break;
            };
            let ready = strip.ready().samples;
            seen(number, ready)?;
            if let Some(next) = smaller.first_mut() {
                let free = next.samples.get_mut(next.row_bytes * next.rows as usize..);
                let width = strip.size.width as usize;
                halve(ready, width, self.tiling.channels, free.unwrap_or_default());
                next.rows += strip.rows.div_ceil(2);
            }
            strip.rows = 0;
            number += 1;
        }
        Ok(())
    }

    /// Encodes the rows of a level that are ready, and writes the tiles that they complete.
    fn encode(&mut self, number: usize) -> Result<(), ImagingError> {
        let (tiling, threads) = (self.tiling, self.threads.max(1));
        let Some(strip) = self.levels.get_mut(number) else { return Ok(()) };
        let height = (strip.size.height - strip.done).min(tiling.tile);
        let begins = strip.done.is_multiple_of(tiling.tile);
        let ends = |done: u32| done.is_multiple_of(tiling.tile) || done == strip.size.height;
        let ends = ends(strip.done + strip.rows);
        let encoded = if begins && ends {
            strip.whole_tiles(tiling, height, threads)?
        } else {
            if begins {
                let begin = |column| OpenTile::begin(tiling, strip.size.width, column, height);
                strip.open = (0..strip.columns).map(begin).collect::<Result<_, _>>()?;
            }
            let mut open = std::mem::take(&mut strip.open);
            open.iter_mut().try_for_each(|tile| tile.write(strip.ready()))?;
            if ends {
                open.into_iter().map(OpenTile::finish).collect::<Result<_, _>>()?
            } else {
                strip.open = open;
                Vec::new()
            }
        };
        strip.done += strip.rows;
        for Encoded { padded, exact } in encoded {
            let length = length(&exact)?;
            if let Some(padded) = padded {
                strip.padded.push((self.at, self::length(&padded)?));
                self.sink.write_all(&padded).map_err(ImagingError::Io)?;
                self.at += padded.len() as u64;
            } else {
                strip.padded.push((self.at, length));
            }
            strip.offsets.push(self.at);
            strip.lengths.push(length);
            self.sink.write_all(&exact).map_err(ImagingError::Io)?;
            self.at += exact.len() as u64;
        }
        Ok(())
    }

    /// Ends the container with its directories, its rendition and its thumbnails.
    ///
    /// Thumbnails come largest first.
    ///
    /// # Errors
    /// Returns [`ImagingError::Io`] if writing fails.
    pub(crate) fn finish(
        mut self,
        rendition: Option<&(Size, Vec<u8>)>,
        thumbnails: &[(Size, Vec<u8>)],
    ) -> Result<(Index, u64), ImagingError> {
        let end = self.at.next_multiple_of(8);
        let gap = usize::try_from(end - self.at).unwrap_or_default();
        self.put([0; 8].get(..gap).unwrap_or_default())?;
        let tables = self.tables()?;
        // Where they begin is known once the directories are: those are as long in any case.
        let mut stored: Vec<Stored> = Vec::new();
        let pictures = || rendition.into_iter().chain(thumbnails);
        for (size, jpeg) in pictures() {
            stored.push(Stored { size: *size, offset: 0, length: length(jpeg)? });
        }
        let mut directories = self.directories(end, &tables, &stored, rendition.is_some());
        let mut place = end + directories.len() as u64;
        for stored in &mut stored {
            stored.offset = place;
            place += u64::from(stored.length);
        }
        directories = self.directories(end, &tables, &stored, rendition.is_some());
        self.put(&directories)?;
        for (_, jpeg) in pictures() {
            self.put(jpeg)?;
        }
        let head = head(end);
        self.sink
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.sink.write_all(&head))
            .and_then(|()| self.sink.flush())
            .map_err(ImagingError::Io)?;
        let size = self.levels.first().map_or(Size { width: 0, height: 0 }, |level| level.size);
        let level = |strip: Strip| Level {
            size: strip.size,
            columns: strip.columns,
            offsets: strip.offsets,
            lengths: strip.lengths,
        };
        let thumbnails = stored.split_off(usize::from(rendition.is_some()));
        let index = Index {
            size,
            tile: self.tiling.tile,
            channels: self.tiling.channels,
            levels: self.levels.into_iter().map(level).collect(),
            thumbnails,
            rendition: stored.pop(),
        };
        Ok((index, self.at))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), ImagingError> {
        self.sink.write_all(bytes).map_err(ImagingError::Io)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn directories(
        &self,
        at: u64,
        jpeg_tables: &[u8],
        stored: &[Stored],
        has_rendition: bool,
    ) -> Vec<u8> {
        let (rendition, thumbnails) = stored.split_at(usize::from(has_rendition).min(stored.len()));
        let mut bytes = Vec::new();
        for (number, strip) in self.levels.iter().enumerate() {
            let columns = strip.columns as usize;
            let exact = strip.offsets.iter().copied().zip(strip.lengths.iter().copied());
            let is_padded = !strip.size.width.is_multiple_of(self.tiling.tile);
            let right = exact.skip(columns - 1).step_by(columns).filter(|_| is_padded);
            let is_first = number == 0;
            let description = Description {
                size: strip.size,
                is_reduced: !is_first,
                channels: self.tiling.channels,
                subsampled: self.tiling.encoding.subsampled,
                tile: self.tiling.tile,
                padded: &strip.padded,
                true_width: &right.collect::<Vec<_>>(),
                jpeg_tables,
                thumbnails: if is_first { thumbnails } else { &[] },
                rendition: rendition.first().filter(|_| is_first),
            };
            let has_next = number + 1 < self.levels.len();
            let place = at + bytes.len() as u64;
            bytes.extend(directory(&description, place, has_next));
        }
        bytes
    }

    /// Returns the tables that all tiles have, as readers want them that know no complete JPEGs.
    fn tables(&self) -> Result<Vec<u8>, ImagingError> {
        let Tiling { channels, encoding, .. } = self.tiling;
        let samples = vec![0; 16 * 16 * channels.count()];
        let size = Size { width: 16, height: 16 };
        let jpeg = jpeg::encode(size, channels, &samples, encoding)?;
        Ok(jpeg::tables(&jpeg))
    }
}

impl Strip {
    /// Returns the rows that are not yet encoded.
    fn ready(&self) -> Band<'_> {
        let samples = self.samples.get(..self.row_bytes * self.rows as usize).unwrap_or_default();
        Band { samples, row_bytes: self.row_bytes }
    }

    /// Says whether so many rows are there as are encoded at a time, or all that are left.
    fn is_full(&self, band: u32) -> bool {
        self.rows > 0 && self.rows >= (self.size.height - self.done).min(band)
    }

    /// Encodes a row of tiles whose rows are all there, on up to so many threads.
    fn whole_tiles(
        &self,
        tiling: Tiling,
        height: u32,
        threads: usize,
    ) -> Result<Vec<Encoded>, ImagingError> {
        let (width, band) = (self.size.width, self.ready());
        let encode = move |columns: &[u32]| -> Result<Vec<Encoded>, ImagingError> {
            let encode = |&column| {
                let mut tile = OpenTile::begin(tiling, width, column, height)?;
                tile.write(band)?;
                tile.finish()
            };
            columns.iter().map(encode).collect()
        };
        let columns: Vec<u32> = (0..self.columns).collect();
        let mut shares = columns.chunks(columns.len().div_ceil(threads));
        let own = shares.next().unwrap_or_default();
        // The calling thread encodes the first share: one thread less is started and waited for in each row of tiles.
        let encoded: Vec<Result<Vec<Encoded>, ImagingError>> = std::thread::scope(|scope| {
            let begin = |columns| scope.spawn(move || encode(columns));
            let workers: Vec<_> = shares.map(begin).collect();
            let end = |worker: std::thread::ScopedJoinHandle<'_, _>| {
                worker.join().unwrap_or_else(|_| Err(ImagingError::damaged("its tiles fail")))
            };
            std::iter::once(encode(own)).chain(workers.into_iter().map(end)).collect()
        });
        let tiles: Vec<Vec<Encoded>> = encoded.into_iter().collect::<Result<_, _>>()?;
        Ok(tiles.into_iter().flatten().collect())
    }
}

fn length(jpeg: &[u8]) -> Result<u32, ImagingError> {
    u32::try_from(jpeg.len())
        .map_err(|_beyond| ImagingError::Io(io::ErrorKind::FileTooLarge.into()))
}
