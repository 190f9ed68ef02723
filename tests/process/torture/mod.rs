//! Torture: workers are killed at random and the database breaks off, while origins fail in every way. In the end each image is
//! processed or has its error, all counts are exact, nothing is left over, and a reader of the changes has missed none.
//!
//! A short run is a test; `script/torture` makes long ones.

mod followers;
mod origins;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use serde_json::{Value, json};

use super::home::{Home, Running, note_finishes, signal};
use crate::support::random::Random;
use crate::support::{Origin, Owner, rows, until};
use followers::{Listener, Messages};
use origins::Outcome;

/// Images of a batch.
const PORTION: usize = 100;
/// One image in so many is deleted while others are processed.
const DELETED: usize = 20;

/// The length and the violence of a run.
struct Run {
    images: usize,
    workers: usize,
    seed: u64,
    /// Times that the database breaks off.
    restarts: usize,
    /// Longest time between two kills.
    interval: Duration,
    /// Time in which everything must be settled.
    patience: Duration,
}

impl Run {
    /// Reads `HYDRIA_TORTURE`: images and a seed, separated by a blank; without it, a short run.
    fn wanted() -> Self {
        let Ok(text) = std::env::var("HYDRIA_TORTURE") else {
            return Self {
                images: 200,
                workers: 3,
                seed: 1,
                restarts: 1,
                interval: Duration::from_secs(2),
                patience: Duration::from_mins(2),
            };
        };
        let mut parts = text.split(' ').map(|part| part.parse::<u64>().expect("a number"));
        let (images, seed) = (parts.next().expect("images"), parts.next().unwrap_or(1));
        Self {
            images: usize::try_from(images).expect("64 bits"),
            workers: 4,
            seed,
            restarts: 2,
            interval: Duration::from_secs(4),
            patience: Duration::from_mins(30),
        }
    }
}

const SETTINGS: [(&str, &str); 6] = [
    ("HYDRIA_LEASE_SECONDS", "2"),
    ("HYDRIA_RETRIES", "3"),
    ("HYDRIA_RETRY_SECONDS", "1"),
    ("HYDRIA_ORIGIN_IDLE_SECONDS", "1"),
    ("HYDRIA_HOST_FETCHES", "64"),
    ("HYDRIA_WEBHOOK_ALLOW", "127.0.0.1"),
];

/// A service without workers, and workers that are killed.
struct Victims {
    service: Running,
    workers: Vec<Running>,
    owner: Owner,
    space: i64,
    /// Last, for it waits for the end of what runs in it.
    home: Home,
}

impl Victims {
    fn start(workers: usize) -> Self {
        let home = Home::new();
        let mut command = home.command(&["serve", "--no-worker"]);
        command.envs(SETTINGS);
        let service = Running::start(command, "ready at ");
        let owner = Owner::make(&service.administrator(), "library");
        let space = owner.space("maps");
        note_finishes(&mut home.connect());
        let workers = (0..workers).map(|_| worker(&home)).collect();
        Self { service, workers, owner, space, home }
    }

    /// Kills one worker, and starts another in its place.
    fn kill_one(&mut self, random: &mut Random) {
        let at = random.below(self.workers.len());
        self.workers[at].kill();
        self.workers[at] = worker(&self.home);
    }

    fn break_database_off(&self) {
        let old = self.home.postmaster().expect("a server");
        signal("KILL", old);
        until("a new server", || self.home.postmaster().is_some_and(|new| new != old));
        until("an answer", || self.owner.client.get(&self.owner.path("")).status == 200);
    }

    /// Returns whether all of these batches are finished, as far as the service answers.
    fn has_finished(&self, batches: &[String]) -> bool {
        batches.iter().all(|batch| {
            let answer = self.owner.client.get(batch);
            answer.status == 200 && answer.body.get("finished").is_some()
        })
    }
}

fn worker(home: &Home) -> Running {
    let mut command = home.command(&["worker"]);
    command.envs(SETTINGS);
    Running::start(command, "working")
}

