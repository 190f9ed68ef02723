//! The scheduling priority of threads that compute for long, so that those that answer requests come first.

use std::io;
use std::mem::size_of;

/// Lowers the scheduling priority of the calling thread for good, by so many of the 19 steps that there are, or none.
///
/// Each step takes a fifth of the processor time that the thread gets where threads of full priority want it too; where
/// nobody else does, it gets all. Threads that have something to do preempt it at once, because it asks for long time slices.
pub fn lower(steps: i32) {
    // Linux keeps both for each thread. Where one is refused, everything works, only less evenly.
    if let Err(error) = rustix::process::nice(steps) {
        log::debug!("the priority of a thread stays as it is: {error}");
    }
    ask_for_slice(LONGEST_SLICE, 0);
}

/// Has the calling thread run soon after it wakes: it asks for short time slices, and shares the processor as before.
///
/// It is for threads that do little at a time, which somebody waits for. Threads that it starts have usual slices; they have the
/// usual priority too where that of the service was raised.
pub fn run_soon() {
    ask_for_slice(SHORTEST_SLICE, libc::SCHED_FLAG_RESET_ON_FORK);
}

/// The longest time slice that Linux grants, in nanoseconds.
const LONGEST_SLICE: u64 = 100_000_000;

/// The shortest time slice that Linux grants, in nanoseconds.
const SHORTEST_SLICE: u64 = 100_000;

/// Asks for time slices of so many nanoseconds for the calling thread. The scheduler of Linux, from 6.12 on, lets a thread that
/// asks for a shorter one preempt one that asks for longer; otherwise a thread that wakes may wait for some milliseconds.
/// Kernels before that take no notice. A scheduling policy that the operator chose stays as it is.
fn ask_for_slice(nanoseconds: u64, flags: i32) {
    if let Err(error) = set_slice(nanoseconds, flags) {
        log::debug!("the time slices of a thread stay as they are: {error}");
    }
}

#[expect(unsafe_code, reason = "no safe crate has the system call")]
fn set_slice(nanoseconds: u64, flags: i32) -> io::Result<()> {
    // SAFETY: the call takes and changes nothing. 0 is this thread.
    if unsafe { libc::sched_getscheduler(0) } != libc::SCHED_OTHER {
        return Err(io::Error::other("the service has another scheduling policy"));
    }
    let size = size_of::<libc::sched_attr>();
    let attributes = libc::sched_attr {
        size: u32::try_from(size).unwrap_or_default(),
        sched_policy: u32::try_from(libc::SCHED_OTHER).unwrap_or_default(),
        sched_flags: u64::try_from(flags).unwrap_or_default(),
        sched_nice: rustix::process::getpriority_process(None)?,
        sched_priority: 0,
        sched_runtime: nanoseconds,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the call reads the attributes, as many bytes as their first member says, and nothing else. 0 is this thread.
    match unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
