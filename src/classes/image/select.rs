//! Filters and orders of images as queries.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::{not, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Text, Timestamptz};

use super::Image;
use super::filter::{Filter, Span};
use super::fragments::Cut;
use super::metadata::metadata_members;
use super::order::{self, Column};
use super::scope::Scope;
use crate::hydra::Problem;
use crate::resource::sql::{shown_number, shown_text, starts_with, tenant_words};
use crate::schema::{images, spaces};

pub type ImageQuery<'a> = images::BoxedQuery<'a, Pg>;

/// The form of the filter on tags and roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// As the index has it and exactly: for finding what matches.
    Found,
    /// Exactly alone: for looking at images that are found otherwise, and for what the planner knows of it.
    Met,
}

/// The images of a scope that meet a filter.
pub(super) fn filtered<'a>(scope: Scope, filter: &Filter, words: Words) -> ImageQuery<'a> {
    let customer = scope.customer();
    let mut found = images::table.filter(images::customer.eq(customer)).into_boxed();
    found = match scope {
        Scope::Space(at) => found.filter(images::space.eq(at.space)),
        Scope::All(_) => found,
        // An image has a job as long as it says so.
        Scope::Queue(_) => found.filter(images::ingesting),
        Scope::Batch(at) => found.filter(images::batch.eq(at.batch)),
        Scope::BatchCompleted(at) => found
            .filter(images::batch.eq(at.batch))
            .filter(images::ingesting.eq(false))
            .filter(images::finished.is_not_null())
            .filter(images::error.eq("")),
        Scope::BatchErrors(at) => {
            found.filter(images::batch.eq(at.batch)).filter(images::error.ne(""))
        }
    };
    // Most indexes lead with the space, so that a search over all of them names each.
    if let Scope::All(at) = scope
        && filter.is_found_by_space()
        && words != Words::Met
    {
        let all = spaces::table.filter(spaces::customer.eq(at.customer)).select(spaces::id);
        found = found.filter(images::space.eq_any(all));
    }
    // One value is compared as such: only then does an index that goes on in the order asked for give it.
    macro_rules! any {
        ($column:expr, $values:expr) => {
            match $values {
                None => found,
                Some(any) => match any.as_slice() {
                    [one] => found.filter($column.eq(one.clone())),
                    _ => found.filter($column.eq_any(any)),
                },
            }
        };
    }
    macro_rules! by_metadata {
        (texts: [$($text:ident)+] numbers: [$($number:ident)+]) => {
            let ([$($text),+], [$($number),+]) = (filter.strings.clone(), filter.numbers.clone());
            $(found = any!(shown_text(images::$text), $text);)+
            let [$($text),+] = filter.prefixes.clone();
            $(if let Some(prefix) = $text {
                found = found.filter(starts_with(shown_text(images::$text), prefix));
            })+
            $(found = any!(shown_number(images::$number), $number);)+
        };
    }
    metadata_members!(by_metadata);
    found = any!(images::space, filter.spaces.clone());
    found = any!(images::id, filter.ids.clone());
    found = any!(images::media_type, filter.media_types.clone());
    found = in_state(found, filter);
    macro_rules! all {
        ($column:expr, $wanted:expr) => {
            if $wanted.is_empty() {
                found
            } else {
                // As the condition of the index says it.
                found = found.filter($column.ne(Vec::<String>::new()));
                if words != Words::Met {
                    let indexed = tenant_words(images::customer, $column);
                    found = found.filter(indexed.contains(tenant_words(customer, $wanted.clone())));
                }
                found.filter($column.contains($wanted.clone()))
            }
        };
    }
    found = all!(images::tags, filter.tags);
    found = all!(images::roles, filter.roles);
    found
}

