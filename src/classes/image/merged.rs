//! Orders over all spaces of a customer, merged from those of each space.
//!
//! An index orders the images of a space by each of these members; one over all spaces would be written with
//! every image, and read rarely.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::Image;
use crate::hydra::Problem;
use crate::hydra::collection::Order;
use crate::hydra::collection::Page;
use crate::schema::images;

/// What an index orders the images of a space by, where this member is one of those.
pub fn indexed(order: Order) -> Option<&'static str> {
    match order.by {
        "finished" => Some("finished"),
        "string1" => Some("shown(string1)"),
        "string2" => Some("shown(string2)"),
        "string3" => Some("shown(string3)"),
        "number1" => Some("shown(number1)"),
        "number2" => Some("shown(number2)"),
        "number3" => Some("shown(number3)"),
        _ => None,
    }
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    id: String,
}

/// A page of all images of a customer, in the order of `expression`, which [`indexed`] has told.
///
/// # Errors
/// Where the database does not answer.
pub fn load(
    conn: &mut PgConnection,
    customer: i32,
    expression: &str,
    descending: bool,
    page: Page,
) -> Result<Vec<Image>, Problem> {
    let turn = if descending { " DESC" } else { "" };
    // No space gives more to the page than what is up to its end.
    let sql = format!(
        "SELECT i.space, i.id FROM spaces AS s CROSS JOIN LATERAL (\
           SELECT space, id, created, {expression} AS value FROM images \
           WHERE customer = $1 AND space = s.id \
           ORDER BY {expression}{turn}, created{turn}, id{turn} LIMIT $2\
         ) AS i WHERE s.customer = $1 \
         ORDER BY i.value{turn}, i.created{turn}, i.space{turn}, i.id{turn} LIMIT $3 OFFSET $4"
    );
    let keys: Vec<Key> = diesel::sql_query(sql)
        .bind::<Integer, _>(customer)
        .bind::<BigInt, _>(page.offset().saturating_add(page.size))
        .bind::<BigInt, _>(page.size)
        .bind::<BigInt, _>(page.offset())
        .load(conn)?;
    let mut spaces: Vec<i32> = keys.iter().map(|key| key.space).collect();
    spaces.sort_unstable();
    spaces.dedup();
    let found: Vec<Image> = images::table
        .filter(images::customer.eq(customer))
        .filter(images::space.eq_any(spaces))
        .filter(images::id.eq_any(keys.iter().map(|key| &key.id)))
        .select(Image::as_select())
        .load(conn)?;
    let mut found: HashMap<(i32, String), Image> =
        found.into_iter().map(|image| ((image.space, image.id.clone()), image)).collect();
    Ok(keys.into_iter().filter_map(|key| found.remove(&(key.space, key.id))).collect())
}
