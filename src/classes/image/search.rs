//! Pages of images under filters and in other orders than the default one (docs/adr/0014).
//!
//! All statements of a page see one snapshot. What matches little is found by its index and put in order; what
//! matches much is read in the order that an index has, from a key on, for a bounded stretch at a time.

mod fragments;
mod merge;
mod seek;
mod total;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::dsl::{exists, sql};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_types::{Nullable, Text};

use super::Image;
use super::fragments::{Compared, Cut};
use super::order::{INDEXED, order_by_names, values};
use super::question::Question;
use super::scope::Scope;
use super::select::{ImageQuery, Words, filtered, load, load_keys, ordered};
use crate::hydra::Problem;
use crate::resource::anchors::Anchors;
use crate::resource::page_key::{KeyValue, Place};
use crate::schema::images;
use fragments::Collected;
use total::{EXACT, Total};

/// Images that are looked at in order for a page that a filter may not fill, before all that match are found.
const WALK: i64 = 20_000;
/// Images that match so little that they are always found and put in order.
const FEW: i64 = 5_000;

/// The rows found for a page.
pub(super) struct Page {
    pub images: Vec<Image>,
    pub before: bool,
    pub after: bool,
    pub total: Total,
}

/// The way in which a page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScanStrategy {
    /// All that match are found, then put in order.
    Collect,
    /// An index has exactly what matches, in order.
    Order,
    /// An index has the order; each image is looked at.
    Walk,
    /// As `Order`, merged from the orders of each space.
    Merge,
}

/// Order values as they are selected: the value that is ordered by, as text, when registered, space, id.
type Row = (Option<String>, DateTime<Utc>, i32, String);

/// The start of reading: order values, and how rows compare with them.
type Bound = Option<(&'static str, Vec<KeyValue>)>;

/// Reads a page of what the question asks for, with its total.
///
/// # Errors
/// Fails if the database does not answer; where the order has no index and too much matches; where a page so far in
/// is not found in time.
pub(super) fn page(
    conn: &mut PgConnection,
    question: &Question,
    anchors: &Anchors,
) -> Result<Page, Problem> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        // Whether an index serves a filter depends on its values: no plan serves all.
        conn.batch_execute("SET LOCAL plan_cache_mode = force_custom_plan")?;
        Search::new(conn, question)?.page(anchors)
    })
}

struct Search<'a> {
    conn: &'a mut PgConnection,
    question: &'a Question,
    total: Total,
    /// Images of the whole list, without the filter.
    list: i64,
    way: ScanStrategy,
}

impl<'a> Search<'a> {
    fn new(conn: &'a mut PgConnection, question: &'a Question) -> Result<Self, Problem> {
        let (total, list) = total::of(conn, question)?;
        let sort = question.sort;
        let is_indexed = match question.scope {
            Scope::Space(_) | Scope::All(_) => sort.is_indexed(),
            _ => sort.is_default(),
        };
        if !is_indexed && (total.is_estimated || total.number > EXACT) {
            let names = if sort.is_indexed() { "created (the default)" } else { INDEXED };
            let reason = format!(
                "is no order for more than {EXACT} images: no index has it; there are {names}"
            );
            let member = if sort.descending { "orderByDescending" } else { "orderBy" };
            return Err(Problem::invalid(member, reason));
        }
        let mut search = Self { conn, question, total, list, way: ScanStrategy::Collect };
        search.way = search.way(is_indexed);
        Ok(search)
    }

