//! A customer: who owns spaces, images and all else.

pub mod creation;
pub mod names;
mod rules;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Map, Value};

use super::addresses::{self, CustomerAddress, Root};
use super::auth_service::AUTH_SERVICES;
use super::change::CHANGES;
use super::customer_origin_strategy::CUSTOMER_ORIGIN_STRATEGIES;
use super::customer_storage::CustomerStorage;
use super::image::{ALL_IMAGES, DELETE_IMAGES};
use super::job::JOBS;
use super::key::KEYS;
use super::named_query::NAMED_QUERIES;
use super::portal_user::PORTAL_USERS;
use super::queue::Queue;
use super::role::ROLES;
use super::space::SPACES;
use super::webhook::WEBHOOKS;

use crate::hydra::{Fault, Problem, Variable};
use crate::resource::rules::not_blank;
use crate::resource::*;
use crate::schema::customers;
use crate::{paged, taken};
use rules::name_rule;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = customers, check_for_backend(diesel::pg::Pg))]
pub struct Customer {
    pub id: i32,
    pub administrator: bool,
    pub accepted_agreement: bool,
    pub created: DateTime<Utc>,
    #[diesel(embed)]
    pub draft: CustomerDraft,
}

/// The writable part of a customer; the name at its creation only.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = customers, check_for_backend(diesel::pg::Pg))]
#[derive(Default)]
pub struct CustomerDraft {
    pub name: String,
    pub display_name: String,
}

impl Resource for Customer {
    type Address = CustomerAddress;
    type Draft = CustomerDraft;

    const NAME: &'static str = "Customer";
    const TEMPLATE: &'static str = addresses::CUSTOMER;
    const CLASS: Class<Self> = Class {
        doc: "A customer represents you, the API user. Everything that is yours is reached from here.",
        properties: &[
            &field("id", "Number in addresses", |c: &Self| &c.id),
            &field("name", "Name in public addresses; set once and for all", |c: &Self| {
                &c.draft.name
            })
            .writable(|d| &mut d.name)
            .required()
            .unique(taken!(customers::name in any case, but id: customer))
            .max_bytes(60)
            .rule(name_rule)
            .example("city-library"),
            &field("displayName", "Name for people; without one, the name", |c: &Self| {
                &c.draft.display_name
            })
            .writable(|d| &mut d.display_name)
            .unique(taken!(customers::display_name in any case, but id: customer))
            .max_bytes(MAX_INDEXED)
            .rule(not_blank)
            .server_derived()
            .example("City Library"),
            &field("administrator", "Whether its keys act on every customer", |c: &Self| {
                &c.administrator
            }),
            &field("acceptedAgreement", "Whether the agreement was accepted", |c: &Self| {
                &c.accepted_agreement
            }),
            &field("created", "When it was made", |c: &Self| &c.created),
            &collection("keys", "Keys with which programs act for it", &KEYS)
                .when(|_, view| !view.caller.is_reader()),
            &collection("portalUsers", "People who may log in", &PORTAL_USERS),
            &collection("namedQueries", "Projections of images under public names", &NAMED_QUERIES),
            &collection(
                "originStrategies",
                "How its origins are fetched, in the order of trial",
                &CUSTOMER_ORIGIN_STRATEGIES,
            ),
            &collection("authServices", "IIIF access control services", &AUTH_SERVICES),
            &collection("roles", "What readers must hold to see protected images", &ROLES),
            &link::<Self, Queue>("queue", "Where images are registered in batches"),
            &collection("spaces", "Partitions of its images", &SPACES),
            &collection("allImages", "Its images, over all spaces", &ALL_IMAGES),
            &action_with::<Self>(
                "deleteImages",
                "POST ids of images here to delete them, all or none",
                "ImageCollection",
                &[DELETE_IMAGES],
            ),
            &collection("jobs", "Changes and deletions of many images, newest first", &JOBS),
            &collection("changes", "What was changed, newest first", &CHANGES),
            &computed(
                "events",
                "Where changes of its images, and ends of batches, are told as they happen, as server-sent events",
                |c: &Self, view| Some(format!("{}/customers/{}/events", view.site.base, c.id)),
            )
            .range("xsd:anyURI"),
            &computed(
                "uploads",
                "Where originals are sent in parts, by tus 1.0.0",
                |c: &Self, view| Some(format!("{}/customers/{}/uploads", view.site.base, c.id)),
            )
            .range("xsd:anyURI"),
            &collection("webhooks", "Where such changes are sent", &WEBHOOKS)
                .when(|_, view| !view.caller.is_reader()),
            &link::<Self, CustomerStorage>("storage", "How much it stores, and may store"),
        ],
        operations: &[retrieve::<Self>(), update::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> CustomerAddress {
        CustomerAddress { customer: self.id }
    }
    fn draft(&self) -> CustomerDraft {
        self.draft.clone()
    }

    fn check_fixed(
        _at: &CustomerAddress,
        existing: Option<&Self>,
        body: &mut Map<String, Value>,
        faults: &mut Vec<Fault>,
    ) {
        if let Some(name) = body.remove("name")
            && name.as_str() != existing.map(|existing| existing.draft.name.as_str())
        {
            faults.push(Fault::new("name", "is set once and for all"));
        }
    }
}

crate::orders! {
    customers by customers::id, then id:
    "id" is id, "name" is name, "displayName" is display_name, "administrator" is administrator,
    "acceptedAgreement" is accepted_agreement, "created" is created,
}

pub static CUSTOMERS: Collection<Root, Customer> = collection_of(
    "CustomerCollection",
    "The customers that the caller may act for: its own, or all for an administrator. By number.",
)
.lists()
.creates()
.for_administrators()
.filters(&[Variable::new("name", "The customer of this name, the whole of it in any case")])
.ordered(ORDERABLE);

impl List<Root> for Customer {
    fn list(
        s: &mut UnitOfWork<'_>,
        _: &Root,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        let own = match s.caller {
            Caller::Administrator(..) => None,
            Caller::Customer(own, _) => Some(own),
            Caller::Visitor => return Err(Problem::Unauthenticated),
        };
        let name = wanted.text("name").map(str::to_owned);
        let visible = || {
            let mut visible = customers::table.into_boxed();
            if let Some(own) = own {
                visible = visible.filter(customers::id.eq(own));
            }
            if let Some(name) = &name {
                visible = visible.filter(sql::lower(customers::name).eq(sql::lower(name)));
            }
            visible
        };
        paged!(s.conn, wanted, visible())
    }
}

/// Gives a draft without a name for people its name.
pub fn displayed(draft: CustomerDraft) -> CustomerDraft {
    match draft.display_name.as_str() {
        "" => CustomerDraft { display_name: draft.name.clone(), ..draft },
        _ => draft,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "columns of other classes can fail")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "an act is given its address by reference")]
fn with_display_name(
    _s: &mut UnitOfWork<'_>,
    _at: &CustomerAddress,
    _locked: Option<&Customer>,
    draft: CustomerDraft,
) -> Result<CustomerDraft, Problem> {
    Ok(displayed(draft))
}

crate::stored! {
    Customer in customers { id: customer }: retrieve, update(with_display_name),
}
