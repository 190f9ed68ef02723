//! Folders of images, which something else serves: a web server, or whatever the service may fetch from.

use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::rows::{Collector, Input};
use crate::cli::Failure;

/// Endings of files that are images.
const ENDINGS: [&str; 11] =
    ["jpg", "jpeg", "jp2", "j2k", "jpx", "jpf", "png", "tif", "tiff", "webp", "gif"];

/// Characters that are encoded in a segment of a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Reads the names of the images in a folder and below, in their order; `line` of a row is its place among them.
///
/// # Errors
/// Fails if the folder cannot be read.
pub(super) fn read(folder: &Path, base: &str, space: Option<i64>) -> Result<Input, Failure> {
    let mut files = Vec::new();
    walk(folder, &mut Vec::new(), &mut files)?;
    files.sort();
    let mut collector = Collector::new(space);
    for (index, file) in files.iter().enumerate() {
        let segments: Vec<String> =
            file.iter().map(|name| utf8_percent_encode(name, ENCODED).to_string()).collect();
        let origin = format!("{}/{}", base.trim_end_matches('/'), segments.join("/"));
        let member = [("origin", origin), ("id", id(file)), ("label", file.join("/"))];
        let member = member.map(|(name, text)| (name.to_owned(), Value::from(text)));
        collector.add(index + 1, member.into_iter().collect());
    }
    Ok(collector.finish())
}

fn walk(
    folder: &Path,
    within: &mut Vec<String>,
    files: &mut Vec<Vec<String>>,
) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            log::warn!("{} is passed over: its name is no text in UTF-8", entry.path().display());
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let is_image = name.rsplit_once('.').is_some_and(|(_, ending)| {
            ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
        });
        // A link to a folder is not followed: it may lead back.
        let is_folder = entry.file_type()?.is_dir();
        within.push(name);
        if is_folder {
            walk(&entry.path(), within, files)?;
        } else if is_image && entry.path().is_file() {
            files.push(within.clone());
        }
        within.pop();
    }
    Ok(())
}

/// Returns the id of a file: its path without the ending, in the characters that an id may have.
fn id(file: &[String]) -> String {
    let path = file.join(".");
    let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem);
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "-._~".contains(c) { c } else { '-' };
    stem.chars().map(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_walked_in_order_and_its_files_get_origins_and_ids() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b/2.JPG", "b/1 ä.tif", "a.png", "notes.txt", ".hidden.png", "b/.x/3.png"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        }
        let input = read(folder.path(), "https://x/scans/", Some(1)).expect("a folder");
        let rows: Vec<(&str, Value)> = input
            .rows
            .iter()
            .map(|row| (row.id.as_str(), serde_json::from_str(&row.member).expect("JSON")))
            .collect();
        let ids: Vec<&str> = rows.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, ["a", "b.1--", "b.2"]);
        assert_eq!(rows[1].1["origin"], "https://x/scans/b/1%20%C3%A4.tif");
        assert_eq!(rows[1].1["label"], "b/1 ä.tif");
    }
}
