//! Numbers of what is made after a restore: none that the lost database may have given after the backup is given again.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::BackupError;
use crate::database::Conn;

/// The tables whose numbers are keys of objects, or addresses that only ever mean one thing. Other addresses are names that
/// clients choose, and use again as they like.
const TABLES: [&str; 3] = ["jobs", "batches", "bulk_jobs"];

/// The number after which numbers go on: the microseconds since 1970, so that two restores of one backup differ too, and
/// less than JSON holds exactly until the year 2255. At least some billions are left out, should the clock be wrong.
const NEXT: &str = "greatest(COALESCE(pg_sequence_last_value($1::regclass), 0) + 4294967296, \
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)";

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Moves the numbers of a restored database forward, ends all sessions, and has everybody who follows its changes begin anew: what they were
/// told after the backup does not hold any more.
///
/// # Errors
/// Fails if the database does not answer; nothing that readers see is changed then.
pub(super) fn renumber(conn: &mut Conn) -> Result<(), BackupError> {
    conn.transaction(|conn| {
        for table in TABLES {
            advance(conn, &format!("pg_get_serial_sequence('{table}', 'id')"))?;
        }
        advance(conn, "'upload_objects'")?;
        let changes = advance(conn, "'changes_id'")?;
        diesel::sql_query("UPDATE deployment SET changes_after = $1")
            .bind::<BigInt, _>(changes)
            .execute(conn)?;
        // Before that number, so that each is told to begin anew.
        diesel::sql_query("UPDATE webhooks SET position = $1 - 1, message_end = NULL")
            .bind::<BigInt, _>(changes)
            .execute(conn)?;
        // What was logged out, or lost what it stands on, after the backup would be back.
        diesel::sql_query("DELETE FROM sessions").execute(conn)?;
        diesel::sql_query("DELETE FROM log_in_links").execute(conn)?;
        Ok(())
    })
}

/// Moves a sequence, which an expression of SQL names, forward; returns the number that counts as given last.
fn advance(conn: &mut Conn, sequence: &str) -> QueryResult<i64> {
    let named = diesel::sql_query(format!("SELECT ({sequence})::text AS name"));
    let name = named.get_result::<Name>(conn)?.name;
    diesel::sql_query(format!("SELECT setval($1::regclass, {NEXT}) AS number"))
        .bind::<Text, _>(name)
        .get_result::<Number>(conn)
        .map(|set| set.number)
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}