/// The state in the end.
struct End<'a> {
    conn: PgConnection,
    owner: &'a Owner,
    /// Whether each image that was not deleted came through.
    came_through: BTreeMap<String, bool>,
}

impl End<'_> {
    fn count(&mut self, what: &str) -> i64 {
        rows::number(&mut self.conn, &format!("SELECT count(*) AS n FROM {what}"))
    }

    fn texts(&mut self, sql: &str) -> BTreeSet<String> {
        rows::texts(&mut self.conn, sql).into_iter().collect()
    }

    /// Compares what became of each image with what its origin does.
    fn each_image_came_to_its_end(&mut self, wanted: &BTreeMap<String, Outcome>) {
        assert_eq!(self.count("images WHERE ingesting OR finished IS NULL"), 0);
        assert_eq!(self.count("jobs"), 0);
        let kept = "retries AS r LEFT JOIN images AS i ON (i.customer, i.space, i.id) = (r.customer, r.space, r.image) \
            WHERE COALESCE(i.error, '') = ''";
        assert_eq!(self.count(kept), 0, "attempts are remembered of what failed alone");
        for line in self.texts("SELECT id || ' ' || error AS text FROM images") {
            let (id, error) = line.split_once(' ').expect("an error, or none");
            match wanted[id] {
                // An image whose workers died three times is given up.
                _ if error.contains("broke off") => {}
                Outcome::Image => assert_eq!(error, "", "{id}"),
                Outcome::Error(words) => assert!(error.contains(words), "{id}: {error}"),
            }
            self.came_through.insert(id.to_owned(), error.is_empty());
        }
    }

    /// Waits until nothing is left over, where attempts at deleted images are over: what they may have stored is kept for as
    /// long as they might go on, also if their worker was killed in the meantime.
    fn what_was_left_over_goes(&mut self, stored: &Path) {
        let later = "discards WHERE due > now() + interval '1 minute'";
        let job = "split_part(split_part(object, '/', 3), '-', 1)";
        let jobs = self.texts(&format!("SELECT DISTINCT {job} AS text FROM {later}"));
        let deleted = self.count("changes WHERE kind = 'imageDeleted'");
        assert!(jobs.len() <= usize::try_from(deleted).expect("few"), "{jobs:?} of {deleted}");
        let objects = self.came_through.values().filter(|came_through| **came_through).count();
        let end = Instant::now() + Duration::from_mins(1);
        loop {
            rows::hurry_discards(&mut self.conn, "1 day");
            let files = rows::files(stored);
            if files.len() == objects {
                return;
            }
            let due = self.texts("SELECT object AS text FROM discards");
            assert!(
                Instant::now() < end,
                "{objects} objects and {files:?}; to be removed: {due:?}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Compares counts that are kept with those of the rows.
    fn all_counts_are_exact(&mut self, batches: &[String], images: usize) {
        let finished = i64::try_from(batches.len()).expect("few");
        assert_eq!(self.count("finishes"), finished, "each batch is finished once");
        let mut settled = 0;
        for batch in batches {
            let batch = self.owner.client.get(batch).expect(200);
            let ended = batch.number("completed") + batch.number("errors");
            assert_eq!(batch.number("count"), ended, "{}", batch.body);
            settled += ended;
        }
        assert_eq!(settled, i64::try_from(images).expect("few"));
        let storage = self.owner.client.get(&self.owner.path("/storage")).expect(200);
        let held = i64::try_from(self.came_through.len()).expect("few");
        assert_eq!(storage.number("numberOfStoredImages"), held);
        let size = "SELECT COALESCE(sum(size), 0)::bigint AS n FROM derivatives";
        let size = rows::number(&mut self.conn, size);
        assert_eq!(storage.number("totalSizeOfStoredImages"), size);
        let spent = self.owner.client.get(&self.owner.path("/queue")).expect(200);
        assert_eq!(spent.number("size"), 0);
    }

    /// Replays the changes from the first on, and compares what comes of it with the rows.
    fn the_changes_tell_what_is_so(&mut self) {
        let sql =
            "SELECT kind || ' ' || name AS text FROM changes WHERE space IS NOT NULL ORDER BY id";
        let mut images: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in rows::texts(&mut self.conn, sql) {
            let (kind, id) = line.split_once(' ').expect("a kind, and a name");
            images.entry(id.to_owned()).or_default().push(kind.to_owned());
        }
        for (id, kinds) in images {
            let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
            let is_as_told = match (kinds.as_slice(), self.came_through.get(&id)) {
                (["imageCreated", "imageChanged"], Some(came_through)) => *came_through,
                (["imageCreated", "imageFailed"], Some(came_through)) => !came_through,
                // One that is deleted may have been processed before.
                (["imageCreated", "imageDeleted"] | ["imageCreated", _, "imageDeleted"], None) => {
                    true
                }
                _ => false,
            };
            assert!(
                is_as_told,
                "{id}: {kinds:?}, and it came through: {:?}",
                self.came_through.get(&id)
            );
            self.came_through.remove(&id);
        }
        assert!(self.came_through.is_empty(), "no change made these: {:?}", self.came_through);
    }
}

#[test]
fn nothing_is_lost_or_done_twice_while_workers_and_the_database_die() {
    let run = Run::wanted();
    let random = &mut Random::new(run.seed, 0);
    let mut victims = Victims::start(run.workers);
    let origin = Origin::start();
    let messages = Messages::ask(&victims.owner);
    let listener = Listener::start(&victims.owner);
    let mut wanted = BTreeMap::new();
    let mut batches = Vec::new();
    let numbers: Vec<usize> = (0..run.images).collect();
    for portion in numbers.chunks(PORTION) {
        let members = portion.iter().map(|n| {
            let (path, outcome) = origins::any(*n, random);
            let id = n.to_string();
            wanted.insert(id.clone(), outcome);
            json!({ "id": id, "space": victims.space, "origin": origin.url(&path) })
        });
        let members: Vec<Value> = members.collect();
        batches.push(victims.owner.submit(&members).expect(201).id());
    }

    let end = Instant::now() + run.patience;
    let mut restarts = run.restarts;
    let mut deletions: Vec<usize> = numbers.into_iter().filter(|n| n % DELETED == 7).collect();
    while !(victims.has_finished(&batches) && restarts == 0 && deletions.is_empty()) {
        assert!(Instant::now() < end, "not finished in {:?}", run.patience);
        let longest = usize::try_from(run.interval.as_millis()).expect("short");
        std::thread::sleep(Duration::from_millis(random.below(longest).try_into().expect("short")));
        if restarts > 0 && random.one_in(3) {
            victims.break_database_off();
            restarts -= 1;
        }
        for _ in 0..deletions.len().min(5) {
            let n = deletions.swap_remove(random.below(deletions.len()));
            let path = victims.owner.path(&format!("/spaces/{}/images/{n}", victims.space));
            victims.owner.client.delete(&path).expect(205);
        }
        victims.kill_one(random);
    }
    origin.release();

    let Victims { service, workers, owner, home, .. } = victims;
    let conn = home.connect();
    let mut so = End { conn, owner: &owner, came_through: BTreeMap::new() };
    so.each_image_came_to_its_end(&wanted);
    so.all_counts_are_exact(&batches, run.images);
    so.what_was_left_over_goes(&home.objects());
    let told =
        "SELECT id::text AS text FROM changes WHERE space IS NOT NULL OR kind = 'batchFinished'";
    let told: BTreeSet<i64> =
        so.texts(told).iter().map(|id| id.parse().expect("a number")).collect();
    messages.have_told(&told);
    listener.has_heard(&told);
    so.the_changes_tell_what_is_so();
    drop(so);
    assert!(home.says(&["check"]).contains("agree"), "beside the service");
    workers.into_iter().for_each(Running::stop);
    service.stop();
    assert_eq!(rows::files(&home.data().join("originals")), Vec::<std::path::PathBuf>::new());
}
