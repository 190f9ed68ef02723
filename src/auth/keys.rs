//! Keys that come with requests: looked up, compared by their keyed hash, remembered for a second.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::failures::Failures;
use super::unknown::Unknown;

use crate::addresses::KeyAddress;
use crate::classes::Key;
use crate::database::lookup_batcher::{BatchQueue, Refusal};
use crate::database::{Connected, Database};
use crate::hydra::Problem;
use crate::resource::transaction::{is_broken, refused};
use crate::resource::{Actor, Caller, Rights, Site, path_to};
use crate::schema::{customers, keys};
use crate::secrets::Secret;

/// Time that a key that was found is remembered (`docs/rules.md` 8.4).
const REMEMBERED: Duration = Duration::from_secs(1);
/// Keys that are remembered at once; beyond, all are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// Longest key that is looked for, in bytes; those that the service makes have 36.
const MAX_KEY_BYTES: usize = 1_000;

#[derive(Clone)]
struct KnownKey {
    caller: Caller,
    actor: Actor,
    /// Keyed hash of the secret.
    secret: Vec<u8>,
    /// When it stops working; `None`: never.
    expires: Option<DateTime<Utc>>,
}

impl KnownKey {
    fn has_expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= Utc::now())
    }
}

type LookUp = Result<Option<KnownKey>, Refusal>;

/// Verifies credentials.
pub struct Keys {
    database: Database,
    site: Arc<Site>,
    queue: Arc<BatchQueue<String, LookUp>>,
    remembered: Mutex<HashMap<String, (Instant, KnownKey)>>,
    unknown: Mutex<Unknown>,
    /// Counts keys that are made or removed, so that a look-up under way remembers nothing that has changed.
    changes: AtomicU64,
    failures: Failures,
}

impl Keys {
    /// `longest_delay`: how long the answer to wrong credentials waits at most.
    pub fn new(database: Database, site: Arc<Site>, longest_delay: Duration) -> Self {
        let queue = BatchQueue::new(Box::new(look_up), Err);
        Self {
            database,
            site,
            queue,
            remembered: Mutex::default(),
            unknown: Mutex::default(),
            changes: AtomicU64::new(0),
            failures: Failures::new(longest_delay),
        }
    }

    /// Returns the caller that the value of an `Authorization` header names, and the key as the journal names it; `address`:
    /// where the request is from.
    ///
    /// Wrong credentials are answered the later, the more of the same pair of key and address were wrong before.
    ///
    /// # Errors
    /// Returns [`Problem::Unauthenticated`] if it is malformed or the credentials are wrong.
    pub async fn verify(
        &self,
        authorization: &[u8],
        address: Option<IpAddr>,
    ) -> Result<(Caller, Actor), Problem> {
        let given = basic(authorization);
        if let Some((key, secret)) = &given
            && let Some(held) = self.held(key).await?
            // Judged here, because what is remembered may have expired since.
            && !held.has_expired()
            && self.site.secrets.matches(secret, &held.secret)
        {
            return Ok((held.caller, held.actor));
        }
        let key = given.as_ref().map_or("", |(key, _)| key);
        let delay = self.failures.count(key, address, Instant::now());
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        Err(Problem::Unauthenticated)
    }

    /// Returns a number that is another one whenever this process has made or removed a key.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Forgets what was found of a key that was made or removed.
    pub fn forget(&self, key: &str) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.remembered.lock().remove(key);
        self.unknown.lock().forget(key);
    }

    async fn held(&self, key: &str) -> Result<Option<KnownKey>, Problem> {
        if key.len() > MAX_KEY_BYTES {
            return Ok(None);
        }
        if let Some(held) = self.recall(key) {
            return Ok(Some(held));
        }
        let is_unknown = {
            let unknown = self.unknown.lock();
            unknown.holds(key, Instant::now())
        };
        if is_unknown { Ok(None) } else { self.find(key.to_owned()).await }
    }

    fn recall(&self, key: &str) -> Option<KnownKey> {
        let remembered = self.remembered.lock();
        let (since, held) = remembered.get(key)?;
        (since.elapsed() < REMEMBERED).then(|| held.clone())
    }

    async fn find(&self, key: String) -> Result<Option<KnownKey>, Problem> {
        let (asked, changes) = (Instant::now(), self.changes.load(Ordering::SeqCst));
        let found = self.database.keys.load(&self.queue, key.clone()).await;
        let found = found.map_err(refused)?;
        let is_current = || self.changes.load(Ordering::SeqCst) == changes;
        if let Some(held) = &found {
            let mut remembered = self.remembered.lock();
            if remembered.len() >= MAX_REMEMBERED {
                remembered.clear();
            }
            if is_current() {
                remembered.insert(key, (asked, held.clone()));
            }
        } else {
            let mut unknown = self.unknown.lock();
            if is_current() {
                unknown.remember(&key, asked);
            }
        }
        Ok(found)
    }
}

/// Key, customer, whether it administers the service, hash of the secret, whether it only reads, end.
type Row = (String, i32, bool, Vec<u8>, bool, Option<DateTime<Utc>>);

fn look_up(connected: &mut Connected, wanted: &[String]) -> Option<Vec<LookUp>> {
    let conn = &mut connected.conn;
    let rows: QueryResult<Vec<Row>> = keys::table
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
        .load(conn);
    match rows {
        Ok(rows) => {
            let found: HashMap<String, KnownKey> = rows
                .into_iter()
                .map(|(key, customer, administrator, secret, read_only, expires)| {
                    let rights = if read_only { Rights::ReadOnly } else { Rights::All };
                    let caller = match administrator {
                        true => Caller::Administrator(customer, rights),
                        false => Caller::Customer(customer, rights),
                    };
                    let at = KeyAddress { customer, key: key.clone() };
                    let actor = Actor::at(path_to::<Key>(&at));
                    (key, KnownKey { caller, actor, secret, expires })
                })
                .collect();
            Some(wanted.iter().map(|key| Ok(found.get(key).cloned())).collect())
        }
        Err(_) if is_broken(conn) => None,
        Err(error) => {
            log::error!("keys cannot be looked up: {error}");
            Some(wanted.iter().map(|_| Err(Refusal::Closed)).collect())
        }
    }
}

/// Key and secret of Basic credentials (RFC 7617).
fn basic(authorization: &[u8]) -> Option<(String, Secret)> {
    let text = std::str::from_utf8(authorization).ok()?;
    let (scheme, credentials) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(credentials.trim()).ok()?);
    let decoded = std::str::from_utf8(&decoded).ok()?;
    let (key, secret) = decoded.split_once(':')?;
    (!key.contains('\0')).then(|| (key.to_owned(), Secret::new(secret)))
}
