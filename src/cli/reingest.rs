//! `hydria reingest --missing`: images without tiles go to the queue again.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::serve::Signals;
use super::setup::Rows;
use super::{Failure, admin};
use crate::config::Config;
use crate::engine::reingest::{Reingest, Step};
use crate::resource::transaction;

/// Images that are sent at a time, unless the command line says otherwise.
pub const PORTION: i64 = 1_000;

/// Interval at which it is seen whether a queue has room again.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends the images of one customer, named by number or name, or of all, until all are sent or it is told to stop.
///
/// # Errors
/// Fails if there is no such customer, or the database does not answer.
pub fn run(config: &Config, customer: Option<&str>, portion: i64) -> Result<(), Failure> {
    let stop = stop_signal()?;
    let rows = Rows::change(config)?;
    let done = reingest(&rows, customer, portion, &stop);
    rows.close()?;
    done
}

/// Returns what hears of SIGTERM or SIGINT; the transaction under way is finished first.
fn stop_signal() -> Result<Receiver<()>, Failure> {
    let signals = Signals::listen()?;
    let (tell, told) = channel();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        signals.wait();
        // Nobody listens where all was sent at the same moment.
        let _ = tell.send(());
    })?;
    Ok(told)
}

fn reingest(
    rows: &Rows,
    customer: Option<&str>,
    portion: i64,
    stop: &Receiver<()>,
) -> Result<(), Failure> {
    let database = &rows.database;
    let customer = customer
        .map(|given| transaction::read(database, |conn| admin::number(conn, given)))
        .transpose()?;
    let mut run = Reingest::new(database, customer, portion)?;
    let mut progress = Progress::default();
    eprintln!("counting the images without tiles");
    loop {
        let done = run.step()?;
        progress.print(done, &run);
        let pause = match done {
            Step::Done => break,
            Step::Counted | Step::Sent => Duration::ZERO,
            Step::QueuesAreFull => PAUSE,
        };
        if stop.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            println!("stopped; the same command goes on");
            return Ok(());
        }
    }
    match run.sent {
        0 => println!("no image is to be sent again"),
        sent => println!("{sent} images were sent again; workers process them"),
    }
    Ok(())
}

/// Holds what was printed last, so that nothing is printed twice, and no more than a line a second.
#[derive(Default)]
struct Progress {
    sent: usize,
    at: Option<Instant>,
    that_queues_are_full: bool,
}

impl Progress {
    /// Prints how far a run is, on standard error.
    fn print(&mut self, step: Step, run: &Reingest<'_>) {
        if step == Step::Counted {
            return;
        }
        let is_due = self.at.is_none_or(|at| at.elapsed() >= PAUSE);
        if run.sent != self.sent && (is_due || step != Step::Sent) {
            eprintln!("{} of {} images sent", run.sent, run.total);
            (self.sent, self.at) = (run.sent, Some(Instant::now()));
        }
        if step == Step::QueuesAreFull && !self.that_queues_are_full {
            eprintln!("more are sent as workers process those in the queue");
            self.that_queues_are_full = true;
        }
    }
}
