//! What most tests of the engine begin with: a service, an origin, a customer and a space.

use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;
use hydria::cli::serve;
use hydria::cli::setup::Setup;
use hydria::config::Config;
use hydria::database::notifications::Notifications;
use hydria::derivation::Limits;
use hydria::engine::bulk::Turn;
use hydria::engine::check::{Options, check};
use hydria::engine::claim::{Claimed, Wanted, claim, last_turn};
use hydria::engine::{Engine, GiveUp, Settings, mebibytes};
use hydria::metrics::Metrics;
use hydria::origins::{Fetcher, RetryLimits};
use hydria::traces::Traces;
use serde_json::{Value, json};

use crate::support::{Answer, App, Origin, Owner, rows, until};

pub struct Scene {
    pub app: App,
    pub origin: Origin,
    pub owner: Owner,
    pub space: i64,
}

impl Scene {
    pub fn start() -> Self {
        Self::of(App::start())
    }

    pub fn with(settings: &[(&str, &str)]) -> Self {
        Self::of(App::start_with(settings, serve::Options::default()))
    }

    pub fn without_workers() -> Self {
        Self::of(App::without_workers())
    }

    pub fn of(app: App) -> Self {
        let owner = app.customer("library");
        let space = owner.space("maps");
        Self { app, origin: Origin::start(), owner, space }
    }

    /// An image as it stands in a submission.
    pub fn image(&self, id: &str, origin: &str) -> Value {
        json!({ "id": id, "space": self.space, "origin": origin })
    }

    pub fn path(&self, id: &str) -> String {
        self.owner.path(&format!("/spaces/{}/images/{id}", self.space))
    }

    #[track_caller]
    pub fn read(&self, id: &str) -> Answer {
        self.owner.client.get(&self.path(id)).expect(200)
    }

    pub fn put(&self, id: &str, origin: &str) -> Answer {
        self.owner.client.put(&self.path(id), &json!({ "origin": origin }))
    }

    /// Submits images, all of one origin; answers the address of the batch.
    #[track_caller]
    pub fn submit(&self, ids: &[&str], origin: &str) -> String {
        let images: Vec<Value> = ids.iter().map(|id| self.image(id, origin)).collect();
        self.owner.submit(&images).expect(201).id()
    }

    /// Completed members and errors of a batch.
    #[track_caller]
    pub fn counts(&self, batch: &str) -> (i64, i64) {
        let batch = self.owner.client.get(batch).expect(200);
        (batch.number("completed"), batch.number("errors"))
    }

    #[track_caller]
    pub fn queue_size(&self) -> i64 {
        self.owner.client.get(&self.owner.path("/queue")).expect(200).number("size")
    }

    /// Names of all objects, and of what was written of any.
    pub fn objects(&self) -> Vec<String> {
        let found = rows::files(&self.app.data.path().join("objects"));
        let name = |p: &std::path::PathBuf| p.file_name().expect("a name").to_string_lossy().into();
        found.iter().map(name).collect()
    }

    /// That rows, counters and objects agree, once what is due to go is gone.
    #[track_caller]
    pub fn agrees(&self) {
        let hands = Hands::of(&self.app);
        hands.tidy();
        let found = hands.check();
        assert!(found.is_empty(), "{found:#?}");
    }
}

/// A worker that does one thing when it is told to.
pub struct Hands {
    runtime: tokio::runtime::Runtime,
    engine: Arc<Engine>,
    setup: Setup,
    url: String,
}

impl Hands {
    /// A worker of a service, on its database and its folder.
    pub fn of(app: &App) -> Self {
        Self::through(&app.database_url, app)
    }

    /// The same, on another way to the database.
    pub fn through(url: &str, app: &App) -> Self {
        Self::with(url, app, |_| {})
    }

    /// Returns the same, with the retries of the defaults.
    pub fn retrying(app: &App) -> Self {
        Self::with(&app.database_url, app, |settings| settings.retries = RetryLimits::default())
    }

