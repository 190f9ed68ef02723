//! Which images, and in which order: filters and orders as queries.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;

use super::Image;
use super::cut::Cut;
use super::list::Scope;
use super::query::Filter;
use crate::classes::sql::{shown_number, shown_text};
use crate::hydra::Problem;
use crate::hydra::collection::Order;
use crate::hydra::collection::Page;
use crate::schema::{images, jobs, spaces};

pub type Found<'a> = images::BoxedQuery<'a, Pg>;

/// The images of a scope that meet a filter.
pub(super) fn filtered<'a>(scope: Scope, filter: &Filter) -> Found<'a> {
    let mut found = images::table.filter(images::customer.eq(scope.customer())).into_boxed();
    found = match scope {
        Scope::Space(at) => found.filter(images::space.eq(at.space)),
        Scope::All(_) => found,
        Scope::Queue(_) => {
            let job = jobs::table
                .filter(jobs::customer.eq(images::customer))
                .filter(jobs::space.eq(images::space))
                .filter(jobs::image.eq(images::id));
            found.filter(exists(job))
        }
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
    // The indexes on ids and metadata lead with the space, so that a search over all of them names each.
    let searched = filter.ids.is_some()
        || filter.strings.iter().any(Option::is_some)
        || filter.numbers.iter().any(Option::is_some);
    if let Scope::All(at) = scope
        && searched
    {
        let all = spaces::table.filter(spaces::customer.eq(at.customer)).select(spaces::id);
        found = found.filter(images::space.eq_any(all));
    }
    let [string1, string2, string3] = filter.strings.clone();
    if let Some(any) = string1 {
        found = found.filter(shown_text(images::string1).eq_any(any));
    }
    if let Some(any) = string2 {
        found = found.filter(shown_text(images::string2).eq_any(any));
    }
    if let Some(any) = string3 {
        found = found.filter(shown_text(images::string3).eq_any(any));
    }
    let [number1, number2, number3] = filter.numbers.clone();
    if let Some(any) = number1 {
        found = found.filter(shown_number(images::number1).eq_any(any));
    }
    if let Some(any) = number2 {
        found = found.filter(shown_number(images::number2).eq_any(any));
    }
    if let Some(any) = number3 {
        found = found.filter(shown_number(images::number3).eq_any(any));
    }
    if let Some(any) = filter.spaces.clone() {
        found = found.filter(images::space.eq_any(any));
    }
    if let Some(any) = filter.ids.clone() {
        found = found.filter(images::id.eq_any(any));
    }
    if !filter.tags.is_empty() {
        found = found.filter(images::tags.contains(filter.tags.clone()));
    }
    if !filter.roles.is_empty() {
        // As the index on roles says it.
        found = found
            .filter(images::roles.ne(Vec::<String>::new()))
            .filter(images::roles.contains(filter.roles.clone()));
    }
    found
}

/// In an order that ends in the primary key, so that it is the same every time.
pub(super) fn ordered(found: Found<'_>, order: Option<Order>) -> Found<'_> {
    // The whole key is turned round together, so that an index serves both directions.
    macro_rules! by {
        ($column:expr, $descending:expr) => {
            if $descending {
                found.order((
                    $column.desc(),
                    images::created.desc(),
                    images::space.desc(),
                    images::id.desc(),
                ))
            } else {
                found.order(($column.asc(), images::created, images::space, images::id))
            }
        };
    }
    let Some(Order { by, descending }) = order else {
        return found.order((images::created, images::space, images::id));
    };
    match by {
        "id" if descending => found.order((images::id.desc(), images::space.desc())),
        "id" => found.order((images::id, images::space)),
        "finished" => by!(images::finished, descending),
        "string1" => by!(shown_text(images::string1), descending),
        "string2" => by!(shown_text(images::string2), descending),
        "string3" => by!(shown_text(images::string3), descending),
        "number1" => by!(shown_number(images::number1), descending),
        "number2" => by!(shown_number(images::number2), descending),
        "number3" => by!(shown_number(images::number3), descending),
        "space" => by!(images::space, descending),
        "origin" => by!(images::origin, descending),
        "maxUnauthorised" => by!(images::max_unauthorised, descending),
        "mediaType" => by!(images::media_type, descending),
        "width" => by!(images::width, descending),
        "height" => by!(images::height, descending),
        "queued" => by!(images::queued, descending),
        "dequeued" => by!(images::dequeued, descending),
        "ingesting" => by!(images::ingesting, descending),
        "error" => by!(images::error, descending),
        "batch" => by!(images::batch, descending),
        "imageOptimisationPolicy" => by!(images::image_optimisation_policy, descending),
        "thumbnailPolicy" => by!(images::thumbnail_policy, descending),
        _ => by!(images::created, descending),
    }
}

/// One page of what was found.
///
/// # Errors
/// Where the database does not answer.
pub(super) fn load(
    conn: &mut PgConnection,
    found: Found<'_>,
    page: Page,
) -> Result<Vec<Image>, Problem> {
    cut(conn, found, page.size, page.offset())
}

/// So many of the images found, from a place on.
pub(super) fn cut(
    conn: &mut PgConnection,
    found: Found<'_>,
    limit: i64,
    offset: i64,
) -> Result<Vec<Image>, Problem> {
    let query = Cut { query: found.select(Image::as_select()), limit, offset };
    // A row is large: they are not moved about as their number grows.
    let mut images = Vec::with_capacity(usize::try_from(limit).unwrap_or_default());
    for image in query.load_iter::<Image, DefaultLoadingMode>(conn)? {
        images.push(image?);
    }
    Ok(images)
}
