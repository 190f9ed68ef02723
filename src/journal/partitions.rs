//! The partitions of `changes`: made ahead, and dropped when all that they hold is old.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

/// Days for which partitions are made ahead.
const AHEAD: i32 = 28;

/// Rows beside the partitions that are removed at a time.
const AT_ONCE: i64 = 1000;

/// Key of the advisory lock under which one process at a time does this; any number that nobody else takes.
const LOCK: i64 = 0x4859_4452_4943;

/// To take a partition in or out, its lock is waited for so long at most, because all others who need it wait as well.
const PATIENCE: &str = "SET LOCAL lock_timeout = '200ms'";

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    is_ours: bool,
}

#[derive(QueryableByName)]
struct Partition {
    #[diesel(sql_type = Text)]
    name: String,
}

const OLD: &str = "\
    SELECT c.relname::text AS name FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid \
    WHERE i.inhparent = 'changes'::regclass AND c.relname ~ '^changes_[0-9]{8}$' \
        AND to_date(right(c.relname, 8), 'YYYYMMDD') + 7 <= (now() AT TIME ZONE 'UTC')::date - $1 \
    ORDER BY 1";

/// Looks at the first rows only, so that it costs the same however many there are.
const REST: &str = "\
    DELETE FROM changes_rest WHERE created < now() - make_interval(days => $1) AND id <= \
        (SELECT max(id) FROM (SELECT id FROM changes_rest ORDER BY id LIMIT $2) AS first)";

/// Makes the partitions that are needed soon, and removes changes that are older than so many days; those of a week go
/// together, when all of them are.
///
/// Does nothing while another process does it. Belongs in a transaction of its own.
///
/// # Errors
/// Fails if the database does not answer, or others hold a partition for longer than a moment.
pub fn tend(conn: &mut PgConnection, days: i32) -> QueryResult<()> {
    conn.batch_execute(PATIENCE)?;
    let lock = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS is_ours");
    if !lock.bind::<BigInt, _>(LOCK).get_result::<Locked>(conn)?.is_ours {
        return Ok(());
    }
    diesel::sql_query("SELECT make_change_partitions($1)")
        .bind::<Integer, _>(AHEAD)
        .execute(conn)?;
    let old: Vec<Partition> = diesel::sql_query(OLD).bind::<Integer, _>(days).load(conn)?;
    for Partition { name } in old {
        conn.batch_execute(&format!("DROP TABLE {name}"))?;
        log::info!("changes of the partition {name} are no longer kept");
    }
    diesel::sql_query(REST).bind::<Integer, _>(days).bind::<BigInt, _>(AT_ONCE).execute(conn)?;
    Ok(())
}
