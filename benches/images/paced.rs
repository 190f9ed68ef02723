//! Requests at a given pace, and how long each took.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::client::{Connection, count};

/// The outcome of a request; status 0: the connection broke off.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    pub status: u16,
    /// Milliseconds until the answer was there whole.
    pub ms: f64,
}

/// Asks at so many requests a second while `goes_on` says so; who is late asks at once.
pub fn paced(
    address: SocketAddr,
    connections: usize,
    rate: f64,
    nice: i32,
    request: &(dyn Fn(usize) -> Vec<u8> + Sync),
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|_| {
                let next = &next;
                scope.spawn(move || {
                    match nice {
                        0 => hydria::fairness::priority::run_soon(),
                        _ => hydria::fairness::priority::lower(nice),
                    }
                    let mut connection = Connection::open(address).ok();
                    let mut outcomes = Vec::new();
                    while goes_on() {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let due = began + Duration::from_secs_f64(count(number) / rate);
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        outcomes.push(ask(&mut connection, address, &request(number)));
                    }
                    outcomes
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    })
}

/// Asks once, on a connection that is made anew where it broke off.
pub fn ask(connection: &mut Option<Connection>, address: SocketAddr, request: &[u8]) -> Outcome {
    let began = Instant::now();
    if connection.is_none() {
        *connection = Connection::open(address).ok();
    }
    let answer = connection.as_mut().and_then(|connection| connection.ask(request).ok());
    if answer.is_none() {
        *connection = None;
    }
    let ms = began.elapsed().as_secs_f64() * 1000.0;
    Outcome { status: answer.map_or(0, |answer| answer.status), ms }
}
