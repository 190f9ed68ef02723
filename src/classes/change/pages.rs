//! Pages of changes, sought by the number of a change: the newest first, or the oldest.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use serde_json::Value;

use super::Change;
use crate::addresses::CustomerAddress;
use crate::hydra::Problem;
use crate::hydra::collection::{Page, PageLink, PageLinks};
use crate::resource::page::{Written, rounded, written_reply};
use crate::resource::page_key::{self, KeyKind, KeyValue, PageKey, Place};
use crate::resource::*;
use crate::schema::changes;

/// Changes that are counted at most (`docs/rules.md` 5.4), and that are skipped to where a page is asked for by its number.
const EXACT: i64 = 100_000;

/// The list that a page is of.
struct Question {
    customer: i32,
    ascending: bool,
    page: Page,
    key: Option<PageKey>,
    digest: u64,
}

/// The changes of a page.
struct Found {
    changes: Vec<Change>,
    /// Tells whether others stand before the first.
    before: bool,
    /// Tells whether others follow the last.
    after: bool,
}

/// Lists the changes of a customer.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "an act is given its address by reference")]
pub(super) fn listed(
    s: &mut UnitOfWork<'_>,
    of: &CustomerAddress,
    input: &Input,
) -> Result<Reply, Problem> {
    let (page, order) = ListRequest::of(input).validated()?;
    let (customer, ascending) = (of.customer, order.is_some_and(|order| !order.descending));
    let digest = page_key::digest(&format!("changes {customer} {ascending}"));
    let key = input.query.page_key();
    let key = key.and_then(|text| PageKey::decode(text, digest, &[KeyKind::Number]));
    let question = Question { customer, ascending, page, key, digest };
    let (total, is_estimated) = question.total(s.conn)?;
    let found = match question.key {
        None if page.offset() > EXACT && is_estimated => {
            let reason = format!(
                "{} is far into a list without page numbers of its own: follow the links of its pages",
                page.number
            );
            return Err(Problem::invalid("page", reason));
        }
        None if page.offset() > EXACT => {
            Found { changes: Vec::new(), before: total > 0, after: false }
        }
        _ => question.find(s.conn)?,
    };
    let mut members = Members::with_capacity(s.render_context(), found.changes.len());
    found.changes.iter().for_each(|change| members.push(change));
    let links = question.links(&found, total, is_estimated);
    let written = Written { members: &members.finish(), total, is_estimated, links };
    Ok(written_reply::<Change>(s, input, &written))
}

impl Question {
    fn own(&self) -> changes::BoxedQuery<'_, diesel::pg::Pg> {
        changes::table.filter(changes::customer.eq(self.customer)).into_boxed()
    }

    /// Returns how many changes there are, and whether that is an estimate, which stays the same on a walk.
    fn total(&self, conn: &mut PgConnection) -> Result<(i64, bool), Problem> {
        if let Some(total) = self.key.as_ref().and_then(|key| key.total) {
            return Ok((total, true));
        }
        let count = "SELECT count(*) AS number FROM (SELECT FROM changes WHERE customer = $1 LIMIT $2) AS counted";
        let count = diesel::sql_query(count).bind::<Integer, _>(self.customer);
        let counted = count.bind::<BigInt, _>(EXACT + 1).get_result::<Count>(conn)?.number;
        Ok(match counted > EXACT {
            true => (rounded(expected(conn, self.customer)?.max(counted)), true),
            false => (counted, false),
        })
    }

    fn find(&self, conn: &mut PgConnection) -> Result<Found, Problem> {
        let place = self.key.as_ref().map(|key| &key.place);
        let reversed = matches!(place, Some(Place::Before(_) | Place::End));
        let ascending = self.ascending != reversed;
        let mut own = self.own();
        if let Some(Place::After(values) | Place::Before(values)) = place
            && let [KeyValue::Number(number)] = values.as_slice()
        {
            own = if ascending {
                own.filter(changes::id.gt(*number))
            } else {
                own.filter(changes::id.lt(*number))
            };
        }
        let offset = if place.is_none() { self.page.offset() } else { 0 };
        own = if ascending { own.order(changes::id.asc()) } else { own.order(changes::id.desc()) };
        let limited = own.limit(self.page.size + 1).offset(offset).select(Change::as_select());
        let mut changes: Vec<Change> = limited.load(conn)?;
        let size = usize::try_from(self.page.size).unwrap_or_default();
        let more = changes.len() > size;
        changes.truncate(size);
        if reversed {
            changes.reverse();
        }
        // On the side that reading began from, others are there if it began beyond one.
        let began = offset > 0 || matches!(place, Some(Place::After(_) | Place::Before(_)));
        let (before, after) = if reversed { (more, began) } else { (began, more) };
        Ok(Found { changes, before, after })
    }

    fn links(&self, found: &Found, total: i64, is_estimated: bool) -> PageLinks {
        let key = |place: Place| {
            let total = is_estimated.then_some(total);
            Some(PageKey { place, total }.encode(self.digest))
        };
        let of = |change: &Change| vec![KeyValue::Number(change.id)];
        let number = self.page.number;
        let last = PageLink { number: self.page.last(total), key: key(Place::End) };
        let previous = match found.changes.first() {
            Some(first) if found.before => {
                Some(PageLink { number: (number - 1).max(1), key: key(Place::Before(of(first))) })
            }
            Some(_) => None,
            // Past the end, or all that came after the key is gone.
            None => (number > 1 || self.key.is_some()).then(|| last.clone()),
        };
        let next = found.changes.last().filter(|_| found.after).map(|last| PageLink {
            number: number.saturating_add(1),
            key: key(Place::After(of(last))),
        });
        let first = if is_estimated { key(Place::Start) } else { None };
        PageLinks { first: PageLink { number: 1, key: first }, previous, next, last }
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

/// Returns how many changes of a customer the planner expects.
fn expected(conn: &mut PgConnection, customer: i32) -> Result<i64, Problem> {
    let explain = format!("EXPLAIN (FORMAT JSON) SELECT FROM changes WHERE customer = {customer}");
    let plan: Plan = diesel::sql_query(explain).get_result(conn)?;
    let rows = serde_json::from_str::<Value>(&plan.text).unwrap_or_default();
    let rows = rows.pointer("/0/Plan/Plan Rows").and_then(Value::as_i64);
    rows.ok_or_else(|| Problem::internal(format!("a plan without rows: {}", plan.text)))
}
