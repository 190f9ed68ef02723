//! Whether rows, counters and objects agree; and how to make them.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use crate::classes::image::ImageAddress;
use crate::classes::job;
use crate::database::Database;
use crate::hydra::Problem;
use crate::resource::transaction;
use crate::schema::{discards, images, jobs};
use crate::storage::{Storage, StorageError};

/// Why a check could not be made.
#[derive(Debug)]
pub enum CheckError {
    Database(Problem),
    Storage(StorageError),
}

impl std::fmt::Display for CheckError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(problem) => write!(f, "{problem}"),
            Self::Storage(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for CheckError {}

impl From<Problem> for CheckError {
    fn from(problem: Problem) -> Self {
        Self::Database(problem)
    }
}

impl From<StorageError> for CheckError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// What does not agree, a line each; mended where `repair` is set. It may run beside the service.
///
/// # Errors
/// Where the database or the store does not answer.
pub async fn check(
    database: &Database,
    storage: &Storage,
    repair: bool,
) -> Result<Vec<String>, CheckError> {
    let objects = storage.list().await?;
    let mut findings = transaction::write(database, |conn| rows(conn, repair))?;
    let (orphans, lost) = transaction::write(database, |conn| objects_apart(conn, &objects))?;
    // The store was listed before the rows were read: what came or went between is looked at again.
    for key in orphans {
        if storage.size(&key).await?.is_none() {
            continue;
        }
        findings.push(format!("object {key} belongs to no image"));
        if repair {
            storage.remove(&key).await?;
        }
    }
    for Claim { at, key, size } in lost {
        if storage.size(&key).await? == Some(size)
            || !transaction::read(database, |conn| still_claims(conn, &at, &key))?
        {
            continue;
        }
        findings.push(format!(
            "image {}/{}/{} has lost its thumbnails, and is sent again",
            at.customer, at.space, at.image
        ));
        if repair {
            transaction::write(database, |conn| send_again(conn, &at))?;
        }
    }
    Ok(findings)
}

/// An image, and the object that its row says it has.
struct Claim {
    at: ImageAddress,
    key: String,
    /// Bytes.
    size: u64,
}

/// Whether the row of an image still names an object.
fn still_claims(conn: &mut PgConnection, at: &ImageAddress, key: &str) -> Result<bool, Problem> {
    let image = images::table.find((at.customer, at.space, &at.image));
    let named = image.filter(images::derivative.eq(key));
    Ok(diesel::select(diesel::dsl::exists(named)).get_result(conn)?)
}

/// Objects of no image, and images whose object is not there whole.
fn objects_apart(
    conn: &mut PgConnection,
    objects: &[(String, u64)],
) -> Result<(Vec<String>, Vec<Claim>), Problem> {
    take_time(conn)?;
    let there: HashMap<&str, u64> =
        objects.iter().map(|(key, size)| (key.as_str(), *size)).collect();
    let mut wanted: HashSet<String> =
        discards::table.select(discards::object).load(conn)?.into_iter().collect();
    let under_way: HashSet<i64> =
        jobs::table.filter(jobs::attempts.gt(0)).select(jobs::id).load(conn)?.into_iter().collect();
    let rows: Vec<(i32, i32, String, Option<String>, i64)> = images::table
        .filter(images::derivative.is_not_null())
        .select((
            images::customer,
            images::space,
            images::id,
            images::derivative,
            images::thumbnail_size,
        ))
        .load(conn)?;
    let mut lost = Vec::new();
    for (customer, space, image, derivative, size) in rows {
        let Some(key) = derivative else { continue };
        let size = u64::try_from(size).unwrap_or_default();
        if there.get(key.as_str()).copied() != Some(size) {
            let at = ImageAddress { customer, space, image };
            lost.push(Claim { at, key: key.clone(), size });
        }
        wanted.insert(key);
    }
    let of_job = |key: &str| {
        let number = key.rsplit('/').next().and_then(|name| name.split('-').next());
        number.and_then(|number| number.parse().ok()).is_some_and(|job| under_way.contains(&job))
    };
    let orphans = objects
        .iter()
        .map(|(key, _)| key)
        .filter(|key| !wanted.contains(*key) && !of_job(key))
        .cloned()
        .collect();
    Ok((orphans, lost))
}

fn send_again(conn: &mut PgConnection, at: &ImageAddress) -> Result<(), Problem> {
    diesel::update(images::table.find((at.customer, at.space, &at.image)))
        .set((
            images::ingesting.eq(true),
            images::error.eq(""),
            images::finished.eq(None::<DateTime<Utc>>),
            images::dequeued.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)?;
    job::put(conn, at.customer, &[(at.space, &at.image)], false).map(|_| ())
}

#[derive(QueryableByName)]
struct Apart {
    #[diesel(sql_type = Text)]
    finding: String,
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    space: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    image: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    batch: Option<i64>,
}

const TALLIES: &str = "\
    WITH told AS (SELECT customer, space, total(images) AS images, total(size) AS size, \
        total(thumbnail_size) AS thumbnail_size FROM (\
          SELECT customer, space, images, size, thumbnail_size FROM tallies UNION ALL \
          SELECT customer, space, images, size, thumbnail_size FROM tally_changes) AS t \
        GROUP BY customer, space), \
    counted AS (SELECT customer, space, count(*) AS images, total(size) AS size, \
        total(thumbnail_size) AS thumbnail_size FROM images GROUP BY customer, space), \
    apart AS (SELECT customer, space, \
        COALESCE(c.images, 0) - COALESCE(t.images, 0) AS images, \
        COALESCE(c.size, 0) - COALESCE(t.size, 0) AS size, \
        COALESCE(c.thumbnail_size, 0) - COALESCE(t.thumbnail_size, 0) AS thumbnail_size \
        FROM told t FULL JOIN counted c USING (customer, space)) ";

const JOB_TALLIES: &str = "\
    WITH told AS (SELECT customer, total(jobs) AS jobs FROM (\
          SELECT customer, jobs FROM job_tallies UNION ALL \
          SELECT customer, jobs FROM job_tally_changes) AS t GROUP BY customer), \
    counted AS (SELECT customer, count(*) AS jobs FROM jobs GROUP BY customer), \
    apart AS (SELECT customer, COALESCE(c.jobs, 0) - COALESCE(t.jobs, 0) AS jobs \
        FROM told t FULL JOIN counted c USING (customer)) ";

/// Images that name a batch which is not there: no foreign key holds them to it (docs/adr/0007).
const MISLED: &str = "FROM images i WHERE batch IS NOT NULL AND NOT EXISTS \
    (SELECT FROM batches b WHERE (b.customer, b.id) = (i.customer, i.batch))";

/// Lets the statements of a transaction take as long as there are rows: no request waits for them.
fn take_time(conn: &mut PgConnection) -> Result<(), Problem> {
    diesel::sql_query("SET LOCAL statement_timeout = 0").execute(conn)?;
    Ok(())
}

/// Rows and counters that do not agree.
fn rows(conn: &mut PgConnection, repair: bool) -> Result<Vec<String>, Problem> {
    // What is compared is of one moment. To mend, nothing else may be written meanwhile; to look, a
    // snapshot is enough, and keeps nobody waiting.
    let one_moment = match repair {
        true => "LOCK TABLE batches, images, jobs, members IN SHARE ROW EXCLUSIVE MODE",
        false => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    };
    diesel::sql_query(one_moment).execute(conn)?;
    take_time(conn)?;
    let mut findings = Vec::new();
    let mut find = |conn: &mut PgConnection, sql: String| -> Result<Vec<Apart>, Problem> {
        let found: Vec<Apart> = diesel::sql_query(sql).load(conn)?;
        findings.extend(found.iter().map(|apart| apart.finding.clone()));
        Ok(found)
    };
    find(
        conn,
        format!(
            "{TALLIES} SELECT format('totals of space %s/%s are off by %s images, %s bytes, %s bytes of thumbnails', \
         customer, space, images, size, thumbnail_size) AS finding, customer, space, \
         NULL::text AS image, NULL::bigint AS batch \
         FROM apart WHERE images <> 0 OR size <> 0 OR thumbnail_size <> 0"
        ),
    )?;
    find(
        conn,
        format!(
            "{JOB_TALLIES} SELECT format('the total of the queue of customer %s is off by %s', customer, jobs) \
         AS finding, customer, NULL::int AS space, NULL::text AS image, NULL::bigint AS batch \
         FROM apart WHERE jobs <> 0"
        ),
    )?;
    let stranded = find(conn,
        "SELECT format('image %s/%s/%s waits without a job, and is sent again', customer, space, id) AS finding, \
         customer, space, id AS image, NULL::bigint AS batch FROM images i WHERE ingesting AND NOT EXISTS \
         (SELECT FROM jobs j WHERE (j.customer, j.space, j.image) = (i.customer, i.space, i.id))".into(),
    )?;
    let idle = find(conn,
        "SELECT format('image %s/%s/%s has a job but does not say so', customer, space, image) AS finding, \
         customer, space, image, NULL::bigint AS batch FROM jobs j WHERE EXISTS (SELECT FROM images i \
         WHERE (j.customer, j.space, j.image) = (i.customer, i.space, i.id) AND NOT ingesting)".into(),
    )?;
    let waiting = find(conn,
        "SELECT format('batch %s of customer %s waits for %s/%s, which has no job', batch, customer, space, image) \
         AS finding, customer, space, image, batch FROM members m WHERE outcome IS NULL AND NOT EXISTS \
         (SELECT FROM jobs j WHERE (j.customer, j.space, j.image) = (m.customer, m.space, m.image)) \
         AND NOT EXISTS (SELECT FROM images i WHERE (i.customer, i.space, i.id) = (m.customer, m.space, m.image) \
         AND i.ingesting)".into(),
    )?;
    let unfinished = find(conn,
        "SELECT format('batch %s of customer %s has nothing left to wait for, but is not finished', id, customer) \
         AS finding, customer, NULL::int AS space, NULL::text AS image, id AS batch FROM batches b \
         WHERE finished IS NULL AND NOT EXISTS (SELECT FROM members m \
         WHERE (m.customer, m.batch) = (b.customer, b.id) AND outcome IS NULL)".into(),
    )?;
    let miscounted = find(conn,
        "SELECT format('batch %s of customer %s says %s images, but has %s', id, customer, count, \
         (SELECT count(*) FROM members m WHERE (m.customer, m.batch) = (b.customer, b.id))) AS finding, \
         customer, NULL::int AS space, NULL::text AS image, id AS batch FROM batches b WHERE count <> \
         (SELECT count(*) FROM members m WHERE (m.customer, m.batch) = (b.customer, b.id))".into(),
    )?;
    find(
        conn,
        format!(
            "SELECT format('image %s/%s/%s names batch %s, which is not there, and names none any more', \
             i.customer, i.space, i.id, i.batch) AS finding, i.customer, i.space, i.id AS image, i.batch {MISLED}"
        ),
    )?;
    if repair {
        diesel::sql_query(format!(
            "UPDATE images SET batch = NULL WHERE (customer, space, id) IN \
             (SELECT i.customer, i.space, i.id {MISLED})"
        ))
        .execute(conn)?;
        diesel::sql_query(format!(
            "{TALLIES} INSERT INTO tally_changes (customer, space, images, removals, size, thumbnail_size) \
             SELECT customer, space, images, 1, size, thumbnail_size FROM apart \
             WHERE images <> 0 OR size <> 0 OR thumbnail_size <> 0"
        ))
        .execute(conn)?;
        diesel::sql_query(format!(
            "{JOB_TALLIES} INSERT INTO job_tally_changes (customer, jobs) \
             SELECT customer, jobs FROM apart WHERE jobs <> 0"
        ))
        .execute(conn)?;
        mend(conn, &stranded, &idle, &waiting, &unfinished, &miscounted)?;
    }
    Ok(findings)
}

fn mend(
    conn: &mut PgConnection,
    stranded: &[Apart],
    idle: &[Apart],
    waiting: &[Apart],
    unfinished: &[Apart],
    miscounted: &[Apart],
) -> Result<(), Problem> {
    for apart in stranded {
        let image = apart.image.as_deref().unwrap_or_default();
        job::put(conn, apart.customer, &[(apart.space.unwrap_or_default(), image)], false)?;
    }
    let set = |conn: &mut PgConnection, sql: &str, apart: &Apart| -> Result<(), Problem> {
        diesel::sql_query(sql)
            .bind::<Integer, _>(apart.customer)
            .bind::<Nullable<Integer>, _>(apart.space)
            .bind::<Nullable<Text>, _>(apart.image.as_deref())
            .bind::<Nullable<BigInt>, _>(apart.batch)
            .execute(conn)?;
        Ok(())
    };
    let finish = "UPDATE batches b SET finished = now() WHERE customer = $1 AND id = $4 \
        AND finished IS NULL AND $2 IS NOT DISTINCT FROM $2 AND $3 IS NOT DISTINCT FROM $3 \
        AND NOT EXISTS (SELECT FROM members m WHERE (m.customer, m.batch) = (b.customer, b.id) \
        AND outcome IS NULL)";
    for apart in idle {
        let sql = "UPDATE images SET ingesting = TRUE WHERE customer = $1 AND space = $2 AND id = $3 \
            AND $4 IS NOT DISTINCT FROM $4";
        set(conn, sql, apart)?;
    }
    for apart in waiting {
        let sql = "UPDATE members SET outcome = CASE WHEN EXISTS (SELECT FROM images WHERE \
            (customer, space, id) = ($1, $2, $3) AND error = '') THEN 'completed' ELSE 'failed' END \
            WHERE customer = $1 AND space = $2 AND image = $3 AND batch = $4";
        set(conn, sql, apart)?;
        set(conn, finish, apart)?;
    }
    for apart in unfinished {
        set(conn, finish, apart)?;
    }
    for apart in miscounted {
        let sql = "UPDATE batches b SET count = (SELECT count(*) FROM members m WHERE \
            (m.customer, m.batch) = (b.customer, b.id)) WHERE customer = $1 AND id = $4 \
            AND $2 IS NOT DISTINCT FROM $2 AND $3 IS NOT DISTINCT FROM $3";
        set(conn, sql, apart)?;
    }
    Ok(())
}
