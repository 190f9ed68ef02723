//! Named queries: projections of images under public names.

use diesel::prelude::*;

use super::addresses::{self, CustomerAddress, NamedQueryAddress};
use crate::hydra::{Problem, Variable};
use crate::resource::rules::public_name;
use crate::resource::*;
use crate::schema::named_queries;
use crate::taken;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = named_queries, check_for_backend(diesel::pg::Pg))]
pub struct NamedQuery {
    pub customer: i32,
    pub id: String,
    #[diesel(embed)]
    pub draft: NamedQueryDraft,
}

/// The writable part of a named query.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = named_queries, check_for_backend(diesel::pg::Pg))]
#[derive(Default)]
pub struct NamedQueryDraft {
    pub name: String,
    pub global: bool,
    pub template: String,
}

impl Resource for NamedQuery {
    type Address = NamedQueryAddress;
    type Draft = NamedQueryDraft;

    const NAME: &'static str = "NamedQuery";
    const TEMPLATE: &'static str = addresses::NAMED_QUERY;
    const CLASS: Class<Self> = Class {
        doc: "A query over a customer's images under a public name.",
        properties: &[
            &field("id", "Last segment of its address", |q: &Self| &q.id),
            &field("name", "Name in public addresses, unique among the customer's", |q: &Self| {
                &q.draft.name
            })
            .writable(|d| &mut d.name)
            .required()
            .named_by_address()
            .unique(taken!(named_queries::name, within customer, but id: named_query))
            .max_bytes(address::MAX_ID)
            .rule(public_name)
            .example("book"),
            &field(
                "global",
                "Whether all customers see it; for administrators to say",
                |q: &Self| &q.draft.global,
            )
            .writable(|d| &mut d.global),
            &field(
                "template",
                "Pairs key=value joined by &: which images, in which order. A value pN is the \
                 N-th argument of the public address",
                |q: &Self| &q.draft.template,
            )
            .writable(|d| &mut d.template)
            .required()
            .rule(template_rule)
            .example("s1=p1&n1=p2"),
        ],
        operations: &[retrieve::<Self>(), replace::<Self>(), update::<Self>(), remove::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> NamedQueryAddress {
        NamedQueryAddress { customer: self.customer, named_query: self.id.clone() }
    }
    fn draft(&self) -> NamedQueryDraft {
        self.draft.clone()
    }
}

/// Refuses a template that could never be answered.
#[expect(clippy::ptr_arg, reason = "a rule is given what the row holds")]
fn template_rule(template: &String) -> Result<(), String> {
    let known = |key: &str| {
        [
            "s1",
            "s2",
            "s3",
            "n1",
            "n2",
            "n3",
            "space",
            "spacename",
            "batch",
            "manifest",
            "assetOrder",
            "canvas",
            "sequence",
            "roles",
            "#",
            "objectname",
            "coverpage",
            "redactedmessage",
        ]
        .contains(&key)
    };
    let mut selects = false;
    for pair in template.split('&').filter(|pair| !pair.is_empty()) {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(format!("has {pair}, which is no pair key=value"));
        };
        selects |= known(key.trim()) && !value.is_empty();
        let number = ["n1", "n2", "n3", "space"].contains(&key.trim());
        if number && !value.is_empty() && !is_parameter(value) && value.parse::<i64>().is_err() {
            return Err(format!("gives {key} the value {value}, which is neither pN nor a number"));
        }
    }
    if selects { Ok(()) } else { Err("names none of the keys that a query understands".into()) }
}

fn is_parameter(value: &str) -> bool {
    value.strip_prefix('p').is_some_and(|n| n.parse::<u32>().is_ok_and(|n| n > 0))
}

crate::orders! {
    named_queries by (named_queries::name, named_queries::id), then id:
    "id" is id, "name" is name, "global" is global, "template" is template,
}

pub static NAMED_QUERIES: Collection<CustomerAddress, NamedQuery> =
    collection_of("NamedQueryCollection", "The named queries of a customer, by name.")
        .lists()
        .creates()
        .filters(&[Variable::new("name", "The query of this name, the whole of it")])
        .ordered(ORDERABLE);

/// Refuses a draft that says otherwise who sees the query, but for administrators.
fn may_be_global(
    s: &mut UnitOfWork<'_>,
    _at: &NamedQueryAddress,
    locked: Option<&NamedQuery>,
    draft: NamedQueryDraft,
) -> Result<NamedQueryDraft, Problem> {
    let is_global = locked.is_some_and(|locked| locked.draft.global);
    if draft.global == is_global || s.caller.is_administrator() {
        return Ok(draft);
    }
    Err(Problem::Forbidden("only an administrator makes a query global, or ends that".into()))
}

crate::stored! {
    NamedQuery in named_queries { customer: customer, id: named_query }:
    retrieve,
    list(in CustomerAddress by customer, "name" is |name| named_queries::name.eq(name)),
    create(in CustomerAddress by |of, named_query| {
        NamedQueryAddress { customer: of.customer, named_query }
    }),
    update(may_be_global), replace(may_be_global), remove,
}
