//! Look-ups that many requests repeat: what they find is remembered for a second, and so is that they find nothing.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use parking_lot::Mutex;

use super::unknown::Unknown;
use crate::database::lookup_batcher::{BatchQueue, Batcher, Refusal};
use crate::database::{Conn, Connected};
use crate::hydra::Problem;
use crate::resource::transaction::{is_broken, refused};

/// Time that what was found is remembered (`docs/rules.md` 8.4).
const REMEMBERED: Duration = Duration::from_secs(1);
/// Things that are remembered at once; beyond, all are forgotten.
const MAX_REMEMBERED: usize = 10_000;

type LookUp<V> = Result<Option<V>, Refusal>;

/// Finds values of some names by one statement.
pub type Find<K, V> = fn(&mut Conn, &[K]) -> QueryResult<HashMap<K, V>>;

/// Values by their names, looked up in the database and remembered.
pub struct Remembered<K, V> {
    batcher: Batcher,
    queue: Arc<BatchQueue<K, LookUp<V>>>,
    found: Mutex<HashMap<K, (Instant, V)>>,
    unknown: Mutex<Unknown>,
    /// Counts what is made or removed, so that a look-up under way remembers nothing that has changed.
    changes: AtomicU64,
}

impl<K: Hash + Eq + Clone + Send + 'static, V: Clone + Send + 'static> Remembered<K, V> {
    pub fn new(batcher: Batcher, find: Find<K, V>) -> Self {
        let load = move |connected: &mut Connected, wanted: &[K]| load(connected, wanted, find);
        Self {
            batcher,
            queue: BatchQueue::new(Box::new(load), Err),
            found: Mutex::default(),
            unknown: Mutex::default(),
            changes: AtomicU64::new(0),
        }
    }

    /// Returns the value of a name, if there is one.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if the database does not answer.
    pub async fn get<Q>(&self, name: &Q) -> Result<Option<V>, Problem>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(found) = self.recall(name) {
            return Ok(Some(found));
        }
        let is_unknown = {
            let unknown = self.unknown.lock();
            unknown.holds(name, Instant::now())
        };
        if is_unknown { Ok(None) } else { self.find(name.to_owned()).await }
    }

    /// Returns a number that is another one whenever this process has made or removed something.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Forgets what was found of a name.
    pub fn forget<Q: Hash + Eq + ?Sized>(&self, name: &Q)
    where
        K: Borrow<Q>,
    {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.found.lock().remove(name);
        self.unknown.lock().forget(name);
    }

    /// Forgets all that was found; what was not there is still not.
    pub fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.found.lock().clear();
    }

    /// Changes what is remembered of a name.
    pub fn amend(&self, name: &K, change: impl FnOnce(&mut V)) {
        if let Some((_, value)) = self.found.lock().get_mut(name) {
            change(value);
        }
    }

    fn recall<Q: Hash + Eq + ?Sized>(&self, name: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let found = self.found.lock();
        let (since, value) = found.get(name)?;
        (since.elapsed() < REMEMBERED).then(|| value.clone())
    }

    async fn find(&self, name: K) -> Result<Option<V>, Problem> {
        let (asked, changes) = (Instant::now(), self.changes());
        let found = self.batcher.load(&self.queue, name.clone()).await.map_err(refused)?;
        let is_current = || self.changes() == changes;
        if let Some(value) = &found {
            let mut remembered = self.found.lock();
            if remembered.len() >= MAX_REMEMBERED {
                remembered.clear();
            }
            if is_current() {
                remembered.insert(name, (asked, value.clone()));
            }
        } else {
            let mut unknown = self.unknown.lock();
            if is_current() {
                unknown.remember(&name, asked);
            }
        }
        Ok(found)
    }
}

fn load<K: Hash + Eq, V: Clone>(
    connected: &mut Connected,
    wanted: &[K],
    find: Find<K, V>,
) -> Option<Vec<LookUp<V>>> {
    let conn = &mut connected.conn;
    match find(conn, wanted) {
        Ok(found) => Some(wanted.iter().map(|name| Ok(found.get(name).cloned())).collect()),
        Err(_) if is_broken(conn) => None,
        Err(error) => {
            log::error!("credentials cannot be looked up: {error}");
            Some(wanted.iter().map(|_| Err(Refusal::Closed)).collect())
        }
    }
}
