//! Refusal of system calls by seccomp.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

use crate::SandboxError;

/// System calls that reading and writing open files never needs: sockets, other programs, other processes, and those
/// that would lead around the others.
const REFUSED: [c_long; 32] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmsg,
    libc::SYS_io_uring_setup,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_open_by_handle_at,
    libc::SYS_chroot,
];

/// Makes the refused system calls fail with EPERM from now on, in this thread and in those that it starts.
///
/// # Errors
/// Fails if the kernel does not take the filter, or the architecture has none.
pub(crate) fn refuse() -> Result<(), SandboxError> {
    let fail = |what: &dyn std::fmt::Display| {
        SandboxError(format!("system calls cannot be refused: {what}"))
    };
    let architecture: TargetArch = std::env::consts::ARCH.try_into().map_err(|e| fail(&e))?;
    // No condition on its arguments: the call is refused always.
    let rules: BTreeMap<c_long, Vec<_>> = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, architecture)
        .map_err(|e| fail(&e))?;
    let program: BpfProgram = filter.try_into().map_err(|e| fail(&e))?;
    seccompiler::apply_filter(&program).map_err(|e| fail(&e))
}
