//! Rows to be registered, line by line, and the simplest source of them: a list of URLs.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::digest::digest;
use crate::cli::Failure;

/// One image to be registered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Number of its line in the input, from 1.
    pub line: usize,
    pub space: i64,
    pub id: String,
    /// The image as a member of a batch, in JSON.
    pub member: String,
}

/// An input that was read.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub rows: Vec<Row>,
    /// Lines that are not registered, with the reasons.
    pub rejected: Vec<(usize, String)>,
}

/// Collects the rows of an input.
pub(super) struct Collector {
    /// The space of those that name none.
    space: Option<i64>,
    input: Input,
    /// Lines by space and id.
    lines: HashMap<(i64, String), usize>,
}

impl Collector {
    pub fn new(space: Option<i64>) -> Self {
        Self { space, input: Input::default(), lines: HashMap::new() }
    }

    pub fn reject(&mut self, line: usize, reason: impl Into<String>) {
        self.input.rejected.push((line, reason.into()));
    }

    /// Adds an image, with its members as a body has them; without an id, it gets one that its origin alone decides.
    pub fn add(&mut self, line: usize, mut member: Map<String, Value>) {
        let Some(space) = member.get("space").and_then(Value::as_i64).or(self.space) else {
            return self.reject(line, "space is missing; --space gives one for all lines");
        };
        let given = |name| member.get(name).and_then(Value::as_str);
        let id = match (given("id"), given("origin")) {
            (Some(id), _) => id.to_owned(),
            (None, Some(origin)) => digest([origin.as_bytes()]),
            (None, None) => return self.reject(line, "id and origin are missing"),
        };
        if let Some(first) = self.lines.insert((space, id.clone()), line) {
            self.lines.insert((space, id.clone()), first);
            return self.reject(line, format!("id {id} of space {space} repeats line {first}"));
        }
        member.insert("space".into(), space.into());
        member.insert("id".into(), id.as_str().into());
        let member = Value::Object(member).to_string();
        self.input.rows.push(Row { line, space, id, member });
    }

    pub fn finish(self) -> Input {
        self.input
    }
}

/// Reads a list of URLs, one a line; empty lines and those that begin with `#` are passed over.
///
/// # Errors
/// Fails if the file cannot be read.
pub(super) fn list(path: &Path, space: Option<i64>) -> Result<Input, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut collector = Collector::new(space);
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let origin = line.trim();
        if !origin.is_empty() && !origin.starts_with('#') {
            let member = [("origin".to_owned(), Value::from(origin))].into_iter().collect();
            collector.add(index + 1, member);
        }
    }
    Ok(collector.finish())
}
