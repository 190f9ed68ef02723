//! The scheduling priority of threads that compute for long, so that those that answer requests come first.

/// Lowers the scheduling priority of the calling thread for good, by so many of the 19 steps that there are.
///
/// Each step takes a fifth of the processor time that the thread gets where threads of full priority want it too; where
/// nobody else does, it gets all.
pub fn lower(steps: i32) {
    // Linux keeps it for each thread. Where it is refused, everything works, only less evenly.
    if let Err(error) = rustix::process::nice(steps) {
        log::debug!("the priority of a thread stays as it is: {error}");
    }
}
