//! Spaces: partitions of a customer's images, with defaults of their own.

mod default_roles;
pub mod number;

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::addresses::{self, CustomerAddress, SpaceAddress};
use super::customer_storage::SpaceStorage;
use super::image::{Image, SPACE_IMAGES};
use super::space_metadata::SpaceMetadata;
use crate::classes::role::stored::StoredRole;
use crate::hydra::{Problem, Variable};
use crate::resource::rules::{max_unauthorised_rule, not_blank, rights_rule};
use crate::resource::*;
use crate::schema::{images, spaces};
use crate::taken;
use default_roles::{DEFAULT_ROLES, are_there, own_roles};
use number::next_number;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = spaces, check_for_backend(diesel::pg::Pg))]
pub struct Space {
    pub customer: i32,
    pub id: i32,
    pub created: DateTime<Utc>,
    #[diesel(embed)]
    pub draft: SpaceDraft,
}

/// The writable part of a space.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = spaces, treat_none_as_null = true, treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct SpaceDraft {
    pub name: String,
    pub default_tags: Vec<String>,
    /// Own roles alone.
    pub default_roles: Vec<StoredRole>,
    /// Pixels; -1: no limit.
    pub default_max_unauthorised: i32,
    pub default_required_statement: Option<String>,
    pub default_rights: Option<String>,
}

impl Default for SpaceDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            default_tags: Vec::new(),
            default_roles: Vec::new(),
            default_max_unauthorised: -1,
            default_required_statement: None,
            default_rights: None,
        }
    }
}

impl Resource for Space {
    type Address = SpaceAddress;
    type Draft = SpaceDraft;

    const NAME: &'static str = "Space";
    const TEMPLATE: &'static str = addresses::SPACE;
    /// No more than an image may hold, to which its defaults go.
    const MAX_BYTES: usize = Image::MAX_BYTES;
    const CLASS: Class<Self> = Class {
        doc: "A partition of a customer's images. Its defaults are given to new images that leave \
              the member out, and to those only.",
        properties: &[
            &field("id", "Number in addresses, counted per customer", |s: &Self| &s.id),
            &field("name", "Name for people, unique among the customer's", |s: &Self| {
                &s.draft.name
            })
            .writable(|d| &mut d.name)
            .required()
            .unique(taken!(spaces::name, within customer, but id: space))
            .max_bytes(MAX_INDEXED)
            .example("Maps of the city"),
            &field("created", "When it was made", |s: &Self| &s.created),
            &field("defaultTags", "Tags of new images that name none", |s: &Self| {
                &s.draft.default_tags
            })
            .writable(|d| &mut d.default_tags)
            .max_bytes(MAX_INDEXED),
            &field(
                "defaultMaxUnauthorised",
                "maxUnauthorised of new images that name none, in pixels; -1: no limit",
                |s: &Self| &s.draft.default_max_unauthorised,
            )
            .writable(|d| &mut d.default_max_unauthorised)
            .also("maxUnauthorised")
            .rule(max_unauthorised_rule),
            &field(
                "defaultRequiredStatement",
                "requiredStatement of new images that give none; plain text",
                |s: &Self| &s.draft.default_required_statement,
            )
            .writable(|d| &mut d.default_required_statement)
            .max_bytes(MAX_STATEMENT)
            .rule(not_blank),
            &field(
                "defaultRights",
                "rights of new images that give none: an http or https IRI",
                |s: &Self| &s.draft.default_rights,
            )
            .writable(|d| &mut d.default_rights)
            .range("xsd:anyURI")
            .max_bytes(MAX_INDEXED)
            .rule(rights_rule)
            .example("http://creativecommons.org/licenses/by/4.0/"),
            &collection("defaultRoles", "Roles of new images that name none", &DEFAULT_ROLES)
                .takes(|d: &mut SpaceDraft, value, context| {
                    d.default_roles = own_roles(value, context)?;
                    Ok(())
                })
                .stored_rule(are_there)
                .example("clickthrough"),
            &collection("images", "All the images in the space", &SPACE_IMAGES),
            &link::<Self, SpaceMetadata>("metadata", "Which values its images hold"),
            &link::<Self, SpaceStorage>("storage", "How much it stores"),
        ],
        operations: &[
            retrieve::<Self>(),
            replace::<Self>(),
            update::<Self>(),
            remove::<Self>().answering(statuses::REMOVED_UNLESS_USED),
        ],
        ..Class::EMPTY
    };

    fn address(&self) -> SpaceAddress {
        SpaceAddress { customer: self.customer, space: self.id }
    }
    fn draft(&self) -> SpaceDraft {
        self.draft.clone()
    }
}

crate::orders! {
    spaces by spaces::id, then id:
    "id" is id, "name" is name, "created" is created,
    "defaultMaxUnauthorised" is default_max_unauthorised,
    "defaultRequiredStatement" is default_required_statement, "defaultRights" is default_rights,
}

pub static SPACES: Collection<CustomerAddress, Space> =
    collection_of("SpaceCollection", "The spaces of a customer, by number; name filters.")
        .lists()
        .creates()
        .filters(&[Variable::new("name", "Spaces of this name, the whole of it")])
        .ordered(ORDERABLE);

impl Create<CustomerAddress> for Space {
    fn insert(
        s: &mut UnitOfWork<'_>,
        into: &CustomerAddress,
        chosen: Option<String>,
        draft: SpaceDraft,
    ) -> Result<Self, Problem> {
        if chosen.is_some() {
            let reason = "is given by the server; leave it out, or PUT to the address";
            return Err(Problem::invalid("id", reason));
        }
        let space = next_number(s.conn, into.customer)?;
        let at = SpaceAddress { customer: into.customer, space };
        Self::insert_at(s, &at, draft).map_err(body::retry_if_created_concurrently)
    }
}

crate::stored! {
    Space in spaces { customer: customer, id: space }:
    retrieve,
    list(in CustomerAddress by customer, "name" is |name| spaces::name.eq(name)),
    update, replace, remove(unless has_images),
}

/// Refuses to remove a space that has images.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "an act is given its address by reference")]
fn has_images(s: &mut UnitOfWork<'_>, at: &SpaceAddress) -> Result<(), Problem> {
    let inside =
        images::table.filter(images::customer.eq(at.customer)).filter(images::space.eq(at.space));
    if diesel::select(exists(inside)).get_result(s.conn)? {
        return Err(Problem::Conflict("the space has images; delete them first".into()));
    }
    Ok(())
}