    fn way(&self, is_indexed: bool) -> ScanStrategy {
        let Question { scope, filter, sort, .. } = self.question;
        let is_over_all = matches!(scope, Scope::All(_));
        let merges = is_over_all
            && (!(sort.is_default() || sort.is_by_space())
                || filter.is_by_value()
                || filter.spaces.is_some());
        let is_stretch = sort.is_default() && *filter == filter.registered();
        let is_in_order =
            filter.is_empty() || is_stretch || filter.is_by_value() || filter.spaces.is_some();
        // Where reading in order looks at as many images as match.
        let few = FEW.max((self.list.saturating_mul(100)).isqrt());
        let few = if merges && !is_in_order { EXACT } else { few };
        match (self.total.is_estimated, filter.is_empty()) {
            _ if !is_indexed => ScanStrategy::Collect,
            (false, false) if self.total.number <= few => ScanStrategy::Collect,
            _ if merges => ScanStrategy::Merge,
            _ if is_in_order => ScanStrategy::Order,
            _ => ScanStrategy::Walk,
        }
    }

    fn page(mut self, anchors: &Anchors) -> Result<Page, Problem> {
        let (size, descending) = (self.question.page.size, self.question.sort.descending);
        let onward = |descending: bool| if descending { " < " } else { " > " };
        match self.question.key.as_ref().map(|key| key.place.clone()) {
            None => self.numbered(anchors),
            Some(Place::Start) => self.forward(&None, false),
            Some(Place::After(values)) => {
                let mut page = self.forward(&Some((onward(descending), values)), true)?;
                if let Some(first) = page.images.first() {
                    page.before = self.is_there(first, onward(!descending))?;
                }
                Ok(page)
            }
            Some(Place::Before(values)) => {
                let mut page = self.backward(&Some((onward(!descending), values)), size)?;
                if let Some(last) = page.images.last() {
                    page.after = self.is_there(last, onward(descending))?;
                }
                Ok(page)
            }
            Some(Place::End) => {
                let rest = match self.total {
                    Total { is_estimated: true, .. } | Total { number: 0, .. } => size,
                    Total { number, .. } => (number - 1) % size + 1,
                };
                self.backward(&None, rest)
            }
        }
    }

    fn forward(&mut self, bound: &Bound, before: bool) -> Result<Page, Problem> {
        let size = self.question.page.size;
        let images = self.read(bound, false, size + 1, 0)?;
        Ok(self.cut(images, size, before))
    }

    /// Takes the page off what was read with one row more, which says whether another page follows.
    fn cut(&self, mut images: Vec<Image>, size: i64, before: bool) -> Page {
        let size = usize::try_from(size).unwrap_or_default();
        let after = images.len() > size;
        images.truncate(size);
        Page { images, before, after, total: self.total }
    }

    fn backward(&mut self, bound: &Bound, size: i64) -> Result<Page, Problem> {
        let images = self.read(bound, true, size + 1, 0)?;
        let Page { mut images, after: before, total, .. } = self.cut(images, size, false);
        images.reverse();
        Ok(Page { images, before, after: false, total })
    }

    /// Reads the page of a number.
    fn numbered(&mut self, anchors: &Anchors) -> Result<Page, Problem> {
        let (offset, size) = (self.question.page.offset(), self.question.page.size);
        let is_past_end = !self.total.is_estimated && offset >= self.total.number;
        if offset > 0 && is_past_end {
            return Ok(self.cut(Vec::new(), size, true));
        }
        if offset > 0 && self.way == ScanStrategy::Collect {
            let images = self.read(&None, false, size + 1, offset)?;
            return Ok(self.cut(images, size, true));
        }
        if offset == 0 {
            return self.forward(&None, false);
        }
        match self.seek(anchors, offset)? {
            None => Ok(self.cut(Vec::new(), size, true)),
            Some(values) => {
                let from = if self.question.sort.descending { " <= " } else { " >= " };
                self.forward(&Some((from, values)), true)
            }
        }
    }

