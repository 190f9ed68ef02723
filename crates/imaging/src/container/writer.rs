use std::io::{self, Seek, SeekFrom, Write};

use super::directories::{Description, directory, head};
use super::index::{Index, Level, Stored, is_tile_edge, level_sizes};
use crate::jpeg::{self, Encoding};
use crate::samples::zeroed;
use crate::scale::halve;
use crate::{Channels, ImagingError, Size};

/// Writes a container row by row, with a row of tiles of each level in memory.
pub(crate) struct Writer<W> {
    sink: W,
    at: u64,
    tile: u32,
    channels: Channels,
    encoding: Encoding,
    threads: usize,
    levels: Vec<Strip>,
}

/// A level, and its rows that are not yet tiles.
struct Strip {
    size: Size,
    columns: u32,
    samples: Vec<u8>,
    /// Rows in `samples`.
    rows: u32,
    offsets: Vec<u64>,
    lengths: Vec<u32>,
    /// As readers of TIFF see them.
    padded: Vec<(u64, u32)>,
}

/// A tile as it is written: for readers of TIFF, and at true width where that differs.
struct Encoded {
    padded: Option<Vec<u8>>,
    exact: Vec<u8>,
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
        let strip = |size: Size| -> Result<Strip, ImagingError> {
            let row = size.width as usize * channels.count();
            Ok(Strip {
                size,
                columns: size.width.div_ceil(tile),
                samples: zeroed(row * tile.min(size.height) as usize)?,
                rows: 0,
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
        Ok(Self { sink, at: head.len() as u64, tile, channels, encoding, threads, levels })
    }

    /// Returns the number of levels.
    pub(crate) fn levels(&self) -> u32 {
        u32::try_from(self.levels.len()).unwrap_or(u32::MAX)
    }

    /// Returns the place for the next rows of the full picture, up to a row of tiles.
    ///
    /// Once they are there, they are to be taken by [`Writer::advance`].
    pub(crate) fn next_rows(&mut self) -> &mut [u8] {
        let (tile, count) = (self.tile, self.channels.count());
        let Some(first) = self.levels.first_mut() else { return &mut [] };
        let done = first.tile_rows() * tile;
        let rows = first.size.height.saturating_sub(done).min(tile) as usize;
        first.samples.get_mut(..rows * first.size.width as usize * count).unwrap_or_default()
    }

    /// Makes tiles of the rows that were put into [`Writer::next_rows`], and smaller levels.
    ///
    /// `seen` is shown the finished rows of each level: its number and the samples.
    ///
    /// # Errors
    /// Returns [`ImagingError::Io`] if writing fails, and what `seen` returns.
    pub(crate) fn advance(
        &mut self,
        mut seen: impl FnMut(usize, &[u8]) -> Result<(), ImagingError>,
    ) -> Result<(), ImagingError> {
        let rows = self.next_rows().len();
        if let Some(first) = self.levels.first_mut() {
            first.rows = first.rows_in(rows, self.channels);
        }
        let mut number = 0;
        while self.levels.get(number).is_some_and(|strip| strip.is_full(self.tile)) {
            self.write_tiles(number)?;
            let Some((strip, smaller)) =
                self.levels.get_mut(number..).and_then(<[Strip]>::split_first_mut)
            else {
                break;
            };
            let row = strip.size.width as usize * self.channels.count();
            let ready = strip.samples.get(..row * strip.rows as usize).unwrap_or_default();
            seen(number, ready)?;
            if let Some(next) = smaller.first_mut() {
                let narrow = next.size.width as usize * self.channels.count();
                let free = next.samples.get_mut(narrow * next.rows as usize..).unwrap_or_default();
                halve(ready, strip.size.width as usize, self.channels, free);
                next.rows += strip.rows.div_ceil(2);
            }
            strip.rows = 0;
            number += 1;
        }
        Ok(())
    }

    /// Encodes a row of tiles on as many threads as are allowed, and writes them in order.
    fn write_tiles(&mut self, number: usize) -> Result<(), ImagingError> {
        let Some(strip) = self.levels.get_mut(number) else { return Ok(()) };
        let columns: Vec<u32> = (0..strip.columns).collect();
        let (tile, channels, encoding) = (self.tile, self.channels, self.encoding);
        let encode = |columns: &[u32]| -> Result<Vec<Encoded>, ImagingError> {
            columns.iter().map(|&column| strip.encode(column, tile, channels, encoding)).collect()
        };
        let share = columns.len().div_ceil(self.threads.max(1));
        let mut shares = columns.chunks(share);
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
        for some in encoded {
            for Encoded { padded, exact } in some? {
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
            tile: self.tile,
            channels: self.channels,
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
            let is_padded = !strip.size.width.is_multiple_of(self.tile);
            let right = exact.skip(columns - 1).step_by(columns).filter(|_| is_padded);
            let is_first = number == 0;
            let description = Description {
                size: strip.size,
                is_reduced: !is_first,
                channels: self.channels,
                subsampled: self.encoding.subsampled,
                tile: self.tile,
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
        let samples = vec![0; 16 * 16 * self.channels.count()];
        let size = Size { width: 16, height: 16 };
        let rows = samples.chunks(16 * self.channels.count());
        let jpeg = jpeg::encode(size, self.channels, rows, self.encoding)?;
        Ok(jpeg::tables(&jpeg))
    }
}

impl Strip {
    /// Returns the rows of tiles that are done.
    fn tile_rows(&self) -> u32 {
        u32::try_from(self.offsets.len()).unwrap_or(u32::MAX) / self.columns.max(1)
    }

    fn rows_in(&self, bytes: usize, channels: Channels) -> u32 {
        let row = self.size.width as usize * channels.count();
        u32::try_from(bytes / row.max(1)).unwrap_or(u32::MAX)
    }

    /// Says whether the rows that are there make a row of tiles.
    fn is_full(&self, tile: u32) -> bool {
        let left = self.size.height.saturating_sub(self.tile_rows() * tile);
        self.rows > 0 && self.rows >= left.min(tile)
    }

    fn encode(
        &self,
        column: u32,
        tile: u32,
        channels: Channels,
        encoding: Encoding,
    ) -> Result<Encoded, ImagingError> {
        let count = channels.count();
        let row = self.size.width as usize * count;
        let left = column * tile;
        let width = tile.min(self.size.width - left);
        let (from, to) = (left as usize * count, (left + width) as usize * count);
        let ready = self.samples.get(..row * self.rows as usize).unwrap_or_default();
        let lines = || ready.chunks_exact(row).filter_map(|line| line.get(from..to));
        let size = Size { width, height: self.rows };
        let exact = jpeg::encode(size, channels, lines(), encoding)?;
        let padded = if width < tile {
            let wide = tile as usize * count;
            let mut filled = Vec::with_capacity(wide * self.rows as usize);
            for line in lines() {
                let last = line.get(line.len() - count..).unwrap_or_default();
                filled.extend_from_slice(line);
                (width..tile).for_each(|_| filled.extend_from_slice(last));
            }
            let size = Size { width: tile, ..size };
            Some(jpeg::encode(size, channels, filled.chunks_exact(wide), encoding)?)
        } else {
            None
        };
        Ok(Encoded { padded, exact })
    }
}

fn length(jpeg: &[u8]) -> Result<u32, ImagingError> {
    u32::try_from(jpeg.len())
        .map_err(|_beyond| ImagingError::Io(io::ErrorKind::FileTooLarge.into()))
}
