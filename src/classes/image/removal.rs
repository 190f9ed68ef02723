//! Deletion of images, one or many in a transaction, with all that is theirs.

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text};

use super::register::changed;
use super::{Image, derivatives};
use crate::hydra::Problem;
use crate::queue::{batch, job};
use crate::resource::*;

/// Returns the space and the id of each image.
pub(super) fn keys(images: &[Image]) -> Vec<(i32, &str)> {
    images.iter().map(|image| (image.space, image.id.as_str())).collect()
}

/// Locks images to delete them: `load` locks those it finds among these keys.
///
/// Batches are locked first, then the images, then their jobs, as all do (`docs/rules.md` 6.3).
///
/// # Errors
/// Returns [`Problem::SerializationConflict`] if one of them was sent again meanwhile, and what `load` returns.
pub(super) fn lock<T>(
    conn: &mut PgConnection,
    customer: i32,
    keys: &[(i32, &str)],
    load: impl FnOnce(&mut PgConnection) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let held = batch::any_waiting_in(conn, customer, keys)?;
    batch::lock(conn, customer, &held)?;
    let locked = load(conn)?;
    // What was settled meanwhile needs no lock any more.
    let waiting = batch::any_waiting_in(conn, customer, keys)?;
    match waiting.iter().all(|batch| held.contains(batch)) {
        true => Ok(locked),
        false => Err(Problem::SerializationConflict(None)),
    }
}

/// Deletes locked images of a customer, withdraws their jobs, settles them where they wait, and discards their objects.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn remove(
    s: &mut UnitOfWork<'_>,
    customer: i32,
    images: &[Image],
) -> Result<(), Problem> {
    let keys = keys(images);
    // None but those that are locked: nobody adds to them while the images are locked.
    let held = batch::any_waiting_in(s.conn, customer, &keys)?;
    let finished = batch::record_deletions(s.conn, customer, &held, &keys)?;
    s.effects.extend(finished.iter().map(|finished| Effect::Note(finished.to_string())));
    job::withdraw(s.conn, customer, &keys)?;
    let objects = derivatives::objects_of(s.conn, customer, &keys)?;
    job::discard_objects(s.conn, &objects, 0)?;
    let (spaces, ids): (Vec<i32>, Vec<&str>) = keys.into_iter().unzip();
    let deleted = diesel::sql_query(
        "DELETE FROM images WHERE customer = $1 \
         AND (space, id) IN (SELECT * FROM unnest($2, $3))",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(spaces)
    .bind::<Array<Text>, _>(ids)
    .execute(s.conn);
    if !images.is_empty() {
        removed(deleted)?;
    }
    s.effects.extend(images.iter().map(|image| changed(image.address())));
    Ok(())
}
