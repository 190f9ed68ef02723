//! Descriptors that a process inherits without having been meant to.

use crate::SandboxError;

/// Closes every descriptor beyond the standard three; call it first in a process, before it opens anything.
///
/// A library of the parent may have opened a file on another thread at the moment of the start, and a file is inherited
/// unless it was said otherwise when it was opened. Kernels before Linux 5.9 have no such call, and close nothing.
///
/// # Errors
/// Fails if the kernel does not close them.
#[expect(
    unsafe_code,
    reason = "a range of descriptors has no owner, so that no safe call closes it"
)]
pub fn close_inherited() -> Result<(), SandboxError> {
    let (first, last, flags) = (3_u32, u32::MAX, 0_u32);
    // SAFETY: The process has opened nothing yet, so that no value of it owns one of these descriptors.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
    let error = std::io::Error::last_os_error();
    if closed == 0 || error.raw_os_error() == Some(libc::ENOSYS) {
        return Ok(());
    }
    Err(SandboxError(format!("inherited files cannot be closed: {error}")))
}