    /// Returns the same, with other settings.
    pub fn with(url: &str, app: &App, change: impl FnOnce(&mut Settings)) -> Self {
        let data = app.data.path().to_str().expect("a path in UTF-8").to_owned();
        let config = Config::read(|name| match name {
            "DATABASE_URL" => Some(url.to_owned()),
            "HYDRIA_DATA" => Some(data.clone()),
            "HYDRIA_ORIGIN_ALLOW" => Some("127.0.0.1".to_owned()),
            "HYDRIA_RETRIES" => Some("1".to_owned()),
            _ => None,
        })
        .expect("settings");
        let setup = Setup::join(&config).expect("the database answers");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let inside = runtime.enter();
        let mut settings = Settings {
            lease: config.lease,
            fetches: 1,
            host_fetches: 1,
            give_up: GiveUp::default(),
            retries: config.retries,
            limits: Limits {
                max_pixels: config.max_pixels,
                memory: config.ingest_memory_bytes,
                processor_time: config.ingest_time,
            },
            max_edge: config.max_edge,
            memory: mebibytes(config.memory_bytes),
            folder: app.data.path().to_owned(),
            program: env!("CARGO_BIN_EXE_hydria").into(),
            journal_days: config.journal_days,
            webhook_allow: config.webhook_allow.clone(),
            purge_urls: config.purge_urls.clone(),
        };
        change(&mut settings);
        let engine = Engine::new(
            setup.database.clone(),
            setup.site(&config, app.base.clone()),
            setup.storage.clone(),
            fetcher(&config),
            Notifications::listen(url, "hydria_work", "hydria_settled"),
            settings,
            (Metrics::new().expect("metrics"), Traces::default()),
        )
        .expect("threads");
        drop(inside);
        Self { runtime, engine, setup, url: url.to_owned() }
    }

    /// Works the next image to its end.
    #[track_caller]
    pub fn work_one(&self) -> Claimed {
        self.runtime.block_on(self.engine.work_one()).expect("something to do")
    }

    /// Works the next image to its end once there is one: a customer is paused after a fault of the service.
    #[track_caller]
    pub fn work_next(&self) -> Claimed {
        let mut worked = None;
        until("something to do", || {
            worked = self.runtime.block_on(self.engine.work_one());
            worked.is_some()
        });
        worked.expect("something was done")
    }

    /// Works an image that was claimed; what is done to it breaks off.
    pub fn break_off(&self, job: &Claimed) {
        let work = async { panic!("on purpose") };
        self.runtime.block_on(self.engine.supervise(job, work));
    }

    /// Works a chunk of the bulk job whose turn it is.
    pub fn bulk_turn(&self) -> Turn {
        self.runtime.block_on(self.engine.bulk_turn()).expect("the database answers")
    }

    /// Does at once what is due some time from now.
    pub fn tidy(&self) {
        rows::hurry_discards(&mut self.connection(), "1 day");
        self.runtime.block_on(self.engine.tidy_once()).expect("the database answers");
    }

    /// What does not agree.
    pub fn check(&self) -> Vec<String> {
        self.checked(false)
    }

    /// What did not agree, and now does.
    pub fn mend(&self) -> Vec<String> {
        self.checked(true)
    }

    fn checked(&self, repair: bool) -> Vec<String> {
        let (database, storage) = (&self.setup.database, &self.setup.storage);
        let mut findings = Vec::new();
        let mut say = |finding: &str| findings.push(finding.to_owned());
        // Small enough that a few hundred images make several of each.
        let options = Options { repair, chunk: 40, keys: 100 };
        let check = check(database, storage, options, &mut say);
        self.runtime.block_on(check).expect("the database answers");
        findings
    }

    pub fn connection(&self) -> PgConnection {
        hydria::database::connect(&self.url).expect("the database answers")
    }
}

/// Claims jobs as workers do, immediate ones first, each customer in turn.
pub fn claim_some(conn: &mut PgConnection, most: usize, lease: Duration) -> Vec<Claimed> {
    let mut claimed = Vec::new();
    for immediate in [true, false] {
        let mut after = 0;
        while claimed.len() < most {
            let most = most - claimed.len();
            let wanted =
                Wanted { immediate, priority_first: true, most, after, except: &[], lease };
            let more = claim(conn, &wanted).expect("the database answers");
            after = last_turn(after, &more);
            if more.is_empty() {
                break;
            }
            claimed.extend(more);
        }
    }
    claimed
}

/// Claims one image as a worker does that then is not heard of any more.
#[track_caller]
pub fn claim_one(conn: &mut PgConnection) -> Claimed {
    let claimed = claim_some(conn, 1, Duration::from_mins(10));
    claimed.into_iter().next().expect("a job to claim")
}

/// Makes every lease run out.
pub fn run_out(conn: &mut PgConnection) {
    rows::execute(conn, "UPDATE jobs SET available = now()");
}

fn fetcher(config: &Config) -> Fetcher {
    let (limits, allowed) = (config.origin_limits, config.origin_allow.clone());
    Fetcher::new(limits, allowed, config.s3_ambient.clone()).expect("a client")
}
