//! A part of an upload while it is received: a file without a name, which is gone with its process.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use actix_web::web::{self, Bytes, BytesMut};

/// Bytes that are gathered before they are written, at most.
const GATHERED: usize = 64 << 10;

/// A file that is being written.
#[derive(Debug)]
pub struct Spool {
    /// `None` while a thread writes to it, and where that broke off.
    file: Option<File>,
    gathered: BytesMut,
    /// Bytes so far, those that are gathered among them.
    bytes: u64,
}

impl Spool {
    /// Makes an empty file in a folder.
    ///
    /// # Errors
    /// Fails if the folder takes no file.
    pub async fn begin(folder: &Path) -> io::Result<Self> {
        let folder = folder.to_owned();
        let file = block(move || tempfile::tempfile_in(folder)).await?;
        Ok(Self { file: Some(file), gathered: BytesMut::new(), bytes: 0 })
    }

    /// Returns how many bytes it has.
    pub fn len(&self) -> u64 {
        self.bytes
    }

    /// Takes as many of these bytes as can be gathered; returns whether they are to be written before more can be.
    pub fn gather(&mut self, bytes: &mut Bytes) -> bool {
        let taken = bytes.len().min(GATHERED.saturating_sub(self.gathered.len()));
        self.gathered.extend_from_slice(&bytes.split_to(taken));
        self.bytes += taken as u64;
        self.gathered.len() >= GATHERED
    }

    /// Writes bytes behind those that are written.
    ///
    /// # Errors
    /// Fails if the disk is full.
    pub async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        let mut file = self.taken()?;
        self.bytes += bytes.len() as u64;
        self.file = Some(block(move || file.write_all(&bytes).map(|()| file)).await?);
        Ok(())
    }

    /// Writes all of a file behind what is written.
    ///
    /// # Errors
    /// Fails if the disk is full.
    pub async fn append(&mut self, mut other: File) -> io::Result<()> {
        let mut file = self.taken()?;
        let (file, copied) = block(move || {
            other.rewind()?;
            let copied = io::copy(&mut other, &mut file)?;
            Ok((file, copied))
        })
        .await?;
        self.bytes += copied;
        self.file = Some(file);
        Ok(())
    }

    /// Writes what is gathered.
    ///
    /// # Errors
    /// Fails if the disk is full.
    pub async fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let mut file = self.taken()?;
        let mut gathered = std::mem::take(&mut self.gathered);
        let (file, emptied) = block(move || {
            file.write_all(&gathered)?;
            gathered.clear();
            Ok((file, gathered))
        })
        .await?;
        (self.file, self.gathered) = (Some(file), emptied);
        Ok(())
    }

    /// Returns the file, all of it written, and its first bytes.
    ///
    /// # Errors
    /// Fails if the disk is full.
    pub async fn end(mut self) -> io::Result<(File, Vec<u8>)> {
        self.flush().await?;
        let file = self.taken()?;
        block(move || {
            let mut head = vec![0; 16];
            let read = file.read_at(&mut head, 0)?;
            head.truncate(read);
            Ok((file, head))
        })
        .await
    }

    fn taken(&mut self) -> io::Result<File> {
        self.file.take().ok_or_else(|| io::Error::other("an earlier write broke off"))
    }
}

/// Does something on a thread that may wait.
async fn block<T: Send + 'static>(
    act: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    web::block(act).await.map_err(io::Error::other)?
}
