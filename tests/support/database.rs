//! One PostgreSQL a test run, one database a test: a copy of one that was migrated once.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use diesel::{Connection, PgConnection, RunQueryDsl};
use hydria::database::migrate;
use private_postgres::{Durability, Private};

struct Cluster {
    private: Private,
    /// Copies are made one after another, for a template must have no other user.
    copying: Mutex<()>,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static MADE: AtomicUsize = AtomicUsize::new(0);

/// A folder of this test run, which the next run removes.
pub fn folder() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let temporary = std::env::temp_dir();
            remove_stale(&temporary);
            let folder = temporary.join(format!("hydria-tests-{}", std::process::id()));
            std::fs::create_dir_all(&folder).expect("a folder for the tests");
            folder
        })
        .clone()
}

/// Removes the folders of test runs that are over.
fn remove_stale(temporary: &Path) {
    for entry in std::fs::read_dir(temporary).expect("a temporary folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(pid) = name.strip_prefix("hydria-tests-")
            && !Path::new("/proc").join(pid).exists()
        {
            // Somebody else's stays; it is not in the way.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| {
        let data = folder().join("cluster");
        std::fs::create_dir_all(&data).expect("a folder for the cluster");
        let mut private = Private::start(&data, Durability::None).expect("a cluster for the tests");
        let mut conn = PgConnection::establish(private.url()).expect("the cluster answers");
        // Each test has a service of its own, and there are as many at once as cores.
        execute(&mut conn, "ALTER SYSTEM SET max_connections = 1000");
        drop(conn);
        private.restart().expect("the cluster starts again");
        let mut conn = PgConnection::establish(private.url()).expect("the cluster answers");
        execute(&mut conn, "CREATE DATABASE migrated");
        let url = private.url().replace("dbname=hydria", "dbname=migrated");
        migrate::migrate(&mut PgConnection::establish(&url).expect("the template"))
            .expect("migrations pass");
        Cluster { private, copying: Mutex::new(()) }
    })
}

fn execute(conn: &mut PgConnection, sql: &str) {
    diesel::sql_query(sql).execute(conn).unwrap_or_else(|e| panic!("{sql}: {e}"));
}

/// The address of a database of its own, migrated.
pub fn fresh() -> String {
    create("TEMPLATE migrated")
}

/// The address of a database of its own, empty.
pub fn empty() -> String {
    create("")
}

fn create(template: &str) -> String {
    let cluster = cluster();
    let name = format!("test{}", MADE.fetch_add(1, Ordering::SeqCst));
    let _one_at_a_time = cluster.copying.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut conn = PgConnection::establish(cluster.private.url()).expect("the cluster answers");
    execute(&mut conn, &format!("CREATE DATABASE {name} {template}"));
    cluster.private.url().replace("dbname=hydria", &format!("dbname={name}"))
}
