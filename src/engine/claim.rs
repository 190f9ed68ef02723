//! The lease: one column says from when a job may be claimed, and a claim moves it forward.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Text};

use super::DEATHS;
use crate::classes::image::ImageAddress;
use crate::hydra::Problem;
use crate::schema::jobs;

/// A job that this process holds.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub id: i64,
    /// Which claim it is, from 1; with `id`, the token without which nothing is settled.
    pub attempt: i32,
    pub at: ImageAddress,
    /// Whether its workers died so often that it is given up.
    pub is_hopeless: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    image: String,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Integer)]
    returns: i32,
}

/// Claims jobs, immediate ones first, each for the length of a lease.
///
/// # Errors
/// Where the database does not answer.
pub fn claim(
    conn: &mut PgConnection,
    immediate_only: bool,
    wanted: usize,
    lease: Duration,
) -> Result<Vec<Claimed>, Problem> {
    // MATERIALIZED, for the limit may otherwise be evaluated anew for each row and claim too many.
    let rows: Vec<Row> = diesel::sql_query(
        "WITH free AS MATERIALIZED (\
           SELECT id FROM jobs WHERE available <= now() AND (immediate OR NOT $1) \
           ORDER BY immediate DESC, available, id LIMIT $2 FOR UPDATE SKIP LOCKED\
         ) UPDATE jobs AS j SET available = now() + $3 * interval '1 second', \
           attempts = attempts + 1 FROM free WHERE j.id = free.id \
         RETURNING j.id, j.customer, j.space, j.image, j.attempts, j.returns",
    )
    .bind::<Bool, _>(immediate_only)
    .bind::<BigInt, _>(i64::try_from(wanted).unwrap_or(i64::MAX))
    .bind::<Double, _>(lease.as_secs_f64())
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| Claimed {
            id: row.id,
            attempt: row.attempts,
            at: ImageAddress { customer: row.customer, space: row.space, image: row.image },
            is_hopeless: row.attempts - row.returns > DEATHS,
        })
        .collect())
}

/// Renews a lease; false: it is lost.
///
/// # Errors
/// Where the database does not answer.
pub fn renew(conn: &mut PgConnection, job: &Claimed, lease: Duration) -> Result<bool, Problem> {
    let renewed = diesel::sql_query(
        "UPDATE jobs SET available = now() + $3 * interval '1 second' WHERE id = $1 AND attempts = $2",
    )
    .bind::<BigInt, _>(job.id)
    .bind::<Integer, _>(job.attempt)
    .bind::<Double, _>(lease.as_secs_f64())
    .execute(conn)?;
    Ok(renewed == 1)
}

/// Gives a job back at once, without counting it as a death.
///
/// # Errors
/// Where the database does not answer.
pub fn give_back(conn: &mut PgConnection, job: &Claimed) -> Result<(), Problem> {
    let held = jobs::table.filter(jobs::id.eq(job.id)).filter(jobs::attempts.eq(job.attempt));
    diesel::update(held)
        .set((jobs::available.eq(diesel::dsl::now), jobs::returns.eq(jobs::returns + 1)))
        .execute(conn)?;
    Ok(())
}
