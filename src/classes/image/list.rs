//! Collections of images: of a space, a customer, a queue, a batch; filtered, ordered, paged.

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;

use super::cut::Cut;
use super::merged;
use super::query::{self, Filter, Order};
use super::{Image, ImageAddress};
use crate::classes::batch::{Batch, BatchAddress};
use crate::classes::customer::CustomerAddress;
use crate::classes::space::{Space, SpaceAddress};
use crate::classes::sql::{shown_number, shown_text};
use crate::classes::tally::{self, Tally};
use crate::hydra::Problem;
use crate::hydra::collection::Page;
use crate::resource::boundary::{Key, STEP};
use crate::resource::page::collection_reply;
use crate::resource::*;
use crate::schema::{images, jobs};

/// Whose images a collection holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Space(SpaceAddress),
    All(CustomerAddress),
    /// With a job, waiting or under way.
    Queue(CustomerAddress),
    /// For which it is the latest batch.
    Batch(BatchAddress),
    BatchCompleted(BatchAddress),
    BatchErrors(BatchAddress),
}

pub static SPACE_IMAGES: Collection<SpaceAddress> = Collection {
    name: "SpaceImageCollection",
    parent: Some("ImageCollection"),
    member: "Image",
    doc: "The images of a space, in the order they were registered.",
    operations: &[
        list_by("SpaceImageCollection", |s, of, input| listed(s, input, Scope::Space(*of))),
        super::act::POST,
    ],
    variables: query::VARIABLES,
};

pub static ALL_IMAGES: Collection<CustomerAddress> = Collection {
    name: "ImageCollection",
    parent: None,
    member: "Image",
    doc: "The images of a customer, over all spaces, in the order they were registered.",
    operations: &[list_by("ImageCollection", |s, of, input| listed(s, input, Scope::All(*of)))],
    variables: query::VARIABLES,
};

pub static QUEUE_IMAGES: Collection<CustomerAddress> = Collection {
    name: "QueueImageCollection",
    parent: Some("ImageCollection"),
    member: "Image",
    doc: "Images that wait, or are being processed, over all batches.",
    operations: &[list_by("QueueImageCollection", |s, of, input| {
        listed(s, input, Scope::Queue(*of))
    })],
    variables: query::VARIABLES,
};

pub static BATCH_IMAGES: Collection<BatchAddress> = Collection {
    name: "BatchImageCollection",
    parent: Some("ImageCollection"),
    member: "Image",
    doc: "Images for which this is the latest batch.",
    operations: &[list_by("BatchImageCollection", |s, of, input| {
        listed(s, input, Scope::Batch(*of))
    })],
    variables: query::VARIABLES,
};

pub static BATCH_COMPLETED: Collection<BatchAddress> = Collection {
    name: "BatchCompletedImageCollection",
    parent: Some("ImageCollection"),
    member: "Image",
    doc: "Images for which this is the latest batch, processed without an error.",
    operations: &[list_by("BatchCompletedImageCollection", |s, of, input| {
        listed(s, input, Scope::BatchCompleted(*of))
    })],
    variables: query::VARIABLES,
};

pub static BATCH_ERRORS: Collection<BatchAddress> = Collection {
    name: "BatchErrorImageCollection",
    parent: Some("ImageCollection"),
    member: "Image",
    doc: "Images for which this is the latest batch, processed with an error.",
    operations: &[list_by("BatchErrorImageCollection", |s, of, input| {
        listed(s, input, Scope::BatchErrors(*of))
    })],
    variables: query::VARIABLES,
};

fn listed(s: &mut Session<'_>, input: &Input, scope: Scope) -> Result<Reply, Problem> {
    let mut faults = Vec::new();
    let page = input.query.page(&mut faults);
    let tenant = Some(scope.customer());
    let reading = Reading { site: s.site, tenant, path: &input.path, new: false };
    let (filter, order) = query::read(&input.query, reading, &mut faults);
    if !faults.is_empty() {
        scope.must_be_there(s)?;
        return Err(faults.into());
    }
    let listing = if filter.is_empty() {
        unfiltered(s, scope, order, page)?
    } else {
        let total = filtered(scope, &filter).count().get_result(s.conn)?;
        let found = ordered(filtered(scope, &filter), order);
        Listing { members: load(s.conn, found, page)?, total }
    };
    if listing.total == 0 {
        scope.must_be_there(s)?;
    }
    Ok(collection_reply(s, input, &listing.members, listing.total))
}

