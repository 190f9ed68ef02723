//! Servers measured in turn: rates, and what an answer costs each.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::sheet::{Sheet, median, ratio};
use crate::stage::used;
use crate::{Failure, ROUNDS};

use super::client::{count, saturate};

/// How long each server is asked in a round.
const TIME: Duration = Duration::from_secs(3);

/// How long it is asked before the first.
const WARM_UP: Duration = Duration::from_millis(500);

/// One server, and what it is asked for.
pub struct Contender<'a> {
    pub name: &'a str,
    pub address: SocketAddr,
    pub roots: &'a [u32],
    /// The requests of a round; round 0 is for warming up.
    pub requests: &'a dyn Fn(u64) -> Vec<Vec<u8>>,
}

/// What came of one server, round by round.
#[derive(Debug, Default, Clone)]
pub struct Figures {
    pub rates: Vec<f64>,
    /// Milliseconds of CPU for an answer.
    pub cpu: Vec<f64>,
}

/// CPU seconds that these families of processes have used so far.
pub fn cpu(roots: &[u32]) -> f64 {
    roots.iter().map(|root| used(*root, true)).sum()
}

/// Measures servers in turn, and tells the figures of each.
pub fn measure(
    title: &str,
    connections: usize,
    contenders: &[Contender<'_>],
) -> Result<Vec<Figures>, Failure> {
    Sheet::heading(&format!("{title}, {connections} connections (CPU of server + generator)"));
    let mut all = vec![(Figures::default(), Vec::new(), 0.0); contenders.len()];
    for contender in contenders {
        saturate(contender.address, &(contender.requests)(0), connections, WARM_UP)?;
    }
    for round in 1..=ROUNDS as u64 {
        for (contender, (figures, generator, length)) in contenders.iter().zip(&mut all) {
            let requests = (contender.requests)(round);
            let (before, own) = (cpu(contender.roots), used(std::process::id(), false));
            let run = saturate(contender.address, &requests, connections, TIME)?;
            let each = 1000.0 / count(run.requests).max(1.0);
            figures.rates.push(run.rate());
            figures.cpu.push((cpu(contender.roots) - before) * each);
            generator.push((used(std::process::id(), false) - own) * each);
            *length = run.length;
        }
    }
    for (contender, (figures, generator, length)) in contenders.iter().zip(&all) {
        let (rate, cpu) = (median(&figures.rates), median(&figures.cpu));
        let value = format!("{rate:.0}/s, {cpu:.3} + {:.3} ms", median(generator));
        Sheet::fact(&format!("{} ({:.1} KB)", contender.name, length / 1000.0), &value);
    }
    Ok(all.into_iter().map(|(figures, ..)| figures).collect())
}

/// Measures how long servers take for single answers, one after another, each of another request.
pub fn single(
    title: &str,
    times: usize,
    contenders: &[Contender<'_>],
) -> Result<Vec<Figures>, Failure> {
    Sheet::heading(&format!("{title}, one at a time"));
    let mut all = vec![(Figures::default(), 0); contenders.len()];
    for round in 0..times as u64 {
        for (contender, (figures, length)) in contenders.iter().zip(&mut all) {
            let requests = (contender.requests)(round);
            let request = requests.first().ok_or("no requests")?;
            let mut connection = super::client::Connection::open(contender.address)?;
            let (before, began) = (cpu(contender.roots), Instant::now());
            let answer = connection.ask(request)?;
            if answer.status != 200 {
                return Err(format!("{}: {}", contender.name, answer.status).into());
            }
            figures.rates.push(1.0 / began.elapsed().as_secs_f64());
            figures.cpu.push((cpu(contender.roots) - before) * 1000.0);
            *length = answer.length;
        }
    }
    for (contender, (figures, length)) in contenders.iter().zip(&all) {
        let (rate, cpu) = (median(&figures.rates), median(&figures.cpu));
        let value = format!("{:.0} ms, {cpu:.0} ms of CPU", 1000.0 / rate);
        Sheet::fact(&format!("{} ({:.1} MB)", contender.name, count(*length) / 1e6), &value);
    }
    Ok(all.into_iter().map(|(figures, _)| figures).collect())
}

/// The median of the rounds' quotients of CPU.
pub fn cpu_ratio(over: &Figures, under: &Figures) -> f64 {
    ratio(&over.cpu, &under.cpu)
}

/// The median of the rounds' quotients of rates.
pub fn rate_ratio(over: &Figures, under: &Figures) -> f64 {
    ratio(&over.rates, &under.rates)
}
