//! Purging: the operator's caches are told which images were changed (`docs/delivery.md`).
//!
//! As webhooks are, each cache is told by one process at a time, and how far it was stands in its row. It is told of each
//! change twice: an answer that a process made before it knew of the change may be stored after the first time.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Text};
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::Engine;
use super::webhooks::{LEASE_S, pause};
use crate::hydra::Problem;
use crate::journal::Watermark;
use crate::journal::change::kept_after;
use crate::metrics::engine::Sent;
use crate::origins::PurgeError;

/// Interval at which changes are looked for: pixels may be stored for seconds, and a change is to hold within two.
const ROUND: Duration = Duration::from_millis(500);
/// Time after which a change is told again: other processes know of it within two seconds, and an answer is sent meanwhile.
const REPEATED_AFTER: Duration = Duration::from_secs(4);
/// Longest list of tags of a request, in bytes: the headers that caches take have 8 KiB.
const MAX_BYTES: usize = 4 << 10;
/// Longest pause after an attempt in vain: a cache that is back must not show for long what was changed meanwhile.
const LONGEST: Duration = Duration::from_mins(1);
/// Changes that are looked at for a request, at most.
const LOOKED_AT: i64 = 1000;

#[derive(Debug, QueryableByName)]
struct Claimed {
    #[diesel(sql_type = Text)]
    url: String,
    #[diesel(sql_type = Bool)]
    is_repeat: bool,
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(sql_type = BigInt)]
    lease: i64,
    #[diesel(sql_type = Integer)]
    failures: i32,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    tag: String,
}

/// The images that one request names.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    /// Tags, separated by blanks; empty: nothing is to be told.
    tags: String,
    /// The number of the last change that it covers.
    end: i64,
}

/// The numbers up to which changes are settled, for the first telling and for its repeat; `None`: not known yet.
#[derive(Debug, Clone, Copy, Default)]
struct Settled {
    first: Option<i64>,
    repeat: Option<i64>,
}

/// The looks at the watermark, of which those count for the repeat that are old enough.
#[derive(Debug, Default)]
struct Looks {
    /// Time at which each number was seen first, oldest first.
    seen: VecDeque<(Instant, i64)>,
    old_enough: Option<i64>,
}

impl Looks {
    fn add(&mut self, now: Instant, number: i64) -> Settled {
        if self.seen.back().is_none_or(|(_, last)| *last != number) {
            self.seen.push_back((now, number));
        }
        while let Some((_, number)) =
            self.seen.front().filter(|(at, _)| now - *at >= REPEATED_AFTER)
        {
            self.old_enough = Some(*number);
            self.seen.pop_front();
        }
        Settled { first: Some(number), repeat: self.old_enough }
    }
}

impl Engine {
    /// Tells caches of changes until told to stop; a cache that does not answer holds up no other.
    pub(super) async fn run_purges(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let urls = &self.settings.purge_urls;
        if urls.is_empty() {
            return;
        }
        let (sender, settled) = watch::channel(Settled::default());
        let tellers = urls.iter().flat_map(|url| {
            [false, true]
                .map(|is_repeat| self.run_purge(url, is_repeat, settled.clone(), stop.clone()))
        });
        tokio::join!(self.watch_changes(sender, stop.clone()), join_all(tellers));
    }

