//! The server's first process, PostgreSQL's postmaster: started, watched and stopped.

use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use super::journal::Journal;
use super::leftovers;
use super::place::{PORT, Place};
use super::process::{self, Keeper};
use super::programs::Programs;
use super::runner::Runner;
use super::{Durability, PrivateError, cluster, error};

/// Time that a start may take; redo after a crash is by far the longest part.
const START_LIMIT: Duration = Duration::from_mins(5);

/// Interval at which it is told that a start goes on.
const START_WORD: Duration = Duration::from_secs(10);

/// Time that a clean stop may take before one without writing.
const STOP_LIMIT: Duration = Duration::from_mins(1);

/// Time that that may take before the server is killed, which costs nothing committed either.
const QUIT_LIMIT: Duration = Duration::from_secs(10);

/// Interval at which the server is looked at while it starts or stops.
const POLL: Duration = Duration::from_millis(5);

/// A server that is our child.
#[derive(Debug)]
pub struct Postmaster {
    child: Child,
    ended: Option<ExitStatus>,
}

impl Postmaster {
    /// Runs the server of a place, made if there is none, and returns when it is ready.
    ///
    /// Only for the holder of `postgres.lock`.
    pub fn run(
        place: &Place,
        keeper: &Keeper,
        durability: Durability,
    ) -> Result<Self, PrivateError> {
        let begun = Instant::now();
        let made_by = cluster::version(place)?;
        let programs = Programs::find(&place.cluster(), made_by.as_deref())?;
        let journal = Journal::open(place.log())?;
        let runner = Runner { place, keeper, durability, programs, journal };
        tell_whereabouts(place, made_by.is_none());
        place.prepare()?;
        if made_by.is_none() {
            cluster::make(&runner)?;
        }
        let server = Self::start(&runner)?;
        log::info!("database ready in {} ms", begun.elapsed().as_millis());
        Ok(server)
    }

    /// Returns whether the server has ended.
    ///
    /// If so it is reaped, else its successor would think it alive.
    pub fn has_ended(&mut self) -> bool {
        if self.ended.is_none() {
            // Fails only where somebody else has reaped it.
            self.ended = self.child.try_wait().unwrap_or_else(|_| Some(ExitStatus::default()));
        }
        self.ended.is_some()
    }

    /// Returns how it has ended, in words.
    pub fn ending(&self) -> String {
        self.ended.map_or_else(|| "not yet".to_owned(), |status| status.to_string())
    }

    /// Ends all connections, writes all there is to write, and ends the server.
    pub fn stop(&mut self) -> Result<(), PrivateError> {
        for (signal, limit) in
            [(process::Signal::INT, STOP_LIMIT), (process::Signal::QUIT, QUIT_LIMIT)]
        {
            if self.has_ended() {
                return Ok(());
            }
            process::signal(self.child.id(), signal)
                .map_err(error::io("stopping", "PostgreSQL"))?;
            if self.ends_within(limit) {
                return Ok(());
            }
            log::warn!("the database does not stop within {} s", limit.as_secs());
        }
        self.child.kill().map_err(error::io("killing", "PostgreSQL"))?;
        self.ended = Some(self.child.wait().map_err(error::io("waiting for", "PostgreSQL"))?);
        Ok(())
    }

    fn start(runner: &Runner<'_>) -> Result<Self, PrivateError> {
        let begun = Instant::now();
        loop {
            let stranger = leftovers::clear(runner.place)?;
            runner.place.clear_socket()?;
            let start = runner.journal.end();
            let mut server = Self::spawn(runner, stranger)?;
            if server.becomes_ready(runner)? {
                return Ok(server);
            }
            let failure = runner.failure("postgres", start);
            if !is_transient(&failure) || begun.elapsed() > leftovers::LIMIT {
                return Err(failure);
            }
            log::info!("the database waits for what an earlier one has left");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn spawn(runner: &Runner<'_>, stranger: Option<u32>) -> Result<Self, PrivateError> {
        let place = runner.place;
        let mut command = runner.command("postgres")?;
        command.arg("-D").arg(place.cluster()).arg("-k").arg(place.socket_folder());
        command.args(["-p", PORT, "-c", &format!("cluster_name={}", place.name)]);
        // What is not here (memory, connections) is the cluster's own postgresql.conf's to say,
        // where an operator may change it; what is here would win over it.
        for setting in [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "logging_collector=off",
            "log_checkpoints=off",
            "timezone=UTC",
            "log_timezone=UTC",
            "jit=off",
            // Not used here, and would be a process more.
            "max_logical_replication_workers=0",
        ]
        .iter()
        .chain(runner.durability.settings())
        {
            command.args(["-c", setting]);
        }
        if let Some(pid) = stranger {
            // A server takes the process id in an old postmaster.pid for a living server's if any
            // process has it, which in a container soon happens. We know better, and this is
            // pg_ctl's way to say that the id is no server's. All its other checks stay.
            command.env("PG_GRANDPARENT_PID", pid.to_string());
        }
        Ok(Self { child: runner.spawn(command)?, ended: None })
    }

    /// Waits until the server takes connections; false where it has ended instead.
    fn becomes_ready(&mut self, runner: &Runner<'_>) -> Result<bool, PrivateError> {
        let begun = Instant::now();
        let mut told = begun;
        let pid = Some(self.child.id());
        while !self.has_ended() {
            if runner.place.answers() == pid {
                return Ok(true);
            }
            if begun.elapsed() > START_LIMIT {
                let log = runner.journal.path.clone();
                return Err(PrivateError::NotReady { waited: begun.elapsed(), pid, log });
            }
            if told.elapsed() > START_WORD {
                told = Instant::now();
                log::info!("the database is still starting, {} s now", begun.elapsed().as_secs());
            }
            std::thread::sleep(POLL);
        }
        Ok(false)
    }

    fn ends_within(&mut self, limit: Duration) -> bool {
        let begun = Instant::now();
        while !self.has_ended() {
            if begun.elapsed() > limit {
                return false;
            }
            std::thread::sleep(POLL);
        }
        true
    }

    #[cfg(test)]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            log::error!("{error}");
        }
    }
}

/// Returns whether a failure comes from an old server's last moments, and may pass.
fn is_transient(failure: &PrivateError) -> bool {
    let PrivateError::Failed { words, .. } = failure else { return false };
    words.contains("pre-existing shared memory block")
        || words.contains("\"postmaster.pid\" already exists")
}

fn tell_whereabouts(place: &Place, is_new: bool) {
    if place.home == place.data {
        return;
    }
    let (home, data) = (place.home.display(), place.data.display());
    let name = place.account.as_ref().map_or("PostgreSQL", |account| &account.name);
    if is_new {
        log::warn!(
            "user {name}, as whom PostgreSQL runs, cannot reach {data}: the database goes to {home}"
        );
    } else {
        log::info!("the database of {data} is in {home}");
    }
}
