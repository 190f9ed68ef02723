//! Objects: each belongs to an image, to a job under way, to an upload, or is to be removed.
//!
//! No index leads from an object to its image. So the store is listed in parts that fit into memory, and for each
//! part all images are read once, in chunks.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use futures_util::TryStreamExt as _;

use super::{Check, CheckError};
use crate::hydra::Problem;
use crate::queue::job;
use crate::schema::{discards, jobs, upload_parts};
use crate::uploads;

/// An object by the job and the attempt that wrote it.
type Object = (i64, i32);

/// Looks at all objects.
pub(super) async fn all(check: &mut Check<'_>) -> Result<(), CheckError> {
    below(check, job::OBJECTS).await?;
    // A folder is listed whole, whichever part of it is asked for.
    if check.storage.is_bucket() {
        below(check, uploads::OBJECTS).await?;
    }
    Ok(())
}

async fn below(check: &mut Check<'_>, folder: &str) -> Result<(), CheckError> {
    let mut keys = check.storage.keys(folder);
    let mut part = HashSet::new();
    let mut of_uploads = HashSet::new();
    loop {
        let next = keys.try_next().await?;
        let is_last = next.is_none();
        if let Some(key) = next {
            match (job::of_object(&key), uploads::of_object(&key)) {
                (Some(object), _) => drop(part.insert(object)),
                (_, Some(number)) => drop(of_uploads.insert(number)),
                // A folder is Hydria's own; beside its objects in a bucket others may have theirs.
                _ if check.storage.is_bucket() => {
                    let key = key.escape_debug();
                    check.say(&format!("object {key} is none that Hydria wrote, and stays"));
                }
                _ => orphan(check, &key).await?,
            }
        }
        if is_last || part.len() + of_uploads.len() >= check.options.keys {
            some(check, std::mem::take(&mut part)).await?;
            some_of_uploads(check, std::mem::take(&mut of_uploads)).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Looks for the images of some objects.
///
/// What no image names may have been named after its row was read. So jobs are looked at: an object whose job is not
/// there any more was named by then, or never will be. Then images are read once more; and what was replaced
/// meanwhile stands among the discards, or is gone.
async fn some(check: &mut Check<'_>, mut left: HashSet<Object>) -> Result<(), CheckError> {
    strike_named(check, &mut left)?;
    strike_under_way(check, &mut left)?;
    strike_named(check, &mut left)?;
    for object in left {
        orphan_unless_discarded(check, &job::object(object.0, object.1)).await?;
    }
    Ok(())
}

/// Looks for the parts of uploads that some objects are, by their numbers.
///
/// An object that is being written stands among the discards until a row names it.
async fn some_of_uploads(check: &mut Check<'_>, left: HashSet<i64>) -> Result<(), CheckError> {
    let mut left: Vec<i64> = left.into_iter().collect();
    left.sort_unstable();
    for numbers in left.chunks(usize::try_from(check.options.chunk).unwrap_or(1)) {
        let named = |check: &Check<'_>, numbers: &[i64]| -> Result<HashSet<i64>, Problem> {
            let of = upload_parts::table.filter(upload_parts::object.eq_any(numbers));
            let found = check
                .read(|conn| Ok(of.clone().select(upload_parts::object).load::<i64>(conn)?))?;
            Ok(found.into_iter().collect())
        };
        let known = named(check, numbers)?;
        for number in numbers.iter().filter(|number| !known.contains(number)) {
            let key = uploads::object(*number);
            if is_discarded(check, &key)? || named(check, &[*number])?.contains(number) {
                continue;
            }
            // What was named and then replaced between the two looks is discarded by now.
            orphan_unless_discarded(check, &key).await?;
        }
    }
    Ok(())
}

fn is_discarded(check: &Check<'_>, key: &str) -> Result<bool, Problem> {
    let discarded = discards::table.find(key);
    check.read(|conn| Ok(diesel::select(diesel::dsl::exists(discarded)).get_result(conn)?))
}

async fn orphan_unless_discarded(check: &mut Check<'_>, key: &str) -> Result<(), CheckError> {
    if !is_discarded(check, key)? {
        orphan(check, key).await?;
    }
    Ok(())
}

async fn orphan(check: &mut Check<'_>, key: &str) -> Result<(), CheckError> {
    if check.storage.size(key).await?.is_none() {
        return Ok(());
    }
    check.say(&format!("object {key} belongs to no image and no upload"));
    if check.options.repair {
        check.storage.remove(key).await?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    image: String,
    #[diesel(sql_type = Nullable<Text>)]
    object: Option<String>,
}

/// Takes out what images name; reads all images.
fn strike_named(check: &Check<'_>, left: &mut HashSet<Object>) -> Result<(), Problem> {
    let mut after = (i32::MIN, i32::MIN, String::new());
    while !left.is_empty() {
        let rows: Vec<Row> = check.read(|conn| {
            Ok(diesel::sql_query(
                "SELECT customer, space, image, object FROM derivatives \
                 WHERE (customer, space, image) > ($1, $2, $3) \
                 ORDER BY customer, space, image LIMIT $4",
            )
            .bind::<Integer, _>(after.0)
            .bind::<Integer, _>(after.1)
            .bind::<Text, _>(&after.2)
            .bind::<BigInt, _>(check.options.chunk)
            .load(conn)?)
        })?;
        let Some(last) = rows.last() else { break };
        after = (last.customer, last.space, last.image.clone());
        for object in rows.iter().filter_map(|row| job::of_object(row.object.as_deref()?)) {
            left.remove(&object);
        }
    }
    Ok(())
}

/// Takes out what jobs may still write.
fn strike_under_way(check: &Check<'_>, left: &mut HashSet<Object>) -> Result<(), Problem> {
    let mut after = i64::MIN;
    while !left.is_empty() {
        let ids: Vec<i64> = check.read(|conn| {
            Ok(jobs::table
                .filter(jobs::id.gt(after))
                .order(jobs::id)
                .limit(check.options.chunk)
                .select(jobs::id)
                .load(conn)?)
        })?;
        let Some(last) = ids.last() else { break };
        after = *last;
        let ids: HashSet<i64> = ids.into_iter().collect();
        left.retain(|(job, _)| !ids.contains(job));
    }
    Ok(())
}
