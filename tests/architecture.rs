//! The arrows between rooms: each floor uses only what stands before it.

use std::fs;
use std::path::{Path, PathBuf};

/// Floors from the ground up; rooms of one floor may use one another.
const FLOORS: [&[&str]; 8] = [
    &[
        "config", "database", "fairness", "hydra", "imaging", "origins", "schema", "secrets",
        "storage",
    ],
    &["resource"],
    &["classes"],
    &["auth"],
    &["engine"],
    &["web"],
    &["cli"],
    &["main"],
];

/// Crates that only some rooms may name.
const RESERVED: [(&str, &[&str]); 8] = [
    ("actix_http", &["web"]),
    ("actix_server", &["web"]),
    ("actix_service", &["web"]),
    ("actix_web", &["web"]),
    ("diesel", &["database", "schema", "resource", "classes", "auth", "engine"]),
    ("oxrdf", &["hydra"]),
    ("oxttl", &["hydra"]),
    ("reqwest", &["origins", "cli"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// Every source of the library with its room and its text without comments.
fn sources_by_room() -> Vec<(PathBuf, String, String)> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&top, &mut found);
    found
        .into_iter()
        .filter(|path| !path.ends_with("lib.rs"))
        .map(|path| {
            let below = path.strip_prefix(&top).expect("below src");
            let first = below.components().next().expect("a room").as_os_str();
            let name = first.to_string_lossy().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).expect("a source");
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code = lines.collect::<Vec<_>>().join("\n");
            (path, name, code)
        })
        .collect()
}

#[test]
fn imports_go_downward_only() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, room, code) in sources_by_room() {
        let own = floor(&room).unwrap_or_else(|| panic!("{room} has no floor"));
        for (at, _) in code.match_indices("crate::") {
            let used: String = code[at + "crate::".len()..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            // A macro is exported at the root, and stands in `resource`.
            let Some(of) = floor(&used) else { continue };
            seen += 1;
            if of > own {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(seen > 100, "only {seen} imports were read; is this the right folder?");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_outside_system_is_known_to_its_own_rooms_only() {
    let mut wrong = Vec::new();
    for (path, room, code) in sources_by_room() {
        for (name, may) in RESERVED {
            let names =
                code.contains(&format!("{name}::")) || code.contains(&format!("use {name};"));
            if names && !may.contains(&room.as_str()) {
                wrong.push(format!("{} names {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
