//! Leftovers of an earlier server of the cluster: itself at its end, or processes without it.
//!
//! A process of the cluster is known by its command line, which everybody may read: the server's
//! names the cluster's folder, so does that of an initdb, and each of its children's the `cluster_name` we give. Its
//! working directory would say so too, but root may not read that of another user's process in a container without
//! the right to trace. Its parent says little, because systems differ in which process adopts an orphan.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::PrivateError;
use super::pid_file::PidFile;
use super::place::Place;
use super::process::{Signal, signal};

/// Time that what is left may keep a new server from starting.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Interval of looking whether it is gone.
const POLL: Duration = Duration::from_millis(10);

/// Time after which a wait is logged.
const WORD: Duration = Duration::from_secs(1);

/// The signals that orphans get, and after which time: to give up, to do so at once, and to be killed.
const SIGNALS: [(Duration, Signal); 3] = [
    (Duration::ZERO, Signal::TERM),
    (Duration::from_secs(2), Signal::QUIT),
    (Duration::from_secs(5), Signal::KILL),
];

/// Waits until an earlier server is gone, and ends what is left of one that was killed.
///
/// Gives the process id in a `postmaster.pid` that is left, which then is no server's of this
/// cluster, whichever process has it now. Only for the holder of `postgres.lock`.
///
/// # Errors
/// Returns [`PrivateError::StillRunning`] if something is left after 30 s.
pub fn clear(place: &Place) -> Result<Option<u32>, PrivateError> {
    wait_for_server(place)?;
    end_orphans(place)?;
    Ok(PidFile::read(&place.cluster()).and_then(|file| file.pid))
}

/// Waits for a server to stop, as it does by itself when its service has ended.
///
/// One that does not was started by hand, and is not ours to stop.
fn wait_for_server(place: &Place) -> Result<(), PrivateError> {
    let mut wait = Wait::new("an earlier database is still stopping");
    while let Some(pid) = PidFile::read(&place.cluster()).and_then(|file| file.pid)
        && is_of(place, pid)
    {
        wait.a_little(place, pid)?;
    }
    Ok(())
}

/// Ends a killed server's processes, which would else first end their work.
///
/// Until they are gone no new server may start.
fn end_orphans(place: &Place) -> Result<(), PrivateError> {
    let mut wait = Wait::new("ending what an earlier database has left");
    let mut signals = SIGNALS.iter().peekable();
    loop {
        let orphans = processes_of(place);
        let Some(&first) = orphans.first() else { return Ok(()) };
        if let Some((_, number)) = signals.next_if(|(after, _)| wait.begun.elapsed() >= *after) {
            for orphan in &orphans {
                // It may have ended since it was seen.
                if let Err(error) = signal(*orphan, *number) {
                    log::debug!("process {orphan} of an earlier database: {error}");
                }
            }
        }
        wait.a_little(place, first)?;
    }
}

fn processes_of(place: &Place) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|&pid| is_of(place, pid)).collect()
}

/// Returns whether a process is the cluster's server, one of that server's, or still makes a cluster.
///
/// One that has ended and only waits to be reaped has no command line, and so is none.
fn is_of(place: &Place, pid: u32) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    // Of another user it would only be one which calls itself so.
    process.metadata().is_ok_and(|metadata| metadata.uid() == place.owner())
        && std::fs::read(process.join("cmdline"))
            .is_ok_and(|line| names(&line, &[place.cluster(), place.unfinished()], &place.name))
}

/// Returns whether a command line, its parts ended by NUL, is of a program at work on the folders.
fn names(line: &[u8], folders: &[PathBuf], name: &str) -> bool {
    if line.starts_with(format!("postgres: {name}: ").as_bytes()) {
        return true;
    }
    let mut parts = line.split(|&byte| byte == 0).map(|part| Path::new(OsStr::from_bytes(part)));
    let program = parts.next().and_then(Path::file_name).unwrap_or_default();
    (program == "postgres" || program == "initdb")
        && parts.any(|part| folders.iter().any(|folder| part == folder))
}

/// A wait that says so when it gets long, and has an end.
struct Wait {
    words: &'static str,
    begun: Instant,
    told: bool,
}

impl Wait {
    fn new(words: &'static str) -> Self {
        Self { words, begun: Instant::now(), told: false }
    }

    fn a_little(&mut self, place: &Place, pid: u32) -> Result<(), PrivateError> {
        if self.begun.elapsed() > LIMIT {
            return Err(PrivateError::StillRunning { cluster: place.cluster(), pid });
        }
        if !self.told && self.begun.elapsed() > WORD {
            self.told = true;
            log::info!("{} (process {pid}): waiting for it", self.words);
        }
        std::thread::sleep(POLL);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_tells_whose_cluster_it_is() {
        let folders = ["/srv/data/postgres", "/srv/data/postgres.new"].map(PathBuf::from);
        let is = |line: &[u8]| names(line, &folders, "hydria-1a");
        assert!(is(b"/usr/lib/postgresql/15/bin/initdb\0--pgdata\0/srv/data/postgres.new\0"));
        assert!(is(b"/usr/lib/postgresql/15/bin/postgres\0-D\0/srv/data/postgres\0-k\0/s\0"));
        assert!(is(b"postgres: hydria-1a: checkpointer \0\0\0"));
        assert!(is(b"postgres: hydria-1a: hydria hydria [local] SELECT\0"));
        for other in [
            b"".as_slice(),
            b"/usr/lib/postgresql/15/bin/postgres\0-D\0/srv/data/postgres2\0",
            b"ls\0/srv/data/postgres\0",
            b"postgres: hydria-1ab: checkpointer \0",
            b"postgres: checkpointer \0",
        ] {
            assert!(!is(other), "{}", String::from_utf8_lossy(other));
        }
    }
}
