//! Bodies that nobody would write: none may end the process, hold it, or fill it.
//!
//! Mutants of bodies are read as the service reads them, each made of nothing but a seed and its own number, so
//! that one that does harm can be made again: `script/fuzz` says how. They are read in a process of their own,
//! for what ends it must not end the tests, and what other tests allocate must not count.

mod json;
mod mutate;
pub mod seeds;
mod text;
mod words;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::process::{Child, Command, Stdio, exit};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hydria::hydra::linked::{Linked, ParsedBody};
use hydria::hydra::{Fault, Problem};
use hydria::web::described::described;

use mutate::{Kitchen, Mutant};

/// Number of mutants, seed, and the number of the first one; all but the first may be left out.
const WANTED: &str = "HYDRIA_FUZZ";
/// Where the reading process tells which mutant it is at; without it, a process is not that one.
const PROGRESS: &str = "HYDRIA_FUZZ_PROGRESS";
/// This test, by which the reading process is started.
const NAME: &str = "contract::meaning::fuzz::no_body_ends_or_fills_or_holds_the_process";

/// Memory that one body may take, in bytes, with its own text and the answer.
const MAX_BYTES: u64 = 64 << 20;
/// CPU time that one body may take, also where nothing is optimised.
const MAX_CPU: Duration = Duration::from_secs(10);
/// Time without any progress at all, after which nobody waits longer.
const MAX_SILENCE: Duration = Duration::from_mins(2);
/// Faults after which the reading process stops.
const MAX_FAULTS: usize = 10;

#[derive(Debug, Clone, Copy)]
struct Wanted {
    count: u64,
    seed: u64,
    first: u64,
}

impl Wanted {
    /// What the environment asks for; a short run where it asks for nothing.
    fn read() -> Self {
        let asked = std::env::var(WANTED).unwrap_or_default();
        let numbers: Vec<u64> =
            asked.split_whitespace().map(|n| n.parse().expect("a whole number")).collect();
        let number = |at: usize, default| numbers.get(at).copied().unwrap_or(default);
        Self { count: number(0, 4000), seed: number(1, 1), first: number(2, 0) }
    }
}

#[test]
fn no_body_ends_or_fills_or_holds_the_process() {
    let wanted = Wanted::read();
    match std::env::var(PROGRESS) {
        Ok(progress) => read_all(wanted, &progress),
        Err(_) => watch(wanted),
    }
}

