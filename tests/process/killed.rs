//! Killed in the middle of a batch, and started again: nothing is lost, counted twice or left over.

use diesel::{Connection, PgConnection};
use serde_json::{Value, json};

use super::home::{Home, Running, note_finishes, signal};
use crate::support::{Client, Origin, Owner, rows, until};

const IMAGES: i64 = 500;
/// One in so many is missing at the origin.
const MISSING: i64 = 50;

const SETTLED: &str = "SELECT count(*) AS n FROM members WHERE outcome IS NOT NULL";

/// A batch under way in a process of its own.
struct Batch {
    conn: PgConnection,
    service: Running,
    origin: Origin,
    owner: Owner,
    address: String,
    /// Last, for it waits for the end of what runs in it.
    home: Home,
}

const SETTINGS: [(&str, &str); 2] = [("HYDRIA_LEASE_SECONDS", "2"), ("HYDRIA_RETRY_SECONDS", "1")];

impl Batch {
    /// Submits five hundred images; `first` gives the origins of as many as it has paths.
    fn submit(first: &[String]) -> Self {
        let (home, origin) = (Home::new(), Origin::start());
        let service = home.serve(&SETTINGS);
        let owner = Owner::make(&service.administrator(), "library");
        let space = owner.space("maps");
        let mut conn = home.connect();
        note_finishes(&mut conn);
        let images: Vec<Value> = (0..IMAGES)
            .map(|n| {
                let path = match usize::try_from(n).ok().and_then(|n| first.get(n)) {
                    Some(path) => path.clone(),
                    None if n % MISSING == MISSING - 1 => format!("/missing/{n}.png"),
                    None => format!("/image/120x80/{n}.png"),
                };
                json!({ "id": n.to_string(), "space": space, "origin": origin.url(&path) })
            })
            .collect();
        let address = owner.submit(&images).expect(201).id();
        Self { conn, service, origin, owner, address, home }
    }

    fn settled(&mut self) -> i64 {
        rows::number(&mut self.conn, SETTLED)
    }

    /// Starts the service again, and compares rows, counts and objects once the batch is finished.
    fn comes_back(self) {
        let Self { home, origin, mut owner, address, conn, .. } = self;
        drop(conn);
        origin.release();
        let service = home.serve(&SETTINGS);
        owner.client = service.client_of(&owner);
        let done = owner.finished(&address);
        let failed = IMAGES / MISSING;
        let counts = (done.number("completed"), done.number("errors"));
        assert_eq!((done.number("count"), counts), (IMAGES, (IMAGES - failed, failed)));
        let errors = owner.client.get(&format!("{address}/errorImages")).expect(200);
        assert_eq!(errors.number("totalItems"), failed);
        for error in errors.each("error") {
            assert!(error.contains("404"), "{error}");
        }
        let mut conn = home.connect();
        let mut count =
            |what: &str| rows::number(&mut conn, &format!("SELECT count(*) AS n FROM {what}"));
        assert_eq!(count("finishes"), 1, "finished is set once");
        assert_eq!((count("jobs"), count("retries")), (0, 0));
        assert_eq!(count("images WHERE ingesting OR finished IS NULL"), 0);
        let storage = owner.client.get(&owner.path("/storage")).expect(200);
        assert_eq!(storage.number("numberOfStoredImages"), IMAGES);
        let size = "SELECT sum(size)::bigint AS n FROM derivatives";
        assert_eq!(storage.number("totalSizeOfStoredImages"), rows::number(&mut conn, size));
        let objects = usize::try_from(IMAGES - failed).expect("few");
        // What was replaced is kept for a minute, for those who read it.
        until("what was left over to go", || {
            rows::hurry_discards(&mut conn, "1 minute");
            rows::files(&home.objects()).len() == objects
        });
        assert_eq!(rows::files(&home.data().join("originals")), Vec::<std::path::PathBuf>::new());
        drop(conn);
        assert!(home.says(&["check"]).contains("agree"), "beside the service");
        service.stop();
        assert!(home.says(&["check"]).contains("agree"), "alone");
        assert_eq!(home.postmaster(), None);
    }
}

fn paths(count: usize, path: &str) -> Vec<String> {
    (0..count).map(|n| format!("{path}/{n}.x")).collect()
}

#[test]
fn killed_while_it_fetches() {
    let mut batch = Batch::submit(&paths(6, "/held/120x80"));
    batch.origin.wait_for("/held", 6);
    until("others to be settled", || batch.settled() > 20);
    batch.service.kill();
    batch.comes_back();
}

#[test]
fn killed_between_two_attempts() {
    let mut batch = Batch::submit(&paths(6, "/failing/503/3/120x80"));
    let waiting = "SELECT count(*) AS n FROM retries WHERE failures = 2 AND next_try IS NOT NULL";
    until("two attempts to fail", || rows::number(&mut batch.conn, waiting) > 0);
    batch.service.kill();
    batch.comes_back();
}

