//! Notifications between processes through PostgreSQL (LISTEN, NOTIFY): there is work, a job is settled.
//!
//! A notice only saves waiting: a waiting request also polls now and then.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use diesel::RunQueryDsl;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

/// Interval at which the connection is looked at; an empty look costs a microsecond.
const POLL: Duration = Duration::from_millis(20);
/// Pause after the connection was lost.
const PAUSE: Duration = Duration::from_secs(1);

/// Notifications on two channels; cheap to clone.
#[derive(Clone)]
pub struct Notifications(Arc<Inner>);

struct Inner {
    work: Notify,
    waiting: Mutex<HashMap<i64, Vec<oneshot::Sender<()>>>>,
}

impl Notifications {
    /// Listens on `work`, where there is something to do, and on `settled`, with the number of a job.
    pub fn listen(url: &str, work: &'static str, settled: &'static str) -> Self {
        let inner = Arc::new(Inner { work: Notify::new(), waiting: Mutex::default() });
        let (weak, url) = (Arc::downgrade(&inner), url.to_owned());
        let thread = std::thread::Builder::new().name("notifications".into());
        if let Err(error) = thread.spawn(move || listen_loop(&weak, &url, work, settled)) {
            log::error!("no thread for notifications: {error}");
        }
        Self(inner)
    }

    /// Wakes those that look for work in this process.
    pub fn notify_work(&self) {
        self.0.work.notify_waiters();
    }

    /// Wakes those that wait for a job in this process.
    pub fn notify_completed(&self, job: i64) {
        self.0.notify_completed(job);
    }

    /// Waits until there may be work: from this call on, whenever the wait itself begins.
    pub fn work_available(&self) -> impl Future<Output = ()> + '_ {
        self.0.work.notified()
    }

    /// Is told when a job is settled.
    pub fn completion(&self, job: i64) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.0.waiting.lock();
        // Those that gave up are dropped as others come.
        waiting.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        waiting.entry(job).or_default().push(sender);
        receiver
    }
}

impl Inner {
    fn notify_completed(&self, job: i64) {
        let mut waiting = self.waiting.lock();
        for sender in waiting.remove(&job).unwrap_or_default() {
            // Who no longer waits need not hear it.
            let _ = sender.send(());
        }
    }
}

/// Listens until nobody is left to be told.
fn listen_loop(notifications: &Weak<Inner>, url: &str, work: &str, settled: &str) {
    while notifications.strong_count() > 0 {
        if let Err(error) = listen(notifications, url, work, settled) {
            log::debug!("no notifications for now: {error}");
            std::thread::sleep(PAUSE);
        }
    }
}

fn listen(
    notifications: &Weak<Inner>,
    url: &str,
    work: &str,
    settled: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut conn = super::connect(url)?;
    diesel::sql_query("SET idle_in_transaction_session_timeout = 0").execute(&mut conn)?;
    for channel in [work, settled] {
        diesel::sql_query(format!("LISTEN {channel}")).execute(&mut conn)?;
    }
    while let Some(notifications) = notifications.upgrade() {
        for notice in conn.notifications_iter() {
            let notice = notice?;
            if notice.channel == work {
                notifications.work.notify_waiters();
            } else if let Ok(job) = notice.payload.parse() {
                notifications.notify_completed(job);
            }
        }
        drop(notifications);
        std::thread::sleep(POLL);
    }
    Ok(())
}