    fn columns(&self) -> Vec<&'static super::order::Column> {
        self.question.sort.columns(self.question.scope.one_space().is_some())
    }

    fn compared(&self, operator: &'static str, values: Vec<KeyValue>) -> Compared {
        Compared { columns: self.columns(), operator, values }
    }

    /// The images that match, from a bound on.
    fn matching<'q>(&self, bound: &Bound, words: Words) -> ImageQuery<'q> {
        let found = filtered(self.question.scope, &self.question.filter, words);
        match bound {
            None => found,
            Some((operator, values)) => found.filter(self.compared(operator, values.clone())),
        }
    }

    /// Returns whether something matches before or after an image.
    fn is_there(&mut self, image: &Image, operator: &'static str) -> Result<bool, Problem> {
        let bound = Some((operator, values(&self.columns(), image)));
        let words = if self.way == ScanStrategy::Collect { Words::Found } else { Words::Met };
        let others = self.matching(&bound, words);
        Ok(diesel::select(exists(others)).get_result(self.conn)?)
    }

    /// Reads images from a bound on; `reversed`: against the order asked for.
    fn read(
        &mut self,
        bound: &Bound,
        reversed: bool,
        limit: i64,
        offset: i64,
    ) -> Result<Vec<Image>, Problem> {
        let descending = self.question.sort.descending != reversed;
        match self.way {
            ScanStrategy::Collect => self.collect(bound, descending, limit, offset),
            ScanStrategy::Order => {
                let found = self.matching(bound, Words::Met);
                load(self.conn, ordered(found, &self.columns(), descending), limit, offset)
            }
            ScanStrategy::Walk => match self.walk(bound, descending, limit)? {
                Some(images) => Ok(images),
                None => self.collect(bound, descending, limit, offset),
            },
            ScanStrategy::Merge => self.merge(bound, descending, limit),
        }
    }

    /// Selects space, id, created, and the value that is ordered by.
    fn selected<'q>(&self, found: ImageQuery<'q>) -> impl QueryFragment<Pg> + use<'q> {
        let value = sql::<Nullable<Text>>(&format!("{} AS value", self.question.sort.value()));
        found.select((images::space, images::id, images::created, value))
    }

    fn collect(
        &mut self,
        bound: &Bound,
        descending: bool,
        limit: i64,
        offset: i64,
    ) -> Result<Vec<Image>, Problem> {
        let query = Collected {
            query: self.selected(self.matching(bound, Words::Found)),
            order: order_by_names("m", &self.columns(), descending),
            limit,
            offset,
        };
        let keys: Vec<(i32, String)> = query.load(self.conn)?;
        load_keys(self.conn, self.question.scope.customer(), keys)
    }

    /// Reads what matches among the next images in order; `None`: they are too few, though there may be more.
    fn walk(
        &mut self,
        bound: &Bound,
        descending: bool,
        limit: i64,
    ) -> Result<Option<Vec<Image>>, Problem> {
        let filter = self.question.filter.registered();
        let everything = Question { filter, ..self.question.clone() };
        let whole = Search {
            conn: &mut *self.conn,
            question: &everything,
            total: self.total,
            list: self.list,
            way: ScanStrategy::Order,
        };
        let value = sql::<Nullable<Text>>(&format!("({})::text", everything.sort.value()));
        let found = ordered(whole.matching(bound, Words::Met), &whole.columns(), descending);
        let query = found.select((value, images::created, images::space, images::id));
        let query = Cut { query, anchor: None, limit: 1, offset: WALK };
        let edge = query.get_result(whole.conn).optional()?.map(|row| whole.key(row));
        let mut found = self.matching(bound, Words::Met);
        if let Some(edge) = &edge {
            let operator = if descending { " > " } else { " < " };
            found = found.filter(self.compared(operator, edge.clone()));
        }
        // The index on words gives no order, and the planner cannot know how short the stretch is.
        self.conn.batch_execute("SET LOCAL enable_bitmapscan = off")?;
        let images = load(self.conn, ordered(found, &self.columns(), descending), limit, 0)?;
        self.conn.batch_execute("SET LOCAL enable_bitmapscan = on")?;
        let is_full = i64::try_from(images.len()) == Ok(limit);
        if is_full || edge.is_none() {
            return Ok(Some(images));
        }
        // What was expected to match often does not, here: it is counted.
        if self.total.is_estimated && self.question.key.is_none() {
            self.total = total::counted(self.conn, self.question, self.total.number)?;
        }
        Ok(None)
    }
}
