//! Pages of whole collections in the default order: each is one statement, with its total, at any place.
//!
//! The first pages are skipped to, pages that a key names are sought by it, and pages far in by number are found
//! by the chunks of their list (docs/adr/0013). Each member is written as it is read, so that the next is held in
//! the same memory.

use diesel::connection::{DefaultLoadingMode, LoadConnection};
use diesel::dsl::exists;
use diesel::expression::QueryMetadata;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::row::Row;

use super::Image;
use super::fragments::{Anchor, AtAnchor, Compared, Cut, NEAR, OrderedBy, Usual, Within};
use super::listed::SELECTED;
use super::order::{Column, order_by, values};
use super::question::{Question, Slice};
use super::scope::Scope;
use super::select::ImageQuery;
use crate::counters;
use crate::database::refill::Columns;
use crate::hydra::Problem;
use crate::resource::page_key::{KeyValue, Place};
use crate::resource::*;
use crate::schema::images;

/// The start of reading.
enum From {
    Offset(i64),
    /// After the row with these order values, in the direction of context.
    Beyond(Vec<KeyValue>),
}

/// Reads a page of the images of a space, or of all, in the default order or in the reverse of it.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn in_default_order(
    s: &mut UnitOfWork<'_>,
    question: &Question,
) -> Result<Slice, Problem> {
    let (customer, one_space) = (question.scope.customer(), question.scope.one_space());
    let (from, reversed) = match question.key.as_ref().map(|key| &key.place) {
        None => (From::Offset(question.page.offset()), false),
        Some(Place::Start) => (From::Offset(0), false),
        Some(Place::After(values)) => (From::Beyond(values.clone()), false),
        Some(Place::Before(values)) => (From::Beyond(values.clone()), true),
        Some(Place::End) => (From::Offset(0), true),
    };
    let columns = question.sort.columns(one_space.is_some());
    let descending = question.sort.descending != reversed;
    let mut found = all(question.scope);
    let (mut anchor, mut offset, mut kind) = (None, 0, 0);
    match &from {
        From::Offset(place) if *place <= NEAR => offset = *place,
        From::Offset(place) => {
            anchor = Some(Anchor { customer, space: one_space, place: *place, descending });
            found = found.filter(AtAnchor { one_space: one_space.is_some(), descending });
            kind = 1;
        }
        From::Beyond(values) => {
            found = found.filter(beyond(question, values.clone(), descending));
            kind = 2;
        }
    }
    let found = found.order(OrderedBy(order_by(&columns, descending)));
    let cut = Cut {
        query: found.select((SELECTED, counters::images(customer, one_space))),
        anchor,
        limit: question.page.size + 1,
        offset,
    };
    debug_assert!(
        cut.is_safe_to_cache_prepared(&Pg).unwrap_or_default(),
        "planning a page anew takes longer than reading it"
    );
    let mut reader = Reader {
        image: Image { customer, ..Image::default() },
        columns: &columns,
        members: Members::with_capacity(
            s.render_context(),
            usize::try_from(question.page.size).unwrap_or_default(),
        ),
        wanted: usize::try_from(question.page.size).unwrap_or_default(),
        reversed,
        found: 0,
        first: None,
        last: None,
        buffered: Vec::new(),
        total: None,
    };
    macro_rules! usual {
        ($($shape:literal)+) => {
            match kind * 4 + u8::from(descending) * 2 + u8::from(one_space.is_some()) {
                _ if !cut.is_usual() => read_each(s.conn, cut, &mut reader),
                $($shape => read_each(s.conn, Usual::<_, $shape>(cut), &mut reader),)+
                _ => read_each(s.conn, cut, &mut reader),
            }
        };
    }
    usual!(0 1 2 3 4 5 6 7 8 9 10 11)?;
    let Read { members, first, last, more, total } = reader.finish();
    let total = match total {
        Some(total) => total,
        None => match one_space {
            Some(space) => counters::of_space(s.conn, customer, space)?.images,
            None => counters::of_customer(s.conn, customer)?.images,
        },
    };
    // Whether rows stand on the side that reading comes from, where a number does not say so.
    let mut is_there = |values: Option<&Vec<KeyValue>>, descending: bool| match values {
        None => Ok(false),
        Some(values) => {
            let others = all(question.scope).filter(beyond(question, values.clone(), descending));
            diesel::select(exists(others)).get_result::<bool>(s.conn)
        }
    };
    let (before, after) = match (&from, reversed) {
        (From::Offset(place), false) => (*place > 0, more),
        (From::Offset(_), true) => (more, false),
        (From::Beyond(_), false) => (is_there(first.as_ref(), !descending)?, more),
        (From::Beyond(_), true) => (more, is_there(last.as_ref(), !descending)?),
    };
    Ok(Slice { members, first, last, before, after, total, is_estimated: false })
}

