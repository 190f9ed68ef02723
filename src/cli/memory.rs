//! Free memory is given back to the system; the C library keeps what lies between blocks in use.

use std::sync::Once;
use std::time::Duration;

/// Resident memory up to which nothing is looked for, in bytes.
const SMALL: u64 = 96 << 20;
/// Bytes of freed memory that make another look soon worthwhile.
const WORTHWHILE: u64 = 8 << 20;
/// Interval between two checks: at least, and at most where little is found.
const PAUSES: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(80));

/// Gives free memory back now and then, from now on and until the process ends.
pub fn keep_small() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // Without it the process works all the same, and stays as large as it once was.
        if let Err(error) = std::thread::Builder::new().name("memory".into()).spawn(trim_for_ever) {
            log::warn!("free memory is not given back: {error}");
        }
    });
}

fn trim_for_ever() {
    let mut pause = PAUSES.0;
    loop {
        std::thread::sleep(pause);
        let before = resident();
        if before < SMALL {
            pause = PAUSES.0;
            continue;
        }
        trim();
        let freed = before.saturating_sub(resident());
        pause = if freed < WORTHWHILE { (pause * 2).min(PAUSES.1) } else { PAUSES.0 };
        log::debug!("{} MiB of memory were given back", freed >> 20);
    }
}

/// Resident memory of this process, in bytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "the C library's call is the only way")]
fn trim() {
    // SAFETY: it takes no pointers, and may be called at any time from any thread.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(target_env = "gnu"))]
fn trim() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_between_blocks_in_use_is_given_back() {
        // Small blocks, every hundredth of which stays: none of this is at the end of the heap.
        let mut blocks: Vec<_> = (0..1_000_000).map(|n: u64| Box::new([n; 16])).collect();
        let full = resident();
        let mut number = 0;
        blocks.retain(|_| {
            number += 1;
            number % 1000 == 0
        });
        trim();
        let left = resident();
        assert!(left + (70 << 20) < full, "{full} bytes before, {left} after");
        assert_eq!(blocks.len(), 1000);
    }
}
