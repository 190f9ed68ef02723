//! Runs PostgreSQL's programs, and reports how they ended.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use super::error;
use super::journal::Journal;
use super::place::Place;
use super::process::Keeper;
use super::programs::Programs;
use super::{Durability, PrivateError};

/// The means to run PostgreSQL's programs: their folder, the cluster, the account, and the log.
#[derive(Debug)]
pub struct Runner<'a> {
    pub place: &'a Place,
    pub keeper: &'a Keeper,
    pub durability: Durability,
    pub programs: Programs,
    pub journal: Journal,
}

impl Runner<'_> {
    /// Returns a program, to be given its arguments; run as the cluster's user.
    pub fn command(&self, program: &str) -> Result<Command, PrivateError> {
        let mut command = Command::new(self.programs.folder.join(program));
        // Our own environment holds secrets, and may hold settings for PostgreSQL or a language
        // that is not installed. With TZ set, initdb need not search for the machine's time zone.
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if let Some(account) = &self.place.account {
            command.uid(account.uid).gid(account.gid);
        }
        // In a group of its own: Ctrl-C is for us, and we stop the server in our own time.
        command.process_group(0).current_dir("/").stdin(Stdio::null());
        command.stdout(self.journal.out()?).stderr(self.journal.out()?);
        Ok(command)
    }

    /// Starts a program and leaves it running.
    pub fn spawn(&self, command: Command) -> Result<Child, PrivateError> {
        let program = command.get_program().to_owned();
        self.keeper.spawn(command).map_err(error::io("starting", program))
    }

    /// Runs a program to its end, with something to read.
    ///
    /// # Errors
    /// Returns [`PrivateError::Failed`] with its last words if it did not succeed.
    pub fn finish(&self, mut command: Command, input: &str) -> Result<(), PrivateError> {
        let program = command.get_program().to_owned();
        let start = self.journal.end();
        command.stdin(Stdio::piped());
        let mut child = self.spawn(command)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that has failed reads nothing: its status and words say more than this.
            drop(stdin.write_all(input.as_bytes()));
        }
        let status = child.wait().map_err(error::io("waiting for", &program))?;
        if status.success() { Ok(()) } else { Err(self.failure(&program, start)) }
    }

    /// Returns the error of a program that has failed, quoting what it said since.
    pub fn failure(&self, program: impl AsRef<std::path::Path>, start: u64) -> PrivateError {
        let name = program.as_ref().file_name().unwrap_or_default();
        PrivateError::Failed {
            program: name.to_string_lossy().into_owned(),
            words: self.journal.said_since(start),
            log: self.journal.path.clone(),
        }
    }
}
