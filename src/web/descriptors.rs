//! File descriptors: how many connections the limit of the process leaves room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are kept for all else: the database, objects and renderings, originals, origins.
const RESERVED: u64 = 512;

/// Descriptors of a connection: its socket, and the file that is sent on it.
const EACH: u64 = 2;

/// Connections that can be accepted, of those wished for.
///
/// Raises the soft limit of the process as far as they need; where even the hard limit is too low, there are
/// fewer, so that the process never runs out of descriptors.
pub fn connections(wished: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let needed = u64::try_from(wished).unwrap_or(u64::MAX);
    let needed = needed.saturating_mul(EACH).saturating_add(RESERVED);
    let Some(mut soft) = limit.current else { return wished };
    if soft < needed {
        let raised = limit.maximum.map_or(needed, |hard| hard.min(needed));
        if raised > soft
            && setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit }).is_ok()
        {
            soft = raised;
        }
    }
    let possible = possible(soft, wished);
    if possible < wished {
        log::warn!(
            "the process may open {soft} files, which leaves {possible} connections of the {wished} of \
             HYDRIA_CONNECTIONS"
        );
    }
    possible
}

/// Connections that so many descriptors leave room for; always some.
fn possible(descriptors: u64, wished: usize) -> usize {
    // Where there are hardly any, half of them.
    let left = descriptors.saturating_sub(RESERVED).max(descriptors / 2);
    usize::try_from((left / EACH).max(1)).unwrap_or(usize::MAX).min(wished)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_everything_else() {
        assert_eq!(possible(1 << 20, 1024), 1024);
        assert_eq!(possible(1024, 1024), 256);
        assert_eq!(possible(300, 1024), 75);
        assert_eq!(possible(1, 1024), 1);
    }
}