#[test]
fn killed_while_it_decodes() {
    let mut batch = Batch::submit(&paths(8, "/format/tiff/900x900"));
    let one = "SELECT count(*) AS n FROM images WHERE width = 900";
    // As many are fetched at once; they are decoded one a core, so that others still are.
    until("the first of eight", || rows::number(&mut batch.conn, one) >= 1);
    assert!(rows::number(&mut batch.conn, one) < 8);
    batch.service.kill();
    batch.comes_back();
}

#[test]
fn killed_while_it_stores() {
    let mut batch = Batch::submit(&[]);
    until("more objects than images that say so", || {
        let objects = i64::try_from(rows::files(&batch.home.objects()).len()).expect("few");
        let said = "SELECT count(*) AS n FROM derivatives WHERE object IS NOT NULL";
        objects > 20 && objects > rows::number(&mut batch.conn, said)
    });
    batch.service.kill();
    batch.comes_back();
}

#[test]
fn killed_while_it_processes_images_again() {
    let mut batch = Batch::submit(&[]);
    batch.owner.finished(&batch.address);
    rows::execute(&mut batch.conn, "DELETE FROM finishes");
    let larger: Vec<Value> = (0..IMAGES)
        .map(|n| {
            let missing = n % MISSING == MISSING - 1;
            let path = if missing { "/missing/x.png" } else { "/image/150x100/x.png" };
            json!({ "id": n.to_string(), "space": 1, "origin": batch.origin.url(path) })
        })
        .collect();
    batch.address = batch.owner.submit(&larger).expect(201).id();
    until("half of it", || batch.settled() > IMAGES + IMAGES / 2);
    batch.service.kill();
    batch.comes_back();
}

#[test]
fn killed_while_it_finishes() {
    let mut batch = Batch::submit(&[]);
    until("half of it", || batch.settled() > IMAGES / 2);
    let mut holder = batch.home.connect();
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let held: diesel::QueryResult<()> = holder.transaction(|holder| {
        // Whoever settles an image must hold its batch: here all wait at once.
        rows::execute(holder, "SELECT FROM batches FOR UPDATE");
        until("workers that settle", || rows::number(&mut batch.conn, waiting) >= 2);
        batch.service.kill();
        Err(diesel::result::Error::RollbackTransaction)
    });
    assert!(held.is_err());
    drop(holder);
    batch.comes_back();
}

#[test]
fn killed_while_it_serves() {
    let mut batch = Batch::submit(&paths(2, "/image/1200x900"));
    let large = "SELECT count(*) AS n FROM images WHERE width = 1200";
    until("the large ones", || rows::number(&mut batch.conn, large) == 2);
    let services: Vec<String> =
        (0..2).map(|n| format!("/iiif-img/{}/1/{n}", batch.owner.id)).collect();
    let (tile, rendered) = ("0,0,512,512/512,512/0/default.jpg", "5,5,1100,800/1000,/0/gray.png");
    let visitor = batch.service.administrator().with_key(None);
    let read = |visitor: &Client| -> Vec<Vec<u8>> {
        let paths =
            services.iter().flat_map(|at| [tile, rendered].map(|rest| format!("{at}/{rest}")));
        paths.map(|path| visitor.get(&path).expect(200).bytes).collect()
    };
    let before = read(&visitor);
    // Renderings are under way when it ends.
    std::thread::scope(|scope| {
        for n in 0..4 {
            let (visitor, service) = (visitor.clone(), services[0].clone());
            scope.spawn(move || {
                let request = format!("{service}/{n},0,1100,900/1090,/0/bitonal.png");
                let _ = visitor.request(reqwest::Method::GET, &request).send();
            });
        }
        std::thread::sleep(std::time::Duration::from_millis(30));
        batch.service.kill();
    });
    // As a file that was not written whole would be.
    let folders = std::fs::read_dir(batch.home.data().join("rendered")).expect("a folder");
    let left = folders.flatten().next().expect("the folder of the process").path();
    std::fs::write(left.join("1"), b"half a picture").expect("a file");
    let home = &batch.home;
    let service = home.serve(&SETTINGS);
    let again = read(&service.administrator().with_key(None));
    assert!(again == before, "the same bytes are served");
    assert!(!left.exists(), "what the process left is gone");
    service.stop();
    batch.comes_back();
}

#[test]
fn killed_together_with_its_database() {
    let mut batch = Batch::submit(&paths(3, "/held/120x80"));
    until("a part of it", || batch.settled() > IMAGES / 5);
    signal("KILL", batch.home.postmaster().expect("a server"));
    batch.service.kill();
    batch.comes_back();
}
