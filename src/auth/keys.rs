//! Keys that come with requests: looked up, compared by their keyed hash, remembered for a second.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;

use crate::database::Database;
use crate::database::door::{Desk, Refusal};
use crate::hydra::Problem;
use crate::resource::transaction::{is_broken, refused};
use crate::resource::{Caller, Site};
use crate::schema::{customers, keys};
use crate::secrets::Secret;

/// How long a key that was found is remembered (`rules.md` 8.4).
const REMEMBERED: Duration = Duration::from_secs(1);
/// Keys that are remembered at once; beyond, all are forgotten.
const MAX_REMEMBERED: usize = 10_000;

#[derive(Clone)]
struct Held {
    caller: Caller,
    /// Keyed hash of the secret.
    secret: Vec<u8>,
}

type Found = Result<Option<Held>, Refusal>;

/// Verifies credentials.
pub struct Keys {
    database: Database,
    site: Arc<Site>,
    desk: Arc<Desk<String, Found>>,
    remembered: Mutex<HashMap<String, (Instant, Held)>>,
    /// Counts removals, so that a look-up under way remembers nothing that was removed meanwhile.
    removals: AtomicU64,
}

impl Keys {
    pub fn new(database: Database, site: Arc<Site>) -> Self {
        let desk = Desk::new(Box::new(look_up), Err);
        Self { database, site, desk, remembered: Mutex::default(), removals: AtomicU64::new(0) }
    }

    /// The caller that the value of an `Authorization` header names.
    ///
    /// # Errors
    /// [`Problem::Unauthenticated`] where it is malformed or the credentials are wrong.
    pub async fn verify(&self, authorization: &[u8]) -> Result<Caller, Problem> {
        let (key, secret) = basic(authorization).ok_or(Problem::Unauthenticated)?;
        let held = match self.recall(&key) {
            Some(held) => Some(held),
            None => self.find(key).await?,
        };
        match held {
            Some(held) if self.site.secrets.matches(&secret, &held.secret) => Ok(held.caller),
            _ => Err(Problem::Unauthenticated),
        }
    }

    /// Forgets a key that was removed.
    pub fn forget(&self, key: &str) {
        self.removals.fetch_add(1, Ordering::SeqCst);
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn recall(&self, key: &str) -> Option<Held> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, held) = remembered.get(key)?;
        (since.elapsed() < REMEMBERED).then(|| held.clone())
    }

    async fn find(&self, key: String) -> Result<Option<Held>, Problem> {
        let (asked, removals) = (Instant::now(), self.removals.load(Ordering::SeqCst));
        let found = self.database.keys.ask(&self.desk, key.clone()).await;
        let found = found.map_err(refused)?;
        if let Some(held) = &found {
            let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            if remembered.len() >= MAX_REMEMBERED {
                remembered.clear();
            }
            if self.removals.load(Ordering::SeqCst) == removals {
                remembered.insert(key, (asked, held.clone()));
            }
        }
        Ok(found)
    }
}

fn look_up(conn: &mut PgConnection, wanted: &[String]) -> Option<Vec<Found>> {
    let rows: QueryResult<Vec<(String, i32, bool, Vec<u8>)>> = keys::table
        .inner_join(customers::table.on(customers::id.eq(keys::customer)))
        .filter(keys::key.eq_any(wanted))
        .select((keys::key, keys::customer, customers::administrator, keys::secret))
        .load(conn);
    match rows {
        Ok(rows) => {
            let found: HashMap<String, Held> = rows
                .into_iter()
                .map(|(key, customer, administrator, secret)| {
                    let caller = match administrator {
                        true => Caller::Administrator(customer),
                        false => Caller::Customer(customer),
                    };
                    (key, Held { caller, secret })
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
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (key, secret) = decoded.split_once(':')?;
    (!key.contains('\0')).then(|| (key.to_owned(), Secret::new(secret)))
}
