//! The rows of a database at one moment.

use std::fs::File;
use std::io::{BufWriter, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::BackupError;
use super::dump::Server;
use crate::database::Conn;
use crate::database::deployment::Deployment;
use crate::database::key_rings::{self, WrappedKeys};
use crate::queue::hold;
use crate::schema::upload_parts;
use crate::secrets::{Secret, WrappingKey};
use crate::uploads;

/// Time for which those who just look what is due are waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// Interval at which the lock is tried meanwhile.
const POLL: Duration = Duration::from_millis(50);
/// Interval at which the session is seen to be there while objects are copied.
const INTERVAL: Duration = Duration::from_secs(5);
/// Rows that are read at a time.
const CHUNK: i64 = 10_000;

/// A session that keeps objects from being removed.
pub(super) struct Keeping {
    conn: Conn,
    server: Server,
    /// Time at which the session was last seen to be there.
    seen: Instant,
}

#[derive(QueryableByName)]
struct Moment {
    #[diesel(sql_type = Text)]
    snapshot: String,
    #[diesel(sql_type = Text)]
    created: String,
    #[diesel(sql_type = Text)]
    migration: String,
}

/// The contents of a snapshot beside the dump.
pub(super) struct Rows {
    pub(super) created: String,
    pub(super) migration: String,
    /// Keys of all objects that rows name, one a line, from its start; it has no name.
    pub(super) keys: File,
    /// The keys of the deployment.
    wrapped: Vec<WrappedKeys>,
}

impl Rows {
    /// Returns whether a secret is one of those with which the dump is of use.
    pub(super) fn opens(&self, deployment: &Deployment, secret: &Secret) -> bool {
        key_rings::fits(&self.wrapped, deployment, &WrappingKey::of(secret))
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    image: String,
    #[diesel(sql_type = Text)]
    object: String,
}

impl Keeping {
    /// Keeps all objects from now on.
    ///
    /// # Errors
    /// Fails if another backup does, or the database does not answer.
    pub(super) fn begin(url: &str) -> Result<Self, BackupError> {
        let (server, mut conn) = Server::connect(url)?;
        // It is idle while objects are copied, and a dump takes as long as it takes.
        conn.batch_execute(
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
             SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
             SELECT set_config(name, '0', FALSE) FROM pg_settings WHERE name = 'idle_session_timeout'",
        )?;
        let began = Instant::now();
        while !hold::keep_objects(&mut conn)? {
            if began.elapsed() > PATIENCE {
                let words = "another backup of this database is under way";
                return Err(BackupError::Refused(words.into()));
            }
            std::thread::sleep(POLL);
        }
        Ok(Self { conn, server, seen: began })
    }

    /// Returns the major version of the server, such as 15.
    pub(super) fn major(&self) -> u32 {
        self.server.major()
    }

    /// Writes a dump of the database into a file, and reads the keys of the objects of the same moment; `folder` is for what
    /// is kept meanwhile.
    ///
    /// # Errors
    /// Fails if the database does not answer, the dump cannot be written, or the disk is full.
    pub(super) fn dump(&mut self, to: File, folder: &Path) -> Result<Rows, BackupError> {
        let conn = &mut self.conn;
        conn.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        let moment: Moment = diesel::sql_query(
            "SELECT pg_export_snapshot() AS snapshot, \
             to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS created, \
             (SELECT max(version)::text FROM __diesel_schema_migrations) AS migration",
        )
        .get_result(conn)?;
        self.server.dump(&moment.snapshot, to)?;
        let keys = keys(conn, folder)?;
        let wrapped = key_rings::read(conn)?;
        conn.batch_execute("COMMIT")?;
        self.seen = Instant::now();
        Ok(Rows { created: moment.created, migration: moment.migration, keys, wrapped })
    }

    /// Sees that the session is there, which also keeps what stands between from ending it; asks every few seconds, however
    /// often it is called.
    ///
    /// # Errors
    /// Fails if objects are not kept any more, because the session was ended.
    pub(super) fn go_on(&mut self) -> Result<(), BackupError> {
        if self.seen.elapsed() < INTERVAL {
            return Ok(());
        }
        self.conn.batch_execute("SELECT 1").map_err(|_lost| lost())?;
        self.seen = Instant::now();
        Ok(())
    }

    /// Lets objects go again.
    ///
    /// # Errors
    /// Fails if they were not kept all the time, because the session was ended.
    pub(super) fn end(mut self) -> Result<(), BackupError> {
        let kept = hold::let_objects_go(&mut self.conn);
        if kept.is_ok_and(|kept| kept) { Ok(()) } else { Err(lost()) }
    }
}

/// Returns the error of a session that was ended before its time.
fn lost() -> BackupError {
    let words = "the connection to the database was lost, so that objects may have been removed before they were \
        copied; begin again";
    BackupError::Refused(words.into())
}

/// Reads the keys of all objects that rows name.
fn keys(conn: &mut Conn, folder: &Path) -> Result<File, BackupError> {
    let fail = BackupError::at(folder);
    let mut keys = BufWriter::new(tempfile::tempfile_in(folder).map_err(&fail)?);
    let mut after = (i32::MIN, i32::MIN, String::new());
    loop {
        let rows: Vec<Row> = diesel::sql_query(
            "SELECT customer, space, image, object FROM derivatives \
             WHERE (customer, space, image) > ($1, $2, $3) AND object IS NOT NULL \
             ORDER BY customer, space, image LIMIT $4",
        )
        .bind::<Integer, _>(after.0)
        .bind::<Integer, _>(after.1)
        .bind::<Text, _>(&after.2)
        .bind::<BigInt, _>(CHUNK)
        .load(conn)?;
        for row in &rows {
            writeln!(keys, "{}", row.object).map_err(&fail)?;
        }
        let Some(last) = rows.last() else { break };
        after = (last.customer, last.space, last.image.clone());
    }
    let mut after = i64::MIN;
    loop {
        let numbers: Vec<i64> = upload_parts::table
            .filter(upload_parts::object.gt(after))
            .order(upload_parts::object)
            .limit(CHUNK)
            .select(upload_parts::object)
            .load(conn)?;
        for number in &numbers {
            writeln!(keys, "{}", uploads::object(*number)).map_err(&fail)?;
        }
        let Some(last) = numbers.last() else { break };
        after = *last;
    }
    let mut keys = keys.into_inner().map_err(|error| fail(error.into_error()))?;
    keys.rewind().map_err(&fail)?;
    Ok(keys)
}
