//! The ways in which origins can be fetched: those that work in this version.

use super::addresses::{self, OriginStrategyAddress, Root};
use crate::hydra::Problem;
use crate::origins::{CredentialUse, Strategy};
use crate::resource::*;

#[derive(Debug)]
pub struct OriginStrategy(pub Strategy);

impl Resource for OriginStrategy {
    type Address = OriginStrategyAddress;
    type Draft = ();

    const NAME: &'static str = "OriginStrategy";
    const TEMPLATE: &'static str = addresses::ORIGIN_STRATEGY;
    const CLASS: Class<Self> = Class {
        doc: "A way in which the service fetches origins.",
        properties: &[
            &computed("id", "Last segment of its address", |o: &Self, _| Some(o.0.id().to_owned())),
            &computed("name", "Name for people", |o: &Self, _| Some(o.0.name().to_owned())),
            &computed("requiresCredentials", "Whether it needs credentials", |o: &Self, _| {
                Some(o.requires())
            }),
        ],
        operations: &[retrieve::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> OriginStrategyAddress {
        OriginStrategyAddress { origin_strategy: self.0.id().to_owned() }
    }
    fn draft(&self) {}
}

impl OriginStrategy {
    fn requires(&self) -> bool {
        matches!(self.0.credentials(), CredentialUse::Required(_))
    }
}

impl Retrieve for OriginStrategy {
    fn find(_: &mut UnitOfWork<'_>, at: &OriginStrategyAddress) -> Result<Self, Problem> {
        let known = Strategy::all().find(|s| s.id() == at.origin_strategy);
        known.map(Self).ok_or_else(|| {
            Problem::NotFound(format!("there is no origin strategy {}", at.origin_strategy))
        })
    }
}

impl List<Root> for OriginStrategy {
    fn list(
        _: &mut UnitOfWork<'_>,
        _: &Root,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        let (page, order) = wanted.validated()?;
        let count = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let mut all: Vec<Self> = Strategy::all().map(Self).collect();
        all.sort_by_key(|s| s.0.id());
        match order.map_or("id", |order| order.by) {
            "name" => all.sort_by_key(|s| s.0.name()),
            "requiresCredentials" => all.sort_by_key(Self::requires),
            _ => {}
        }
        if order.is_some_and(|order| order.descending) {
            all.reverse();
        }
        let total = i64::try_from(all.len()).unwrap_or_default();
        let members = all.into_iter().skip(count(page.offset())).take(count(page.size));
        Ok(PageOfRows { members: members.collect(), total })
    }
}

/// Members by which the list can be ordered.
pub const ORDERABLE: &[&str] = &["id", "name", "requiresCredentials"];
