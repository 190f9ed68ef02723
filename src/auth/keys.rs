//! Keys that come with requests: looked up, compared by their keyed hash, remembered for a second.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use zeroize::Zeroizing;

use super::failures::Failures;
use super::remembered::Remembered;

use crate::addresses::KeyAddress;
use crate::classes::Key;
use crate::database::{Conn, Database};
use crate::hydra::Problem;
use crate::resource::{Actor, Caller, Rights, Site, path_to};
use crate::schema::{customers, keys};
use crate::secrets::Secret;

/// Longest key that is looked for, in bytes; those that the service makes have 36.
const MAX_KEY_BYTES: usize = 1_000;

#[derive(Clone)]
struct KnownKey {
    caller: Caller,
    actor: Actor,
    /// Keyed hash of the secret.
    secret: Vec<u8>,
    /// Moment at which it stops working; `None`: never.
    expires: Option<DateTime<Utc>>,
}

impl KnownKey {
    fn has_expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= Utc::now())
    }
}

/// Verifies credentials of the API.
pub struct Keys {
    site: Arc<Site>,
    held: Remembered<String, KnownKey>,
    failures: Failures,
}

impl Keys {
    /// `longest_delay`: how long the answer to wrong credentials waits at most.
    pub fn new(database: &Database, site: Arc<Site>, longest_delay: Duration) -> Self {
        let held = Remembered::new(database.keys.clone(), find);
        Self { site, held, failures: Failures::new(longest_delay) }
    }

    /// Returns the caller that the value of an `Authorization` header names, and the key as the journal names it; `address`:
    /// where the request is from.
    ///
    /// # Errors
    /// Returns [`Problem::Unauthenticated`] if it is malformed or the credentials are wrong.
    pub async fn verify(
        &self,
        authorization: &[u8],
        address: Option<IpAddr>,
    ) -> Result<(Caller, Actor), Problem> {
        match basic(authorization) {
            Some((key, secret)) => self.check(&key, &secret, address).await,
            None => Err(self.refusal("", address).await),
        }
    }

    /// Returns the caller that has a key and its secret, and the key as the journal names it.
    ///
    /// # Errors
    /// Returns [`Problem::Unauthenticated`] as [`Keys::refusal`] does.
    pub async fn check(
        &self,
        key: &str,
        secret: &Secret,
        address: Option<IpAddr>,
    ) -> Result<(Caller, Actor), Problem> {
        if key.len() <= MAX_KEY_BYTES
            && !key.contains('\0')
            && let Some(held) = self.held.get(key).await?
            // Judged here, because what is remembered may have expired since.
            && !held.has_expired()
            && self.site.secrets.matches(secret, &held.secret)
        {
            return Ok((held.caller, held.actor));
        }
        Err(self.refusal(key, address).await)
    }

    /// Returns the answer to wrong credentials of an account, the later, the more of the same pair of account and address were
    /// wrong before.
    pub async fn refusal(&self, account: &str, address: Option<IpAddr>) -> Problem {
        let delay = self.failures.count(account, address, Instant::now());
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        Problem::Unauthenticated
    }

    /// Waits until a try at a password may be looked at, the longer, the more of the same pair of account and address were
    /// wrong before; it counts as wrong until [`Keys::forgive`].
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if several of the pair wait already.
    pub async fn take_try(&self, account: &str, address: Option<IpAddr>) -> Result<(), Problem> {
        let words = || "several log-ins of this account wait already; try again later".to_owned();
        let wait = self.failures.take_try(account, address, Instant::now());
        tokio::time::sleep(wait.ok_or_else(|| Problem::Unavailable(words(), None))?).await;
        Ok(())
    }

    /// Takes back the count of a try that was right.
    pub fn forgive(&self, account: &str, address: Option<IpAddr>) {
        self.failures.forgive(account, address, Instant::now());
    }

    /// Returns a number that is another one whenever this process has made or removed a key.
    pub fn changes(&self) -> u64 {
        self.held.changes()
    }

    /// Forgets what was found of a key that was made or removed.
    pub fn forget(&self, key: &str) {
        self.held.forget(key);
    }
}

/// Key, customer, whether it administers the service, hash of the secret, whether it only reads, end.
type Row = (String, i32, bool, Vec<u8>, bool, Option<DateTime<Utc>>);

fn find(conn: &mut Conn, wanted: &[String]) -> QueryResult<HashMap<String, KnownKey>> {
    let rows: Vec<Row> = keys::table
        .inner_join(customers::table.on(customers::id.eq(keys::customer)))
        .filter(keys::key.eq_any(wanted))
        .select((
            keys::key,
            keys::customer,
            customers::administrator,
            keys::secret,
            keys::read_only,
            keys::expires,
        ))
        .load(conn)?;
    let found =
        rows.into_iter().map(|(key, customer, administrator, secret, read_only, expires)| {
            let rights = if read_only { Rights::ReadOnly } else { Rights::All };
            let caller = match administrator {
                true => Caller::Administrator(customer, rights),
                false => Caller::Customer(customer, rights),
            };
            let at = KeyAddress { customer, key: key.clone() };
            let actor = Actor::at(path_to::<Key>(&at));
            (key, KnownKey { caller, actor, secret, expires })
        });
    Ok(found.collect())
}

/// Returns the key and the secret of Basic credentials (RFC 7617).
fn basic(authorization: &[u8]) -> Option<(String, Secret)> {
    let text = std::str::from_utf8(authorization).ok()?;
    let (scheme, credentials) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(credentials.trim()).ok()?);
    let decoded = std::str::from_utf8(&decoded).ok()?;
    let (key, secret) = decoded.split_once(':')?;
    Some((key.to_owned(), Secret::new(secret)))
}
