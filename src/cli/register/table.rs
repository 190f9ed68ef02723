//! CSV files: a header line names members of an image, and each line after it is an image.

use std::path::Path;

use csv::{ErrorKind, Position, ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::rows::{Collector, Input};
use crate::cli::Failure;

/// The kind of a member of an image, which decides how a cell is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    /// Several texts with commas between.
    Texts,
}

/// The members of an image that a column may hold.
const COLUMNS: [(&str, Kind); 16] = [
    ("id", Kind::Text),
    ("space", Kind::Number),
    ("origin", Kind::Text),
    ("initialOrigin", Kind::Text),
    ("tags", Kind::Texts),
    ("roles", Kind::Texts),
    ("maxUnauthorised", Kind::Number),
    ("string1", Kind::Text),
    ("string2", Kind::Text),
    ("string3", Kind::Text),
    ("number1", Kind::Number),
    ("number2", Kind::Number),
    ("number3", Kind::Number),
    ("label", Kind::Text),
    ("rights", Kind::Text),
    ("mediaType", Kind::Text),
];

/// A column of a file; `None` is passed over.
type Column = Option<(&'static str, Kind)>;

/// Reads a CSV file.
///
/// # Errors
/// Fails if the file cannot be read, or its header line is no list of members.
pub(super) fn read(path: &Path, space: Option<i64>) -> Result<Input, Failure> {
    let text = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    parse(&text, space).map_err(|reason| format!("{}: {reason}", path.display()).into())
}

fn parse(text: &[u8], space: Option<i64>) -> Result<Input, String> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut reader = ReaderBuilder::new().delimiter(delimiter(text)).from_reader(text);
    let header = reader.headers().map_err(|e| format!("the header line cannot be read: {e}"))?;
    let columns = columns(header)?;
    let mut collector = Collector::new(space);
    let mut lines = Lines { text, at: 0, line: 1 };
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = lines.of(record.position());
                match member(&columns, &record) {
                    Ok(member) if member.is_empty() => {}
                    Ok(member) => collector.add(line, member),
                    Err(reason) => collector.reject(line, reason),
                }
            }
            Err(error) => {
                let line = lines.of(error.position());
                let reason = match error.kind() {
                    ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        format!("has {len} cells; the header line has {expected_len}")
                    }
                    ErrorKind::Utf8 { .. } => "is no text in UTF-8".to_owned(),
                    _ => error.to_string(),
                };
                collector.reject(line, reason);
            }
        }
    }
    Ok(collector.finish())
}

/// Counts lines up to records, which come in their order.
///
/// The numbers of the reader are of the end of the line before, where lines end in two characters.
struct Lines<'a> {
    text: &'a [u8],
    /// Bytes that were counted.
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// Returns the number of the line in which a record begins.
    fn of(&mut self, position: Option<&Position>) -> usize {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok());
        let rest = self.text.get(self.at..).unwrap_or_default();
        let before = start.unwrap_or_default().saturating_sub(self.at);
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let empty = rest.iter().skip(before).take_while(|byte| is_end(byte)).count();
        let passed = rest.iter().take(before + empty);
        self.line += passed.filter(|byte| **byte == b'\n').count();
        self.at += before + empty;
        self.line
    }
}

/// Returns what stands between cells: spreadsheets write semicolons or tabs where a comma is part of numbers.
fn delimiter(text: &[u8]) -> u8 {
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let has = |delimiter: u8| header.contains(&delimiter);
    [b',', b';', b'\t'].into_iter().find(|delimiter| has(*delimiter)).unwrap_or(b',')
}

fn columns(header: &StringRecord) -> Result<Vec<Column>, String> {
    let mut columns: Vec<Column> = Vec::new();
    let mut wrong = Vec::new();
    for name in header.iter().map(str::trim) {
        match COLUMNS.iter().find(|(known, _)| *known == name) {
            Some(column) if columns.contains(&Some(*column)) => {
                wrong.push(format!("the column {name} is there twice"));
            }
            Some(column) => columns.push(Some(*column)),
            None if name.is_empty() || name.starts_with('#') => columns.push(None),
            None => wrong.push(format!("{name} is no column that is known")),
        }
    }
    if wrong.is_empty() {
        return Ok(columns);
    }
    let known: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    wrong.push(format!(
        "known are {}; a column whose name begins with # is passed over",
        known.join(", ")
    ));
    Err(wrong.join("; "))
}

/// Returns the members of a line; an empty cell says nothing.
fn member(columns: &[Column], record: &StringRecord) -> Result<Map<String, Value>, String> {
    let mut member = Map::new();
    let mut wrong = Vec::new();
    for (column, cell) in columns.iter().zip(record) {
        let (Some((name, kind)), cell) = (column, cell.trim()) else { continue };
        if cell.is_empty() {
            continue;
        }
        let value = match kind {
            Kind::Text => cell.into(),
            Kind::Texts => cell.split(',').map(str::trim).filter(|part| !part.is_empty()).collect(),
            Kind::Number => {
                let Ok(number) = cell.parse::<i64>() else {
                    wrong.push(format!("{name} is no whole number: {cell}"));
                    continue;
                };
                number.into()
            }
        };
        member.insert((*name).to_owned(), value);
    }
    if wrong.is_empty() { Ok(member) } else { Err(wrong.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Input {
        parse(text.as_bytes(), Some(7)).expect("a header line")
    }

    #[test]
    fn each_line_is_an_image_with_what_its_cells_say() {
        let input = parsed(
            "\u{feff}id,origin,tags,number1,#note\r\na,https://x/a,\"map, old\",3,hush\r\n\r\n,https://x/b,,,\n,,,,\n",
        );
        assert!(input.rejected.is_empty(), "{:?}", input.rejected);
        let members: Vec<&str> = input.rows.iter().map(|row| row.member.as_str()).collect();
        assert_eq!(
            members[0],
            r#"{"id":"a","origin":"https://x/a","tags":["map","old"],"number1":3,"space":7}"#
        );
        assert_eq!((input.rows[0].line, input.rows[1].line, members.len()), (2, 4, 2));
        assert_eq!(
            parsed("origin\nhttps://x/b").rows[0].id,
            input.rows[1].id,
            "of the origin alone"
        );
    }

    #[test]
    fn lines_that_cannot_be_read_are_told_and_the_others_stay() {
        let input = parsed(
            "id;origin;number1;space\na;https://x;x;1\nb;https://x\nc;https://x;1;2\nc;https://y;1;2\n;;3;\n",
        );
        let lines: Vec<usize> = input.rejected.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 5, 6], "{:?}", input.rejected);
        assert_eq!(input.rows.len(), 1);
        assert!(input.rejected[2].1.contains("repeats line 4"));
        let rest = parse(b"id,origin\na,https://x", None).expect("a header line");
        assert!(rest.rejected[0].1.contains("--space"));
    }

    #[test]
    fn a_header_that_is_misspelt_is_refused_with_every_fault() {
        let refused = parse(b"id,orgin,id,size", None).expect_err("refused");
        for part in
            ["orgin is no column", "id is there twice", "size is no column", "maxUnauthorised"]
        {
            assert!(refused.contains(part), "{part} in {refused}");
        }
    }
}
