//! The record of what was registered, a file beside the input: a run that is repeated goes on where the one before ended.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use super::digest::digest;
use super::rows::Row;
use crate::cli::Failure;

/// The record of an input: a line of JSON for each batch.
pub(super) struct Record {
    file: File,
    rows: HashSet<String>,
    batches: Vec<String>,
}

impl Record {
    /// Opens the record of an input, as far as it is about this queue; makes it where there is none.
    ///
    /// # Errors
    /// Fails if the file can be neither read nor written.
    pub fn open(path: &Path, queue: &str) -> Result<Self, Failure> {
        let opened = OpenOptions::new().read(true).append(true).create(true).open(path);
        let refuse = |e: std::io::Error| {
            format!("{}: {e}; --record names another file for what is registered", path.display())
        };
        let mut file = opened.map_err(refuse)?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        if !text.is_empty() && !text.ends_with('\n') {
            // Of a run that broke off while it wrote: what it noted is found out again by the key of the request.
            file.write_all(b"\n")?;
        }
        let (mut rows, mut batches) = (HashSet::new(), Vec::new());
        for line in text.lines() {
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            if line.get("queue").and_then(Value::as_str) != Some(queue) {
                continue;
            }
            let held = line.get("rows").and_then(Value::as_array).into_iter().flatten();
            rows.extend(held.filter_map(Value::as_str).map(str::to_owned));
            let batch = line.get("batch").and_then(Value::as_str).map(str::to_owned);
            batches.extend(batch.filter(|batch| !batches.contains(batch)));
        }
        Ok(Self { file, rows, batches })
    }

    /// Returns whether a row was registered as it is now.
    pub fn holds(&self, queue: &str, row: &Row) -> bool {
        self.rows.contains(&name(queue, row))
    }

    /// Notes that rows were registered as a batch.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn add(&mut self, queue: &str, batch: &str, rows: &[&Row]) -> Result<(), Failure> {
        let names: Vec<String> = rows.iter().map(|row| name(queue, row)).collect();
        let line = json!({ "queue": queue, "batch": batch, "rows": names });
        self.file.write_all(format!("{line}\n").as_bytes())?;
        self.file.sync_data()?;
        self.rows.extend(names);
        if !self.batches.iter().any(|held| held == batch) {
            self.batches.push(batch.to_owned());
        }
        Ok(())
    }

    /// Returns the addresses of all batches, oldest first.
    pub fn batches(&self) -> &[String] {
        &self.batches
    }
}

/// Returns what a row is recognised by: another one where any of it was changed.
fn name(queue: &str, row: &Row) -> String {
    digest([queue.as_bytes(), row.member.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(member: &str) -> Row {
        Row { line: 1, space: 1, id: "a".into(), member: member.into() }
    }

    #[test]
    fn a_record_holds_what_was_registered_in_its_queue_though_a_line_was_cut() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("record");
        let mut record = Record::open(&path, "q").expect("a file");
        record.add("q", "batch 1", &[&row("a"), &row("b")]).expect("written");
        let mut text = std::fs::read_to_string(&path).expect("a file");
        text.push_str("{\"queue\": \"q\", \"ba");
        std::fs::write(&path, text).expect("a file");
        let mut record = Record::open(&path, "q").expect("a file");
        assert!(record.holds("q", &row("a")) && !record.holds("q", &row("c")));
        record.add("q", "batch 2", &[&row("c")]).expect("written");
        let record = Record::open(&path, "q").expect("a file");
        assert!(record.holds("q", &row("b")) && record.holds("q", &row("c")));
        assert_eq!(record.batches(), ["batch 1", "batch 2"]);
        let other = Record::open(&path, "another").expect("a file");
        assert!(!other.holds("another", &row("a")) && other.batches().is_empty());
    }
}
