//! Argon2id hashes of people's passwords, of which few are computed at once.
//!
//! Each takes some 20 ms of a core and 19 MiB of memory, so that as many are computed at once as there are cores.
//! Further callers wait for a limited time, on a blocking thread.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use parking_lot::{Condvar, Mutex};

use super::Secret;

/// Time that a computation waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

static TURNS: LazyLock<Turns> =
    LazyLock::new(|| Turns::new(std::thread::available_parallelism().map_or(1, usize::from)));

/// The reason why a password was neither hashed nor compared.
#[derive(Debug)]
pub enum PasswordError {
    /// Too many are at work; another try may do.
    Busy,
    Failed(String),
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("too many passwords are being hashed; try again"),
            Self::Failed(reason) => write!(f, "cannot hash a password: {reason}"),
        }
    }
}

impl std::error::Error for PasswordError {}

/// Returns the Argon2id hash of a password; blocks its thread.
///
/// # Errors
/// Returns [`PasswordError::Busy`] where it is not its turn within five seconds, and [`PasswordError::Failed`] where
/// the system gives no randomness.
pub fn hash_password(password: &Secret) -> Result<String, PasswordError> {
    let _turn = TURNS.take(PATIENCE).ok_or(PasswordError::Busy)?;
    Argon2::default()
        .hash_password(password.0.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|e| PasswordError::Failed(e.to_string()))
}

/// Returns whether a password has this hash; blocks its thread.
///
/// # Errors
/// Returns [`PasswordError::Busy`] as [`hash_password`] does.
pub fn password_matches(password: &Secret, hash: &str) -> Result<bool, PasswordError> {
    let Ok(hash) = PasswordHash::new(hash) else { return Ok(false) };
    let _turn = TURNS.take(PATIENCE).ok_or(PasswordError::Busy)?;
    Ok(Argon2::default().verify_password(password.0.as_bytes(), &hash).is_ok())
}

/// A semaphore for threads.
struct Turns {
    free: Mutex<usize>,
    freed: Condvar,
}

/// Gives its turn back when it is dropped.
struct Turn<'a>(&'a Turns);

impl Turns {
    fn new(count: usize) -> Self {
        Self { free: Mutex::new(count), freed: Condvar::new() }
    }

    /// Waits for a turn; none where all are taken for so long.
    fn take(&self, patience: Duration) -> Option<Turn<'_>> {
        let mut free = self.free.lock();
        let waited = self.freed.wait_while_for(&mut free, |free| *free == 0, patience);
        if waited.timed_out() && *free == 0 {
            return None;
        }
        *free -= 1;
        Some(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock() += 1;
        self.0.freed.notify_one();
    }
}
