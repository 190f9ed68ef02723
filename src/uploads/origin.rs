//! Uploads as origins of images.
//!
//! Here are the form in which an image names one, and the lock that keeps it from being removed.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{end_of_life, is_id, is_named};
use crate::hydra::Problem;
use crate::schema::uploads;

/// Stands before the id of an upload that an image names; no URL begins so.
const STORED: &str = "/uploads/";

/// Returns the form in which an image stores an upload as its origin.
pub fn stored(id: &str) -> String {
    format!("{STORED}{id}")
}

/// Returns the id of the upload that an origin is; none if it is elsewhere.
pub fn id_of(origin: &str) -> Option<&str> {
    origin.strip_prefix(STORED)
}

/// Returns the address of an upload.
pub fn address(base: &str, customer: i32, id: &str) -> String {
    format!("{base}/customers/{customer}/uploads/{id}")
}

/// Returns the id of the upload whose address this is; none if it is of none here.
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
    let ((own, path), (origin, rest)) = (split(base)?, split(address)?);
    let rest = Some(rest).filter(|_| origin == own)?;
    let (of, rest) = rest.strip_prefix(path)?.strip_prefix("/customers/")?.split_once('/')?;
    let id = rest.strip_prefix("uploads/")?;
    let is_own = of == customer.to_string();
    Some(match (is_own, of.parse() == Ok(customer)) {
        (true, _) if is_id(id) => Ok(id),
        // The number of a customer has one form.
        (true, _) | (false, true) => Err(MISSING),
        (false, false) => Err("names an upload of another customer"),
    })
}

/// Splits an address into scheme, host and port, and what follows them.
///
/// Scheme and host are the same in either case, and so is the port where it is the scheme's own and left out; the path is not (RFC
/// 3986, section 6.2).
fn split(address: &str) -> Option<((String, String, Option<u16>), &str)> {
    let (scheme, rest) = address.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let scheme = scheme.to_ascii_lowercase();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (authority, ""),
    };
    let port = match (port, scheme.as_str()) {
        ("", "https") => Some(443),
        ("", "http") => Some(80),
        ("", _) => None,
        (port, _) => Some(port.parse().ok()?),
    };
    Some(((scheme, host.to_ascii_lowercase(), port), path))
}

/// The fault of naming an upload that is not there, as the rest of a sentence.
const MISSING: &str = "names an upload that is not there";
/// The fault of naming one that is not finished.
const UNFINISHED: &str = "names an upload that is not finished";

/// Uploads that images are to name, and the reasons why others cannot be named.
#[derive(Debug, Default)]
pub struct NamedUploads {
    /// The reason why each cannot be named, if there is one.
    faults: HashMap<String, Option<&'static str>>,
    /// Those that would have expired.
    kept: Vec<String>,
}

impl NamedUploads {
    /// Locks the uploads among origins, and keeps those that are finished.
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
        // In the order in which all lock them.
        let held: Vec<Found> =
            found(customer, ids).order(uploads::id).for_no_key_update().load(conn)?;
        let finished = held.iter().filter(|(_, is_finished)| *is_finished).map(|(id, _)| id);
        let expiring = of
            .filter(uploads::id.eq_any(finished.collect::<Vec<_>>()))
            .filter(uploads::expires.is_not_null());
        let kept = diesel::update(expiring).set(uploads::expires.eq(None::<DateTime<Utc>>));
        let kept = kept.returning(uploads::id).get_results(conn)?;
        Ok(Self { kept, ..Self::of(held) })
    }

    /// Looks whether uploads among origins could be named now; changes nothing.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn look<'o>(
        conn: &mut PgConnection,
        customer: i32,
        origins: impl Iterator<Item = &'o str>,
    ) -> Result<Self, Problem> {
        let ids = ids(origins);
        match ids.is_empty() {
            true => Ok(Self::default()),
            false => Ok(Self::of(found(customer, ids).load(conn)?)),
        }
    }

    /// Lets uploads expire that were locked, and in the end are named by no image.
    ///
    /// That is so where not all that was about to be written was.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn release_unnamed(&self, conn: &mut PgConnection, customer: i32) -> Result<(), Problem> {
        for id in &self.kept {
            if !is_named(conn, customer, id)? {
                let row = uploads::table.find((customer, id));
                diesel::update(row).set(uploads::expires.eq(end_of_life())).execute(conn)?;
            }
        }
        Ok(())
    }

    fn of(found: Vec<Found>) -> Self {
        let state = |(id, is_finished): Found| (id, (!is_finished).then_some(UNFINISHED));
        Self { faults: found.into_iter().map(state).collect(), kept: Vec::new() }
    }

    /// Returns why an origin is an upload that cannot be named, if it is one.
    ///
    /// It is the rest of a sentence.
    pub fn fault(&self, origin: &str) -> Option<&'static str> {
        self.faults.get(id_of(origin)?).copied().unwrap_or(Some(MISSING))
    }
}

