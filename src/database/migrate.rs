//! Migrations, embedded in the binary and applied under a lock that one process holds at a time.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::{PgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::DatabaseError;

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Key of the advisory lock; any number that nobody else takes.
const LOCK: i64 = 0x4859_4452_4941;

/// Applies what was not applied yet; answers the names of what it applied.
///
/// # Errors
/// Fails if a migration fails, which is then rolled back.
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

/// Returns the version of the last migration of this version; `None` if its migrations cannot be read.
pub fn newest() -> Option<String> {
    let own = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS).ok()?;
    own.iter().map(|migration| migration.name().version().to_string()).max()
}

/// The comparison of the schema of a database with the migrations of this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// No migration was ever applied.
    Empty,
    /// Migrations are pending, so many.
    Behind(usize),
    /// Every migration of this version is applied, and no other.
    Current,
    /// Migrations are applied that this version does not have, so many.
    Ahead(usize),
}

#[derive(diesel::QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

#[derive(diesel::QueryableByName)]
struct Present {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    present: bool,
}

/// Reads how the schema compares with this version; changes nothing.
///
/// # Errors
/// Fails if the database does not answer.
pub fn schema(conn: &mut PgConnection) -> Result<Schema, DatabaseError> {
    let refuse = |e: diesel::result::Error| DatabaseError::from_query(&e);
    let table = "__diesel_schema_migrations";
    let there: Present =
        diesel::sql_query(format!("SELECT to_regclass('{table}') IS NOT NULL AS present"))
            .get_result(conn)
            .map_err(refuse)?;
    if !there.present {
        return Ok(Schema::Empty);
    }
    let applied: Vec<Version> = diesel::sql_query(format!("SELECT version::text FROM {table}"))
        .load(conn)
        .map_err(refuse)?;
    if applied.is_empty() {
        return Ok(Schema::Empty);
    }
    let own = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS).map_err(|e| {
        DatabaseError(format!("the migrations of this version are unreadable: {e}"))
    })?;
    let own: Vec<String> = own.iter().map(|m| m.name().version().to_string()).collect();
    let foreign = applied.iter().filter(|applied| !own.contains(&applied.version)).count();
    let pending =
        own.iter().filter(|own| applied.iter().all(|applied| applied.version != **own)).count();
    Ok(match (pending, foreign) {
        (0, 0) => Schema::Current,
        (0, foreign) => Schema::Ahead(foreign),
        (pending, _) => Schema::Behind(pending),
    })
}
