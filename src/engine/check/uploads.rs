//! Uploads: as many bytes are there as the row tells, those that images name are there, and those that none names expire.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Text};

use super::{Check, CheckError};
use crate::hydra::Problem;
use crate::schema::upload_parts;
use crate::uploads::{self, parts};

/// An upload, by its key.
type Key = (i32, String);

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = Text)]
    id: String,
    /// Tells whether the parts have another number of bytes than the row tells, or leave some out.
    #[diesel(sql_type = Bool)]
    is_apart: bool,
    /// Tells whether it does not expire, though no image names it.
    #[diesel(sql_type = Bool)]
    is_kept: bool,
}

#[derive(QueryableByName)]
struct Image {
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    id: String,
}

/// Uploads of which something is not as it should be; `$1` to `$3` are the key to begin after, and the number of rows.
const ROWS: &str = "SELECT customer, id, \
      received <> (SELECT total(p.length) FROM upload_parts AS p WHERE p.customer = u.customer AND p.upload = u.id) \
      OR received <> (SELECT COALESCE(max(p.start + p.length), 0) FROM upload_parts AS p \
        WHERE p.customer = u.customer AND p.upload = u.id) AS is_apart, \
      expires IS NULL AND NOT EXISTS (SELECT FROM images AS i WHERE i.customer = u.customer \
        AND i.origin = '/uploads/' || u.id AND i.origin LIKE '/uploads/%') \
      AND NOT EXISTS (SELECT FROM images AS i WHERE i.customer = u.customer \
        AND i.initial_origin = '/uploads/' || u.id AND i.initial_origin LIKE '/uploads/%') AS is_kept \
    FROM uploads AS u WHERE (customer, id) > ($1, $2) ORDER BY customer, id LIMIT $3";

/// Looks at all uploads, and at the objects that they name.
pub(super) async fn all(check: &mut Check<'_>) -> Result<(), CheckError> {
    let mut after: Key = (i32::MIN, String::new());
    loop {
        let rows: Vec<Row> = check.read(|conn| {
            let rows =
                diesel::sql_query(ROWS).bind::<Integer, _>(after.0).bind::<Text, _>(&after.1);
            Ok(rows.bind::<BigInt, _>(check.options.chunk).load(conn)?)
        })?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = (last.customer, last.id.clone());
        for Row { customer, id, is_apart, is_kept } in rows {
            if is_apart {
                check.say(&format!(
                    "upload {customer}/{id} has other parts than its row tells; it is to be sent anew"
                ));
            }
            if is_kept {
                keep_no_longer(check, customer, &id)?;
            }
            objects(check, customer, &id).await?;
        }
    }
}

/// Lets an upload expire that no image names, unless one has begun to meanwhile.
fn keep_no_longer(check: &mut Check<'_>, customer: i32, id: &str) -> Result<(), Problem> {
    let is_so =
        check.settle(|conn, repair| uploads::expiry::is_left_over(conn, (customer, id), repair))?;
    if is_so {
        check.say(&format!("upload {customer}/{id} is kept, though no image names it"));
    }
    Ok(())
}

/// Looks for the objects of the parts of an upload.
async fn objects(check: &mut Check<'_>, customer: i32, id: &str) -> Result<(), CheckError> {
    let found = check.read(|conn| parts::of(conn, customer, id))?;
    let keys: Vec<String> = found.iter().map(parts::Part::key).collect();
    let sizes = check.storage.sizes(&keys).await?;
    for (part, size) in found.iter().zip(sizes) {
        let is_whole = size.and_then(|size| i64::try_from(size).ok()) == Some(part.length);
        // A part may be written anew while this looks.
        let named = upload_parts::table.filter(upload_parts::object.eq(part.object));
        let named = diesel::dsl::exists(named);
        if !is_whole && check.read(|conn| Ok(diesel::select(named).get_result(conn)?))? {
            check.say(&format!(
                "object {} of upload {customer}/{id} is missing, or has another size: images made of it cannot be processed \
                 again",
                part.key()
            ));
        }
    }
    Ok(())
}

/// Looks for images of a customer that name uploads which are not there.
pub(super) fn of_images(check: &mut Check<'_>, customer: i32) -> Result<(), Problem> {
    let images: Vec<Image> = check.read(|conn| {
        let lost = |column: &str| {
            format!(
                "SELECT space, id FROM images AS i WHERE customer = $1 AND {column} LIKE '/uploads/%' \
                 AND NOT EXISTS (SELECT FROM uploads AS u WHERE u.customer = $1 AND u.id = substr(i.{column}, 10))"
            )
        };
        let lost = format!("{} UNION {} ORDER BY space, id", lost("origin"), lost("initial_origin"));
        Ok(diesel::sql_query(lost).bind::<Integer, _>(customer).load(conn)?)
    })?;
    for Image { space, id } in images {
        check.say(&format!("image {customer}/{space}/{id} names an upload that is not there"));
    }
    Ok(())
}
