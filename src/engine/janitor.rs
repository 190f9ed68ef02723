//! Maintenance: objects that nobody needs, old rows of the journal, sessions that are over, uploads that no image
//! names, and answers that were kept for a day are removed, changes are rolled up into totals.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use diesel::prelude::*;
use tokio::sync::watch;

use super::Engine;
use crate::auth::sessions;
use crate::counters::roll_up::{self, Sizes};
use crate::hydra::Problem;
use crate::journal::{partitions, retention};
use crate::queue::{bulk, hold};
use crate::resource::{Site, idempotency};
use crate::schema::discards;
use crate::storage::Removed;
use crate::uploads::expiry;

/// Interval between two rounds of maintenance.
pub(super) const ROUND: Duration = Duration::from_secs(5);
/// Time that an object that cannot be removed is left alone.
const PAUSE: chrono::Duration = chrono::Duration::minutes(10);
/// Time for which a bucket keeps an object that is to be removed: long answers of it may be under way.
const GRACE: chrono::Duration = chrono::Duration::minutes(10);
/// Time for which one round removes objects.
const OBJECTS: Duration = Duration::from_mins(1);
/// Objects that one round removes in one go, of a folder and of a bucket, which takes a while for each.
const FILES_AT_ONCE: i64 = 500;
const OBJECTS_AT_ONCE: i64 = 100;

impl Engine {
    /// Tidies until told to stop.
    pub(super) async fn run_maintenance(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(problem) = self.tidy_once().await {
                log::debug!("not tidied: {problem}");
            }
            tokio::select! {
                () = tokio::time::sleep(ROUND) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Removes objects that are due, for a minute at most, old rows, uploads and answers, and rolls up the changes of totals.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub async fn tidy_once(&self) -> Result<(), Problem> {
        let began = Instant::now();
        // Answers that are under way read a bucket to their end, while a file stays open for them.
        let (grace, at_once) = match self.storage.is_bucket() {
            true => (GRACE, OBJECTS_AT_ONCE),
            false => (chrono::Duration::zero(), FILES_AT_ONCE),
        };
        loop {
            let due: Vec<String> = self
                .blocking(None, move |_, conn| {
                    if !hold::may_remove(conn)? {
                        return Ok(Vec::new());
                    }
                    Ok(discards::table
                        .filter(discards::due.le(Utc::now() - grace))
                        .order(discards::due)
                        .limit(at_once)
                        .select(discards::object)
                        .load(conn)?)
                })
                .await?;
            let all = due.len();
            let Removed { mut removed, kept } = self.storage.remove_all(due).await;
            if let Some((_, error)) = kept.first() {
                log::warn!("{} objects are kept that are to be removed: {error}", kept.len());
            }
            for (_, error) in kept.iter().skip(1) {
                log::debug!("{error}");
            }
            let mut is_of_all = kept.iter().any(|(_, error)| error.is_of_all());
            let mut kept: Vec<String> = kept.into_iter().map(|(key, _)| key).collect();
            // Of a folder whose disk is not mounted nothing is found, and all of it is still there.
            if all > 0 && self.storage.confirm().await.is_err() {
                kept.append(&mut removed);
                is_of_all = true;
            }
            self.blocking(None, move |_, conn| {
                let gone = discards::table.filter(discards::object.eq_any(&removed));
                diesel::delete(gone).execute(conn)?;
                // What cannot be removed now must not stand before all others for ever.
                let later = discards::table.filter(discards::object.eq_any(&kept));
                diesel::update(later).set(discards::due.eq(Utc::now() + PAUSE)).execute(conn)?;
                Ok(())
            })
            .await?;
            // A million objects may be due, and totals are rolled up meanwhile too; a store that does not answer would keep
            // maintenance waiting for each of them.
            let all_due = all < usize::try_from(at_once).unwrap_or_default();
            if is_of_all || all_due || began.elapsed() > OBJECTS {
                break;
            }
        }
        self.shorten_journal().await?;
        let days = self.settings.journal_days;
        let tended = self.blocking(None, move |_, conn| Ok(partitions::tend(conn, days)?)).await;
        if let Err(problem) = tended {
            log::debug!("the partitions of changes are left as they are: {problem}");
        }
        self.blocking(None, move |_, conn| bulk::remove_old(conn, days)).await?;
        self.roll_up(Sizes::DEFAULT).await?;
        self.blocking(None, |_, conn| sessions::remove_old(conn)).await?;
        self.remove_uploads().await?;
        self.forget_answers().await
    }

    /// Removes uploads that are due and that no image names, until none is left or the time of a round is over.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    async fn remove_uploads(&self) -> Result<(), Problem> {
        let began = Instant::now();
        let remove = |_: &Site, conn: &mut PgConnection| expiry::remove_old(conn);
        while self.blocking(None, remove).await? && began.elapsed() < ROUND {}
        Ok(())
    }

    /// Removes answers that are kept no longer, until none is left or the time of a round is over.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    async fn forget_answers(&self) -> Result<(), Problem> {
        let began = Instant::now();
        let forget = |_: &Site, conn: &mut PgConnection| idempotency::forget_old(conn);
        while self.blocking(None, forget).await? && began.elapsed() < ROUND {}
        Ok(())
    }

    /// Removes rows of the journal that are old enough, until none is left or the time of a round is over.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    async fn shorten_journal(&self) -> Result<(), Problem> {
        let began = Instant::now();
        let now = self.blocking(None, |_, conn| Ok(retention::snapshot(conn)?)).await?;
        let Some(settled) = self.rounds.lock().push(now) else { return Ok(()) };
        let settled: Arc<str> = settled.into();
        let mut more = true;
        while more && began.elapsed() < ROUND {
            let settled = Arc::clone(&settled);
            more = self
                .blocking(None, move |_, conn| Ok(retention::remove_old(conn, &settled)?))
                .await?;
        }
        Ok(())
    }

    /// Rolls up changes of totals: customers in turn, a bounded number of rows each, until nothing is left or
    /// the time of a round is over.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub async fn roll_up(&self, sizes: Sizes) -> Result<(), Problem> {
        let began = Instant::now();
        loop {
            let customers =
                self.blocking(None, move |_, conn| roll_up::customers(conn, sizes)).await?;
            let mut more = false;
            for customer in customers {
                if began.elapsed() > ROUND {
                    return Ok(());
                }
                more |= self
                    .blocking(None, move |_, conn| roll_up::roll_up(conn, customer, sizes))
                    .await?;
            }
            if !more {
                return Ok(());
            }
        }
    }
}
