//! Questions to collections of images, and the pages that answer them.

use super::filter::Filter;
use super::order::Sort;
use super::scope::Scope;
use crate::addresses::SpaceAddress;
use crate::hydra::collection::{Page, PageLink, PageLinks};
use crate::resource::Input;
use crate::resource::page_key::{self, KeyKind, KeyValue, PageKey, Place};

/// A question to a collection.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub scope: Scope,
    pub filter: Filter,
    pub sort: Sort,
    pub page: Page,
    /// The key of the page; `None`: it is asked for by its number.
    pub key: Option<PageKey>,
    /// Tells this list, filter and order from all others.
    pub digest: u64,
}

/// A page of a collection, written.
pub(super) struct Slice {
    pub members: String,
    /// Order values of the first member.
    pub first: Option<Vec<KeyValue>>,
    /// Order values of the last member.
    pub last: Option<Vec<KeyValue>>,
    /// Tells whether rows stand before the first member.
    pub before: bool,
    /// Tells whether rows follow the last member.
    pub after: bool,
    pub total: i64,
    pub is_estimated: bool,
}

impl Question {
    pub(super) fn new(
        scope: Scope,
        mut filter: Filter,
        sort: Sort,
        page: Page,
        input: &Input,
    ) -> Self {
        // All images in one space are those of that space; in a space, a filter by itself says nothing.
        let scope = match (scope, filter.spaces.as_deref()) {
            (Scope::All(at), Some(&[space])) => {
                filter.spaces = None;
                Scope::Space(SpaceAddress { customer: at.customer, space })
            }
            (Scope::Space(at), Some(spaces)) if spaces.contains(&at.space) => {
                filter.spaces = None;
                scope
            }
            _ => scope,
        };
        let digest = page_key::digest(&format!("{scope:?} {filter:?} {}", sort.name()));
        let columns = sort.columns(scope.one_space().is_some());
        let kinds: Vec<KeyKind> = columns.iter().map(|column| column.kind).collect();
        let key = input.query.page_key().and_then(|text| PageKey::decode(text, digest, &kinds));
        Self { scope, filter, sort, page, key, digest }
    }

    /// Returns whether it asks for all images of a space or of a customer, whose places are known by chunks.
    pub(super) fn is_of_whole_list(&self) -> bool {
        self.filter.is_empty() && matches!(self.scope, Scope::Space(_) | Scope::All(_))
    }

    /// Returns the links of a page, with keys, so that a walk needs no numbers.
    pub(super) fn links(&self, slice: &Slice) -> PageLinks {
        let key = |place: Place| {
            let total = slice.is_estimated.then_some(slice.total);
            Some(PageKey { place, total }.encode(self.digest))
        };
        let number = self.page.number;
        let by_number = self.is_of_whole_list() && self.sort.is_default();
        let last = PageLink {
            number: self.page.last(slice.total),
            key: if by_number { None } else { key(Place::End) },
        };
        let previous = match &slice.first {
            Some(first) if slice.before => Some(PageLink {
                number: (number - 1).max(1),
                key: key(Place::Before(first.clone())),
            }),
            Some(_) => None,
            // Past the end, or all that came after the key is gone.
            None => (number > 1 || self.key.is_some()).then(|| last.clone()),
        };
        let next = slice.last.as_ref().filter(|_| slice.after).map(|last| PageLink {
            number: number.saturating_add(1),
            key: key(Place::After(last.clone())),
        });
        let first = if slice.is_estimated { key(Place::Start) } else { None };
        PageLinks { first: PageLink { number: 1, key: first }, previous, next, last }
    }
}
