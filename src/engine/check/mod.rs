//! Checks that rows, counters and objects agree, and repairs them. It runs beside the service.
//!
//! Everything is read in chunks, each a statement of its own: no transaction lasts, no table is locked, and memory
//! does not grow with the database. A statement reads one snapshot, in which the invariants between rows and
//! counters hold; what looks wrong is looked at once more, its rows locked where it is to be repaired, before it is
//! reported or repaired.

mod batches;
mod derivatives;
mod images;
mod jobs;
mod members;
mod objects;
mod retries;
mod totals;
mod uploads;

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use crate::addresses::ImageAddress;
use crate::database::Database;
use crate::hydra::Problem;
use crate::resource::transaction;
use crate::schema::{customers, spaces};
use crate::storage::{Storage, StorageError};

/// The reason why a check could not be made.
#[derive(Debug)]
pub enum CheckError {
    Database(Problem),
    Storage(StorageError),
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(problem) => write!(f, "{problem}"),
            Self::Storage(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for CheckError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database(problem) => problem.source(),
            Self::Storage(error) => error.source(),
        }
    }
}

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

/// The options of a check.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Tells whether what does not agree is mended.
    pub repair: bool,
    /// Rows that one statement reads, at most.
    pub chunk: i64,
    /// Keys of objects that are held in memory at once, at most; some 40 bytes each. All images are read once for
    /// so many objects.
    pub keys: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { repair: false, chunk: 5_000, keys: 1_000_000 }
    }
}

/// A check under way.
struct Check<'a> {
    database: &'a Database,
    storage: &'a Storage,
    options: Options,
    found: &'a mut (dyn FnMut(&str) + Send),
    findings: usize,
}

/// Looks at everything, and says what does not agree as it is found, a line each; mends it where the options say so.
/// Answers how many findings there were.
///
/// # Errors
/// Fails if the database or the store does not answer.
pub async fn check(
    database: &Database,
    storage: &Storage,
    options: Options,
    found: &mut (dyn FnMut(&str) + Send),
) -> Result<usize, CheckError> {
    let mut check = Check { database, storage, options, found, findings: 0 };
    let mut after = (0, 0);
    while let Some(space) = check.read(|conn| totals::next(conn, after))? {
        derivatives::of_space(&mut check, space)?;
        retries::of_space(&mut check, space)?;
        totals::of_space(&mut check, space)?;
        after = space;
    }
    for (customer, space) in check.spaces()? {
        images::of_space(&mut check, customer, space).await?;
    }
    jobs::all(&mut check)?;
    for customer in check.customers()? {
        totals::of_queue(&mut check, customer)?;
        totals::of_chunks(&mut check, customer)?;
        members::of_customer(&mut check, customer)?;
        batches::of_customer(&mut check, customer)?;
        uploads::of_images(&mut check, customer)?;
    }
    uploads::all(&mut check).await?;
    objects::all(&mut check).await?;
    Ok(check.findings)
}

impl Check<'_> {
    fn say(&mut self, finding: &str) {
        self.findings += 1;
        (self.found)(finding);
    }

    /// Loads rows of a space from a key on; `$1` to `$4` are customer, space, the key, and the number of rows.
    fn chunk<T>(
        &self,
        (customer, space): (i32, i32),
        after: &str,
        sql: &str,
    ) -> Result<Vec<T>, Problem>
    where
        T: QueryableByName<diesel::pg::Pg> + 'static,
    {
        self.read(|conn| {
            let query =
                diesel::sql_query(sql).bind::<Integer, _>(customer).bind::<Integer, _>(space);
            let query = query.bind::<Text, _>(after).bind::<BigInt, _>(self.options.chunk);
            Ok(query.load(conn)?)
        })
    }

    /// Looks at each image of a space that a statement names, by the column `image`; `$1` to `$4` are those of
    /// [`Check::chunk`].
    fn each_image(
        &mut self,
        (customer, space): (i32, i32),
        sql: &str,
        look: fn(&mut Self, &ImageAddress) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut after = String::new();
        loop {
            let rows: Vec<ImageRow> = self.chunk((customer, space), &after, sql)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.image);
            for ImageRow { image } in rows {
                look(self, &ImageAddress { customer, space, image })?;
            }
        }
    }

    fn read<T>(
        &self,
        act: impl FnMut(&mut PgConnection) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        transaction::read(self.database, act)
    }

    /// Runs `act` in a short transaction; its flag says whether to lock what it reads, and to repair it.
    fn settle<T>(
        &self,
        mut act: impl FnMut(&mut PgConnection, bool) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        transaction::write(self.database, |conn| act(conn, self.options.repair))
    }

    /// Numbers of all customers.
    fn customers(&self) -> Result<Vec<i32>, Problem> {
        self.read(|conn| {
            Ok(customers::table.order(customers::id).select(customers::id).load(conn)?)
        })
    }

    /// Customer and number of every space.
    fn spaces(&self) -> Result<Vec<(i32, i32)>, Problem> {
        let key = (spaces::customer, spaces::id);
        self.read(|conn| Ok(spaces::table.order(key).select(key).load(conn)?))
    }
}

/// A row that names an image of a space.
#[derive(QueryableByName)]
struct ImageRow {
    #[diesel(sql_type = Text)]
    image: String,
}

/// A row with one Boolean column.
#[derive(QueryableByName)]
struct Truth {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    so: bool,
}

/// Returns whether a condition over one image holds now; `$1`, `$2` and `$3` are its customer, space and id.
fn holds(conn: &mut PgConnection, at: &ImageAddress, condition: &str) -> Result<bool, Problem> {
    let truth: Truth = diesel::sql_query(format!("SELECT ({condition}) AS so"))
        .bind::<Integer, _>(at.customer)
        .bind::<Integer, _>(at.space)
        .bind::<Text, _>(&at.image)
        .get_result(conn)?;
    Ok(truth.so)
}

/// Does something to one image; `$1`, `$2` and `$3` are its customer, space and id.
fn change(conn: &mut PgConnection, at: &ImageAddress, sql: &str) -> Result<(), Problem> {
    diesel::sql_query(sql)
        .bind::<Integer, _>(at.customer)
        .bind::<Integer, _>(at.space)
        .bind::<Text, _>(&at.image)
        .execute(conn)?;
    Ok(())
}

/// Locks the row of an image until the transaction ends. What is asked afterwards is of a moment after that.
fn lock_image(conn: &mut PgConnection, at: &ImageAddress) -> Result<(), Problem> {
    change(
        conn,
        at,
        "SELECT FROM images WHERE (customer, space, id) = ($1, $2, $3) FOR NO KEY UPDATE",
    )
}

/// Runs a statement over one batch; `$1` and `$2` are its customer and number. Answers the rows that it met.
fn of_batch(
    conn: &mut PgConnection,
    customer: i32,
    batch: i64,
    sql: &str,
) -> Result<usize, Problem> {
    let statement = diesel::sql_query(sql).bind::<Integer, _>(customer).bind::<BigInt, _>(batch);
    Ok(statement.execute(conn)?)
}