fn all<'a>(scope: Scope) -> ImageQuery<'a> {
    images::table
        .into_boxed()
        .filter(Within { customer: scope.customer(), space: scope.one_space() })
}

/// The images after those with these order values, in one direction.
fn beyond(question: &Question, values: Vec<KeyValue>, descending: bool) -> Compared {
    let columns = question.sort.columns(question.scope.one_space().is_some());
    Compared { columns, operator: if descending { " < " } else { " > " }, values }
}

/// Reads images one after another into the same memory, and writes each.
struct Reader<'a> {
    image: Image,
    /// The columns of the order.
    columns: &'a [&'static Column],
    members: Members<'a>,
    /// Members of the page, at most.
    wanted: usize,
    /// Tells whether they are read from the last to the first.
    reversed: bool,
    found: usize,
    /// Order values of the first that was read.
    first: Option<Vec<KeyValue>>,
    /// Order values of the last that was read and belongs to the page.
    last: Option<Vec<KeyValue>>,
    /// Those read from the last to the first.
    buffered: Vec<Image>,
    total: Option<i64>,
}

/// A page that was read.
struct Read {
    members: String,
    first: Option<Vec<KeyValue>>,
    last: Option<Vec<KeyValue>>,
    /// Tells whether there are more in the direction of reading.
    more: bool,
    /// Number of images in the list; `None` where nothing was read.
    total: Option<i64>,
}

impl Reader<'_> {
    fn take<'row>(&mut self, row: &impl Row<'row, Pg>) -> diesel::deserialize::Result<()> {
        self.found += 1;
        if self.found > self.wanted {
            return Ok(());
        }
        let mut columns = Columns::of(row);
        self.image.refill(&mut columns)?;
        // Every row has it, and it is the same.
        if self.total.is_none() {
            columns.read(&mut self.total)?;
            self.first = Some(values(self.columns, &self.image));
        }
        if self.found == self.wanted {
            self.last = Some(values(self.columns, &self.image));
        }
        match self.reversed {
            true => self.buffered.push(self.image.clone()),
            false => self.members.push(&self.image),
        }
        Ok(())
    }

    fn finish(mut self) -> Read {
        // A page that is not full ends with what was read last.
        if self.last.is_none() && self.found > 0 {
            self.last = Some(values(self.columns, &self.image));
        }
        self.buffered.iter().rev().for_each(|image| self.members.push(image));
        let (first, last) = match self.reversed {
            true => (self.last, self.first),
            false => (self.first, self.last),
        };
        let more = self.found > self.wanted;
        Read { members: self.members.finish(), first, last, more, total: self.total }
    }
}

fn read_each<Q>(conn: &mut PgConnection, query: Q, reader: &mut Reader<'_>) -> Result<(), Problem>
where
    Q: Query + QueryFragment<Pg> + QueryId,
    Pg: QueryMetadata<Q::SqlType>,
{
    for row in LoadConnection::<DefaultLoadingMode>::load(conn, query)? {
        reader.take(&row?).map_err(diesel::result::Error::DeserializationError)?;
    }
    Ok(())
}
