//! Confines a process that is about to read untrusted data.
//!
//! A process confines itself, once and for good, before it reads the first byte: it keeps the files that it has open, and
//! gets no others. What it may use of memory and processor time is limited by the kernel, so that a decoder that is led
//! astray harms its own process and nothing else.

mod descriptors;
mod files;
mod system_calls;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

pub use descriptors::close_inherited;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limits of a confined process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory of its own: heap, stacks and anonymous mappings. Code and files that are mapped do not count.
    pub memory: u64,
    /// Processor time of all its threads together; SIGXCPU ends it after that. Whole seconds count.
    pub processor_time: Duration,
    /// Bytes of a file that it writes; SIGXFSZ ends it at a write beyond.
    pub file_bytes: u64,
}

/// The restrictions that the kernel has put in force, beside the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confinement {
    /// Tells whether no file can be opened any more, by path; kernels without Landlock cannot see to it.
    pub files_refused: bool,
}

/// Confines the calling process; call it while there is only one thread.
///
/// # Errors
/// Fails if the kernel does not take a limit or the filter of system calls.
pub fn confine(limits: &Limits) -> Result<Confinement, SandboxError> {
    limit(Resource::Core, 0, 0)?;
    limit_memory(limits.memory)?;
    // At the highest value the kernel kills without SIGXCPU, which says why.
    limit(Resource::Cpu, limits.processor_time.as_secs().max(1), 1)?;
    limit(Resource::Fsize, limits.file_bytes, 0)?;
    let files_refused = files::refuse()?;
    system_calls::refuse()?;
    Ok(Confinement { files_refused })
}

/// Lowers the limit of the memory of the calling process, in bytes, for good.
///
/// # Errors
/// Fails if the kernel does not take it, such as one that is higher than before.
pub fn limit_memory(bytes: u64) -> Result<(), SandboxError> {
    limit(Resource::Data, bytes, 0)
}

/// Lowers a limit, and the highest value that it may be given again, which is so much higher.
fn limit(resource: Resource, wanted: u64, above: u64) -> Result<(), SandboxError> {
    let allowed = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let most = wanted.saturating_add(above).min(allowed);
    let limit = Rlimit { current: Some(wanted.min(most)), maximum: Some(most) };
    setrlimit(resource, limit)
        .map_err(|error| SandboxError(format!("{resource:?} cannot be limited: {error}")))
}

/// The reason why a process could not be confined.
#[derive(Debug)]
pub struct SandboxError(String);

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SandboxError {}
