//! Purging: the operator's caches are told which images were changed (`docs/delivery.md`).
//!
//! As webhooks are, each cache is told by one process at a time, and how far it was stands in its row.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Double, Integer, Text};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::Engine;
use super::webhooks::{LEASE_S, pause};
use crate::hydra::Problem;
use crate::journal::Watermark;
use crate::journal::change::kept_after;
use crate::metrics::engine::Sent;

/// Interval at which changes are looked for: pixels may be stored for seconds, and a change is to hold within two.
const ROUND: Duration = Duration::from_millis(500);
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

impl Engine {
    /// Tells caches of changes until told to stop.
    pub(super) async fn run_purges(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        if self.settings.purge_urls.is_empty() {
            return;
        }
        let watermark = Arc::new(Mutex::new(Watermark::default()));
        while !*stop.borrow() {
            // A round that is given up is made again when the lease of its claims is over.
            let outcome = tokio::select! {
                outcome = self.purge_once(&watermark) => outcome,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            match outcome {
                Ok(true) => continue,
                Ok(false) => {}
                Err(problem) => log::debug!("caches are told nothing for now: {problem}"),
            }
            tokio::select! {
                () = tokio::time::sleep(ROUND) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Tells each cache that is due the next changes; returns whether there may be more.
    async fn purge_once(&self, watermark: &Arc<Mutex<Watermark>>) -> Result<bool, Problem> {
        let watermark = Arc::clone(watermark);
        let settled = self.read(move |conn| Ok(watermark.lock().look(conn)?)).await?;
        let Some(up_to) = settled else { return Ok(false) };
        let urls = self.settings.purge_urls.clone();
        let claimed = self.blocking(None, move |_, conn| Ok(claim(conn, &urls, up_to)?)).await?;
        let told = claimed.into_iter().map(|cache| self.tell(cache, up_to));
        let told = futures_util::future::join_all(told).await;
        let mut more = false;
        for outcome in told {
            more |= outcome?;
        }
        Ok(more)
    }

    async fn tell(&self, cache: Claimed, up_to: i64) -> Result<bool, Problem> {
        let position = cache.position;
        let told = self.read(move |conn| Ok(next(conn, position, up_to)?)).await?;
        let outcome = match told.tags.is_empty() {
            true => Ok(()),
            false => self.purger.purge(&cache.url, &told.tags).await,
        };
        let more = told.end < up_to && outcome.is_ok();
        if !told.tags.is_empty() {
            self.metrics.engine.purge(if outcome.is_ok() { Sent::Received } else { Sent::Refused });
        }
        if let Err(reason) = &outcome {
            log::warn!("the cache at {} keeps what was changed for now: {reason}", cache.url);
        }
        let is_told = outcome.is_ok();
        self.blocking(None, move |_, conn| Ok(settle(conn, &cache, told.end, is_told)?)).await?;
        Ok(more)
    }
}

/// Claims the caches that are due; one that was not known is told what happens from now on.
fn claim(conn: &mut PgConnection, urls: &[String], up_to: i64) -> QueryResult<Vec<Claimed>> {
    diesel::sql_query(
        "INSERT INTO purges (url, position) SELECT url, $2 FROM unnest($1) AS url ON CONFLICT DO NOTHING",
    )
    .bind::<Array<Text>, _>(urls)
    .bind::<BigInt, _>(up_to)
    .execute(conn)?;
    diesel::sql_query(
        "WITH free AS MATERIALIZED (SELECT url FROM purges \
            WHERE url = ANY ($1) AND due <= now() AND position < $2 ORDER BY url FOR UPDATE SKIP LOCKED) \
         UPDATE purges AS p SET due = now() + make_interval(secs => $3), lease = lease + 1 \
         FROM free WHERE p.url = free.url RETURNING p.url, p.position, p.lease, p.failures",
    )
    .bind::<Array<Text>, _>(urls)
    .bind::<BigInt, _>(up_to)
    .bind::<Integer, _>(LEASE_S)
    .load(conn)
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
         WHERE url = $1 AND lease = $2",
    )
    .bind::<Text, _>(&cache.url)
    .bind::<BigInt, _>(cache.lease)
    .bind::<BigInt, _>(if is_told { end } else { cache.position })
    .bind::<Integer, _>(failures)
    .bind::<Double, _>(after.as_secs_f64())
    .execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
