//! The client programs of PostgreSQL, by the major version of the server.
//!
//! A program of exactly that version is used. One before refuses the server; the dump of a later one is of a format that the
//! server's own program does not read, and the script of a later one has settings that the server does not know.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::BackupError;

/// The folder in which Debian and Ubuntu keep the programs of each major version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Returns a program of a major version, such as 15.
///
/// # Errors
/// Returns [`BackupError::Program`], which names the package that is missing.
pub(super) fn program(name: &str, major: u32) -> Result<PathBuf, BackupError> {
    program_in(Path::new(VERSIONS), name, major, on_path(name))
}

/// Chooses among the programs below a folder of versions and the one on the `PATH`, whose version is given.
fn program_in(
    versions: &Path,
    name: &str,
    major: u32,
    on_path: Option<u32>,
) -> Result<PathBuf, BackupError> {
    let in_version = |version: &str| versions.join(version).join("bin").join(name);
    let own = in_version(&major.to_string());
    if own.is_file() {
        return Ok(own);
    }
    if on_path == Some(major) {
        return Ok(PathBuf::from(name));
    }
    let folders = std::fs::read_dir(versions).into_iter().flatten().flatten();
    let mut installed: Vec<u32> = folders
        .filter_map(|folder| folder.file_name().to_str()?.parse().ok())
        .filter(|version: &u32| in_version(&version.to_string()).is_file())
        .chain(on_path)
        .collect();
    installed.sort_unstable();
    installed.dedup();
    let installed: Vec<String> = installed.iter().map(u32::to_string).collect();
    let found = match installed.is_empty() {
        true => "none is installed".to_owned(),
        false => format!("installed is {}", installed.join(", ")),
    };
    Err(BackupError::Program(format!(
        "the server is PostgreSQL {major}, which needs {name} of the same version, and {found}: install it \
         (apt-get install postgresql-client-{major})"
    )))
}

/// Returns the major version of the program on the `PATH`; `None` if there is none.
fn on_path(name: &str) -> Option<u32> {
    let mut asked = Command::new(name);
    let output = asked.arg("--version").stdin(Stdio::null()).output().ok()?;
    major(std::str::from_utf8(&output.stdout).ok()?)
}

/// Returns the major version in words such as `pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major(words: &str) -> Option<u32> {
    let version = words.split_once("(PostgreSQL) ")?.1;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_of_the_version_of_the_server_or_the_words_say_what_to_install() {
        let folder = tempfile::tempdir().expect("a folder");
        for version in ["9", "15", "17", "lib"] {
            let bin = folder.path().join(version).join("bin");
            std::fs::create_dir_all(&bin).expect("a folder");
            std::fs::write(bin.join("pg_dump"), "").expect("a file");
        }
        // The server's package without the client's.
        std::fs::create_dir_all(folder.path().join("16/bin")).expect("a folder");
        let of = |major, on_path| program_in(folder.path(), "pg_dump", major, on_path);
        let is_below = |path: PathBuf, version: &str| path.starts_with(folder.path().join(version));
        assert!(is_below(of(15, None).expect("a program"), "15"));
        assert!(is_below(of(17, Some(15)).expect("a program"), "17"));
        assert!(is_below(of(15, Some(15)).expect("a program"), "15"));
        assert_eq!(of(18, Some(18)).expect("a program"), PathBuf::from("pg_dump"));
        let words = of(16, Some(18)).expect_err("neither an earlier nor a later one").to_string();
        assert!(words.contains("PostgreSQL 16") && words.contains("installed is 9, 15, 17, 18"));
        assert!(words.contains("apt-get install postgresql-client-16"), "{words}");
        let nothing = program_in(Path::new("/nonexistent"), "pg_dump", 15, None);
        assert!(nothing.expect_err("no program").to_string().contains("none is installed"));
    }

    #[test]
    fn the_major_version_is_read_from_what_a_program_says_of_itself() {
        for (words, version) in [
            ("pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", Some(15)),
            ("pg_restore (PostgreSQL) 18beta2\n", Some(18)),
            ("pg_dump (PostgreSQL) 19devel", Some(19)),
            ("pg_dump", None),
            ("", None),
        ] {
            assert_eq!(major(words), version, "{words}");
        }
    }
}
