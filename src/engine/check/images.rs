//! Images: each that waits has a job, none names a batch that is not there, each has its object and an index that can be
//! read, and says that there are tiles if there are.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use imaging::container::Index;

use super::{Check, CheckError, change, holds, lock_image};
use crate::addresses::ImageAddress;
use crate::classes::image::derivatives;
use crate::hydra::Problem;
use crate::queue::job::{self, Sender};
use crate::schema::images;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<Text>)]
    object: Option<String>,
    #[diesel(sql_type = BigInt)]
    derived_size: i64,
    #[diesel(sql_type = Nullable<Binary>)]
    index: Option<Vec<u8>>,
    #[diesel(sql_type = Integer)]
    index_bytes: i32,
    #[diesel(sql_type = Nullable<BigInt>)]
    batch: Option<i64>,
    #[diesel(sql_type = Bool)]
    stranded: bool,
    #[diesel(sql_type = Bool)]
    misled: bool,
    #[diesel(sql_type = Bool)]
    mistaken: bool,
}

/// Bytes of an index that are read with its row; a larger one, of more than some thousand tiles, is read by itself.
const USUAL_INDEX: i32 = 4096;

const STRANDED: &str = "ingesting AND NOT EXISTS (SELECT FROM jobs j \
    WHERE (j.customer, j.space, j.image) = (i.customer, i.space, i.id))";

/// No foreign key holds images to their batches (docs/adr/0007).
const MISLED: &str = "batch IS NOT NULL AND NOT EXISTS (SELECT FROM batches b \
    WHERE (b.customer, b.id) = (i.customer, i.batch))";

const WRONG_MARK: &str = "has_tiles <> EXISTS (SELECT FROM derivatives d \
    WHERE (d.customer, d.space, d.image) = (i.customer, i.space, i.id) AND d.index IS NOT NULL)";

/// Looks at the images of a space.
pub(super) async fn of_space(
    check: &mut Check<'_>,
    customer: i32,
    space: i32,
) -> Result<(), CheckError> {
    let mut after = String::new();
    loop {
        let rows: Vec<Row> = check.chunk(
            (customer, space),
            &after,
            &format!(
                "SELECT id, object, COALESCE(derived_size, 0) AS derived_size, batch, \
                 CASE WHEN octet_length(d.index) <= {USUAL_INDEX} THEN d.index END AS index, \
                 COALESCE(octet_length(d.index), 0) AS index_bytes, \
                 {STRANDED} AS stranded, {MISLED} AS misled, has_tiles <> (d.index IS NOT NULL) AS mistaken \
                 FROM images i LEFT JOIN derivatives d \
                 ON (d.customer, d.space, d.image) = (i.customer, i.space, i.id) \
                 WHERE i.customer = $1 AND i.space = $2 AND id > $3 ORDER BY id LIMIT $4"
            ),
        )?;
        let Some(last) = rows.last() else { return Ok(()) };
        after.clone_from(&last.id);
        let keys: Vec<String> = rows.iter().filter_map(|row| row.object.clone()).collect();
        let mut sizes = check.storage.sizes(&keys).await?.into_iter();
        for row in rows {
            let at = ImageAddress { customer, space, image: row.id };
            if row.stranded {
                stranded(check, &at)?;
            }
            if let Some(batch) = row.batch.filter(|_| row.misled) {
                misled(check, &at, batch)?;
            }
            if row.mistaken {
                wrong_mark(check, &at)?;
            }
            if row.index_bytes > USUAL_INDEX || row.index.is_some_and(|index| is_broken(&index)) {
                broken_index(check, &at)?;
            }
            if let Some(key) = row.object {
                let size = u64::try_from(row.derived_size).unwrap_or_default();
                if sizes.next().flatten() != Some(size) {
                    check.storage.confirm().await?;
                    lost_object(check, &at, &key)?;
                }
            }
        }
    }
}

fn named(at: &ImageAddress) -> String {
    format!("image {}/{}/{}", at.customer, at.space, at.image)
}

fn of_image(condition: &str) -> String {
    format!(
        "EXISTS (SELECT FROM images i WHERE (customer, space, id) = ($1, $2, $3) AND {condition})"
    )
}

fn stranded(check: &mut Check<'_>, at: &ImageAddress) -> Result<(), Problem> {
    let is_so = check.settle(|conn, repair| {
        if repair {
            lock_image(conn, at)?;
        }
        let is_so = holds(conn, at, &of_image(STRANDED))?;
        if is_so && repair {
            job::put(conn, at.customer, &[(at.space, &at.image)], Sender::Service)?;
        }
        Ok(is_so)
    })?;
    if is_so {
        check.say(&format!("{} waits without a job, and is sent again", named(at)));
    }
    Ok(())
}

fn misled(check: &mut Check<'_>, at: &ImageAddress, batch: i64) -> Result<(), Problem> {
    let is_so = check.settle(|conn, repair| {
        if repair {
            lock_image(conn, at)?;
        }
        let is_so = holds(conn, at, &of_image(MISLED))?;
        if is_so && repair {
            let sql = "UPDATE images SET batch = NULL WHERE (customer, space, id) = ($1, $2, $3)";
            change(conn, at, sql)?;
        }
        Ok(is_so)
    })?;
    if is_so {
        let image = named(at);
        check.say(&format!(
            "{image} names batch {batch}, which is not there, and names none any more"
        ));
    }
    Ok(())
}

fn wrong_mark(check: &mut Check<'_>, at: &ImageAddress) -> Result<(), Problem> {
    let is_so = check.settle(|conn, repair| {
        if repair {
            lock_image(conn, at)?;
        }
        let is_so = holds(conn, at, &of_image(WRONG_MARK))?;
        if is_so && repair {
            let sql = "UPDATE images SET has_tiles = NOT has_tiles \
                WHERE (customer, space, id) = ($1, $2, $3)";
            change(conn, at, sql)?;
        }
        Ok(is_so)
    })?;
    if is_so {
        check.say(&format!("{} is marked wrongly as to whether it has tiles", named(at)));
    }
    Ok(())
}

/// Returns whether an index can be read by no version of this program.
fn is_broken(index: &[u8]) -> bool {
    Index::decode(index).is_err() && !Index::is_of_later_version(index)
}

fn broken_index(check: &mut Check<'_>, at: &ImageAddress) -> Result<(), Problem> {
    let is_so = check.settle(|conn, repair| {
        if repair {
            lock_image(conn, at)?;
        }
        let index = derivatives::of_image(conn, at)?.and_then(|made| made.index);
        let is_so = index.is_some_and(|index| is_broken(&index));
        if is_so && repair {
            send_again(conn, at)?;
        }
        Ok(is_so)
    })?;
    if is_so {
        check.say(&format!("{} has a broken index of tiles, and is sent again", named(at)));
    }
    Ok(())
}

/// Settles that the object of an image is not there, or not whole.
///
/// An object is written before a row names it and removed after, and keys are never used twice: where the row named
/// it before the store was asked and names it still, it should have been there.
fn lost_object(check: &mut Check<'_>, at: &ImageAddress, key: &str) -> Result<(), Problem> {
    let is_so = check.settle(|conn, repair| {
        if repair {
            lock_image(conn, at)?;
        }
        let is_so = derivatives::names(conn, at, key)?;
        if is_so && repair {
            send_again(conn, at)?;
        }
        Ok(is_so)
    })?;
    if is_so {
        check.say(&format!("{} has lost its thumbnails, and is sent again", named(at)));
    }
    Ok(())
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
    job::put(conn, at.customer, &[(at.space, &at.image)], Sender::Service).map(|_| ())
}
