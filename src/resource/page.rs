//! A page of a collection becomes an answer.

use super::address::Address;
use super::reply::{Outcome, Reply};
use super::site::{Input, UnitOfWork};
use super::store::{List, ListRequest};
use super::{Members, Resource, operation};
use crate::hydra::collection::{Frame, PageLinks};
use crate::hydra::{CollectionDoc, Problem, Tag, Writer};

/// Lists what the query of a request asks for.
///
/// # Errors
/// Fails if the class finds fault with the query, or there is no such parent.
pub fn listed<A: Address, R: List<A>>(
    s: &mut UnitOfWork<'_>,
    of: &A,
    input: &Input,
) -> Result<Reply, Problem> {
    let listing = R::list(s, of, ListRequest::of(input))?;
    Ok(collection_reply(s, input, &listing.members, listing.total))
}

/// A page as it is written.
pub struct Written<'a> {
    /// The members as JSON, objects with commas between.
    pub members: &'a str,
    pub total: i64,
    /// Tells whether the total is an estimate.
    pub is_estimated: bool,
    pub links: PageLinks,
}

/// A page of a collection as an answer, with links by number.
pub fn collection_reply<R: Resource>(
    s: &UnitOfWork<'_>,
    input: &Input,
    members: &[R],
    total: i64,
) -> Reply {
    let mut written = Members::with_capacity(s.render_context(), members.len());
    for member in members {
        written.push(member);
    }
    let links = PageLinks::by_number(input.query.page(), total);
    let members = &written.finish();
    written_reply::<R>(s, input, &Written { members, total, is_estimated: false, links })
}

/// As [`collection_reply`], of members that are written already, with links of their own.
pub fn written_reply<R: Resource>(s: &UnitOfWork<'_>, input: &Input, page: &Written<'_>) -> Reply {
    match &input.collection {
        Some(doc) => written_as::<R>(s, input, doc, page),
        None => Reply::Bare { body: Vec::new(), next: None },
    }
}

/// As [`written_reply`], in the words of a collection that need not be the one that answers.
pub fn written_as<R: Resource>(
    s: &UnitOfWork<'_>,
    input: &Input,
    doc: &CollectionDoc,
    page: &Written<'_>,
) -> Reply {
    let mut out = Writer::with_capacity(8192 + page.members.len());
    let operations: Vec<_> = doc
        .operations
        .iter()
        .filter(|o| o.method != "GET")
        .filter(|o| operation::is_open(o, s.caller))
        .copied()
        .collect();
    let asked = input.query.raw.as_ref().map(|raw| format!("{}?{raw}", input.path));
    let frame = Frame {
        base: &s.site.base,
        path: &input.path,
        query: &input.query.only(doc.variables()),
        asked: asked.as_deref(),
        page: input.query.page(),
        total: page.total,
        is_estimated: page.is_estimated,
        links: &page.links,
        template: match R::CLASS.properties.iter().any(|p| p.name() == "template") {
            true => "hydra:template",
            false => "template",
        },
    };
    let id = frame.id();
    frame.write(doc, &operations, page.members, &mut out);
    let body = out.finish();
    let tag = Tag::of(&body);
    Reply::Shown { outcome: Outcome::Found, id, body, tag }
}

/// Rounds an estimate to two significant digits (`docs/rules.md` 5.4).
pub fn rounded(number: i64) -> i64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    (number + unit / 2) / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_have_two_significant_digits() {
        for (number, wanted) in [(7, 7), (99, 99), (100_001, 100_000), (154_999, 150_000)] {
            assert_eq!(rounded(number), wanted);
        }
        assert_eq!(rounded(996_000), 1_000_000);
    }
}
