//! POST to a batch's `reingestErrors`: what failed of it is sent again, as a new batch (`docs/rules.md` 6.11).

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text};

use super::Batch;
use crate::addresses::{BatchAddress, ImageAddress};
use crate::hydra::{Fault, Problem};
use crate::queue::batch;
use crate::queue::job::{self, BatchSender, Sender};
use crate::resource::*;

pub(super) const REINGEST_ERRORS: Operation<BatchAddress> =
    post("reingestErrors", "Submit the images that failed as a new batch; 400 where none is left")
        .accepts_any_body()
        .returns::<Batch>()
        .writes(|s, at, _| {
            Batch::find(s, at)?;
            let failed = lock_failed(s.conn, at)?;
            if failed.is_empty() {
                let reason = "has no image that failed and neither waits nor came through since";
                // Nothing of the body is wrong.
                let fault = Fault { pointer: String::new(), ..Fault::new("batch", reason) };
                return Err(fault.into());
            }
            let new = send(s.conn, at.customer, &failed)?;
            s.effects.push(Effect::WorkAdded);
            let new = BatchAddress { customer: at.customer, batch: new };
            Ok(Reply::shown(Outcome::Created, &Batch::find(s, &new)?, s))
        });

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    id: String,
}

/// Locks the images that failed or were cancelled in a batch and neither wait nor came through since, in the order of their
/// keys.
///
/// Their errors do not tell: one that was cancelled may show none, and one that came through since may have failed again.
fn lock_failed(conn: &mut PgConnection, at: &BatchAddress) -> Result<Vec<ImageAddress>, Problem> {
    let customer = at.customer;
    let keys: Vec<Key> = diesel::sql_query(
        "SELECT i.space, i.id FROM images AS i JOIN members AS m \
         ON (m.customer, m.space, m.image) = (i.customer, i.space, i.id) \
         JOIN batches AS b ON (b.customer, b.id) = (m.customer, m.batch) \
         WHERE m.customer = $1 AND m.batch = $2 AND m.outcome IN ('failed', 'cancelled') \
         AND NOT i.ingesting \
         AND COALESCE((SELECT d.checked <= b.submitted OR d.outdated AND i.batch = m.batch \
           FROM derivatives AS d \
           WHERE (d.customer, d.space, d.image) = (i.customer, i.space, i.id)), TRUE) \
         ORDER BY i.space, i.id FOR NO KEY UPDATE OF i",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(at.batch)
    .load(conn)?;
    Ok(keys
        .into_iter()
        .map(|Key { space, id }| ImageAddress { customer, space, image: id })
        .collect())
}

/// Sends locked images again, as they are, and returns the number of their batch.
fn send(conn: &mut PgConnection, customer: i32, images: &[ImageAddress]) -> Result<i64, Problem> {
    let (new, _) = batch::make(conn, customer, images.len())?;
    let (spaces, ids): (Vec<i32>, Vec<&str>) =
        images.iter().map(|at| (at.space, at.image.as_str())).unzip();
    diesel::sql_query(
        "UPDATE images AS i SET ingesting = TRUE, error = '', finished = NULL, dequeued = NULL, \
         batch = $2, queued = now() FROM unnest($3, $4) AS n (space, image) \
         WHERE i.customer = $1 AND i.space = n.space AND i.id = n.image",
    )
    .bind::<Integer, _>(customer)
    .bind::<BigInt, _>(new)
    .bind::<Array<Integer>, _>(&spaces)
    .bind::<Array<Text>, _>(&ids)
    .execute(conn)?;
    batch::put_members(conn, customer, new, images.iter())?;
    let keys: Vec<(i32, &str)> = spaces.into_iter().zip(ids).collect();
    let sender = BatchSender { batch: new, priority: false };
    job::put(conn, customer, &keys, Sender::Batch(sender))?;
    Ok(new)
}