/// Starts the reading process, and ends it where it makes no progress.
fn watch(wanted: Wanted) {
    let progress = tempfile::NamedTempFile::new().expect("a file");
    let said = tempfile::NamedTempFile::new().expect("a file");
    let told = std::env::var(WANTED).is_ok();
    // The processor of JSON-LD warns there of each name that it does not like, so that this is not shown.
    let kept = || File::options().append(true).open(said.path()).expect("the file");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args([NAME, "--exact", "--nocapture", "--test-threads=1"])
        .env(PROGRESS, progress.path())
        // What is freed is given back, so that what a body takes is not hidden by what others left.
        .env("MALLOC_MMAP_THRESHOLD_", "65536")
        .env("MALLOC_TRIM_THRESHOLD_", "65536")
        .stdout(if told { Stdio::inherit() } else { kept().into() })
        .stderr(kept())
        .spawn()
        .expect("this program runs");
    let mut at = u64::MAX;
    let (mut since, mut used) = (Instant::now(), Duration::ZERO);
    let held = loop {
        if child.try_wait().expect("a state").is_some() {
            break false;
        }
        let (number, cpu) = (number_in(progress.as_file()), cpu(&child));
        if number != at {
            (at, since, used) = (number, Instant::now(), cpu);
        } else if cpu.saturating_sub(used) > MAX_CPU || since.elapsed() > MAX_SILENCE {
            child.kill().expect("it can be ended");
            break true;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let status = child.wait().expect("it ended");
    let number = number_in(progress.as_file());
    let seed = wanted.seed;
    let what = if held { "held" } else { "ended" };
    let said = fs::read(said.path()).unwrap_or_default();
    let last = String::from_utf8_lossy(&said[said.len().saturating_sub(4000)..]).into_owned();
    assert!(
        status.success(),
        "the process was {what} at mutant {number} of seed {seed} ({status}); \
         script/fuzz 1 {seed} {number} does it again\n{last}"
    );
}

fn number_in(progress: &File) -> u64 {
    let mut bytes = [0; 8];
    // Nothing is written yet.
    let _ = progress.read_exact_at(&mut bytes, 0);
    u64::from_le_bytes(bytes)
}

/// CPU time that a process has used.
fn cpu(child: &Child) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    // Counted from after the name, which may hold anything. In hundredths of a second.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Where threads of the reading process panicked, and how often.
static PANICS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

fn panics() -> MutexGuard<'static, BTreeMap<String, u64>> {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What became of all mutants.
#[derive(Default)]
struct Tally {
    read: u64,
    refused: u64,
    slowest: (Duration, u64),
    largest: (u64, u64),
    faults: Vec<String>,
    /// The first mutant of each place of a panic.
    panicked: BTreeMap<String, u64>,
}

/// Reads every mutant; ends the process with a failure where one does harm.
fn read_all(wanted: Wanted, progress: &str) {
    let progress = File::options().write(true).open(progress).expect("the file");
    note_panics();
    let described = described();
    let kitchen = Kitchen::new(&described);
    let linked = Linked::new(&described.classes, &described.collections, seeds::BASE, 1000);
    let linked = linked.expect("threads");
    // What is only made once is no body's.
    for seed in kitchen.seeds() {
        let shape = linked.shape(&seed.operation, false);
        let _ = pollster::block_on(linked.read(
            seed.text.clone(),
            seed.format,
            &shape,
            (seed.path, None),
        ));
    }
    let mut tally = Tally::default();
    let start = memory("VmRSS:");
    let end = wanted.first + wanted.count;
    // First those that are nasty by themselves; a short run has no time for all.
    let unchanged = kitchen.unchanged(std::env::var(WANTED).is_err());
    let unchanged = unchanged.filter(|_| wanted.first == 0 && wanted.count > 1);
    for number in unchanged.chain(wanted.first..end) {
        progress.write_all_at(&number.to_le_bytes(), 0).expect("it is written");
        let mutant = kitchen.mutant(wanted.seed, number);
        if wanted.count == 1 {
            show(&mutant);
        }
        // Where it may not be set back, what made the mutant counts as well.
        let _ = fs::write("/proc/self/clear_refs", "5");
        let (began, before) = (Instant::now(), memory("VmRSS:"));
        tally.count(read(&linked, mutant), number);
        tally.slowest = tally.slowest.max((began.elapsed(), number));
        let grown = memory("VmHWM:").saturating_sub(before);
        tally.largest = tally.largest.max((grown, number));
        if grown > MAX_BYTES {
            tally.faults.push(format!("mutant {number} took {} MB", grown >> 20));
        }
        // What many bodies leave behind must not be more than what one takes.
        if before.saturating_sub(start) > MAX_BYTES {
            tally.faults.push(format!("{} MB are left at mutant {number}", before >> 20));
        }
        if (number + 1) % 10_000 == 0 || number + 1 == end {
            tally.tell();
        }
        if tally.faults.len() >= MAX_FAULTS {
            break;
        }
    }
    tally.judge(wanted);
}

fn read(linked: &std::sync::Arc<Linked>, mutant: Mutant) -> Result<ParsedBody, Problem> {
    let shape = linked.shape(&mutant.operation, false);
    let meaning = linked.read(mutant.text, mutant.format, &shape, (mutant.path, None));
    let meaning = pollster::block_on(meaning)?;
    // As a row would complain of it.
    let fault = Fault { pointer: mutant.pointer, ..Fault::new("name", "is wrong") };
    drop(meaning.source_map.map_pointers(Problem::Invalid(vec![fault])));
    Ok(meaning)
}

/// Counts panics on the threads that read bodies, which are caught there, and says nothing of them.
fn note_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current();
        if !thread.name().is_some_and(|name| name.ends_with(" bodies")) {
            usual(panic);
            exit(1);
        }
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        *panics().entry(place).or_default() += 1;
    }));
}

/// A figure of this process's memory, in bytes.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
    let kb = line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number");
    kb << 10
}

fn show(mutant: &Mutant) {
    println!("{:?} to {}: {} bytes", mutant.format, mutant.path, mutant.text.len());
    let start: String = String::from_utf8_lossy(&mutant.text).chars().take(4000).collect();
    println!("{start}");
}

impl Tally {
    fn count(&mut self, answer: Result<ParsedBody, Problem>, number: u64) {
        match answer {
            Ok(_) => self.read += 1,
            Err(Problem::Unreadable(_) | Problem::Malformed(_) | Problem::Invalid(_)) => {
                self.refused += 1;
            }
            Err(other) => self.faults.push(format!("mutant {number} was answered {other:?}")),
        }
        let panics = panics();
        for place in panics.keys().filter(|place| !self.panicked.contains_key(*place)) {
            // Those of the processor are caught and answered; ours are to be mended.
            if place.starts_with("src/") {
                self.faults.push(format!("mutant {number} panicked at {place}"));
            }
        }
        if panics.len() > self.panicked.len() {
            for place in panics.keys() {
                self.panicked.entry(place.clone()).or_insert(number);
            }
        }
    }

    fn tell(&self) {
        let (slowest, slow) = self.slowest;
        let (largest, large) = self.largest;
        let caught: u64 = panics().values().sum();
        println!(
            "{} read, {} refused; at most {} ms (mutant {slow}), {} MB (mutant {large}); \
             {caught} panics caught",
            self.read,
            self.refused,
            slowest.as_millis(),
            largest >> 20
        );
        let _ = std::io::stdout().flush();
    }

    fn judge(&self, wanted: Wanted) {
        for (place, times) in panics().iter() {
            let first = self.panicked.get(place).copied().unwrap_or_default();
            println!("{times} panics at {place}, the first at mutant {first}");
        }
        for fault in &self.faults {
            println!("{fault}; script/fuzz 1 {} NUMBER does it again", wanted.seed);
        }
        // Mutants that are all refused, or none of them, would try nothing.
        let done = self.read + self.refused;
        let tries = done < 1000 || (self.read > done / 20 && self.refused > done / 20);
        if !self.faults.is_empty() || !tries {
            exit(1);
        }
    }
}
