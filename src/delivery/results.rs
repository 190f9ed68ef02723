//! The cache of renderings: small ones in memory, all on disk as far as they fit; equal requests share one rendering.
//!
//! A rendering is named by the object that it was made of, which never changes, so that nothing in the cache gets out of date.
//! Each process has a folder of its own, which the next one removes: what was written before a loss of power may not be whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};

/// Bytes of a rendering that is kept in memory, at most.
pub const IN_MEMORY: usize = 256 << 10;

/// Bytes that a rendering which is an open file counts for at least, so that not too many are open.
const OPEN_FILE: u64 = 512 << 10;

/// Name of the file in a folder that the process locks to which the folder belongs.
const LOCK: &str = "lock";

/// Bytes of a rendering as most are.
const USUAL: u64 = 64 << 10;

/// A rendering.
#[derive(Debug, Clone)]
pub enum Rendered {
    Memory(Bytes),
    /// A file, and its length in bytes.
    File(Arc<File>, u64),
}

/// The caches of renderings.
pub struct Results {
    memory: Cache<String, Rendered, ByBytes>,
    /// Numbers of the files in the folder; `None` if nothing is kept on disk.
    disk: Option<Disk>,
    folder: Folder,
}

/// The folder of this process.
struct Folder {
    path: PathBuf,
    /// Locked for as long as the process lives.
    _lock: File,
}

impl Folder {
    /// Makes a folder within another one, and removes those of processes that have ended.
    fn within(root: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root)?;
        for other in fs::read_dir(root)?.flatten().filter(|other| other.path().is_dir()) {
            let is_used = File::open(other.path().join(LOCK)).is_ok_and(|lock| !locks(&lock));
            if !is_used && let Err(error) = fs::remove_dir_all(other.path()) {
                log::warn!("{} is not removed: {error}", other.path().display());
            }
        }
        let path = tempfile::Builder::new().prefix("process-").tempdir_in(root)?.keep();
        let lock = File::create_new(path.join(LOCK))?;
        if locks(&lock) {
            Ok(Self { path, _lock: lock })
        } else {
            Err(io::ErrorKind::ResourceBusy.into())
        }
    }
}

/// Locks a file unless another process has; returns whether it is locked now.
fn locks(file: &File) -> bool {
    rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_ok()
}

struct Disk {
    folder: PathBuf,
    /// Number and length of the file of each rendering.
    files: Cache<String, (u64, u64), ByLength, DefaultHashBuilder, Remove>,
    next: AtomicU64,
}

/// A rendering that is to be made; those who ask for the same wait until this is dropped.
pub struct Vacancy<'a>(
    PlaceholderGuard<
        'a,
        String,
        Rendered,
        ByBytes,
        DefaultHashBuilder,
        DefaultLifecycle<String, Rendered>,
    >,
);

#[derive(Debug, Clone)]
pub struct ByBytes;

impl Weighter<String, Rendered> for ByBytes {
    fn weight(&self, name: &String, rendered: &Rendered) -> u64 {
        let bytes = match rendered {
            Rendered::Memory(bytes) => bytes.len() as u64,
            Rendered::File(_, length) => OPEN_FILE.max(*length),
        };
        bytes + name.len() as u64
    }
}

#[derive(Debug, Clone)]
struct ByLength;

impl Weighter<String, (u64, u64)> for ByLength {
    fn weight(&self, _name: &String, (_number, length): &(u64, u64)) -> u64 {
        // No file takes less than a block.
        (*length).max(4096)
    }
}

/// Removes the files of what is put out of the cache.
#[derive(Debug, Clone)]
struct Remove(PathBuf);

impl Lifecycle<String, (u64, u64)> for Remove {
    type RequestState = ();

    fn on_evict(&self, _state: &mut (), _name: String, (number, _length): (u64, u64)) {
        let file = self.0.join(number.to_string());
        if let Err(error) = fs::remove_file(&file) {
            log::debug!("{} is not removed: {error}", file.display());
        }
    }
}

impl Disk {
    fn new(folder: &Path, bytes: u64) -> io::Result<Self> {
        let expected = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX).clamp(64, 1 << 20);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(expected)
            .weight_capacity(bytes)
            .build()
            .map_err(io::Error::other)?;
        let files = Cache::with_options(
            options,
            ByLength,
            DefaultHashBuilder::default(),
            Remove(folder.to_owned()),
        );
        Ok(Self { folder: folder.to_owned(), files, next: AtomicU64::new(1) })
    }
}

