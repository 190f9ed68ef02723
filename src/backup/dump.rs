//! The programs of PostgreSQL that write and read a dump.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::BackupError;
use crate::database::address::{self, Address};

/// Where Debian and Ubuntu keep the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Returns a program of the newest version that is installed, which reads the servers of all versions before.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin").join(name)))
        })
        .filter(|(_, program)| program.exists())
        .max();
    newest.map_or_else(|| PathBuf::from(name), |(_, program)| program)
}

/// Returns a program that is told where the database is, its password by the environment only, which others cannot read.
fn at(url: &str, name: &str) -> Result<Command, BackupError> {
    let address = Address::parse(url).map_err(BackupError::Refused)?;
    let mut command = Command::new(program(name));
    command.arg(format!("--dbname={}", address.without_password()));
    if let Some(password) = address::password(url) {
        command.env("PGPASSWORD", password.reveal());
    }
    command.arg("--no-password").arg("--no-owner").arg("--no-privileges");
    Ok(command)
}

/// Runs a program to its end.
fn run(mut command: Command, name: &str) -> Result<(), BackupError> {
    let output =
        command.stderr(Stdio::piped()).spawn().and_then(std::process::Child::wait_with_output);
    let output = output.map_err(|error| {
        BackupError::Program(format!(
            "{name} cannot be run ({error}): install the client programs of PostgreSQL, such as \
             postgresql-client"
        ))
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(BackupError::Program(format!("{name} failed ({}): {}", output.status, said.trim())))
}

/// Writes the rows of a snapshot that another session has exported.
pub(super) fn dump(url: &str, snapshot: &str, to: File) -> Result<(), BackupError> {
    let mut command = at(url, "pg_dump")?;
    command.arg("--format=custom").arg(format!("--snapshot={snapshot}"));
    command.stdin(Stdio::null()).stdout(Stdio::from(to));
    run(command, "pg_dump")
}

/// Loads a dump into an empty database, all of it or nothing.
pub(super) fn load(url: &str, from: File) -> Result<(), BackupError> {
    let mut command = at(url, "pg_restore")?;
    command.arg("--single-transaction").arg("--exit-on-error");
    command.stdin(Stdio::from(from)).stdout(Stdio::null());
    run(command, "pg_restore")
}
