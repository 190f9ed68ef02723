//! Counts matching images: exactly up to a limit, by an estimate beyond (`docs/rules.md` 5.4).

use diesel::prelude::*;
use serde_json::Value;

use super::super::question::Question;
use super::super::scope::Scope;
use super::super::select::{Words, filtered};
use super::fragments::{Counted, Explained};
use crate::counters;
use crate::hydra::Problem;
use crate::resource::page::rounded;
use crate::schema::images;

/// Images that are counted at most.
pub(super) const EXACT: i64 = 100_000;
/// Images that match by the planner's statistics, from which on they are not counted at all.
const PLENTY: i64 = 3 * EXACT;

/// The number of images that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Total {
    pub number: i64,
    pub is_estimated: bool,
}

/// Finds out how many images match, and how many the list has without the filter.
pub(super) fn of(conn: &mut PgConnection, question: &Question) -> Result<(Total, i64), Problem> {
    let Question { scope, filter, key, .. } = question;
    let list = match scope {
        Scope::Space(at) => Some(counters::of_space(conn, at.customer, at.space)?.images),
        Scope::All(at) => Some(counters::of_customer(conn, at.customer)?.images),
        Scope::Queue(at) => Some(counters::jobs(conn, at.customer)?),
        Scope::Batch(_) | Scope::BatchCompleted(_) | Scope::BatchErrors(_) => None,
    };
    let exactly = |number| Total { number, is_estimated: false };
    if filter.is_empty() {
        let number = match list {
            Some(number) => number,
            None => count(conn, question, i64::MAX)?,
        };
        return Ok((exactly(number), number));
    }
    let total = if let Some(number) = key.as_ref().and_then(|key| key.total) {
        Total { number, is_estimated: true }
    } else {
        let expected = expected(conn, question)?;
        let expected = list.map_or(expected, |list| expected.min(list));
        match expected > PLENTY && !filter.is_by_value() {
            true => Total { number: rounded(expected), is_estimated: true },
            false => counted(conn, question, expected)?,
        }
    };
    Ok((total, list.unwrap_or(total.number)))
}

/// Counts the images that match as far as totals are exact; beyond, it is what was expected.
pub(super) fn counted(
    conn: &mut PgConnection,
    question: &Question,
    expected: i64,
) -> Result<Total, Problem> {
    let number = count(conn, question, EXACT + 1)?;
    Ok(match number > EXACT {
        true => Total { number: rounded(expected.max(number)), is_estimated: true },
        false => Total { number, is_estimated: false },
    })
}

fn count(conn: &mut PgConnection, question: &Question, limit: i64) -> Result<i64, Problem> {
    let query = filtered(question.scope, &question.filter, Words::Found).select(images::space);
    Ok(Counted { query, limit }.get_result(conn)?)
}

/// Returns how many rows the planner expects.
fn expected(conn: &mut PgConnection, question: &Question) -> Result<i64, Problem> {
    let query = filtered(question.scope, &question.filter, Words::Met).select(images::space);
    let text: String = Explained(query).get_result(conn)?;
    let plan: Value = serde_json::from_str(&text).unwrap_or_default();
    let rows = plan.pointer("/0/Plan/Plan Rows").and_then(Value::as_i64);
    rows.ok_or_else(|| Problem::internal(format!("a plan without rows: {text}")))
}