impl Results {
    /// Returns empty caches of so many bytes in memory, and in a folder of this process within `root`; 0: none on disk.
    ///
    /// # Errors
    /// Fails if the folder cannot be made.
    pub fn new(memory: u64, root: &Path, disk: u64) -> io::Result<Self> {
        let expected = usize::try_from(memory / USUAL).unwrap_or(usize::MAX).clamp(16, 1 << 20);
        let folder = Folder::within(root)?;
        Ok(Self {
            memory: Cache::with_weighter(expected, memory, ByBytes),
            disk: if disk > 0 { Some(Disk::new(&folder.path, disk)?) } else { None },
            folder,
        })
    }

    /// Returns a rendering from memory, if it is there.
    pub fn known(&self, name: &str) -> Option<Rendered> {
        self.memory.get(name)
    }

    /// Returns a rendering from memory, or the right to make it, which one gets at a time.
    pub async fn find(&self, name: &str) -> Result<Rendered, Vacancy<'_>> {
        self.memory.get_value_or_guard_async(name).await.map_err(Vacancy)
    }

    /// Returns a rendering from the disk. Blocks.
    pub fn read(&self, name: &str) -> Option<Rendered> {
        let disk = self.disk.as_ref()?;
        let (number, length) = disk.files.get(name)?;
        // One that was put out of the cache just now is not there any more.
        let file = File::open(disk.folder.join(number.to_string())).ok()?;
        let rendered = match usize::try_from(length) {
            Ok(length) if length <= IN_MEMORY => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, 0).ok()?;
                Rendered::Memory(bytes.into())
            }
            _ => Rendered::File(Arc::new(file), length),
        };
        Some(rendered)
    }

    /// Returns a place to write a rendering to.
    pub fn sink(&self) -> Sink<'_> {
        Sink { results: self, written: Written::Memory(Vec::new()), number: None, length: 0 }
    }
}

impl Vacancy<'_> {
    /// Hands a rendering to those who wait for it, and keeps it.
    pub fn fill(self, rendered: Rendered) {
        // Nothing removes renderings that are being made.
        let _ = self.0.insert(rendered);
    }
}

enum Written {
    Memory(Vec<u8>),
    File(File),
}

/// Takes the bytes of a rendering: in memory while they are few, then in a file.
pub struct Sink<'a> {
    results: &'a Results,
    written: Written,
    /// Number of its file in the folder, if it has one.
    number: Option<u64>,
    length: u64,
}

impl Sink<'_> {
    fn begin_file(&mut self) -> io::Result<File> {
        let folder = &self.results.folder.path;
        let Some(disk) = &self.results.disk else { return tempfile::tempfile_in(folder) };
        let number = disk.next.fetch_add(1, Ordering::Relaxed);
        let path = disk.folder.join(number.to_string());
        let mut options = File::options();
        let file = options.read(true).write(true).create_new(true).open(path)?;
        self.number = Some(number);
        Ok(file)
    }

    /// Keeps a complete rendering under its name, and returns it.
    ///
    /// A small one that cannot be written is kept in memory alone.
    pub fn finish(mut self, name: &str) -> Rendered {
        let written = std::mem::replace(&mut self.written, Written::Memory(Vec::new()));
        let length = self.length;
        let rendered = match written {
            Written::File(file) => Rendered::File(Arc::new(file), length),
            Written::Memory(bytes) => {
                if self.results.disk.is_some() {
                    let kept = self.begin_file().and_then(|mut file| file.write_all(&bytes));
                    if let Err(error) = kept {
                        log::debug!("a rendering is not kept on disk: {error}");
                        return Rendered::Memory(bytes.into());
                    }
                }
                Rendered::Memory(bytes.into())
            }
        };
        if let Some((disk, number)) = self.results.disk.as_ref().zip(self.number.take()) {
            disk.files.insert(name.to_owned(), (number, length));
        }
        rendered
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Written::Memory(held) = &mut self.written
            && held.len() + bytes.len() > IN_MEMORY
        {
            let held = std::mem::take(held);
            let mut file = self.begin_file()?;
            file.write_all(&held)?;
            self.written = Written::File(file);
        }
        let written = match &mut self.written {
            Written::Memory(held) => held.write(bytes)?,
            Written::File(file) => file.write(bytes)?,
        };
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Sink<'_> {
    /// Removes the file of a rendering that came to nothing.
    fn drop(&mut self) {
        if let Some((disk, number)) = self.results.disk.as_ref().zip(self.number) {
            let _ = fs::remove_file(disk.folder.join(number.to_string()));
        }
    }
}
