//! Pages of whole collections: their totals stand in the tallies, and in the default order none is skipped to.

use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::query_dsl::LoadQuery;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};

use super::Image;
use super::cut::{Cut, First, FromOn};
use super::list::Scope;
use super::merged;
use super::query::Filter;
use super::select::{Found, cut, filtered, load, ordered};
use crate::classes::tally::{self, Tally};
use crate::hydra::Problem;
use crate::hydra::collection::{Order, Page};
use crate::resource::boundary::{Boundary, Key, NEAR, STEP};
use crate::resource::*;
use crate::schema::images;

/// A whole collection: its total stands in the tallies, and in the default order no page is skipped to.
pub(super) fn unfiltered(
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
        (_, _, None) if page.offset() <= NEAR => load(s.conn, ordered(all(), None), page)?,
        (_, _, None) if page.offset() >= tally.images => Vec::new(),
        (_, _, None) if tally.images - page.offset() <= NEAR => {
            return from_the_end(s.conn, scope, page);
        }
        (_, _, None) => sought(s, scope, tally, page)?,
    };
    Ok(Listing { members, total: tally.images })
}

/// A page in the default order with its total by one statement, where it is near to what is known.
///
/// Each member is written as it is read, so that the next is held in the same memory.
pub(super) fn at_once(
    s: &mut Session<'_>,
    scope: Scope,
    page: Page,
) -> Result<Option<(String, i64)>, Problem> {
    let space = match scope {
        Scope::Space(at) => Some(at.space),
        Scope::All(_) => None,
        _ => return Ok(None),
    };
    let from = match page.offset() {
        ..=NEAR => None,
        offset => match s.site.boundaries.before(&name(scope), offset) {
            Some(boundary) if offset - boundary.number <= NEAR => Some(boundary),
            _ => return Ok(None),
        },
    };
    let removals = from.as_ref().map(|boundary| boundary.removals);
    let numbers = tally::numbers(scope.customer(), space);
    let (found, skipped) = after(scope, from);
    let cut = Cut {
        query: found.select((Image::as_select(), numbers)),
        limit: page.size,
        offset: page.offset() - skipped,
    };
    let rows = usize::try_from(page.size).unwrap_or_default();
    let mut members = Members::with_capacity(s.view(), rows);
    // Of a space or of all, from the beginning or from a key on: each is one statement.
    let numbers = match (cut.is_first(), space.is_some(), removals.is_some()) {
        (true, false, false) => write_each(s.conn, First::<_, 0>(cut), &mut members),
        (true, false, true) => write_each(s.conn, First::<_, 1>(cut), &mut members),
        (true, true, false) => write_each(s.conn, First::<_, 2>(cut), &mut members),
        (true, true, true) => write_each(s.conn, First::<_, 3>(cut), &mut members),
        (false, ..) => write_each(s.conn, cut, &mut members),
    }?;
    // What was remembered may hold no more; then the page is looked for anew.
    Ok(numbers
        .filter(|(_, now)| removals.is_none_or(|then| then == *now))
        .map(|(total, _)| (members.finish(), total)))
}

/// An image, and beside it how many there are and were removed.
type Row = (Image, (i64, i64));

/// Writes what a query finds, and answers the numbers that stand beside each; nothing where it finds none.
fn write_each<'a, Q>(
    conn: &'a mut PgConnection,
    query: Q,
    members: &mut Members<'_>,
) -> Result<Option<(i64, i64)>, Problem>
where
    Q: LoadQuery<'a, PgConnection, Row, DefaultLoadingMode> + RunQueryDsl<PgConnection> + 'a,
{
    let mut told = None;
    for row in query.load_iter::<Row, DefaultLoadingMode>(conn)? {
        let (image, numbers) = row?;
        members.push(&image);
        told = Some(numbers);
    }
    Ok(told)
}

/// By what the keys of a collection are remembered.
fn name(scope: Scope) -> String {
    format!("{scope:?}")
}

/// The collection in the default order from a remembered key on, and how many come before it.
fn after<'a>(scope: Scope, from: Option<Boundary>) -> (Found<'a>, i64) {
    let found = ordered(filtered(scope, &Filter::default()), None);
    let Some(Boundary { number, key: (created, space, id), .. }) = from else {
        return (found, 0);
    };
    // As rows are compared, so that the index leads to the very key.
    let found = match scope {
        Scope::Space(_) => found.filter(FromOn { key: (created, None, id) }),
        _ => found.filter(FromOn { key: (created, Some(space), id) }),
    };
    (found, number)
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
    let collection = name(scope);
    let boundaries = &s.site.boundaries;
    let nearest = || {
        let found = boundaries.before(&collection, page.offset());
        found.filter(|boundary| boundary.removals == tally.removals)
    };
    let mut from = nearest();
    if page.offset() - from.as_ref().map_or(0, |boundary| boundary.number) > NEAR {
        let number = from.as_ref().map_or(0, |boundary| boundary.number);
        let found = keys_after(s.conn, scope, from.map(|boundary| boundary.key).as_ref())?;
        boundaries.remember(&collection, tally.removals, number, found);
        from = nearest();
    }
    let (found, skipped) = after(scope, from);
    cut(s.conn, found, page.size, page.offset() - skipped)
}

/// Every `STEP`-th key after one, of what is old enough that nothing can come before it any more.
fn keys_after(
    conn: &mut PgConnection,
    scope: Scope,
    after: Option<&Key>,
) -> Result<Vec<Key>, Problem> {
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
