//! Spaces: partitions of a customer's images, with defaults of their own.

pub mod number;

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use serde_json::Value;

use super::addresses::{self, CustomerAddress, RoleAddress, SpaceAddress};
use super::customer_storage::SpaceStorage;
use super::image::{Image, SPACE_IMAGES};
use super::role::{self, Role, uris};

use super::role::stored::{own_id, stored_role};
use super::space_metadata::SpaceMetadata;
use crate::hydra::{Fault, Problem, Variable};
use crate::resource::reference::resolve;
use crate::resource::rules::max_unauthorised_rule;
use crate::resource::*;
use crate::schema::{images, spaces};
use crate::{paged, taken};
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
#[diesel(table_name = spaces, check_for_backend(diesel::pg::Pg))]
pub struct SpaceDraft {
    pub name: String,
    pub default_tags: Vec<String>,
    /// Own roles, as images store them.
    pub default_roles: Vec<String>,
    /// Pixels; -1: no limit.
    pub default_max_unauthorised: i32,
}

impl Default for SpaceDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            default_tags: Vec::new(),
            default_roles: Vec::new(),
            default_max_unauthorised: -1,
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
            &collection("defaultRoles", "Roles of new images that name none", &DEFAULT_ROLES)
                .takes(|d: &mut SpaceDraft, value, context| {
                    d.default_roles = own_roles(value, context)?;
                    Ok(())
                })
                .stored_rule(default_roles_exist)
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

/// Returns the fault of default roles that are not there.
fn default_roles_exist(
    s: &mut UnitOfWork<'_>,
    customer: i32,
    draft: &SpaceDraft,
) -> Result<Option<Fault>, Problem> {
    let unknown = uris::unknown_roles(s.conn, customer, draft.default_roles.iter())?;
    Ok(uris::unknown_fault("defaultRoles", &unknown))
}

fn own_roles(value: &Value, context: ParseContext<'_>) -> Result<Vec<String>, Vec<Fault>> {
    if value.is_null() {
        return Ok(SpaceDraft::default().default_roles);
    }
    uris::each_of(value, "defaultRoles", |value| {
        Ok(stored_role(&resolve::<Role>(value, context)?.role))
    })
}

crate::orders! {
    spaces by spaces::id, then id:
    "id" is id, "name" is name, "created" is created,
    "defaultMaxUnauthorised" is default_max_unauthorised,
}

pub static SPACES: Collection<CustomerAddress, Space> =
    collection_of("SpaceCollection", "The spaces of a customer, by number; name filters.")
        .lists()
        .creates()
        .filters(&[Variable::new("name", "Spaces of this name, the whole of it")])
        .ordered(ORDERABLE);

static DEFAULT_ROLES: Collection<SpaceAddress, Role> = collection_of(
    "DefaultRoleCollection",
    "Roles of new images that name none. POST of a collection or an array replaces the set, \
          POST of one role, or of a reference to it, adds.",
)
.kind_of("RoleCollection")
.lists()
.refers(set_default_roles)
.filters(role::BY_NAME)
.ordered(role::ORDERABLE);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "an act is given its address by reference")]
fn set_default_roles(
    s: &mut UnitOfWork<'_>,
    of: &SpaceAddress,
    input: &Input,
) -> Result<Reply, Problem> {
    let locked = Space::lock(s, of)?;
    let stored = |at: RoleAddress| stored_role(&at.role);
    let locked = locked.draft.default_roles;
    let changed = references::changed::<_, Role>(s, of, Some(of.customer), input, locked, stored)?;
    let unknown = uris::unknown_roles(s.conn, of.customer, changed.iter())?;
    if let Some(fault) = uris::unknown_fault("member", &unknown) {
        return Err(fault.into());
    }
    diesel::update(spaces::table.find((of.customer, of.space)))
        .set(spaces::default_roles.eq(&changed))
        .execute(s.conn)?;
    references::whole_collection::<_, Role>(s, of, input)
}

impl List<SpaceAddress> for Role {
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &SpaceAddress,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        let space = Space::find(s, of)?;
        let ids: Vec<&str> =
            space.draft.default_roles.iter().filter_map(|role| own_id(role)).collect();
        role::listed(s, of.customer, Some(&ids), wanted)
    }
}

impl List<CustomerAddress> for Space {
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &CustomerAddress,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        let name = wanted.text("name").map(str::to_owned);
        let own = || {
            let own = spaces::table.filter(spaces::customer.eq(of.customer)).into_boxed();
            match &name {
                Some(name) => own.filter(spaces::name.eq(name)),
                None => own,
            }
        };
        paged!(s.conn, wanted, own())
    }
}

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
    retrieve, update, replace, remove(unless has_images),
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
