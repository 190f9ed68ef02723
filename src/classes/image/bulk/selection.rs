//! Images of a space that the filter of a request selects: strictly read, counted, and locked.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::super::filter::Filter;
use super::super::fragments::Locking;
use super::super::scope::Scope;
use super::super::select::{ImageQuery, Words, filtered};
use super::super::{Image, query, removal};
use super::AT_ONCE;
use crate::addresses::{self, SpaceAddress};
use crate::classes::role::uris::settle_searched_roles;
use crate::counters;
use crate::hydra::{Fault, Problem};
use crate::resource::address::Template;
use crate::resource::*;
use crate::schema::images;

/// Strength of the row locks on images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    Change,
    Delete,
}

impl Strength {
    fn words(self) -> &'static str {
        match self {
            Self::Change => "FOR NO KEY UPDATE",
            Self::Delete => "FOR UPDATE",
        }
    }
}

/// The images of a space that a request selects.
pub(super) struct Selection {
    pub of: SpaceAddress,
    filter: Filter,
    /// Tells whether nothing is to be done.
    pub dry_run: bool,
    /// The number of images that the client expects.
    expect: Option<i64>,
}

/// Returns the path of the images of a space.
pub(super) fn path(of: SpaceAddress) -> String {
    let mut path = String::new();
    const { Template::of(addresses::SPACE) }.fill(&of, &mut path);
    path.push_str("/images");
    path
}

/// Makes a fault one of the query, of which no pointer into the body tells.
fn of_query(fault: Fault) -> Fault {
    Fault { pointer: String::new(), ..fault }
}

/// Returns a fault for each parameter of a request that names its images in the body, and so selects none.
pub(super) fn refused(query: &Query) -> Vec<Fault> {
    let given = query::SELECTING.iter().filter(|variable| query.given(variable.name).is_some());
    let reason = "is left out where the body names the images by their ids";
    given.map(|variable| of_query(Fault::new(variable.name, reason))).collect()
}

/// Reads what a request selects. It is strict: what says nothing is refused, because it may have been meant to.
///
/// # Errors
/// Returns [`Problem::Invalid`] with every fault of the query.
pub(super) fn read(
    s: &mut UnitOfWork<'_>,
    of: SpaceAddress,
    input: &Input,
) -> Result<Selection, Problem> {
    let given = &input.query;
    let mut faults = Vec::new();
    let known = query::SELECTING.iter();
    for name in known.map(|variable| variable.name) {
        match given.values(name).as_slice() {
            [one] if one.is_none_or(str::is_empty) => {
                let reason = "must not be empty, and a text in UTF-8 without U+0000";
                faults.push(Fault::new(name, reason));
            }
            [] | [_] => {}
            _ => faults.push(Fault::new(name, "is given more than once")),
        }
    }
    let context = ParseContext::lenient(s.site, of.customer, &input.path);
    let mut filter = query::read(given, context, &mut faults);
    check_conditions(given, &mut faults);
    let all = flag(given, "all", &mut faults);
    let dry_run = flag(given, "dryRun", &mut faults);
    let expect = expected(given, &mut faults);
    if faults.is_empty() && input.faults.is_empty() && all != filter.is_empty() {
        let reason = match all {
            true => "and filters exclude one another",
            false => {
                "must be true where all images of the space are meant, because no filter is given"
            }
        };
        faults.push(Fault::new("all", reason));
    }
    // What was found in the request already is told with them.
    if !faults.is_empty() || !input.faults.is_empty() {
        return Err(Problem::Invalid(faults.into_iter().map(of_query).collect()));
    }
    settle_searched_roles(s.conn, of.customer, &mut filter.roles)?;
    Ok(Selection { of, filter, dry_run, expect })
}

/// Finds fault with what is given as a condition, and would be none.
fn check_conditions(given: &Query, faults: &mut Vec<Fault>) {
    for name in ["tags", "roles"] {
        let text = given.get(name).unwrap_or_default();
        if text.contains(',') && text.split(',').any(|part| part.trim().is_empty()) {
            faults.push(Fault::new(name, "has an empty part between commas"));
        } else if !text.is_empty() && text.trim().is_empty() {
            faults.push(Fault::new(name, "must not be blank"));
        }
    }
    let Some(text) = given.get("q").filter(|text| !text.is_empty()) else { return };
    let Ok(Value::Object(conditions)) = serde_json::from_str(text) else {
        if text.trim().is_empty() {
            faults.push(Fault::new("q", "must not be blank"));
        }
        return;
    };
    if conditions.is_empty() {
        faults.push(Fault::new("q", "has no condition"));
    }
    for (name, value) in &conditions {
        let is_none = match value {
            Value::Null => true,
            Value::Array(any) => any.is_empty(),
            _ => false,
        };
        if is_none {
            faults.push(Fault::new("q", format!("has {name}, which is no condition")));
        }
        if given.given(name).is_some() {
            faults.push(Fault::new(name, "is given in q as well"));
        }
    }
}

