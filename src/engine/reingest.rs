//! Sends images again that have no tiles, because a version before processed them.
//!
//! It runs beside the service. Images are looked at in the order of keys, so many a statement, and sent in short
//! transactions. An image that is in a queue already is passed over, so that a run which was stopped is taken up by
//! another. Of each customer few images are in the queue at a time, so that what the customer sends meanwhile is not
//! processed after all of them.

use std::collections::VecDeque;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Text};

use crate::counters;
use crate::database::Database;
use crate::hydra::Problem;
use crate::queue::job::{self, Sender};
use crate::resource::transaction;
use crate::schema::customers;

/// The images that are sent: processed at least once, and without an index of tiles. What failed when it was sent again is
/// sent by the next run.
const MISSING: &str = "NOT ingesting AND width > 0 AND NOT has_tiles";

/// A run under way; each [`step`](Reingest::step) is short.
pub struct Reingest<'a> {
    database: &'a Database,
    /// Images that one statement looks at and one transaction sends, at most. No more of a customer are sent while as
    /// many have a job.
    portion: i64,
    uncounted: Vec<Walk>,
    unsent: VecDeque<Walk>,
    /// Images found that are to be sent.
    pub total: usize,
    /// Images that were sent.
    pub sent: usize,
}

/// The outcome of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Images were counted.
    Counted,
    /// Images were looked at, and those without tiles sent.
    Sent,
    /// Each customer that is left has as many images in the queue as may be.
    QueuesAreFull,
    /// All are sent.
    Done,
}

impl<'a> Reingest<'a> {
    /// Begins a run over the images of one customer, or of all.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] if there is no such customer.
    pub fn new(
        database: &'a Database,
        customer: Option<i32>,
        portion: i64,
    ) -> Result<Self, Problem> {
        let all: Vec<i32> = transaction::read(database, |conn| {
            Ok(customers::table.order(customers::id).select(customers::id).load(conn)?)
        })?;
        let chosen = all.into_iter().filter(|id| customer.is_none_or(|wanted| wanted == *id));
        let walks: Vec<Walk> = chosen.map(Walk::new).collect();
        match customer.filter(|_| walks.is_empty()) {
            Some(missing) => Err(Problem::NotFound(format!("there is no customer {missing}"))),
            None => Ok(Self {
                database,
                portion,
                uncounted: walks.clone(),
                unsent: walks.into(),
                total: 0,
                sent: 0,
            }),
        }
    }

    /// Counts a portion, or sends one once all are counted, customer by customer in turn.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn step(&mut self) -> Result<Step, Problem> {
        if let Some(walk) = self.uncounted.last_mut() {
            match walk.next(self.database, self.portion)? {
                Some(missing) => self.total += missing.len(),
                None => drop(self.uncounted.pop()),
            }
            return Ok(Step::Counted);
        }
        for _ in 0..self.unsent.len() {
            let Some(mut walk) = self.unsent.pop_front() else { break };
            let customer = walk.customer;
            let jobs = transaction::read(self.database, |conn| counters::jobs(conn, customer))?;
            if jobs >= self.portion {
                self.unsent.push_back(walk);
                continue;
            }
            if let Some(missing) = walk.next(self.database, self.portion)? {
                self.sent += send(self.database, customer, &missing)?;
                self.unsent.push_back(walk);
            }
            return Ok(Step::Sent);
        }
        Ok(if self.unsent.is_empty() { Step::Done } else { Step::QueuesAreFull })
    }
}

/// A walk through the images of a customer, by space and id.
#[derive(Debug, Clone)]
struct Walk {
    customer: i32,
    /// The image that was looked at last.
    after: (i32, String),
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Bool)]
    missing: bool,
}

impl Walk {
    fn new(customer: i32) -> Self {
        Self { customer, after: (i32::MIN, String::new()) }
    }

    /// Looks at the next images, so many at most, and returns those without tiles; `None`: there are no more images.
    fn next(
        &mut self,
        database: &Database,
        images: i64,
    ) -> Result<Option<Vec<(i32, String)>>, Problem> {
        let rows: Vec<Row> = transaction::read(database, |conn| {
            let query = diesel::sql_query(format!(
                "SELECT space, id, {MISSING} AS missing FROM images \
                 WHERE customer = $1 AND (space, id) > ($2, $3) ORDER BY space, id LIMIT $4"
            ));
            let query = query.bind::<Integer, _>(self.customer).bind::<Integer, _>(self.after.0);
            Ok(query.bind::<Text, _>(&self.after.1).bind::<BigInt, _>(images).load(conn)?)
        })?;
        let Some(last) = rows.last() else { return Ok(None) };
        self.after = (last.space, last.id.clone());
        let missing = rows.into_iter().filter(|row| row.missing);
        Ok(Some(missing.map(|row| (row.space, row.id)).collect()))
    }
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    id: String,
}

/// Sends those of these images that are still to be sent; returns how many.
///
/// No batch is made, and the latest one of each image stays. Rows are locked in the order of keys.
fn send(database: &Database, customer: i32, images: &[(i32, String)]) -> Result<usize, Problem> {
    if images.is_empty() {
        return Ok(0);
    }
    let (spaces, ids): (Vec<i32>, Vec<&str>) =
        images.iter().map(|(space, id)| (*space, id.as_str())).unzip();
    transaction::write(database, |conn| {
        let sent: Vec<Key> = diesel::sql_query(format!(
            "WITH held AS MATERIALIZED (SELECT space, id FROM images WHERE customer = $1 \
               AND (space, id) IN (SELECT * FROM unnest($2, $3)) AND {MISSING} \
               ORDER BY space, id FOR NO KEY UPDATE) \
             UPDATE images AS i SET ingesting = TRUE, queued = now(), dequeued = NULL, finished = NULL \
             FROM held WHERE i.customer = $1 AND i.space = held.space AND i.id = held.id \
             RETURNING i.space, i.id"
        ))
        .bind::<Integer, _>(customer)
        .bind::<Array<Integer>, _>(&spaces)
        .bind::<Array<Text>, _>(&ids)
        .load(conn)?;
        if !sent.is_empty() {
            let sent: Vec<(i32, &str)> = sent.iter().map(|key| (key.space, &*key.id)).collect();
            job::put(conn, customer, &sent, Sender::Service)?;
        }
        Ok(sent.len())
    })
}
