//! Uploads as origins of images: the form in which an image names one, and the lock that keeps it from being removed.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::is_id;
use crate::hydra::Problem;
use crate::schema::uploads;

/// Stands before the id of an upload where an image names it; no URL begins with it.
const STORED: &str = "/uploads/";

/// Returns the form in which an image stores an upload as its origin.
pub fn stored(id: &str) -> String {
    format!("{STORED}{id}")
}

/// Returns the id of the upload that an origin is; `None`: it is fetched from elsewhere.
pub fn id_of(origin: &str) -> Option<&str> {
    origin.strip_prefix(STORED)
}

/// Returns the address of an upload.
pub fn address(base: &str, customer: i32, id: &str) -> String {
    format!("{base}/customers/{customer}/uploads/{id}")
}

/// Returns the id of the upload whose address this is; `None`: it is no address of an upload of this service.
///
/// `base`: the public address of the root; `customer`: the one whose image names it.
///
/// # Errors
/// Returns why it cannot be an origin of that customer's images, as the rest of a sentence.
pub fn read<'a>(
    base: &str,
    customer: i32,
    address: &'a str,
) -> Option<Result<&'a str, &'static str>> {
    let is_own = address.get(..base.len()).is_some_and(|own| own.eq_ignore_ascii_case(base));
    let rest = address.get(base.len()..).filter(|_| is_own)?.strip_prefix("/customers/")?;
    let (of, rest) = rest.split_once('/')?;
    let id = rest.strip_prefix("uploads/")?;
    if of.parse() != Ok(customer) {
        return Some(Err("names an upload of another customer"));
    }
    Some(if is_id(id) { Ok(id) } else { Err(MISSING) })
}

/// The fault of naming an upload that is not there, as the rest of a sentence.
const MISSING: &str = "names an upload that is not there";
/// The fault of naming one that is not finished.
const UNFINISHED: &str = "names an upload that is not finished";

/// Uploads that images are to name from now on, and the reasons why others cannot be named.
#[derive(Debug, Default)]
pub struct NamedUploads(HashMap<String, Option<&'static str>>);

impl NamedUploads {
    /// Locks the uploads among origins of images that are written in this transaction, and keeps those that are finished from expiring.
    ///
    /// Their rows are locked until it ends, so that nobody removes them between.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn lock<'o>(
        conn: &mut PgConnection,
        customer: i32,
        origins: impl Iterator<Item = &'o str>,
    ) -> Result<Self, Problem> {
        let ids = ids(origins);
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let of = uploads::table.filter(uploads::customer.eq(customer));
        let held: Vec<Found> = of
            .filter(uploads::id.eq_any(ids))
            // As all lock them.
            .order(uploads::id)
            .select((uploads::id, uploads::received.eq(uploads::length)))
            .for_no_key_update()
            .load(conn)?;
        let finished: Vec<&String> =
            held.iter().filter(|(_, is_finished)| *is_finished).map(|(id, _)| id).collect();
        let expiring =
            of.filter(uploads::id.eq_any(finished)).filter(uploads::expires.is_not_null());
        diesel::update(expiring).set(uploads::expires.eq(None::<DateTime<Utc>>)).execute(conn)?;
        Ok(Self::of(held))
    }

    /// Looks whether uploads among origins could be named at this moment; locks and changes nothing.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn look<'o>(
        conn: &mut PgConnection,
        customer: i32,
        origins: impl Iterator<Item = &'o str>,
    ) -> Result<Self, Problem> {
        let ids = ids(origins);
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let of = uploads::table.filter(uploads::customer.eq(customer));
        let found = of.filter(uploads::id.eq_any(ids));
        let columns = (uploads::id, uploads::received.eq(uploads::length));
        Ok(Self::of(found.select(columns).load(conn)?))
    }

    fn of(found: Vec<Found>) -> Self {
        let state = |(id, is_finished): Found| (id, (!is_finished).then_some(UNFINISHED));
        Self(found.into_iter().map(state).collect())
    }

    /// Returns why an origin is an upload that cannot be named, as the rest of a sentence; `None`: it can be, or is none.
    pub fn fault(&self, origin: &str) -> Option<&'static str> {
        self.0.get(id_of(origin)?).copied().unwrap_or(Some(MISSING))
    }
}

/// Id of an upload, and whether it is finished.
type Found = (String, bool);

/// Returns the ids of the uploads among origins.
fn ids<'o>(origins: impl Iterator<Item = &'o str>) -> BTreeSet<String> {
    origins.filter_map(id_of).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_are_known_by_their_addresses_at_this_service_alone() {
        let base = "https://images.example.org/api";
        let read = |address: &'static str| read(base, 4, address);
        assert_eq!(read("https://images.example.org/api/customers/4/uploads/0a1"), Some(Ok("0a1")));
        assert_eq!(read("HTTPS://Images.example.org/api/customers/4/uploads/0a1"), Some(Ok("0a1")));
        for elsewhere in [
            "https://images.example.org/customers/4/uploads/0a1",
            "https://images.example.org.evil.example/api/customers/4/uploads/0a1",
            "https://images.example.org/api/customers/4/uploadsx/0a1",
            "https://images.example.org/api/customers/4/spaces/1",
            "/uploads/0a1",
            "",
            "https://images.example.org/ap\u{fe}",
        ] {
            assert_eq!(read(elsewhere), None, "{elsewhere}");
        }
        for wrong in [
            "https://images.example.org/api/customers/5/uploads/0a1",
            "https://images.example.org/api/customers/4x/uploads/0a1",
            "https://images.example.org/api/customers/4/uploads/",
            "https://images.example.org/api/customers/4/uploads/0a1/x",
            "https://images.example.org/api/customers/4/uploads/0a1?x",
            "https://images.example.org/api/customers/4/uploads/..",
        ] {
            assert!(matches!(read(wrong), Some(Err(_))), "{wrong}");
        }
        assert_eq!(id_of(&stored("0a1")), Some("0a1"));
        assert_eq!(id_of("https://example.org/uploads/0a1"), None);
    }
}
