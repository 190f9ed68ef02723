//! Refusal of system calls by seccomp.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::SandboxError;

/// System calls that reading and writing open files never needs: sockets, other programs, other processes, and those
/// that would lead around the others.
const REFUSED: [c_long; 36] = [
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
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    libc::SYS_process_madvise,
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
    // Without a condition on its arguments, a call is refused always.
    let mut rules: BTreeMap<c_long, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    #[cfg(target_arch = "x86_64")]
    rules.extend([libc::SYS_fork, libc::SYS_vfork].map(|call| (call, Vec::new())));
    let own = u64::from(std::process::id());
    let unless = |argument: u8, operator: SeccompCmpOp, value: u64| {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value);
        condition.and_then(|condition| SeccompRule::new(vec![condition])).map_err(|e| fail(&e))
    };
    // Signals to itself, with which it aborts; its own limits; threads, which are no processes.
    rules.insert(libc::SYS_tgkill, vec![unless(0, SeccompCmpOp::Ne, own)?]);
    rules.insert(libc::SYS_prlimit64, vec![unless(0, SeccompCmpOp::Ne, 0)?]);
    let thread = u64::from(libc::CLONE_THREAD.unsigned_abs());
    rules.insert(libc::SYS_clone, vec![unless(0, SeccompCmpOp::MaskedEq(thread), 0)?]);
    apply(rules, libc::EPERM, architecture).map_err(|e| fail(&*e))?;
    // Its arguments are out of reach of a filter. The C library goes on to `clone` where it is not there.
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    apply(rules, libc::ENOSYS, architecture).map_err(|e| fail(&*e))
}

/// Makes system calls fail with an error from now on.
fn apply(
    rules: BTreeMap<c_long, Vec<SeccompRule>>,
    error: i32,
    architecture: TargetArch,
) -> Result<(), Box<dyn std::error::Error>> {
    let refused = SeccompAction::Errno(error.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, architecture)?;
    let program: BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter(&program)?)
}
