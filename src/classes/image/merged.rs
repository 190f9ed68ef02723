//! Orders over all spaces of a customer, merged from those of each space.
//!
//! An index orders the images of a space by each of these members; one over all spaces would be written with
//! every image, and read rarely (docs/adr/0007).

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use super::Image;
use crate::hydra::Problem;
use crate::hydra::collection::Order;
use crate::hydra::collection::Page;
use crate::schema::images;

/// What an index orders the images of a space by: an expression, and what tells equals apart.
#[derive(Debug, Clone, Copy)]
pub struct Indexed {
    value: &'static str,
    /// Whether `created` comes next; else the value itself is unique in its space.
    by_created: bool,
}

/// The index that serves this order, where one does.
pub fn indexed(order: Order) -> Option<Indexed> {
    let (value, by_created) = match order.by {
        "id" => ("id", false),
        "finished" => ("finished", true),
        "string1" => ("shown(string1)", true),
        "string2" => ("shown(string2)", true),
        "string3" => ("shown(string3)", true),
        "number1" => ("shown(number1)", true),
        "number2" => ("shown(number2)", true),
        "number3" => ("shown(number3)", true),
        _ => return None,
    };
    Some(Indexed { value, by_created })
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Integer)]
    space: i32,
    #[diesel(sql_type = Text)]
    id: String,
}

/// A page of all images of a customer, in the order of `by`, which [`indexed`] has told.
///
/// # Errors
/// Where the database does not answer.
pub fn load(
    conn: &mut PgConnection,
    customer: i32,
    by: Indexed,
    descending: bool,
    page: Page,
) -> Result<Vec<Image>, Problem> {
    let turn = if descending { " DESC" } else { "" };
    let value = by.value;
    let created = if by.by_created { format!(", i.created{turn}") } else { String::new() };
    // No space gives more to the page than what is up to its end.
    let sql = format!(
        "SELECT i.space, i.id FROM spaces AS s CROSS JOIN LATERAL (\
           SELECT space, id, created, {value} AS value FROM images AS i \
           WHERE customer = $1 AND space = s.id \
           ORDER BY {value}{turn}{created}, id{turn} LIMIT $2\
         ) AS i WHERE s.customer = $1 \
         ORDER BY i.value{turn}{created}, i.space{turn}, i.id{turn} LIMIT $3 OFFSET $4"
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
