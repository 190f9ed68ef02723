//! Derivatives: each row belongs to an image that is there. No foreign key sees to that.

use super::{Check, change, holds};
use crate::addresses::ImageAddress;
use crate::hydra::Problem;

const ORPHANED: &str = "EXISTS (SELECT FROM derivatives d WHERE (customer, space, image) = ($1, $2, $3) \
    AND NOT EXISTS (SELECT FROM images i WHERE (i.customer, i.space, i.id) = ($1, $2, $3)))";

/// Removes a row, and its bytes from the totals of the space; its object is found when objects are looked at.
const REMOVE: &str = "WITH gone AS (DELETE FROM derivatives \
        WHERE (customer, space, image) = ($1, $2, $3) RETURNING size, derived_size) \
    INSERT INTO tally_changes (customer, space, images, removals, size, thumbnail_size) \
    SELECT $1, $2, 0, 0, -size, -derived_size FROM gone";

/// Looks at what was made of the images of a space.
pub(super) fn of_space(check: &mut Check<'_>, space: (i32, i32)) -> Result<(), Problem> {
    let orphaned = "SELECT image FROM derivatives d WHERE customer = $1 AND space = $2 AND image > $3 \
        AND NOT EXISTS (SELECT FROM images i \
        WHERE (i.customer, i.space, i.id) = (d.customer, d.space, d.image)) \
        ORDER BY image LIMIT $4";
    check.each_image(space, orphaned, orphan)
}

fn orphan(check: &mut Check<'_>, at: &ImageAddress) -> Result<(), Problem> {
    let is_so = check.settle(|conn, repair| {
        let is_so = holds(conn, at, ORPHANED)?;
        if is_so && repair {
            change(conn, at, REMOVE)?;
        }
        Ok(is_so)
    })?;
    if is_so {
        let ImageAddress { customer, space, image } = at;
        check.say(&format!(
            "what was made of image {customer}/{space}/{image}, which is not there, is removed"
        ));
    }
    Ok(())
}