    /// Looks up to where changes are settled until told to stop.
    async fn watch_changes(
        &self,
        settled: watch::Sender<Settled>,
        mut stop: watch::Receiver<bool>,
    ) {
        let (watermark, mut looks) = (Arc::new(Mutex::new(Watermark::default())), Looks::default());
        while !*stop.borrow() {
            let watermark = Arc::clone(&watermark);
            match self.read(move |conn| Ok(watermark.lock().look(conn)?)).await {
                Ok(Some(number)) => {
                    settled.send_replace(looks.add(Instant::now(), number));
                }
                Ok(None) => {}
                Err(problem) => log::debug!("caches are told nothing for now: {problem}"),
            }
            tokio::select! {
                () = tokio::time::sleep(ROUND) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Tells one cache of changes, once or the second time, until told to stop.
    async fn run_purge(
        &self,
        url: &str,
        is_repeat: bool,
        settled: watch::Receiver<Settled>,
        mut stop: watch::Receiver<bool>,
    ) {
        // Nothing is asked of the database while nothing is new.
        let mut told = None;
        while !*stop.borrow() {
            let now = *settled.borrow();
            let up_to = if is_repeat { now.repeat } else { now.first };
            if let Some(up_to) = up_to.filter(|up_to| told != Some(*up_to)) {
                // A round that is given up is made again when the lease of its claim is over.
                let outcome = tokio::select! {
                    outcome = self.purge_once(url, is_repeat, up_to) => outcome,
                    _ = stop.wait_for(|stop| *stop) => break,
                };
                match outcome {
                    Ok(Some(end)) if end < up_to => continue,
                    Ok(end) => told = end,
                    Err(problem) => log::debug!("{url} is told nothing for now: {problem}"),
                }
            }
            tokio::select! {
                () = tokio::time::sleep(ROUND) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Tells a cache the next changes, if it is due; returns up to which it was told.
    async fn purge_once(
        &self,
        url: &str,
        is_repeat: bool,
        up_to: i64,
    ) -> Result<Option<i64>, Problem> {
        let named = url.to_owned();
        let claimed =
            self.blocking(None, move |_, conn| Ok(claim(conn, &named, is_repeat, up_to)?)).await?;
        let Some(cache) = claimed else { return Ok(None) };
        let position = cache.position;
        let told = self.read(move |conn| Ok(next(conn, position, up_to)?)).await?;
        let outcome = match told.tags.is_empty() {
            true => Ok(()),
            false => self.purger.purge(url, &told.tags).await,
        };
        if !told.tags.is_empty() {
            self.metrics.engine.purge(match &outcome {
                Ok(()) => Sent::Received,
                Err(PurgeError::Refused(_)) => Sent::Refused,
                Err(PurgeError::Unanswered(_)) => Sent::Unanswered,
            });
        }
        if let Err(reason) = &outcome {
            log::warn!("the cache at {url} keeps what was changed for now: {reason}");
        }
        let is_told = outcome.is_ok();
        self.blocking(None, move |_, conn| Ok(settle(conn, &cache, told.end, is_told)?)).await?;
        Ok(is_told.then_some(told.end))
    }
}

/// Claims a cache if it is due; one that was not known is told what happens from now on.
fn claim(
    conn: &mut PgConnection,
    url: &str,
    is_repeat: bool,
    up_to: i64,
) -> QueryResult<Option<Claimed>> {
    diesel::sql_query(
        "INSERT INTO purges (url, is_repeat, position) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(url)
    .bind::<Bool, _>(is_repeat)
    .bind::<BigInt, _>(up_to)
    .execute(conn)?;
    diesel::sql_query(
        "WITH free AS MATERIALIZED (SELECT url, is_repeat FROM purges WHERE url = $1 AND is_repeat = $2 \
            AND due <= now() AND position < $3 FOR UPDATE SKIP LOCKED) \
         UPDATE purges AS p SET due = now() + make_interval(secs => $4), lease = lease + 1 FROM free \
         WHERE p.url = free.url AND p.is_repeat = free.is_repeat \
         RETURNING p.url, p.is_repeat, p.position, p.lease, p.failures",
    )
    .bind::<Text, _>(url)
    .bind::<Bool, _>(is_repeat)
    .bind::<BigInt, _>(up_to)
    .bind::<Integer, _>(LEASE_S)
    .get_result(conn)
    .optional()
}

/// Returns what a cache is told next: the tags of images that were changed or removed, each once, as many as fit.
fn next(conn: &mut PgConnection, position: i64, up_to: i64) -> QueryResult<Told> {
    // What is not kept any more was not stored for as long, either.
    let position = position.max(kept_after(conn)?.min(up_to));
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT id, format('image/%s/%s/%s', customer, space, replace(name, ',', '%2C')) AS tag FROM changes \
         WHERE id > $1 AND id <= $2 AND kind IN ('imageChanged', 'imageFailed', 'imageDeleted') \
         ORDER BY id LIMIT $3",
    )
    .bind::<BigInt, _>(position)
    .bind::<BigInt, _>(up_to)
    .bind::<BigInt, _>(LOOKED_AT)
    .load(conn)?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= LOOKED_AT);
    let end = rows.last().map(|row| row.id).filter(|_| is_full).unwrap_or(up_to);
    Ok(told(&rows, end))
}

fn told(rows: &[Row], end: i64) -> Told {
    let (mut tags, mut named) = (String::new(), BTreeSet::new());
    let mut previous = None;
    for row in rows {
        if !named.contains(row.tag.as_str()) {
            if let Some(end) = previous.filter(|_| tags.len() + row.tag.len() >= MAX_BYTES) {
                return Told { tags, end };
            }
            let blank = if tags.is_empty() { "" } else { " " };
            // Writing to a text cannot fail.
            let _ = write!(tags, "{blank}{}", row.tag);
            named.insert(row.tag.as_str());
        }
        previous = Some(row.id);
    }
    Told { tags, end }
}

fn settle(conn: &mut PgConnection, cache: &Claimed, end: i64, is_told: bool) -> QueryResult<()> {
    let failures = if is_told { 0 } else { cache.failures.saturating_add(1) };
    let after = if is_told { Duration::ZERO } else { pause(failures, 0.5).min(LONGEST) };
    diesel::sql_query(
        "UPDATE purges SET position = $3, failures = $4, due = now() + $5 * interval '1 second' \
         WHERE url = $1 AND lease = $2 AND is_repeat = $6",
    )
    .bind::<Text, _>(&cache.url)
    .bind::<BigInt, _>(cache.lease)
    .bind::<BigInt, _>(if is_told { end } else { cache.position })
    .bind::<Integer, _>(failures)
    .bind::<Double, _>(after.as_secs_f64())
    .bind::<Bool, _>(cache.is_repeat)
    .execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_for_the_repeat_once_it_was_seen_long_enough_ago() {
        let (mut looks, start) = (Looks::default(), Instant::now());
        let after = |seconds: u64| start + Duration::from_secs(seconds);
        let repeats = [(0, 5), (1, 5), (2, 7), (4, 8), (5, 8), (6, 8), (20, 9)]
            .map(|(seconds, number)| looks.add(after(seconds), number).repeat);
        assert_eq!(repeats, [None, None, None, Some(5), Some(5), Some(7), Some(8)]);
    }

    #[test]
    fn each_image_is_named_once_and_no_list_is_too_long_for_a_header() {
        let row = |id: i64, n: i64| Row { id, tag: format!("image/1/1/{n:0>200}") };
        let rows: Vec<Row> = (1..=100).map(|id| row(id, id / 2)).collect();
        let (mut position, mut named) = (0, Vec::new());
        while position < 100 {
            let left = rows.iter().filter(|row| row.id > position);
            let left: Vec<Row> = left.map(|row| Row { id: row.id, tag: row.tag.clone() }).collect();
            let told = told(&left, 100);
            assert!(told.tags.len() <= MAX_BYTES && told.end > position);
            named.extend(told.tags.split(' ').map(str::to_owned));
            position = told.end;
        }
        named.dedup();
        assert_eq!(named.len(), 51);
        assert_eq!(told(&[], 7), Told { tags: String::new(), end: 7 });
    }
}
