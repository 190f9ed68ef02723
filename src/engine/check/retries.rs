//! Retries: each row belongs to an image that waits, or was given up. No foreign key sees to that.

use super::{Check, change, holds, lock_image};
use crate::addresses::ImageAddress;
use crate::hydra::Problem;

/// An image that waits has a next try, or an attempt under way; one that was given up has neither.
const LEFT_OVER: &str = "NOT EXISTS (SELECT FROM images i \
    WHERE (i.customer, i.space, i.id) = (r.customer, r.space, r.image) \
    AND (i.ingesting OR (i.error <> '' AND r.next_try IS NULL)))";

/// Looks at the retries of the images of a space.
pub(super) fn of_space(check: &mut Check<'_>, space: (i32, i32)) -> Result<(), Problem> {
    let left_over = format!(
        "SELECT image FROM retries r WHERE customer = $1 AND space = $2 AND image > $3 \
         AND {LEFT_OVER} ORDER BY image LIMIT $4"
    );
    check.each_image(space, &left_over, remove)
}

fn remove(check: &mut Check<'_>, at: &ImageAddress) -> Result<(), Problem> {
    let is_so = check.settle(|conn, repair| {
        if repair {
            lock_image(conn, at)?;
        }
        let row = "retries r WHERE (customer, space, image) = ($1, $2, $3)";
        let is_so = holds(conn, at, &format!("EXISTS (SELECT FROM {row} AND {LEFT_OVER})"))?;
        if is_so && repair {
            change(conn, at, &format!("DELETE FROM {row}"))?;
        }
        Ok(is_so)
    })?;
    if is_so {
        let ImageAddress { customer, space, image } = at;
        check.say(&format!(
            "image {customer}/{space}/{image} is not tried again, but retries of it are left, and are removed"
        ));
    }
    Ok(())
}
