//! Signals, users and children of processes, beyond what the standard library offers.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc;

use rustix::io::Errno;
pub use rustix::process::Signal;
use rustix::process::{
    Pid, geteuid, getpid, getppid, kill_process, set_parent_process_death_signal,
};

use super::PrivateError;
use super::error;

/// Returns the user id whose rights this process has; 0 is root.
pub fn effective_user() -> u32 {
    geteuid().as_raw()
}

/// Sends a signal to a process.
///
/// # Errors
/// Returns `ESRCH` if there is no such process, and `EPERM` if it belongs to another user.
pub fn signal(pid: u32, signal: Signal) -> io::Result<()> {
    // 0 and what is negative as an i32 would mean whole groups of processes.
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    Ok(kill_process(pid, signal)?)
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
#[expect(unsafe_code, reason = "the signal is requested in the child, between fork and exec")]
fn spawn_bound(command: &mut Command) -> io::Result<Child> {
    let parent = getpid();
    let bind = move || {
        // After the change of user, which would undo the request.
        set_parent_process_death_signal(Some(Signal::INT))?;
        // This process may have been killed before the request: the signal would then never come.
        if getppid() != Some(parent) {
            return Err(Errno::SRCH.into());
        }
        Ok(())
    };
    // SAFETY: `bind` makes two system calls, and neither allocates nor locks, as is required between fork and exec.
    unsafe { command.pre_exec(bind) };
    command.spawn()
}
