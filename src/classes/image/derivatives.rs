//! The table of derivatives: the object of each processed image, its index, and bytes.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text};
use diesel::upsert::excluded;

use crate::addresses::ImageAddress;
use crate::database::prepared::Prepared;
use crate::hydra::Problem;
use crate::schema::derivatives;

/// The derivatives of an image, as their row has them.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = derivatives, check_for_backend(Pg))]
pub struct Derivatives {
    /// Key of the object; `None` where a version before made nothing.
    pub object: Option<String>,
    /// The encoded index of the object; `None` where a version before made it, which made thumbnails alone.
    pub index: Option<Vec<u8>>,
    /// Bytes of the original.
    pub size: i64,
    /// Bytes of the object.
    pub derived_size: i64,
    /// Time when the sizes were last found right.
    pub checked: DateTime<Utc>,
}

/// Returns the derivatives of an image; `None` until it is processed.
///
/// # Errors
/// Fails if the database does not answer.
pub fn of_image(
    conn: &mut PgConnection,
    at: &ImageAddress,
) -> Result<Option<Derivatives>, Problem> {
    let own = derivatives::table.find((at.customer, at.space, &at.image));
    Ok(own.select(Derivatives::as_select()).first(conn).optional()?)
}

/// Returns the keys of the objects of those of these images of a customer that have one.
///
/// # Errors
/// Fails if the database does not answer.
pub fn objects_of(
    conn: &mut PgConnection,
    customer: i32,
    images: &[(i32, &str)],
) -> Result<Vec<String>, Problem> {
    let (spaces, ids): (Vec<i32>, Vec<&str>) = images.iter().copied().unzip();
    let found: Vec<Object> = diesel::sql_query(
        "SELECT object FROM derivatives WHERE customer = $1 AND object IS NOT NULL \
         AND (space, image) IN (SELECT * FROM unnest($2, $3))",
    )
    .bind::<Integer, _>(customer)
    .bind::<Array<Integer>, _>(spaces)
    .bind::<Array<Text>, _>(ids)
    .load(conn)?;
    Ok(found.into_iter().map(|found| found.object).collect())
}

#[derive(QueryableByName)]
struct Object {
    #[diesel(sql_type = Text)]
    object: String,
}

/// Writes the derivatives of an image, which the caller has locked, in place of those of before.
///
/// # Errors
/// Fails if the database does not answer.
pub fn save(conn: &mut PgConnection, at: &ImageAddress, made: &Derivatives) -> Result<(), Problem> {
    let key = (
        derivatives::customer.eq(at.customer),
        derivatives::space.eq(at.space),
        derivatives::image.eq(&at.image),
    );
    let save = diesel::insert_into(derivatives::table)
        .values((key, made))
        .on_conflict((derivatives::customer, derivatives::space, derivatives::image))
        .do_update()
        .set((
            derivatives::object.eq(excluded(derivatives::object)),
            derivatives::index.eq(excluded(derivatives::index)),
            derivatives::size.eq(excluded(derivatives::size)),
            derivatives::derived_size.eq(excluded(derivatives::derived_size)),
            derivatives::checked.eq(excluded(derivatives::checked)),
            derivatives::outdated.eq(false),
        ));
    Prepared(save.returning(derivatives::customer)).load::<i32>(conn)?;
    Ok(())
}

/// Notes that an image, which the caller has locked, was processed again without success.
///
/// # Errors
/// Fails if the database does not answer.
pub fn outdate(conn: &mut PgConnection, at: &ImageAddress) -> Result<(), Problem> {
    let own = derivatives::table.find((at.customer, at.space, &at.image));
    let current = own.filter(derivatives::outdated.eq(false));
    let outdate = diesel::update(current).set(derivatives::outdated.eq(true));
    Prepared(outdate.returning(derivatives::customer)).load::<i32>(conn)?;
    Ok(())
}

/// Returns whether an image names this object.
///
/// # Errors
/// Fails if the database does not answer.
pub fn names(conn: &mut PgConnection, at: &ImageAddress, object: &str) -> Result<bool, Problem> {
    let own = derivatives::table.find((at.customer, at.space, &at.image));
    let named = own.filter(derivatives::object.eq(object));
    Ok(diesel::select(diesel::dsl::exists(named)).get_result(conn)?)
}
