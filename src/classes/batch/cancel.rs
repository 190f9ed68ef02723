//! DELETE of a batch's `cancel`: what waits is settled with an error (`docs/rules.md` 6.12).

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text};

use super::Batch;
use crate::addresses::BatchAddress;
use crate::hydra::Problem;
use crate::queue::{batch, job};
use crate::resource::operation::delete;
use crate::resource::*;

/// Says why an image has nothing that its last attempt made.
const CANCELLED: &str = "cancelled";

pub(super) const CANCEL: Operation<BatchAddress> = delete("cancel", "Cancel the images that wait")
    .writes(|s, at, input| {
        // There is nothing to be seen at the address.
        input.conditions.allow(Current::Nothing)?;
        Batch::find(s, at)?;
        let held = batch::sharing(s.conn, at.customer, at.batch)?;
        batch::lock(s.conn, at.customer, &held)?;
        lock_images(s.conn, at)?;
        let withdrawn = job::withdraw_of_batch(s.conn, at.customer, at.batch)?;
        settle_images(s.conn, at.customer, &withdrawn)?;
        let finished = batch::cancel(s.conn, at.customer, at.batch, &held, &withdrawn)?;
        s.effects.extend(finished.iter().map(|finished| Effect::Note(finished.to_string())));
        Ok(Reply::Removed)
    });

/// Locks the images that wait in a batch, in the order of their keys: until the transaction ends, none of them is sent
/// again.
fn lock_images(conn: &mut PgConnection, at: &BatchAddress) -> Result<(), Problem> {
    diesel::sql_query(
        "SELECT FROM images AS i JOIN members AS m \
         ON (m.customer, m.space, m.image) = (i.customer, i.space, i.id) \
         WHERE m.customer = $1 AND m.batch = $2 AND m.outcome IS NULL \
         ORDER BY i.space, i.id FOR NO KEY UPDATE OF i",
    )
    .bind::<Integer, _>(at.customer)
    .bind::<BigInt, _>(at.batch)
    .execute(conn)?;
    Ok(())
}

/// Ends the processing of images whose jobs were withdrawn: each keeps what it had, and has an error where its last attempt
/// before was no success, or where there was none.
fn settle_images(
    conn: &mut PgConnection,
    customer: i32,
    images: &[(i32, String)],
) -> Result<(), Problem> {
    let (spaces, ids): (Vec<i32>, Vec<&str>) =
        images.iter().map(|(space, id)| (*space, id.as_str())).unzip();
    diesel::sql_query(
        "UPDATE images AS i SET ingesting = FALSE, \
         error = CASE WHEN n.made IS NULL THEN $4 ELSE '' END, finished = COALESCE(n.made, now()) \
         FROM (SELECT space, image, (SELECT d.checked FROM derivatives AS d \
           WHERE (d.customer, d.space, d.image) = ($1, k.space, k.image) AND NOT d.outdated) AS made \
           FROM unnest($2, $3) AS k (space, image)) AS n \
         WHERE i.customer = $1 AND i.space = n.space AND i.id = n.image",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(spaces)
    .bind::<Array<Text>, _>(ids)
    .bind::<Text, _>(CANCELLED)
    .execute(conn)?;
    Ok(())
}
