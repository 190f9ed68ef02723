//! Migrations, embedded in the binary and applied under a lock that one process holds at a time.

use diesel::connection::SimpleConnection;
use diesel::{PgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::DatabaseError;

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Key of the advisory lock; any number that nobody else takes.
const LOCK: i64 = 0x4859_4452_4941;

/// Applies what was not applied yet; answers the names of what it applied.
///
/// # Errors
/// Where a migration fails, which is then rolled back.
pub fn migrate(conn: &mut PgConnection) -> Result<Vec<String>, DatabaseError> {
    let refuse = |e: diesel::result::Error| DatabaseError(format!("cannot migrate: {e}"));
    conn.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").map_err(refuse)?;
    diesel::sql_query(format!("SELECT pg_advisory_lock({LOCK})")).execute(conn).map_err(refuse)?;
    let applied = conn
        .run_pending_migrations(MIGRATIONS)
        .map(|versions| versions.iter().map(ToString::to_string).collect())
        .map_err(|e| DatabaseError(format!("a migration failed: {e}")));
    diesel::sql_query(format!("SELECT pg_advisory_unlock({LOCK})"))
        .execute(conn)
        .map_err(refuse)?;
    applied
}
