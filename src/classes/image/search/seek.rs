//! Finding the page of a number far into a list without page numbers of its own.

use std::time::{Duration, Instant};

use chrono::DateTime;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::super::fragments::Cut;
use super::super::select::{Words, ordered};
use super::{Bound, Row, ScanStrategy, Search};
use crate::hydra::Problem;
use crate::resource::anchors::Anchors;
use crate::resource::page_key::{KeyKind, KeyValue};
use crate::schema::images;

/// Rows that one statement reads past to find a page by its number.
const STEP: i64 = 25_000;
/// Time for which a page is looked for by its number; then the client is asked to come again.
const TIME: Duration = Duration::from_secs(3);

impl Search<'_> {
    /// Finds the order values of the row with a number, a stretch at a time, from the nearest anchor on; `None`:
    /// there are no so many rows.
    pub(super) fn seek(
        &mut self,
        anchors: &Anchors,
        row: i64,
    ) -> Result<Option<Vec<KeyValue>>, Problem> {
        let began = Instant::now();
        let list = self.question.digest;
        let (mut at, mut values) = match anchors.before(list, row) {
            Some((at, values)) => (at, Some(values)),
            None => (0, None),
        };
        while at < row {
            if began.elapsed() > TIME {
                let words = format!(
                    "page {} is far into a list without page numbers of its own: row {at} was \
                     reached; try again, it goes on from there",
                    self.question.page.number
                );
                return Err(Problem::Unavailable(words, None));
            }
            let Some((moved, next)) = self.advance(values, row - at, began + TIME)? else {
                return Ok(None);
            };
            at += moved;
            anchors.remember(list, at, &next);
            values = Some(next);
        }
        Ok(values)
    }

    /// Finds the order values of a row up to so many rows on, and how many.
    fn advance(
        &mut self,
        from: Option<Vec<KeyValue>>,
        rows: i64,
        until: Instant,
    ) -> Result<Option<(i64, Vec<KeyValue>)>, Problem> {
        if self.way == ScanStrategy::Merge {
            return self.advance_merged(from, rows, until);
        }
        let (bound, descending) = (self.onward(from.as_ref()), self.question.sort.descending);
        let rows = rows.min(STEP);
        let found = ordered(self.matching(&bound, Words::Met), &self.columns(), descending);
        let value = sql::<Nullable<Text>>(&format!("({})::text", self.question.sort.value()));
        let query = found.select((value, images::created, images::space, images::id));
        let query = Cut { query, anchor: None, limit: 1, offset: rows };
        let found: Option<Row> = query.get_result(self.conn).optional()?;
        Ok(found.map(|row| (rows, self.key(row))))
    }

    /// Returns the bound of rows from one on, in the direction of the order.
    pub(super) fn onward(&self, from: Option<&Vec<KeyValue>>) -> Bound {
        let operator = if self.question.sort.descending { " <= " } else { " >= " };
        from.map(|values| (operator, values.clone()))
    }

    /// Reads the order values of a row as they were selected, one by one.
    pub(super) fn key(&self, (value, created, space, id): Row) -> Vec<KeyValue> {
        let value = value.unwrap_or_default();
        let columns = self.columns();
        let read = columns.iter().map(|column| match (column.name, column.kind) {
            ("created", _) => KeyValue::Moment(created),
            ("space", _) => KeyValue::Integer(space),
            ("id", _) => KeyValue::Text(id.clone()),
            (_, KeyKind::Number) => KeyValue::Number(value.parse().unwrap_or_default()),
            (_, KeyKind::Moment) => {
                let moment = DateTime::parse_from_str(&value, "%Y-%m-%d %H:%M:%S%.f%#z");
                moment.map_or(KeyValue::Never, |moment| KeyValue::Moment(moment.to_utc()))
            }
            (_, KeyKind::Integer) => KeyValue::Integer(value.parse().unwrap_or_default()),
            (_, KeyKind::Flag) => KeyValue::Flag(value.starts_with('t')),
            (_, KeyKind::Text) => KeyValue::Text(value.clone()),
        });
        read.collect()
    }
}
