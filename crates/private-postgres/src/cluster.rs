//! Making a cluster, and telling which version made one.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::place::{NAME, Place};
use super::runner::Runner;
use super::{Durability, PrivateError, error, leftovers};

/// Returns the major version that made the cluster, such as `15`; none where there is none yet.
pub fn version(place: &Place) -> Result<Option<String>, PrivateError> {
    let path = place.cluster().join("PG_VERSION");
    match std::fs::read_to_string(&path) {
        Ok(version) => Ok(Some(version.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !place.cluster().exists() => {
            Ok(None)
        }
        Err(error) => Err(error::io("reading", path)(error)),
    }
}

/// Settings of a new cluster beyond those of initdb; its operator may change them.
const SETTINGS: &[u8] = b"
# Of Hydria.
# A place elsewhere on a solid disk, or in memory, is reached as fast as the next one: without this, a search
# for a hundred ids reads whole tables.
random_page_cost = 1.1
";

/// Makes the cluster, with its user and its database.
///
/// It gets its name when it is complete: what was cut short is made anew the next time.
pub fn make(runner: &Runner<'_>) -> Result<(), PrivateError> {
    let place = runner.place;
    log::info!("making the database under {}", place.cluster().display());
    let unfinished = place.unfinished();
    // An initdb whose service was killed tidies up by name, and would empty ours.
    leftovers::clear(place)?;
    remove(&unfinished)?;
    place.make_own(&unfinished)?;

    // Only its user and root reach the socket, so that a password would protect nothing. Collation
    // C is the order of bytes, the same on every machine and after every upgrade of it.
    let mut initdb = runner.command("initdb")?;
    initdb
        .args(["--username", NAME, "--auth", "trust", "--encoding", "UTF8"])
        .args(["--lc-collate=C", "--lc-ctype=C.UTF-8", "--no-instructions", "--pgdata"])
        .arg(&unfinished);
    if runner.durability == Durability::None {
        initdb.arg("--no-sync");
    }
    runner.finish(initdb, "")?;

    let settings = unfinished.join("postgresql.conf");
    File::options()
        .append(true)
        .open(&settings)
        .and_then(|mut file| file.write_all(SETTINGS))
        .map_err(error::io("writing", &settings))?;

    // Without a server, so that it is done before the cluster gets its name.
    let mut single = runner.command("postgres")?;
    single.args(["--single", "-D"]).arg(&unfinished).args(["-c", "exit_on_error=on"]);
    for setting in runner.durability.settings() {
        single.args(["-c", setting]);
    }
    // It prints a prompt, which is not for the log.
    single.arg("postgres").stdout(Stdio::null());
    runner.finish(single, &format!("CREATE DATABASE {NAME}\n"))?;

    std::fs::rename(&unfinished, place.cluster()).map_err(error::io("renaming", &unfinished))?;
    if runner.durability == Durability::Full {
        let home = File::open(&place.home).and_then(|folder| folder.sync_all());
        home.map_err(error::io("writing", &place.home))?;
    }
    Ok(())
}

/// Removes a cluster half made.
///
/// A program that a killed initdb had started may still write into it for a moment.
fn remove(unfinished: &Path) -> Result<(), PrivateError> {
    let mut tries = 0;
    loop {
        match std::fs::remove_dir_all(unfinished) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !unfinished.exists() => {
                return Ok(());
            }
            Err(_) if tries < 50 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(error) => return Err(error::io("removing", unfinished)(error)),
        }
    }
}
