//! Default roles of a space: the row that bodies write, and the collection that lists them.

use diesel::prelude::*;
use serde_json::Value;

use super::{Space, SpaceDraft};
use crate::addresses::{RoleAddress, SpaceAddress};
use crate::classes::role::stored::StoredRole;
use crate::classes::role::{self, Role, uris};
use crate::hydra::{Fault, Problem};
use crate::resource::reference::resolve;
use crate::resource::*;
use crate::schema::spaces;

pub(super) static DEFAULT_ROLES: Collection<SpaceAddress, Role> = collection_of(
    "DefaultRoleCollection",
    "Roles of new images that name none. POST of a collection or an array replaces the set, \
          POST of one role, or of a reference to it, adds.",
)
.kind_of("RoleCollection")
.lists()
.refers(set_default_roles)
.filters(role::BY_NAME)
.ordered(role::ORDERABLE);

/// Reads the default roles of a body, as they are stored.
///
/// # Errors
/// Returns a fault for each that is no role of the customer.
pub(super) fn own_roles(
    value: &Value,
    context: ParseContext<'_>,
) -> Result<Vec<StoredRole>, Vec<Fault>> {
    if value.is_null() {
        return Ok(SpaceDraft::default().default_roles);
    }
    uris::each_of(value, "defaultRoles", |value| {
        Ok(StoredRole::own(&resolve::<Role>(value, context)?.role))
    })
}

/// Returns the fault of default roles that are not there.
///
/// # Errors
/// Fails if the database does not answer.
pub(super) fn are_there(
    s: &mut UnitOfWork<'_>,
    customer: i32,
    draft: &SpaceDraft,
) -> Result<Option<Fault>, Problem> {
    let unknown = uris::unknown_roles(s.conn, customer, draft.default_roles.iter())?;
    Ok(uris::unknown_fault("defaultRoles", &unknown))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "an act is given its address by reference")]
fn set_default_roles(
    s: &mut UnitOfWork<'_>,
    of: &SpaceAddress,
    input: &Input,
) -> Result<Reply, Problem> {
    let locked = Space::lock(s, of)?;
    let stored = |at: RoleAddress| StoredRole::own(&at.role);
    let locked = locked.draft.default_roles;
    let changed =
        references::changed::<_, Role, _>(s, of, Some(of.customer), input, locked, stored)?;
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
            space.draft.default_roles.iter().filter_map(StoredRole::own_id).collect();
        role::listed(s, of.customer, Some(&ids), wanted)
    }
}
