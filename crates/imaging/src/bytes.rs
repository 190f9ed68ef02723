//! Reading bytes at any place, without a position that readers would have to share.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

/// A file, or what stands for one, whose bytes are read at any place.
pub trait ReadAt {
    /// Reads bytes at `offset`, as many as `into` holds or fewer; 0 means the end.
    ///
    /// # Errors
    /// Returns the error of the system where reading fails.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Returns the number of bytes there are.
    ///
    /// # Errors
    /// Returns the error of the system where the length cannot be told.
    fn length(&self) -> io::Result<u64>;
}

impl ReadAt for File {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, into, offset)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

impl ReadAt for [u8] {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        self.get(start..).unwrap_or_default().read(into)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_slice().read_at(into, offset)
    }

    fn length(&self) -> io::Result<u64> {
        self.as_slice().length()
    }
}

/// A stretch of a source, read from its start like a file of its own.
#[derive(Clone)]
pub(crate) struct Section<'a> {
    source: &'a dyn ReadAt,
    start: u64,
    at: u64,
    end: u64,
}

impl<'a> Section<'a> {
    /// Returns all of a source.
    pub(crate) fn whole(source: &'a dyn ReadAt) -> io::Result<Self> {
        Ok(Self { source, start: 0, at: 0, end: source.length()? })
    }

    /// Returns `length` bytes from `start`; what lies behind the end of the source is missing.
    pub(crate) fn new(source: &'a dyn ReadAt, start: u64, length: u64) -> Self {
        Self { source, start, at: start, end: start.saturating_add(length) }
    }

    /// Returns the section behind a buffer, as large as one read from a disk is worth.
    pub(crate) fn buffered(self) -> BufReader<Self> {
        let bytes = (self.end - self.at).clamp(16, 1 << 16);
        BufReader::with_capacity(usize::try_from(bytes).unwrap_or(1 << 16), self)
    }
}

impl Read for Section<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = into.len().min(left);
        let given = self.source.read_at(into.get_mut(..wanted).unwrap_or_default(), self.at)?;
        self.at += given as u64;
        Ok(given)
    }
}

impl Seek for Section<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => self.start.checked_add(offset),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        match target {
            Some(target) if target >= self.start => {
                self.at = target;
                Ok(target - self.start)
            }
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }
}
