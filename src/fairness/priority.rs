//! The scheduling priority of threads that compute for long, so that those who answer requests come first.

/// How much lower the priority of such threads is, of the 19 steps that there are: about a tenth of the processor
/// time of a thread of full priority where both want it, and all of it where nobody else does.
const STEPS: i32 = 10;

/// Lowers the scheduling priority of the calling thread for good.
pub fn lower() {
    // Linux keeps it for each thread. Where it is refused, everything works, only less evenly.
    if let Err(error) = rustix::process::nice(STEPS) {
        log::debug!("the priority of a thread stays as it is: {error}");
    }
}
