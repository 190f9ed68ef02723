//! The messages of PostgreSQL's programs: kept in a file, its end quoted where one of them fails.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use super::PrivateError;
use super::error;

/// Above this a start puts the log aside, in bytes.
const LIMIT_BYTES: u64 = 10_000_000;

/// Number of the last lines that an error quotes.
const QUOTED_LINES: usize = 6;

/// The file all programs write into.
#[derive(Debug)]
pub struct Journal {
    pub path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens the log for more; over 10 MB it is put aside first, as `….log.1`.
    pub fn open(path: PathBuf) -> Result<Self, PrivateError> {
        if path.metadata().is_ok_and(|metadata| metadata.len() > LIMIT_BYTES) {
            std::fs::rename(&path, path.with_extension("log.1"))
                .map_err(error::io("putting aside", &path))?;
        }
        let mut open = OpenOptions::new();
        let file = open.read(true).append(true).create(true).mode(0o600).open(&path);
        let file = file.map_err(error::io("opening", &path))?;
        Ok(Self { path, file })
    }

    /// For a program to write into.
    pub fn out(&self) -> Result<Stdio, PrivateError> {
        let file = self.file.try_clone().map_err(error::io("opening", &self.path))?;
        Ok(file.into())
    }

    /// Returns where the log ends now, in bytes.
    pub fn end(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.len())
    }

    /// Returns the last lines said after that place, in one line.
    pub fn said_since(&self, start: u64) -> String {
        let mut said = Vec::new();
        let mut file = &self.file;
        let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_to_end(&mut said));
        if let Err(error) = read {
            return format!("(its words cannot be read: {error})");
        }
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        if lines.is_empty() {
            return "it said nothing".to_owned();
        }
        lines
            .iter()
            .skip(lines.len().saturating_sub(QUOTED_LINES))
            .copied()
            .collect::<Vec<_>>()
            .join("; ")
    }
}