fn load(conn: &mut PgConnection, found: Found<'_>, page: Page) -> Result<Vec<Image>, Problem> {
    cut(conn, found, page.size, page.offset())
}

/// So many of the images found, from a place on.
fn cut(
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

/// A whole collection: its total stands in the tallies, and in the default order no page is skipped to.
fn unfiltered(
    s: &mut Session<'_>,
    scope: Scope,
    order: Option<Order>,
    page: Page,
) -> Result<Listing<Image>, Problem> {
    let all = || filtered(scope, &Filter::default());
    let tally = match scope {
        Scope::Space(at) => tally::of_space(s.conn, at.customer, at.space)?,
        Scope::All(at) => tally::of_customer(s.conn, at.customer)?,
        Scope::Queue(at) => {
            let total = tally::jobs(s.conn, at.customer)?;
            let members = load(s.conn, ordered(all(), order), page)?;
            return Ok(Listing { members, total });
        }
        Scope::Batch(_) | Scope::BatchCompleted(_) | Scope::BatchErrors(_) => {
            let total = all().count().get_result(s.conn)?;
            let members = load(s.conn, ordered(all(), order), page)?;
            return Ok(Listing { members, total });
        }
    };
    let merged = order.and_then(|order| Some((merged::indexed(order)?, order.descending)));
    let members = match (scope, merged, order) {
        (Scope::All(at), Some((by, descending)), _) => {
            merged::load(s.conn, at.customer, by, descending, page)?
        }
        (_, _, Some(_)) => load(s.conn, ordered(all(), order), page)?,
        (_, _, None) if page.offset() <= 2 * STEP => load(s.conn, ordered(all(), None), page)?,
        (_, _, None) if page.offset() >= tally.images => Vec::new(),
        (_, _, None) if tally.images - page.offset() <= 2 * STEP => {
            return from_the_end(s.conn, scope, page);
        }
        (_, _, None) => sought(s, scope, tally, page)?,
    };
    Ok(Listing { members, total: tally.images })
}

/// A page near the end, read backwards; total and page from one snapshot, so that they agree.
fn from_the_end(
    conn: &mut PgConnection,
    scope: Scope,
    page: Page,
) -> Result<Listing<Image>, Problem> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        let total = match scope {
            Scope::Space(at) => tally::of_space(conn, at.customer, at.space)?.images,
            other => tally::of_customer(conn, other.customer())?.images,
        };
        let size = page.size.min(total - page.offset()).max(0);
        let found = filtered(scope, &Filter::default()).order((
            images::created.desc(),
            images::space.desc(),
            images::id.desc(),
        ));
        let mut members = cut(conn, found, size, (total - page.offset() - size).max(0))?;
        members.reverse();
        Ok(Listing { members, total })
    })
}

/// A page far in, from the last remembered key before it.
fn sought(
    s: &mut Session<'_>,
    scope: Scope,
    tally: Tally,
    page: Page,
) -> Result<Vec<Image>, Problem> {
    let collection = format!("{scope:?}");
    let boundaries = &s.site.boundaries;
    let mut nearest = boundaries.before(&collection, tally.removals, page.offset());
    if page.offset() - nearest.as_ref().map_or(0, |(number, _)| *number) > 2 * STEP {
        let (number, key) = nearest.map_or((0, None), |(number, key)| (number, Some(key)));
        let found = keys_after(s.conn, scope, key.as_ref())?;
        boundaries.remember(&collection, tally.removals, number, found);
        nearest = boundaries.before(&collection, tally.removals, page.offset());
    }
    let found = ordered(filtered(scope, &Filter::default()), None);
    let (number, found) = match nearest {
        Some((number, (created, space, id))) => {
            let later = images::created.gt(created);
            let tied = images::space.gt(space).or(images::space.eq(space).and(images::id.ge(id)));
            (number, found.filter(images::created.ge(created)).filter(later.or(tied)))
        }
        None => (0, found),
    };
    cut(s.conn, found, page.size, page.offset() - number)
}

