//! `hydria secret rotate`: another secret in place of the one in force (docs/adr/0031).
//!
//! Each step can be taken again after a crash. What was done by then says which is next: whether `secret.new` is there, which
//! secrets open the keys of the deployment, and which of these keys seals.

use std::time::{Duration, Instant};

use super::binding::Refusal;
use super::setup::Rows;
use super::{Failure, secret_files};
use crate::config::Config;
use crate::database::deployment::Deployment;
use crate::database::{self, Conn, key_rings};
use crate::engine::reseal::{Resealed, reseal};
use crate::secrets::{KeyRing, Secret, WrappingKey};

/// Interval at which it is looked whether all processes have the new keys.
const POLL: Duration = Duration::from_millis(100);
/// Time for which another rotation is waited for.
const GIVE_WAY: Duration = Duration::from_secs(5);
/// Time after which those are told that do not.
const PATIENCE: Duration = Duration::from_secs(10);

/// Replaces the secret, and the key that seals, beside the service; goes on where a run before was cut short.
///
/// # Errors
/// Fails if no secret at hand opens the keys, the database does not answer, or a file cannot be written. Until another run
/// has ended, processes work with either secret.
pub(super) fn run(config: &Config) -> Result<(), Failure> {
    let rows = Rows::change(config)?;
    let done = rotate(config, &rows);
    rows.close()?;
    println!("{}", done?);
    Ok(())
}

/// The secret that is to be in force, according to the settings, the files and the database.
enum Wanted {
    /// The one that is, and nothing is left to be done; these words say so.
    Same(String),
    /// This one, which may be in force already, with work left.
    New(Secret),
}

fn rotate(config: &Config, rows: &Rows) -> Result<String, Failure> {
    let mut conn = database::connect(rows.database.url())?;
    let began = Instant::now();
    // The session of one that was killed just before ends a moment later.
    while !key_rings::begin_rotation(&mut conn)? {
        if began.elapsed() > GIVE_WAY {
            return Err("another process replaces the secret just now".into());
        }
        std::thread::sleep(POLL);
    }
    let mut known = rows.secrets.wrapping();
    known.extend(secret_files::old(config)?.as_ref().map(WrappingKey::of));
    let held = key_rings::read(&mut conn)?;
    let opened = key_rings::open(&held, &known)?;
    let (mut ring, mut generation) = opened.ok_or("the secret was replaced meanwhile")?;
    let in_force = Deployment::read(&mut conn)?.ok_or(Refusal::Unclaimed)?.secret;
    let is_under_way = ring.has_others() || held.len() > 1;
    let new = match wanted(config, &known, &in_force, is_under_way)? {
        Wanted::Same(words) => return Ok(words),
        Wanted::New(secret) => WrappingKey::of(&secret),
    };
    let old = known.iter().filter(|old| **old != new && key_rings::opens(&held, old));
    let both: Vec<&WrappingKey> = std::iter::once(&new).chain(old).collect();
    if new.fingerprint() != in_force {
        ring = ring.with_another()?;
        replace(&mut conn, (generation, generation + 1), &ring, &both)?;
        generation += 1;
    }
    let is_in_folder = config.secret.is_none();
    if is_in_folder {
        secret_files::install_new(config)?;
    }
    if !ring.is_newest_sealing() {
        wait_for_all(&mut conn, generation)?;
        ring = ring.with_newest_sealing();
        replace(&mut conn, (generation, generation + 1), &ring, &both)?;
        generation += 1;
    }
    wait_for_all(&mut conn, generation)?;
    rows.secrets.take(&ring, generation);
    let done = reseal(&rows.database, &rows.secrets)?;
    // Of the same generation: processes that run have what is left, and may know the secret before alone.
    replace(&mut conn, (generation, generation), &ring.without_retired(), &[&new])?;
    if is_in_folder {
        secret_files::remove_old(config)?;
    }
    Ok(ended(config, done))
}

/// Settles which secret is to be in force; makes it where the data folder keeps it.
fn wanted(
    config: &Config,
    known: &[WrappingKey],
    in_force: &[u8],
    is_under_way: bool,
) -> Result<Wanted, Failure> {
    let is_in_force = |secret: &Secret| WrappingKey::of(secret).fingerprint() == in_force;
    if let Some(secret) = &config.secret {
        let opens_by_another = known.iter().any(|known| *known != WrappingKey::of(secret));
        return match (is_in_force(secret), is_under_way) {
            (true, true) => Ok(Wanted::New(secret.clone())),
            (true, false) if config.secret_old.is_some() => Ok(Wanted::Same(
                "HYDRIA_SECRET is in force; HYDRIA_SECRET_OLD is not needed any more.".into(),
            )),
            (false, _) if opens_by_another => Ok(Wanted::New(secret.clone())),
            _ => Err("the secret is in HYDRIA_SECRET, which this command does not choose: start all processes with \
                      HYDRIA_SECRET set to another one, such as `openssl rand -base64 32` gives, and HYDRIA_SECRET_OLD \
                      to the one of now; then run it again with the same settings"
                .into()),
        };
    }
    if let Some(new) = secret_files::new(config)? {
        return Ok(Wanted::New(new));
    }
    let secret = secret_files::known(config)?;
    if let Some(secret) = secret.filter(is_in_force) {
        if is_under_way {
            return Ok(Wanted::New(secret));
        }
        if secret_files::remove_old(config)? {
            let words = "The secret was replaced by a run before; what that had left is removed.";
            return Ok(Wanted::Same(words.into()));
        }
    }
    Ok(Wanted::New(secret_files::make_new(config)?))
}

fn replace(
    conn: &mut Conn,
    generations: (i32, i32),
    ring: &KeyRing,
    secrets: &[&WrappingKey],
) -> Result<(), Failure> {
    match key_rings::replace(conn, generations, ring, secrets)? {
        true => Ok(()),
        false => {
            Err("the keys were changed meanwhile, such as by `hydria adopt`: run it again".into())
        }
    }
}

/// Waits until no process is without the keys of a generation.
fn wait_for_all(conn: &mut Conn, generation: i32) -> Result<(), Failure> {
    let (began, mut is_told) = (Instant::now(), false);
    loop {
        let sessions = key_rings::sessions_before(conn, generation)?;
        if sessions.is_empty() {
            return Ok(());
        }
        if !is_told && began.elapsed() > PATIENCE {
            let list: Vec<String> = sessions.iter().map(i32::to_string).collect();
            log::warn!(
                "waiting for processes that have not taken the new keys; stop them if that lasts (pid in pg_stat_activity: {})",
                list.join(", ")
            );
            is_told = true;
        }
        std::thread::sleep(POLL);
    }
}

/// Returns what there is to know after the end.
fn ended(config: &Config, done: Resealed) -> String {
    let mut words = format!(
        "The secret is replaced, and {} stored credentials and keys of webhooks are sealed anew. API keys and passwords are \
         as before.",
        done.anew
    );
    if done.void > 0 {
        let void = format!(
            " {} could not be opened, because the secret of then was lost: they have to be given again.",
            done.void
        );
        words.push_str(&void);
    }
    let where_it_is = match config.secret {
        Some(_) => " HYDRIA_SECRET_OLD is not needed any more.".to_owned(),
        None => format!(
            " The new one is in {}; processes elsewhere are to be started with it from now on.",
            secret_files::file(config).display()
        ),
    };
    words.push_str(&where_it_is);
    words.push_str(" Backups of before open with the secret of before.");
    words
}
