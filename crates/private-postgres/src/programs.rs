//! The folders of PostgreSQL's programs, by the major version wanted.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::PrivateError;

/// The folder in which Debian and its kin keep each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// One installation of PostgreSQL's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    pub folder: PathBuf,
    /// The major version, such as `15`.
    pub version: String,
}

impl Programs {
    /// Finds the programs for a cluster, or, where there is none yet, the newest.
    ///
    /// Looked at in turn: Debian's folders, newest first, what `pg_config` says, and the `PATH`.
    pub fn find(cluster: &Path, made_by: Option<&str>) -> Result<Self, PrivateError> {
        let later: [fn() -> Option<Self>; 2] = [by_pg_config, on_path];
        let mut installed = Vec::new();
        for found in debian().into_iter().chain(later.iter().filter_map(|look| look())) {
            if made_by.is_none_or(|version| version == found.version) {
                return Ok(found);
            }
            if !installed.contains(&found.version) {
                installed.push(found.version);
            }
        }
        Err(match made_by {
            Some(made_by) if !installed.is_empty() => PrivateError::OtherVersion {
                cluster: cluster.to_owned(),
                made_by: made_by.to_owned(),
                installed,
            },
            version => PrivateError::NotInstalled { version: version.map(str::to_owned) },
        })
    }
}

fn debian() -> Vec<Programs> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut found: Vec<(u32, Programs)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().into_string().ok()?;
            let folder = entry.path().join("bin");
            let number = version.parse().ok()?;
            is_server(&folder).then_some((number, Programs { folder, version }))
        })
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, programs)| programs).collect()
}

fn by_pg_config() -> Option<Programs> {
    let folder = said_by(Command::new("pg_config").arg("--bindir"))?;
    asked(PathBuf::from(folder.trim()))
}

fn on_path() -> Option<Programs> {
    std::env::split_paths(&std::env::var_os("PATH")?).find_map(asked)
}

/// Returns the programs of a folder, its `postgres` asked for the version.
fn asked(folder: PathBuf) -> Option<Programs> {
    if !is_server(&folder) {
        return None;
    }
    let version = major(&said_by(Command::new(folder.join("postgres")).arg("--version"))?)?;
    Some(Programs { folder, version })
}

/// The client's package alone brings neither.
fn is_server(folder: &Path) -> bool {
    ["postgres", "initdb"].iter().all(|program| folder.join(program).is_file())
}

fn said_by(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// Returns the major version in `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major(words: &str) -> Option<String> {
    let number = words.split(' ').nth(2)?;
    let major: String = number.chars().take_while(char::is_ascii_digit).collect();
    (!major.is_empty()).then_some(major)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_the_programs_words() {
        for (words, version) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", Some("15")),
            ("postgres (PostgreSQL) 19devel\n", Some("19")),
            ("postgres (PostgreSQL) 18beta2\n", Some("18")),
            ("postgres", None),
        ] {
            assert_eq!(major(words).as_deref(), version, "{words}");
        }
    }
}
