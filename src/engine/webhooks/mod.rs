//! Webhooks: changes are sent as they happen, by one process at a time each, until they are received.
//!
//! How far each webhook is stands in its row, so that a process that dies loses nothing: what it was sending is sent again
//! by another, once its lease is over.

mod claim;
mod message;
mod settle;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use diesel::PgConnection;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Engine;
use crate::hydra::Problem;
use crate::journal::Watermark;
use crate::metrics::engine::Sent;
use crate::resource::transaction;
use crate::secrets::sign;
use claim::{Claimed, Wanted, claim, give_back, pass_idle};
use message::{Message, Next, next};
pub use settle::pause;
use settle::{Outcome, settle};

/// Interval at which webhooks with something to send are looked for.
const ROUND: Duration = Duration::from_millis(500);
/// Interval at which the positions of those are moved on that have nothing to send, and by how many changes they are then
/// behind. A busy service moves them often, because claims look at what is between; a quiet one does so before that is dropped.
const IDLE_ROUNDS: [(Duration, i64); 2] =
    [(Duration::from_mins(1), 10_000), (Duration::from_hours(1), 0)];
/// Time for which one that is claimed is another's no earlier; longer than a message takes.
pub(super) const LEASE_S: i32 = 20;
/// Webhooks of one customer, and of all, at which this process is at a time.
const MOST: (usize, usize) = (4, 256);
/// Messages that are sent to one webhook in a row, before others have their turn.
const IN_A_ROW: usize = 50;
/// Time after which no further message of a turn is begun, so that receivers that are slow do not hold all turns.
const TURN: Duration = Duration::from_secs(5);

/// Webhooks at which this process is, with their claims.
type AtWork = Arc<Mutex<Vec<Arc<Claimed>>>>;

/// One at which this process is, until it is dropped.
struct Turn {
    at_work: AtWork,
    webhook: Arc<Claimed>,
}

impl Turn {
    fn take(at_work: &AtWork, webhook: Claimed) -> Self {
        let webhook = Arc::new(webhook);
        at_work.lock().push(Arc::clone(&webhook));
        Self { at_work: Arc::clone(at_work), webhook }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.at_work.lock().retain(|other| !Arc::ptr_eq(other, &self.webhook));
    }
}

impl Engine {
    /// Sends changes to webhooks until told to stop.
    pub(super) async fn run_webhooks(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let watermark = Arc::new(Mutex::new(Watermark::default()));
        let (at_work, mut tasks) = (AtWork::default(), JoinSet::new());
        let mut passed: [Option<Instant>; IDLE_ROUNDS.len()] = [None; IDLE_ROUNDS.len()];
        while !*stop.borrow() {
            match self.claim_webhooks(&watermark, &at_work).await {
                Ok((up_to, claimed)) => {
                    for webhook in claimed {
                        let turn = Turn::take(&at_work, webhook);
                        let engine = Arc::clone(&self);
                        tasks.spawn(async move { engine.send(&turn.webhook, up_to).await });
                    }
                    for (at, (interval, behind)) in passed.iter_mut().zip(IDLE_ROUNDS) {
                        if up_to == 0 || at.is_some_and(|at| at.elapsed() < interval) {
                            continue;
                        }
                        *at = Some(Instant::now());
                        let pass =
                            move |conn: &mut PgConnection| Ok(pass_idle(conn, up_to, behind)?);
                        if let Err(problem) = self.read(pass).await {
                            log::debug!("idle webhooks stay where they are: {problem}");
                        }
                    }
                }
                Err(problem) => log::debug!("no webhooks are looked for now: {problem}"),
            }
            while tasks.try_join_next().is_some() {}
            tokio::select! {
                () = tokio::time::sleep(ROUND) => {}
                _ = stop.changed() => {}
            }
        }
        // What is under way is sent again by another process, or by this one when it starts anew.
        let left = at_work.lock().clone();
        tasks.shutdown().await;
        if let Err(problem) = self.read(move |conn| Ok(give_back(conn, &left)?)).await {
            log::debug!("webhooks are others' once their lease is over: {problem}");
        }
    }

