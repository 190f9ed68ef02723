//! Writes and loads a dump of the database, by the programs of PostgreSQL.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::programs::program;
use super::{BackupError, folder};
use crate::database::address::{self, Address};
use crate::database::{Conn, connect};

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Integer)]
    major: i32,
}

/// A database, and the server that has it.
#[derive(Debug)]
pub(super) struct Server {
    /// The address of one server, also where several were given.
    url: String,
    major: u32,
}

impl Server {
    /// Connects to the first of the servers of an address that answers, to which the programs are sent as well.
    ///
    /// # Errors
    /// Fails if none answers, or the programs could be told the address only in a way that others can read.
    pub(super) fn connect(url: &str) -> Result<(Self, Conn), BackupError> {
        let address = Address::parse(url).map_err(BackupError::Refused)?;
        if address.get("sslpassword").is_some() {
            let words = "the address of the database has sslpassword, which every user of this machine could read while a \
                program of PostgreSQL runs: give a key without a passphrase, in a file of mode 0600";
            return Err(BackupError::Refused(words.into()));
        }
        let mut servers = address::single_servers(url);
        let last = servers.pop().unwrap_or_else(|| url.to_owned());
        let first = servers.into_iter().find_map(|url| {
            let conn = connect(&url).ok()?;
            Some((url, conn))
        });
        let (url, mut conn) = if let Some(found) = first {
            found
        } else {
            let conn = connect(&last)?;
            (last, conn)
        };
        let asked = "SELECT current_setting('server_version_num')::integer / 10000 AS major";
        let major = diesel::sql_query(asked).get_result::<Version>(&mut conn)?.major;
        let major = u32::try_from(major).unwrap_or_default();
        Ok((Self { url, major }, conn))
    }

    /// Returns the major version of the server, such as 15.
    pub(super) fn major(&self) -> u32 {
        self.major
    }

    /// Returns a program that is told where the database is, its password by the environment only, which others cannot read.
    fn command(&self, name: &str) -> Result<Command, BackupError> {
        let address = Address::parse(&self.url).map_err(BackupError::Refused)?;
        let mut command = Command::new(program(name, self.major)?);
        command.arg(format!("--dbname={}", address.without_password()));
        if let Some(password) = address::password(&self.url) {
            command.env("PGPASSWORD", password.reveal());
        }
        command.arg("--no-password").arg("--no-owner").arg("--no-privileges");
        Ok(command)
    }

    /// Writes the rows of a snapshot that another session has exported.
    ///
    /// # Errors
    /// Fails if there is no program of the server's version, or it fails.
    pub(super) fn dump(&self, snapshot: &str, to: File) -> Result<(), BackupError> {
        let mut command = self.command("pg_dump")?;
        command.arg("--format=custom").arg(format!("--snapshot={snapshot}"));
        command.stdin(Stdio::null()).stdout(Stdio::from(to));
        run(command, "pg_dump")
    }

    /// Refuses a dump that the program of the server's version cannot read.
    ///
    /// # Errors
    /// Fails if there is no such program, or it cannot read the dump's list of contents.
    pub(super) fn check_readable(&self, dump: &Path) -> Result<(), BackupError> {
        let mut command = Command::new(program("pg_restore", self.major)?);
        command.arg("--list").stdin(folder::open(dump)?).stdout(Stdio::null());
        run(command, "pg_restore")
    }

    /// Loads a dump into an empty database, all of it or nothing.
    ///
    /// # Errors
    /// Fails if there is no program of the server's version, or it fails.
    pub(super) fn load(&self, dump: &Path) -> Result<(), BackupError> {
        let mut command = self.command("pg_restore")?;
        command.arg("--single-transaction").arg("--exit-on-error");
        command.stdin(folder::open(dump)?).stdout(Stdio::null());
        run(command, "pg_restore")
    }
}

/// Runs a program to its end.
fn run(mut command: Command, name: &str) -> Result<(), BackupError> {
    let output =
        command.stderr(Stdio::piped()).spawn().and_then(std::process::Child::wait_with_output);
    let output =
        output.map_err(|error| BackupError::Program(format!("{name} cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(BackupError::Program(format!("{name} failed ({}): {}", output.status, said.trim())))
}