fn flag(given: &Query, name: &str, faults: &mut Vec<Fault>) -> bool {
    match given.get(name) {
        None | Some("" | "false") => false,
        Some("true") => true,
        Some(_) => {
            faults.push(Fault::new(name, "must be true or false"));
            false
        }
    }
}

fn expected(given: &Query, faults: &mut Vec<Fault>) -> Option<i64> {
    let text = given.get("expect").filter(|text| !text.is_empty())?;
    let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    if number.is_none() {
        faults.push(Fault::new("expect", "must be a whole number that is not negative"));
    }
    number
}

impl Selection {
    fn scope(&self) -> Scope {
        Scope::Space(self.of)
    }

    /// Counts the images that match, exactly.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub(super) fn count(&self, conn: &mut PgConnection) -> Result<i64, Problem> {
        let SpaceAddress { customer, space } = self.of;
        if self.filter.is_empty() {
            return Ok(counters::of_space(conn, customer, space)?.images);
        }
        // A job leaves alone what was registered after it was asked for.
        let found = filtered(self.scope(), &self.filter, Words::Found);
        Ok(found.filter(images::created.lt(diesel::dsl::now)).count().get_result(conn)?)
    }

    /// Compares the number of images that match with what the client expects.
    ///
    /// # Errors
    /// Returns [`Problem::PreconditionFailed`] if it differs.
    pub(super) fn check_expected(&self, count: i64) -> Result<(), Problem> {
        match self.expect {
            Some(expected) if expected != count => Err(Problem::PreconditionFailed(format!(
                "{count} images match, and {expected} are expected; nothing was done"
            ))),
            _ => Ok(()),
        }
    }

    /// As [`Selection::check_expected`], of images that are locked.
    ///
    /// # Errors
    /// Returns [`Problem::PreconditionFailed`] if there are more or fewer.
    pub(super) fn check_expected_of(&self, images: &[Image]) -> Result<(), Problem> {
        self.check_expected(i64::try_from(images.len()).unwrap_or(i64::MAX))
    }

    /// Locks the images that match; `None` if they are more than a request does at once, or nothing is to be done.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub(super) fn lock_few(
        &self,
        s: &mut UnitOfWork<'_>,
        strength: Strength,
    ) -> Result<Option<Vec<Image>>, Problem> {
        if self.dry_run {
            return Ok(None);
        }
        let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let found: Vec<String> = filtered(self.scope(), &self.filter, Words::Found)
            .select(images::id)
            .limit(most + 1)
            .load(s.conn)?;
        if found.len() > AT_ONCE {
            return Ok(None);
        }
        let keys: Vec<(i32, &str)> = found.iter().map(|id| (self.of.space, id.as_str())).collect();
        let matching = Matching { of: self.of, filter: &self.filter, before: None };
        let load = |conn: &mut _| lock_matching(conn, matching, &keys, strength);
        Ok(Some(match strength {
            Strength::Change => load(s.conn)?,
            Strength::Delete => removal::lock(s.conn, self.of.customer, &keys, load)?,
        }))
    }
}

/// Images of a space that are meant.
#[derive(Clone, Copy)]
pub(super) struct Matching<'a> {
    pub of: SpaceAddress,
    pub filter: &'a Filter,
    /// Time before which they were registered; `None`: whenever that was.
    pub before: Option<DateTime<Utc>>,
}

impl Matching<'_> {
    fn among<'q>(self, ids: Vec<String>) -> ImageQuery<'q> {
        let found = filtered(Scope::Space(self.of), self.filter, Words::Met);
        let found = found.filter(images::id.eq_any(ids));
        match self.before {
            Some(before) => found.filter(images::created.lt(before)),
            None => found,
        }
    }
}

/// Locks those of these images of a space that still match a filter, in the order of their keys.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn lock_matching(
    conn: &mut PgConnection,
    matching: Matching<'_>,
    keys: &[(i32, &str)],
    strength: Strength,
) -> Result<Vec<Image>, Problem> {
    let ids: Vec<String> = keys.iter().map(|(_, id)| (*id).to_owned()).collect();
    let found = matching.among(ids.clone()).select(Image::as_select());
    let query = Locking { query: found, words: strength.words() };
    let mut locked: Vec<Image> = query.load(conn)?;
    if matching.filter.looks_beside_images() {
        // A row that was waited for is looked at anew, but what stands beside it was read before.
        let still: HashSet<String> =
            matching.among(ids).select(images::id).load(conn)?.into_iter().collect();
        locked.retain(|image| still.contains(&image.id));
    }
    Ok(locked)
}

/// Locks those of these images of a customer that are there, in the order of their keys, which are ordered.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn lock_keys(
    conn: &mut PgConnection,
    customer: i32,
    keys: &[(i32, &str)],
    strength: Strength,
) -> Result<Vec<Image>, Problem> {
    let mut locked = Vec::with_capacity(keys.len());
    for keys in keys.chunk_by(|one, other| one.0 == other.0) {
        let Some((space, _)) = keys.first() else { continue };
        let of = SpaceAddress { customer, space: *space };
        let matching = Matching { of, filter: &Filter::default(), before: None };
        locked.extend(lock_matching(conn, matching, keys, strength)?);
    }
    Ok(locked)
}
