//! The end of a child that has not reported how it went.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::process::Signal;

use super::Limits;
use super::error::DerivationError;

/// Words of Rust's standard library where there is no memory, before it ends the process.
const NO_MEMORY: &str = "memory allocation of";

/// Returns what the end of a child says of its image; `said` is what it wrote that is no report, `memory` what it was
/// allowed in bytes.
pub(super) fn reason(
    status: ExitStatus,
    said: &str,
    memory: u64,
    limits: &Limits,
) -> DerivationError {
    let Some(signal) = status.signal() else {
        return DerivationError::Service(format!("its process ended without a result: {said}"));
    };
    let is = |wanted: Signal| signal == wanted.as_raw();
    if said.contains(NO_MEMORY) {
        return no_memory(memory, limits);
    }
    if is(Signal::XCPU) {
        return DerivationError::Image(format!(
            "reading the image takes more than the {} s of processor time allowed (HYDRIA_INGEST_SECONDS)",
            limits.processor_time.as_secs()
        ));
    }
    if is(Signal::XFSZ) {
        return DerivationError::Image(
            "what would be made of the image is larger than any image of its size".into(),
        );
    }
    // The kernel ends processes so where the machine runs out of memory, and operators do; images do not.
    if is(Signal::KILL) || is(Signal::TERM) || is(Signal::INT) {
        return DerivationError::Service(format!(
            "its process was ended from outside (signal {signal})"
        ));
    }
    DerivationError::Image(format!(
        "the image is damaged in a way that breaks the decoder (signal {signal})"
    ))
}

/// Returns the error of an image that takes more memory than it may: than the setting allows, or than was estimated.
pub(super) fn no_memory(memory: u64, limits: &Limits) -> DerivationError {
    if memory < limits.memory {
        return DerivationError::Image(format!(
            "reading the image takes more than the {} MB of memory that its header lets expect; please report it",
            memory / 1_000_000
        ));
    }
    DerivationError::Image(format!(
        "reading the image takes more memory than the {} MB allowed (HYDRIA_INGEST_MEMORY_MB)",
        limits.memory / 1_000_000
    ))
}
