//! How a process learns what was written: by what has become visible since it last looked.

use std::sync::Arc;
use std::time::Instant;

use diesel::PgConnection;
use hydria::addresses::ImageAddress;
use hydria::journal::snapshot::{Snapshot, changes_since};
use hydria::journal::{Changes, Reader};
use parking_lot::Mutex;

use super::{close, served};
use crate::engine::scene::Scene;
use crate::support::{rows, until};

/// Looks at the journal when it is told to.
struct Looks {
    conn: PgConnection,
    last: Snapshot,
}

impl Looks {
    fn begin(scene: &Scene) -> Self {
        let mut conn = scene.app.database();
        let (first, last) = changes_since(&mut conn, None).expect("the database answers");
        assert_eq!(first, Changes::Unknown, "nothing is known of what was before");
        Self { conn, last }
    }

    fn look(&mut self) -> Changes {
        let (changes, now) =
            changes_since(&mut self.conn, Some(&self.last)).expect("the database answers");
        self.last = now;
        changes
    }

    /// The images that were changed, in order.
    #[track_caller]
    fn images(&mut self) -> Vec<String> {
        let mut found = ids(&self.look());
        found.sort_unstable();
        found
    }
}

#[track_caller]
fn ids(changes: &Changes) -> Vec<String> {
    match changes {
        Changes::Images(images) => images.iter().map(|at| at.image.clone()).collect(),
        Changes::Unknown => panic!("everything may have changed"),
    }
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_transaction_that_stays_open_neither_holds_others_back_nor_is_lost() {
    let scene = served(&["slow", "slower", "before", "beside", "after"]);
    let mut looks = Looks::begin(&scene);
    let open = |id: &str| {
        let mut conn = scene.app.database();
        rows::execute(&mut conn, "BEGIN");
        // What is written within a savepoint is of the transaction as well.
        rows::execute(&mut conn, "SAVEPOINT within");
        let close = format!("UPDATE images SET max_unauthorised = 0 WHERE id = '{id}'");
        rows::execute(&mut conn, &close);
        conn
    };
    let mut slow = open("slow");
    close(&scene, "before");
    assert_eq!(looks.images(), ["before"]);
    let mut slower = open("slower");
    assert_eq!(looks.images(), nothing());
    close(&scene, "beside");
    assert_eq!(looks.images(), ["beside"]);
    assert_eq!(looks.images(), nothing(), "it is told once");
    rows::execute(&mut slower, "COMMIT");
    close(&scene, "after");
    assert_eq!(looks.images(), ["after", "slower"]);
    rows::execute(&mut slow, "COMMIT");
    assert_eq!(looks.images(), ["slow"]);
    assert_eq!(looks.images(), nothing());
}

#[test]
fn an_image_is_named_once_whatever_was_done_to_it() {
    let scene = served(&["map"]);
    let mut looks = Looks::begin(&scene);
    close(&scene, "map");
    scene.owner.client.delete(&scene.path("map")).expect(205);
    let customer = i32::try_from(scene.owner.id).expect("small");
    let space = i32::try_from(scene.space).expect("small");
    let at = ImageAddress { customer, space, image: "map".into() };
    assert_eq!(looks.look(), Changes::Images(vec![at]));
}

#[test]
fn what_another_server_wrote_is_not_told() {
    let scene = served(&["map", "dumped"]);
    let mut looks = Looks::begin(&scene);
    close(&scene, "map");
    rows::execute(
        &mut looks.conn,
        "INSERT INTO journal (transaction, customer, space, image, change) \
         SELECT '900000000000', customer, space, 'dumped', 'closed' FROM images LIMIT 1",
    );
    assert_eq!(looks.images(), ["map"]);
    assert_eq!(looks.images(), nothing());
}

#[test]
fn everything_may_have_changed_where_the_journal_cannot_tell() {
    let scene = served(&["map"]);
    let mut looks = Looks::begin(&scene);
    let last = looks.last.clone();

    looks.last.text = "900000000000:900000000000:".into();
    assert_eq!(looks.look(), Changes::Unknown, "the database is of an earlier state");
    assert_eq!(looks.images(), nothing());

    looks.last.taken -= chrono::Duration::hours(2);
    assert_eq!(looks.look(), Changes::Unknown, "rows may have been removed");
    assert_eq!(looks.images(), nothing());

    looks.last = last;
    rows::execute(
        &mut looks.conn,
        "INSERT INTO journal (customer, space, image, change) \
         SELECT customer, space, n::text, 'closed' FROM images, generate_series(1, 20001) AS n",
    );
    assert_eq!(looks.look(), Changes::Unknown, "they are too many to be named");
    assert_eq!(looks.images(), nothing());
}

/// A reader, and what it has told.
struct Listening {
    reader: Reader,
    told: Arc<Mutex<Vec<Changes>>>,
}

impl Listening {
    fn start(scene: &Scene) -> Self {
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = Arc::clone(&told);
        let on_change = move |changes| telling.lock().push(changes);
        let reader = Reader::start(&scene.app.database_url, on_change).expect("a thread");
        Self { reader, told }
    }

    /// Waits until a read that began from now on has come to its end.
    #[track_caller]
    fn catch_up(&self) {
        let now = Instant::now();
        until("a read", || self.reader.read_began().is_some_and(|began| began >= now));
    }
}

/// Connections that read the journal: that of the service, and others.
fn readers(scene: &Scene) -> i64 {
    rows::number(
        &mut scene.app.database(),
        "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
         AND pid <> pg_backend_pid() AND query LIKE '%FROM journal %'",
    )
}

#[test]
fn a_reader_tells_all_of_what_was_committed_before_its_last_read_began() {
    let scene = served(&["map", "plan"]);
    until("the reader of the service", || readers(&scene) == 1);
    let listening = Listening::start(&scene);
    listening.catch_up();
    assert_eq!(*listening.told.lock(), [Changes::Unknown]);
    for id in ["map", "plan"] {
        close(&scene, id);
        listening.catch_up();
        let told = listening.told.lock();
        assert_eq!(told.last().map(ids), Some(vec![id.to_owned()]));
    }
    assert_eq!(listening.told.lock().len(), 3);

    until("the second reader", || readers(&scene) == 2);
    drop(listening.reader);
    until("its end", || readers(&scene) == 1);
}

#[test]
fn a_reader_whose_connection_is_cut_knows_nothing_for_sure_and_goes_on() {
    let scene = served(&["map", "plan"]);
    let listening = Listening::start(&scene);
    listening.catch_up();
    until("both readers", || readers(&scene) == 2);
    let cut = rows::number(
        &mut scene.app.database(),
        "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%FROM journal %'",
    );
    assert_eq!(cut, 2);
    // It may still be found alive; what it cannot tell any more is then within the unknown.
    close(&scene, "map");
    until("it to begin anew", || {
        listening.told.lock().iter().filter(|told| **told == Changes::Unknown).count() == 2
    });
    listening.catch_up();
    close(&scene, "plan");
    listening.catch_up();
    assert_eq!(listening.told.lock().last().map(ids), Some(vec!["plan".to_owned()]));
}
