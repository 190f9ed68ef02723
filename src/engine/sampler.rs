//! Looks at the queue, at changes and at webhooks for the metrics, on a thread and a connection of its own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::Duration;

use chrono::Utc;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::database::connect;
use crate::journal::Watermark;
use crate::journal::change::last_given;
use crate::metrics::Metrics;
use crate::metrics::engine::Backlog;

/// Interval at which the database is looked at, however often metrics are asked for.
const INTERVAL: Duration = Duration::from_secs(5);

/// The first job of each customer, of each kind, is found by one descent of the index `jobs_turn`, so that a look costs as many
/// descents as there are customers in the queue, not as many as there are jobs.
const QUEUE: &str = "WITH RECURSIVE first AS (\
      (SELECT immediate, customer, priority, available FROM jobs \
       ORDER BY immediate, customer, priority, available, id LIMIT 1) \
      UNION ALL SELECT n.* FROM first AS f, LATERAL \
      (SELECT immediate, customer, priority, available FROM jobs \
       WHERE (immediate, customer, priority) > (f.immediate, f.customer, f.priority) \
       ORDER BY immediate, customer, priority, available, id LIMIT 1) AS n) \
    SELECT ((SELECT coalesce(sum(jobs), 0) FROM job_tallies) \
      + (SELECT coalesce(sum(jobs), 0) FROM job_tally_changes))::bigint AS images, \
      coalesce(floor(extract(epoch FROM now() - min(available))), 0)::bigint AS oldest_s \
    FROM first WHERE available <= now()";

#[derive(QueryableByName)]
struct Queue {
    #[diesel(sql_type = BigInt)]
    images: i64,
    #[diesel(sql_type = BigInt)]
    oldest_s: i64,
}

const WEBHOOKS: &str = "SELECT count(*) FILTER (WHERE enabled) AS enabled, \
    count(*) FILTER (WHERE enabled AND failures > 0) AS failing, \
    count(*) FILTER (WHERE NOT enabled AND error IS NOT NULL) AS given_up, \
    coalesce(greatest($1 - min(position) FILTER (WHERE enabled), 0), 0)::bigint AS lag FROM webhooks";

#[derive(QueryableByName)]
struct Webhooks {
    #[diesel(sql_type = BigInt)]
    enabled: i64,
    #[diesel(sql_type = BigInt)]
    failing: i64,
    #[diesel(sql_type = BigInt)]
    given_up: i64,
    #[diesel(sql_type = BigInt)]
    lag: i64,
}

/// Looks until it is dropped.
#[derive(Debug)]
pub struct Sampler {
    is_dropped: Arc<AtomicBool>,
    thread: Thread,
}

impl Sampler {
    /// Starts to look, at once and every few seconds.
    ///
    /// # Errors
    /// Returns what the system says where it gives no thread.
    pub fn start(url: &str, metrics: Arc<Metrics>) -> io::Result<Self> {
        let is_dropped = Arc::new(AtomicBool::new(false));
        let (ended, url) = (Arc::clone(&is_dropped), url.to_owned());
        let running = std::thread::Builder::new().name("sampler".into()).spawn(move || {
            let (mut conn, mut watermark) = (None, Watermark::default());
            while !ended.load(Ordering::Acquire) {
                match sample(&url, &mut conn, &mut watermark) {
                    Ok(backlog) => metrics.engine.set_backlog(&backlog, Utc::now().timestamp()),
                    Err(error) => {
                        log::debug!("the queue is not looked at for the metrics: {error}");
                        conn = None;
                    }
                }
                std::thread::park_timeout(INTERVAL);
            }
        })?;
        Ok(Self { is_dropped, thread: running.thread().clone() })
    }
}

impl Drop for Sampler {
    /// Lets the thread end, and does not wait for it: it may be waiting for the database.
    fn drop(&mut self) {
        self.is_dropped.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

fn sample(
    url: &str,
    held: &mut Option<PgConnection>,
    watermark: &mut Watermark,
) -> Result<Backlog, Box<dyn std::error::Error>> {
    let conn = match held {
        Some(conn) => conn,
        None => held.insert(connect(url)?),
    };
    let Queue { images, oldest_s } = diesel::sql_query(QUEUE).get_result(conn)?;
    let (given, settled) = (last_given(conn)?, watermark.look(conn)?);
    let webhooks: Webhooks =
        diesel::sql_query(WEBHOOKS).bind::<BigInt, _>(given).get_result(conn)?;
    Ok(Backlog {
        images,
        oldest_s,
        unsettled: settled.map_or(0, |settled| (given - settled).max(0)),
        webhooks_enabled: webhooks.enabled,
        webhooks_failing: webhooks.failing,
        webhooks_given_up: webhooks.given_up,
        webhook_lag: webhooks.lag,
    })
}
