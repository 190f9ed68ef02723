//! Origin strategies of a customer: a pattern, a strategy, credentials.

mod columns;
pub mod host_keys;
pub mod rules;

use diesel::prelude::*;

use super::OriginStrategy;
use super::addresses::{
    self, CustomerAddress, CustomerOriginStrategyAddress, OriginStrategyAddress,
};
use crate::hydra::{Fault, Problem};
use crate::origins::{Pattern, Shape, Strategy};
use crate::resource::credentials::{self, Credentials};
use crate::resource::*;
use crate::schema::customer_origin_strategies as strategies;
use crate::taken;
use columns::columns;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = strategies, check_for_backend(diesel::pg::Pg))]
pub struct CustomerOriginStrategy {
    pub customer: i32,
    pub id: String,
    pub regex: String,
    pub origin_strategy: String,
    /// Sealed.
    pub credentials: Option<Vec<u8>>,
    /// Always there in the store.
    #[diesel(select_expression = strategies::position.nullable())]
    #[diesel(select_expression_type = diesel::dsl::Nullable<strategies::position>)]
    pub position: Option<i32>,
}

/// The writable part of a customer's origin strategy.
#[derive(Debug, Clone)]
pub struct CustomerOriginStrategyDraft {
    pub regex: String,
    pub origin_strategy: String,
    pub credentials: Credentials,
    /// `None`: after the others.
    pub position: Option<i32>,
}

impl Default for CustomerOriginStrategyDraft {
    fn default() -> Self {
        Self {
            regex: String::new(),
            origin_strategy: String::new(),
            credentials: Credentials::None,
            position: None,
        }
    }
}

impl Resource for CustomerOriginStrategy {
    type Address = CustomerOriginStrategyAddress;
    type Draft = CustomerOriginStrategyDraft;

    const NAME: &'static str = "CustomerOriginStrategy";
    const ACCEPTED: &'static [&'static str] = &["CustomerOriginStrategy", "OriginStrategy"];
    const TEMPLATE: &'static str = addresses::CUSTOMER_ORIGIN_STRATEGY;
    const CLASS: Class<Self> = Class {
        doc: "How some of a customer's origins are fetched. The first strategy, by order, whose \
              regex is found in an origin is used; where none is, the default one. Credentials \
              are written here or by PUT to …/credentials, and never shown.",
        parent: Some("OriginStrategy"),
        properties: &[
            &field("id", "Last segment of its address", |o: &Self| &o.id),
            &field("regex", "Sought anywhere in the origin, ignoring case", |o: &Self| &o.regex)
                .writable(|d| &mut d.regex)
                .required()
                .unique(taken!(strategies::regex, within customer, but id: origin_strategy))
                .max_bytes(MAX_INDEXED)
                .rule(pattern_rule)
                .example("^https://images\\.example\\.org/"),
            &reference::<Self, OriginStrategy>("originStrategy", "How to fetch", |o| {
                Some(OriginStrategyAddress { origin_strategy: o.origin_strategy.clone() })
            })
            .writable(|d, at| {
                d.origin_strategy = at.map(|at| at.origin_strategy).unwrap_or_default();
            })
            .required()
            .also("strategy")
            .example("basic-http-authentication"),
            &secret(
                "credentials",
                "What the strategy needs, as JSON; never shown",
                |d: &mut CustomerOriginStrategyDraft| &mut d.credentials,
            )
            .example(credentials::EXAMPLE),
            &field(
                "order",
                "Order of trial, lowest first; without one, after the others",
                |o: &Self| &o.position,
            )
            .writable(|d| &mut d.position)
            .server_derived(),
        ],
        operations: &[retrieve::<Self>(), replace::<Self>(), update::<Self>(), remove::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> CustomerOriginStrategyAddress {
        CustomerOriginStrategyAddress { customer: self.customer, origin_strategy: self.id.clone() }
    }
    fn hidden_state(&self) -> Option<&[u8]> {
        self.credentials.as_deref()
    }
    fn draft(&self) -> CustomerOriginStrategyDraft {
        CustomerOriginStrategyDraft {
            regex: self.regex.clone(),
            origin_strategy: self.origin_strategy.clone(),
            credentials: Credentials::Held,
            position: self.position,
        }
    }

    fn check(
        s: &mut UnitOfWork<'_>,
        tenant: Option<i32>,
        _at: Option<&CustomerOriginStrategyAddress>,
        draft: &CustomerOriginStrategyDraft,
    ) -> Result<Vec<Fault>, Problem> {
        let mut faults = Vec::new();
        let strategy = Strategy::parse(&draft.origin_strategy);
        if strategy.is_none() && !draft.origin_strategy.is_empty() {
            let ids = Strategy::all().map(Strategy::id).collect::<Vec<_>>().join(", ");
            let reason = format!("is none of those that work here: {ids}");
            faults.push(Fault::new("originStrategy", reason));
        }
        let refused = strategy.zip(tenant).and_then(|(strategy, customer)| {
            strategy.check_customer(customer, &s.site.s3_ambient).err()
        });
        faults.extend(refused.map(|reason| Fault::new("originStrategy", reason)));
        match strategy.map(|strategy| strategy.credentials().shape()) {
            Some(Some(shape)) => faults.extend(draft.credentials.faults(shape)),
            Some(None) if matches!(draft.credentials, Credentials::Given(_)) => {
                faults.push(Fault::new("credentials", "are given to a strategy that takes none"));
            }
            _ => {}
        }
        Ok(faults)
    }
}

impl CustomerOriginStrategy {
    /// Returns whether the credentials that it holds are of a shape.
    fn takes(&self, shape: &Shape) -> bool {
        let strategy = Strategy::parse(&self.origin_strategy);
        let own = strategy.and_then(|strategy| strategy.credentials().shape());
        own.is_some_and(|own| own.is_same(shape))
    }
}

#[expect(clippy::ptr_arg, reason = "a rule is given what the row holds")]
fn pattern_rule(regex: &String) -> Result<(), String> {
    Pattern::compile(regex).map(|_| ()).map_err(|e| format!("cannot be used: {e}"))
}

crate::orders! {
    strategies by (strategies::position, strategies::id), then id:
    "id" is id, "regex" is regex, "originStrategy" is origin_strategy, "order" is position,
}

pub static CUSTOMER_ORIGIN_STRATEGIES: Collection<CustomerAddress, CustomerOriginStrategy> =
    collection_of(
        "CustomerOriginStrategyCollection",
        "How the origins of a customer are fetched, in the order of trial.",
    )
    .kind_of("OriginStrategyCollection")
    .lists()
    .creates()
    .ordered(ORDERABLE);

crate::stored! {
    CustomerOriginStrategy in strategies { customer: customer, id: origin_strategy }:
    retrieve,
    list(in CustomerAddress by customer),
    create(in CustomerAddress by |of, origin_strategy| {
        CustomerOriginStrategyAddress { customer: of.customer, origin_strategy }
    }),
    update(columns), replace(columns), remove,
}