/// Id of an upload, and whether it is finished.
type Found = (String, bool);

/// Returns the query for those of a customer's uploads that have these ids.
#[diesel::dsl::auto_type]
fn found(customer: i32, ids: Vec<String>) -> _ {
    let columns = (uploads::id, uploads::received.eq(uploads::length));
    uploads::table
        .filter(uploads::customer.eq(customer))
        .filter(uploads::id.eq_any(ids))
        .select(columns)
}

/// Returns the ids of the uploads among origins, each once.
fn ids<'o>(origins: impl Iterator<Item = &'o str>) -> Vec<String> {
    let ids: BTreeSet<&str> = origins.filter_map(id_of).collect();
    ids.into_iter().map(str::to_owned).collect()
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
        for port in [":443", ":0443", ":"] {
            let address = format!("https://images.example.org{port}/api/customers/4/uploads/0a1");
            assert_eq!(super::read(base, 4, &address), Some(Ok("0a1")), "{address}");
        }
        for elsewhere in [
            "http://images.example.org:443/api/customers/4/uploads/0a1",
            "https://images.example.org:80/api/customers/4/uploads/0a1",
            "https://images.example.org:443:443/api/customers/4/uploads/0a1",
            "https://images.example.org:65979/api/customers/4/uploads/0a1",
            "https://images.example.org:44e/api/customers/4/uploads/0a1",
            "https://images.example.org#/api/customers/4/uploads/0a1",
            "https://user@images.example.org/api/customers/4/uploads/0a1",
            "https://images.example.org/customers/4/uploads/0a1",
            "https://images.example.org.evil.example/api/customers/4/uploads/0a1",
            "https://images.example.org/api/customers/4/uploadsx/0a1",
            "https://images.example.org/api/customers/4/spaces/1",
            "/uploads/0a1",
            "",
            "https://images.example.org/ap\u{fe}",
            "https://images.example.org/API/customers/4/uploads/0a1",
            "https://images.example.org/api/CUSTOMERS/4/uploads/0a1",
        ] {
            assert_eq!(read(elsewhere), None, "{elsewhere}");
        }
        for wrong in [
            "https://images.example.org/api/customers/5/uploads/0a1",
            "https://images.example.org/api/customers/4x/uploads/0a1",
            "https://images.example.org/api/customers/04/uploads/0a1",
            "https://images.example.org/api/customers/+4/uploads/0a1",
            "https://images.example.org/api/customers/4/uploads/",
            "https://images.example.org/api/customers/4/uploads/0a1/x",
            "https://images.example.org/api/customers/4/uploads/0a1?x",
            "https://images.example.org/api/customers/4/uploads/..",
        ] {
            assert!(matches!(read(wrong), Some(Err(_))), "{wrong}");
        }
        let root = |address| super::read("http://localhost:8080", 4, address);
        assert_eq!(root("http://LOCALHOST:8080/customers/4/uploads/0a1"), Some(Ok("0a1")));
        assert_eq!(root("http://localhost:80801/customers/4/uploads/0a1"), None);
        assert_eq!(root("https://localhost:8080/customers/4/uploads/0a1"), None);
        let at = |base, address| super::read(base, 4, address);
        for (base, address) in [
            ("http://a.example", "http://a.example:80/customers/4/uploads/0a1"),
            ("http://a.example:80", "http://a.example/customers/4/uploads/0a1"),
            ("https://a.example:443/x", "https://a.example/x/customers/4/uploads/0a1"),
            ("https://[::1]", "https://[::1]:443/customers/4/uploads/0a1"),
        ] {
            assert_eq!(at(base, address), Some(Ok("0a1")), "{address}");
        }
        assert_eq!(id_of(&stored("0a1")), Some("0a1"));
        assert_eq!(id_of("https://example.org/uploads/0a1"), None);
    }
}