    /// Claims webhooks with something to send; returns the number up to which changes are settled with them.
    async fn claim_webhooks(
        &self,
        watermark: &Arc<Mutex<Watermark>>,
        at_work: &AtWork,
    ) -> Result<(i64, Vec<Claimed>), Problem> {
        let watermark = Arc::clone(watermark);
        let settled = self.read(move |conn| Ok(watermark.lock().look(conn)?)).await?;
        let Some(up_to) = settled else { return Ok((0, Vec::new())) };
        let wanted = {
            let at_work = at_work.lock();
            let mut of_each: HashMap<i32, usize> = HashMap::new();
            for webhook in at_work.iter() {
                *of_each.entry(webhook.at.customer).or_default() += 1;
            }
            Wanted {
                up_to,
                at_work: of_each.into_iter().collect(),
                of_one: MOST.0,
                most: MOST.1.saturating_sub(at_work.len()),
            }
        };
        let claimed = self.read(move |conn| Ok(claim(conn, &wanted)?)).await?;
        Ok((up_to, claimed))
    }

    /// Sends what a webhook has not received, one message after another, until one fails, all are sent or its turn is over.
    async fn send(&self, webhook: &Arc<Claimed>, up_to: i64) {
        let turn = Instant::now();
        for number in 0..IN_A_ROW {
            if number > 0 && turn.elapsed() > TURN {
                return;
            }
            let (own, base) = (Arc::clone(webhook), self.site.base.clone());
            let found = self.blocking(None, move |_, conn| next(conn, &own, up_to, &base)).await;
            let message = match found {
                Ok(Next::Message(message)) => message,
                Ok(Next::Nothing | Next::Lost) => return,
                Err(problem) => {
                    log::debug!("a webhook waits for the database: {problem}");
                    return;
                }
            };
            let began = Instant::now();
            let outcome = self.post(webhook, &message).await;
            let duration = i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX);
            let is_received = outcome.is_success();
            self.metrics.engine.webhook(match &outcome {
                _ if is_received => Sent::Received,
                Outcome::Answered(_) => Sent::Refused,
                Outcome::Unsent(_) => Sent::Unanswered,
            });
            let (own, sent) = (Arc::clone(webhook), message);
            let settled = self
                .blocking(None, move |_, conn| Ok(settle(conn, &own, &sent, &outcome, duration)?))
                .await;
            match settled {
                Ok(true) if is_received => {}
                Ok(_) => return,
                Err(problem) => {
                    log::debug!("a message to a webhook is sent again: {problem}");
                    return;
                }
            }
        }
    }

    async fn post(&self, webhook: &Claimed, message: &Message) -> Outcome {
        let place = crate::classes::webhook::place(webhook.at.customer, &webhook.at.webhook);
        let seconds = Utc::now().timestamp();
        let key = self.site.secrets.open(&webhook.sealed, &place);
        let signed = key.and_then(|key| sign(&key, &message.id, seconds, &message.body));
        let Ok(signature) = signed else {
            return Outcome::Unsent(
                "its secret was sealed with another HYDRIA_SECRET: make another webhook".into(),
            );
        };
        let headers = [
            ("webhook-id", message.id.clone()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signature),
        ];
        match self.poster.post(&webhook.url, &headers, message.body.clone()).await {
            Ok(status) => Outcome::Answered(status),
            Err(error) => Outcome::Unsent(error.to_string()),
        }
    }

    /// Does something with the database on a thread that may wait, without a transaction.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        act: impl Fn(&mut PgConnection) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = self.acts.acquire(0, 1).await;
        let database = self.database.clone();
        tokio::task::spawn_blocking(move || {
            let done = transaction::read(&database, act);
            drop(permit);
            done
        })
        .await
        .unwrap_or_else(|error| Err(Problem::internal(error)))
    }
}