/// Adds the conditions of a filter on how images came through, when they were registered, and what they measure.
fn in_state<'a>(mut found: ImageQuery<'a>, filter: &Filter) -> ImageQuery<'a> {
    // As the conditions of the indexes say it.
    found = match filter.has_error {
        Some(true) => found.filter(sql::<Bool>("images.error <> ''")),
        Some(false) => found.filter(sql::<Bool>("images.error = ''")),
        None => found,
    };
    found = match filter.ingesting {
        Some(true) => found.filter(images::ingesting),
        Some(false) => found.filter(not(images::ingesting)),
        None => found,
    };
    let Span { from, before } = filter.created;
    if let Some(from) = from {
        found = found.filter(images::created.ge(from));
    }
    if let Some(before) = before {
        found = found.filter(images::created.lt(before));
    }
    let finished = || sql::<Timestamptz>("COALESCE(images.finished, 'infinity')");
    let Span { from, before } = filter.finished;
    if let Some(from) = from {
        found = found.filter(finished().ge(from));
    }
    match before {
        Some(before) => found = found.filter(finished().lt(before)),
        // What is not finished is no later than anything.
        None if from.is_some() => found = found.filter(sql::<Bool>(IS_FINISHED)),
        None => {}
    }
    if let Some(width) = filter.min_width {
        found = found.filter(sql::<Bool>("images.width >= ").bind::<BigInt, _>(width));
    }
    if let Some(height) = filter.min_height {
        found = found.filter(sql::<Bool>("images.height >= ").bind::<BigInt, _>(height));
    }
    if filter.min_size.is_some() || filter.max_size.is_some() {
        let sized = sql::<Bool>(
            "EXISTS (SELECT FROM derivatives AS d WHERE d.customer = images.customer \
             AND d.space = images.space AND d.image = images.id AND d.size BETWEEN ",
        );
        let sized = sized.bind::<BigInt, _>(filter.min_size.unwrap_or_default());
        let sized = sized.sql(" AND ").bind::<BigInt, _>(filter.max_size.unwrap_or(i64::MAX));
        found = found.filter(sized.sql(")"));
    }
    found
}

/// Leaves out images that are not finished, in the words of the index.
const IS_FINISHED: &str = "COALESCE(images.finished, 'infinity') < 'infinity'";

/// Puts images in order; `descending` turns the whole key round, so that an index serves both directions.
pub(super) fn ordered<'a>(
    found: ImageQuery<'a>,
    columns: &[&'static Column],
    descending: bool,
) -> ImageQuery<'a> {
    found.order(sql::<Text>(&order::order_by(columns, descending)))
}

/// Loads so many of the images found, from an offset on.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn load(
    conn: &mut PgConnection,
    found: ImageQuery<'_>,
    limit: i64,
    offset: i64,
) -> Result<Vec<Image>, Problem> {
    let query = Cut { query: found.select(Image::as_select()), anchor: None, limit, offset };
    // A row is large: they are not moved about as their number grows.
    let mut images = Vec::with_capacity(usize::try_from(limit).unwrap_or_default());
    for image in query.load_iter::<Image, DefaultLoadingMode>(conn)? {
        images.push(image?);
    }
    Ok(images)
}

/// Loads the images with these keys (space, id), in the same order.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn load_keys(
    conn: &mut PgConnection,
    customer: i32,
    keys: Vec<(i32, String)>,
) -> Result<Vec<Image>, Problem> {
    let (spaces, ids): (Vec<i32>, Vec<String>) = keys.into_iter().unzip();
    let wanted = sql::<Bool>("(images.space, images.id) IN (SELECT * FROM unnest(")
        .bind::<Array<Integer>, _>(spaces.clone())
        .sql(", ")
        .bind::<Array<Text>, _>(ids.clone())
        .sql("))");
    let found = images::table.filter(images::customer.eq(customer)).filter(wanted);
    let found: Vec<Image> = found.select(Image::as_select()).load(conn)?;
    let mut found: std::collections::HashMap<(i32, String), Image> =
        found.into_iter().map(|image| ((image.space, image.id.clone()), image)).collect();
    Ok(spaces.into_iter().zip(ids).filter_map(|key| found.remove(&key)).collect())
}
