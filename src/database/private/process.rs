//! What the standard library does not offer of processes.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc;

use super::PrivateError;
use super::error;

/// The user id whose rights this process has; 0 is root.
#[expect(unsafe_code, reason = "libc's call is the only way to ask")]
pub fn effective_user() -> u32 {
    // SAFETY: takes nothing, touches no memory, cannot fail.
    unsafe { libc::geteuid() }
}

/// Sends a signal to a process.
///
/// # Errors
/// `ESRCH` where there is no such process, `EPERM` where it is not ours.
#[expect(unsafe_code, reason = "the standard library can only kill, and only children")]
pub fn signal(pid: u32, signal: i32) -> io::Result<()> {
    // 0 and what is negative as an i32 would mean whole groups of processes.
    let pid = i32::try_from(pid).ok().filter(|&pid| pid > 0);
    let pid = pid.ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))?;
    // SAFETY: passes two integers, touches no memory of ours.
    match unsafe { libc::kill(pid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Starts programs that the kernel ends, by SIGINT, when this process ends.
///
/// The kernel sends that signal when the *thread* that started the program ends, so all are started
/// by one thread which lives as long as this value. Callers may come and go.
#[derive(Debug)]
pub struct Keeper {
    orders: mpsc::Sender<Order>,
}

#[derive(Debug)]
struct Order {
    command: Command,
    answer: mpsc::Sender<io::Result<Child>>,
}

impl Keeper {
    /// Begins the thread.
    pub fn begin() -> Result<Self, PrivateError> {
        let (orders, received) = mpsc::channel::<Order>();
        std::thread::Builder::new()
            .name("database-keeper".to_owned())
            .spawn(move || {
                for Order { mut command, answer } in received {
                    // Nobody waits for the answer only if the asking thread has panicked.
                    drop(answer.send(spawn_bound(&mut command)));
                }
            })
            .map_err(error::io("beginning a thread for", "PostgreSQL"))?;
        Ok(Self { orders })
    }

    /// Starts a program.
    pub fn spawn(&self, command: Command) -> io::Result<Child> {
        let (answer, answered) = mpsc::channel();
        // Either fails only where the thread has ended.
        let sent = self.orders.send(Order { command, answer }).map_err(io::Error::other);
        sent.and_then(|()| answered.recv().map_err(io::Error::other))?
    }
}

/// Starts a program that gets SIGINT when the calling thread ends.
#[expect(unsafe_code, reason = "the wish is set in the child, between fork and exec")]
fn spawn_bound(command: &mut Command) -> io::Result<Child> {
    let parent = std::process::id();
    let bind = move || {
        // SAFETY: both are plain system calls on integers. They come after the change of user,
        // which would undo the wish.
        let (bound, parent_now) = unsafe {
            (libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGINT as libc::c_ulong), libc::getppid())
        };
        if bound != 0 {
            return Err(io::Error::last_os_error());
        }
        // We may have been killed before the wish was set: the signal would then never come.
        if u32::try_from(parent_now) != Ok(parent) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        Ok(())
    };
    // SAFETY: `bind` neither allocates nor locks, as is asked of what runs between fork and exec.
    unsafe { command.pre_exec(bind) };
    command.spawn()
}
