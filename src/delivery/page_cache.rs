//! The page cache of the kernel: what can be read of a file without waiting for the disk.

use std::fs::File;
use std::ops::Range;
use std::os::fd::AsRawFd as _;
use std::sync::LazyLock;

/// Bytes of a page.
pub static PAGE: LazyLock<u64> = LazyLock::new(|| rustix::param::page_size() as u64);

/// Number of the system call `cachestat`, which is the same on all platforms.
const CACHESTAT: libc::c_long = 451;

/// A part of a file, in bytes, as the kernel reads it.
#[repr(C)]
struct CachedRange {
    offset: u64,
    length: u64,
}

/// What the kernel writes of a part of a file, in pages.
#[repr(C)]
#[derive(Default)]
struct CacheStatistics {
    cached: u64,
    dirty: u64,
    written_back: u64,
    evicted: u64,
    recently_evicted: u64,
}

/// Returns how many pages of a range that is not empty the page cache has; nothing where the kernel does not tell: before Linux
/// 6.5, of file systems that have none, and of files of other users.
#[expect(unsafe_code, reason = "no safe crate has the system call")]
pub fn pages(file: &File, range: &Range<u64>) -> Option<u64> {
    let range = CachedRange { offset: range.start, length: range.end - range.start };
    let mut statistics = CacheStatistics::default();
    // SAFETY: the call reads the range and writes the statistics, which have the layout of the kernel's; 0: no flags.
    let told = unsafe {
        libc::syscall(CACHESTAT, file.as_raw_fd(), &raw const range, &raw mut statistics, 0_u32)
    };
    (told == 0).then_some(statistics.cached)
}
