//! Renewal of leases: on a thread and a connection of its own, all of a process in one statement.
//!
//! Neither a busy pool nor anything that runs on the workers' threads can delay it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use parking_lot::{Condvar, Mutex, MutexGuard};
use tokio::sync::oneshot;

use super::claim::{Claimed, Renewed, renew};
use crate::database;

/// Pause before leases are renewed again that could not be.
const AGAIN: Duration = Duration::from_secs(1);

/// The leases of a process; the thread ends when this is dropped.
pub struct Leases(Arc<Inner>);

#[derive(Default)]
struct Inner {
    held: Mutex<Active>,
    changed: Condvar,
}

#[derive(Default)]
struct Active {
    /// By number of the job: the attempt, and who is to hear of it when the lease is lost.
    leases: HashMap<i64, (i32, oneshot::Sender<()>)>,
    closed: bool,
}

/// A lease that is renewed until this is dropped.
pub struct Lease {
    of: Arc<Inner>,
    job: i64,
    attempt: i32,
    lost: oneshot::Receiver<()>,
}

impl Leases {
    /// Starts the thread that renews leases for `length`, in time.
    pub fn keep(url: &str, length: Duration) -> Self {
        let inner = Arc::new(Inner::default());
        let (shared, url) = (Arc::clone(&inner), url.to_owned());
        let thread = std::thread::Builder::new().name("leases".into());
        if let Err(error) = thread.spawn(move || shared.attend(&url, length)) {
            log::error!("no thread to renew leases: {error}");
        }
        Self(inner)
    }

    /// Has the lease of a claim renewed.
    pub fn hold(&self, job: &Claimed) -> Lease {
        let (sender, lost) = oneshot::channel();
        let (id, attempt) = (job.id, job.attempt);
        self.0.lock().leases.insert(id, (attempt, sender));
        Lease { of: Arc::clone(&self.0), job: id, attempt, lost }
    }
}

impl Drop for Leases {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl Lease {
    /// Waits until the lease is lost.
    pub async fn lost(&mut self) {
        if (&mut self.lost).await.is_err() {
            // Nobody is there any more who could say so.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut held = self.of.lock();
        if held.leases.get(&self.job).is_some_and(|(attempt, _)| *attempt == self.attempt) {
            held.leases.remove(&self.job);
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Active> {
        self.held.lock()
    }

    fn attend(&self, url: &str, length: Duration) {
        let mut conn: Option<PgConnection> = None;
        let mut pause = length / 3;
        loop {
            let mut held = self.lock();
            self.changed.wait_while_for(&mut held, |held| !held.closed, pause);
            if held.closed {
                return;
            }
            let jobs: Vec<(i64, i32)> =
                held.leases.iter().map(|(job, (attempt, _))| (*job, *attempt)).collect();
            drop(held);
            pause = length / 3;
            if jobs.is_empty() {
                continue;
            }
            match renewed(&mut conn, url, &jobs, length) {
                Ok(Renewed { lost, skipped }) => {
                    if !skipped.is_empty() {
                        pause = pause.min(AGAIN);
                    }
                    let mut held = self.lock();
                    for job in lost {
                        // A later claim of the same job may have come meanwhile.
                        let attempt = jobs.iter().find(|(id, _)| *id == job).map(|(_, n)| *n);
                        if held.leases.get(&job).map(|(held, _)| *held) == attempt
                            && let Some((_, told)) = held.leases.remove(&job)
                        {
                            // Who has ended need not hear it.
                            let _ = told.send(());
                        }
                    }
                }
                Err(error) => {
                    log::warn!("leases are not renewed yet: {error}");
                    conn = None;
                    pause = pause.min(AGAIN);
                }
            }
        }
    }
}

fn renewed(
    conn: &mut Option<PgConnection>,
    url: &str,
    jobs: &[(i64, i32)],
    length: Duration,
) -> Result<Renewed, Box<dyn std::error::Error>> {
    let mut connected = if let Some(connected) = conn.take() {
        connected
    } else {
        let mut connected = database::connect(url)?;
        let most = (length / 3).as_millis().max(100);
        connected.batch_execute(&format!("SET statement_timeout = {most}"))?;
        connected
    };
    let renewed = renew(&mut connected, jobs, length)?;
    *conn = Some(connected);
    Ok(renewed)
}