/// Every `STEP`-th key after one, of what is old enough that nothing can come before it any more.
fn keys_after(
    conn: &mut PgConnection,
    scope: Scope,
    after: Option<&Key>,
) -> Result<Vec<Key>, Problem> {
    use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Timestamptz)]
        created: chrono::DateTime<chrono::Utc>,
        #[diesel(sql_type = Integer)]
        space: i32,
        #[diesel(sql_type = Text)]
        id: String,
    }
    let (column, one_space) = match scope {
        Scope::Space(at) => ("space = $2", Some(at.space)),
        _ => ("$2 IS NULL", None),
    };
    // Counting begins at the remembered key itself, which is number 0 of what follows.
    let sql = format!(
        "SELECT created, space, id FROM (\
           SELECT created, space, id, row_number() OVER (ORDER BY created, space, id) - 1 AS n \
           FROM images WHERE customer = $1 AND {column} AND created < now() - interval '5 minutes' \
           AND ($3 IS NULL OR (created, space, id) >= ($3, $4, $5))\
         ) AS numbered WHERE n > 0 AND n % $6 = 0 ORDER BY n"
    );
    let rows: Vec<Row> = diesel::sql_query(sql)
        .bind::<Integer, _>(scope.customer())
        .bind::<Nullable<Integer>, _>(one_space)
        .bind::<Nullable<Timestamptz>, _>(after.map(|key| key.0))
        .bind::<Nullable<Integer>, _>(after.map(|key| key.1))
        .bind::<Nullable<Text>, _>(after.map(|key| &key.2))
        .bind::<BigInt, _>(STEP)
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.created, row.space, row.id)).collect())
}

type Found<'a> = images::BoxedQuery<'a, Pg>;

/// The images of a scope that meet a filter.
fn filtered<'a>(scope: Scope, filter: &Filter) -> Found<'a> {
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
        found = found.filter(images::roles.contains(filter.roles.clone()));
    }
    found
}

/// In an order that ends in the primary key, so that it is the same every time.
fn ordered(found: Found<'_>, order: Option<Order>) -> Found<'_> {
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

impl Scope {
    /// Whether the collection's parent is there, of which members would be proof.
    fn must_be_there(self, s: &mut Session<'_>) -> Result<(), Problem> {
        match self {
            Self::Space(at) => Space::find(s, &at).map(|_| ()),
            Self::Batch(at) | Self::BatchCompleted(at) | Self::BatchErrors(at) => {
                Batch::find(s, &at).map(|_| ())
            }
            Self::All(_) | Self::Queue(_) => Ok(()),
        }
    }

    fn customer(self) -> i32 {
        match self {
            Self::Space(at) => at.customer,
            Self::All(at) | Self::Queue(at) => at.customer,
            Self::Batch(at) | Self::BatchCompleted(at) | Self::BatchErrors(at) => at.customer,
        }
    }
}

impl Retrieve for Image {
    fn find(s: &mut Session<'_>, at: &ImageAddress) -> Result<Self, Problem> {
        let images = images::table.find((at.customer, at.space, &at.image));
        Ok(images.select(Self::as_select()).first(s.conn)?)
    }

    /// Look-ups in the same space share one statement.
    fn find_each(s: &mut Session<'_>, at: &[ImageAddress]) -> Vec<Result<Self, Problem>> {
        let mut found: Vec<Self> = Vec::new();
        let mut spaces: Vec<(i32, i32)> = at.iter().map(|at| (at.customer, at.space)).collect();
        spaces.sort_unstable();
        spaces.dedup();
        for (customer, space) in spaces {
            let ids: Vec<&str> = at
                .iter()
                .filter(|at| (at.customer, at.space) == (customer, space))
                .map(|at| at.image.as_str())
                .collect();
            let own = images::table
                .filter(images::customer.eq(customer))
                .filter(images::space.eq(space))
                .filter(images::id.eq_any(&ids));
            match own.select(Self::as_select()).load(s.conn) {
                Ok(rows) => found.extend(rows),
                Err(_) => return at.iter().map(|at| Self::find(s, at)).collect(),
            }
        }
        let found: std::collections::HashMap<ImageAddress, Self> =
            found.into_iter().map(|image| (image.address(), image)).collect();
        at.iter()
            .map(|at| {
                let missing = || Problem::NotFound("there is no such image".into());
                found.get(at).cloned().ok_or_else(missing)
            })
            .collect()
    }
}
