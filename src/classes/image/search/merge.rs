//! Orders over all spaces, merged from the orders of each: an index has the images of one space in order.

use std::collections::HashMap;
use std::time::Instant;

use diesel::connection::SimpleConnection as _;
use diesel::dsl::{count_star, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{Bool, Nullable, Text};

use super::super::Image;
use super::super::filter::Filter;
use super::super::fragments::Cut;
use super::super::order::order_by_names;
use super::super::select::{ImageQuery, Words, filtered, load_keys, ordered};
use super::fragments::{CountedInEach, Heads, Merged};
use super::{Bound, Row, Search};
use crate::hydra::Problem;
use crate::resource::page_key::KeyValue;
use crate::schema::{images, spaces, tallies};

/// Rows that are put in order to find one of them by its number.
const NUMBERED: i64 = 10_000;
/// Rows that one statement counts, about, where an index alone counts them.
const COUNTED: i64 = 500_000;
/// The same, where each image is looked at.
const LOOKED_AT: i64 = 50_000;

/// The numbers of rows of spaces between two rows.
type Counts = Vec<(i32, i64)>;

fn sum(counts: &Counts) -> i64 {
    counts.iter().map(|(_, count)| count).sum()
}

/// A stretch in which the row is.
struct Bracket {
    counts: Counts,
    /// The row after it; `None`: it goes on to the end.
    end: Option<Vec<KeyValue>>,
}

impl Bracket {
    /// Returns what is left of it without rows at its beginning.
    fn without(self, passed: Counts) -> Self {
        let passed: HashMap<i32, i64> = passed.into_iter().collect();
        let left = self
            .counts
            .into_iter()
            .map(|(space, count)| (space, count - passed.get(&space).copied().unwrap_or_default()));
        Self { counts: left.filter(|(_, count)| *count > 0).collect(), end: self.end }
    }
}

impl Search<'_> {
    /// Reads the first images over all spaces from a bound on.
    pub(super) fn merge(
        &mut self,
        bound: &Bound,
        descending: bool,
        limit: i64,
    ) -> Result<Vec<Image>, Problem> {
        // Each space is read in order; the planner would look up words in each of them.
        self.conn.batch_execute("SET LOCAL enable_bitmapscan = off")?;
        let order = order_by_names("h", &self.columns(), descending);
        let customer = self.question.scope.customer();
        let heads = Heads {
            customer,
            spaces: self.question.filter.spaces.clone(),
            query: self.first_of_space(self.of_space(bound), descending),
            order: order.clone(),
            limit,
        };
        let heads: Vec<Row> = heads.load(self.conn)?;
        let spaces = heads.iter().map(|(_, _, space, _)| *space).collect();
        let mut found = self.of_space(bound);
        let is_full = i64::try_from(heads.len()) == Ok(limit);
        if let Some(last) = heads.into_iter().next_back().filter(|_| is_full) {
            // The heads alone would fill the page, so nothing after the last of them is on it.
            let operator = if descending { " >= " } else { " <= " };
            found = found.filter(self.compared(operator, self.key(last)));
        }
        let query = self.first_of_space(found, descending);
        let found = Merged { spaces, query, order, each: Some(limit), limit, offset: 0 };
        let rows: Vec<Row> = found.load(self.conn)?;
        let keys = rows.into_iter().map(|(_, _, space, id)| (space, id)).collect();
        load_keys(self.conn, customer, keys)
    }

    /// Finds the order values of a row up to so many rows on, and how many; `None`: there are no so many.
    ///
    /// This is a multiway selection (quickselect over sorted lists): a row of the space that has most is chosen, and the index entries before
    /// it are counted in each space, which says on which side of it the row is; until so few are left that they are
    /// put in order, or the time is over.
    pub(super) fn advance_merged(
        &mut self,
        mut from: Option<Vec<KeyValue>>,
        rows: i64,
        until: Instant,
    ) -> Result<Option<(i64, Vec<KeyValue>)>, Problem> {
        self.conn.batch_execute("SET LOCAL enable_bitmapscan = off")?;
        let (spaces, largest) = self.spaces()?;
        let mut moved = 0;
        let mut bracket: Option<Bracket> = None;
        for attempt in 0.. {
            let left = rows - moved;
            if left == 0 || (moved > 0 && Instant::now() > until) {
                break;
            }
            let Some(known) = &bracket else {
                let row = match largest {
                    Some((space, images)) => {
                        let share =
                            left.min(self.stretch()).saturating_mul(images) / self.list.max(1);
                        self.row_of_space(from.as_ref(), space, share.max(1))?
                    }
                    None => None,
                };
                let counts = self.count_between(spaces.clone(), from.as_ref(), row.as_ref())?;
                if sum(&counts) > left {
                    bracket = Some(Bracket { counts, end: row });
                } else if row.is_none() {
                    return Ok(None);
                } else {
                    moved += sum(&counts);
                    from = row;
                }
                continue;
            };
            let most = known.counts.iter().max_by_key(|(_, count)| *count).copied();
            let (space, most) = most.unwrap_or_default();
            if sum(&known.counts) <= NUMBERED || most < 2 {
                let found = self.number_between(from.as_ref(), known, left)?;
                return Ok(found.map(|row| (rows, row)));
            }
            // By its share, and in the middle in turn: spaces may be unlike one another.
            let share = match attempt % 2 {
                0 => most.saturating_mul(left) / sum(&known.counts),
                _ => most / 2,
            };
            let row = self.row_of_space(from.as_ref(), space, share.clamp(1, most - 1))?;
            let spaces = known.counts.iter().map(|(space, _)| *space).collect();
            let counts = self.count_between(spaces, from.as_ref(), row.as_ref())?;
            if sum(&counts) > left {
                bracket = Some(Bracket { counts, end: row });
            } else {
                moved += sum(&counts);
                from = row;
                bracket = bracket.map(|known| known.without(counts));
            }
        }
        Ok(from.map(|from| (moved, from)))
    }

    /// Returns the spaces that are merged, and the largest of them with its images, as far as that is known.
    fn spaces(&mut self) -> Result<(Vec<i32>, Option<(i32, i64)>), Problem> {
        let customer = self.question.scope.customer();
        let mut all = spaces::table.filter(spaces::customer.eq(customer)).into_boxed();
        let mut largest = tallies::table.filter(tallies::customer.eq(customer)).into_boxed();
        if let Some(only) = &self.question.filter.spaces {
            all = all.filter(spaces::id.eq_any(only));
            largest = largest.filter(tallies::space.eq_any(only));
        }
        let largest =
            largest.order(tallies::images.desc()).select((tallies::space, tallies::images));
        Ok((all.select(spaces::id).load(self.conn)?, largest.first(self.conn).optional()?))
    }

    /// Returns how many rows one statement may count.
    fn stretch(&self) -> i64 {
        let filter = &self.question.filter;
        match filter.tags.is_empty() && filter.roles.is_empty() {
            true => COUNTED,
            false => LOOKED_AT,
        }
    }

    /// Counts the rows of spaces from one row on, as far as another.
    fn count_between(
        &mut self,
        spaces: Vec<i32>,
        from: Option<&Vec<KeyValue>>,
        end: Option<&Vec<KeyValue>>,
    ) -> Result<Counts, Problem> {
        let query = self.between(from, end).select(count_star());
        Ok(CountedInEach { spaces, query }.load(self.conn)?)
    }

    /// Finds the order values of a row of a bracket by its number.
    fn number_between(
        &mut self,
        from: Option<&Vec<KeyValue>>,
        bracket: &Bracket,
        number: i64,
    ) -> Result<Option<Vec<KeyValue>>, Problem> {
        let query = Merged {
            spaces: bracket.counts.iter().map(|(space, _)| *space).collect(),
            query: self.selected(self.between(from, bracket.end.as_ref())),
            order: order_by_names("h", &self.columns(), self.question.sort.descending),
            each: None,
            limit: 1,
            offset: number,
        };
        let row: Option<Row> = query.get_result(self.conn).optional()?;
        Ok(row.map(|row| self.key(row)))
    }

    /// Selects the images of the space `s.id` that match, from one row on, as far as another.
    fn between<'q>(
        &self,
        from: Option<&Vec<KeyValue>>,
        end: Option<&Vec<KeyValue>>,
    ) -> ImageQuery<'q> {
        let found = self.of_space(&self.onward(from));
        let operator = if self.question.sort.descending { " > " } else { " < " };
        match end {
            None => found,
            Some(end) => found.filter(self.compared(operator, end.clone())),
        }
    }

    /// Finds the order values of a row of one space so many rows on.
    fn row_of_space(
        &mut self,
        from: Option<&Vec<KeyValue>>,
        space: i32,
        offset: i64,
    ) -> Result<Option<Vec<KeyValue>>, Problem> {
        let filter = Filter { spaces: Some(vec![space]), ..self.question.filter.clone() };
        let mut found = filtered(self.question.scope, &filter, Words::Met);
        if let Some((operator, values)) = self.onward(from) {
            found = found.filter(self.compared(operator, values));
        }
        let found =
            ordered(found, &self.question.sort.columns(true), self.question.sort.descending);
        let value = sql::<Nullable<Text>>(&format!("({})::text", self.question.sort.value()));
        let query = found.select((value, images::created, images::space, images::id));
        let query = Cut { query, anchor: None, limit: 1, offset };
        let row: Option<Row> = query.get_result(self.conn).optional()?;
        Ok(row.map(|row| self.key(row)))
    }

    /// Selects the images of the space `s.id` that match, from a bound on.
    fn of_space<'q>(&self, bound: &Bound) -> ImageQuery<'q> {
        // Spaces are told apart by those that are merged.
        let filter = Filter { spaces: None, ..self.question.filter.clone() };
        let found = filtered(self.question.scope, &filter, Words::Met)
            .filter(sql::<Bool>("images.space = s.id"));
        match bound {
            None => found,
            Some((operator, values)) => found.filter(self.compared(operator, values.clone())),
        }
    }

    /// Selects the order values of images of one space, in the order that an index of the space has.
    fn first_of_space<'q>(
        &self,
        found: ImageQuery<'q>,
        descending: bool,
    ) -> impl QueryFragment<Pg> + use<'q> {
        self.selected(ordered(found, &self.question.sort.columns(true), descending))
    }
}
