//! Roles of a portal user: the collection that lists them, and that is written.

use diesel::prelude::*;

use super::PortalUser;
use crate::addresses::{PortalRoleAddress, PortalUserAddress};
use crate::classes::portal_role::{self, PortalRole};
use crate::hydra::Problem;
use crate::resource::*;
use crate::schema::{portal_roles, portal_users};

pub(super) static USER_ROLES: Collection<PortalUserAddress, PortalRole> = collection_of(
    "PortalUserRoleCollection",
    "What a portal user may do. POST of a collection or an array replaces the set, POST of one \
          role, or of a reference to it, adds.",
)
.kind_of("PortalRoleCollection")
.lists()
.refers(set_roles)
.ordered(portal_role::ORDERABLE);

fn set_roles(
    s: &mut UnitOfWork<'_>,
    of: &PortalUserAddress,
    input: &Input,
) -> Result<Reply, Problem> {
    let locked = PortalUser::lock(s, of)?;
    let id = |at: PortalRoleAddress| at.portal_role;
    let roles = references::changed::<_, PortalRole, _>(s, of, None, input, locked.roles, id)?;
    let known: Vec<String> = portal_roles::table
        .filter(portal_roles::id.eq_any(&roles))
        .select(portal_roles::id)
        .load(s.conn)?;
    references::all_known(&roles, &known, "member")?;
    diesel::update(portal_users::table.find((of.customer, &of.portal_user)))
        .set(portal_users::roles.eq(&roles))
        .execute(s.conn)?;
    s.effects.push(Effect::PortalUserChanged);
    references::whole_collection::<_, PortalRole>(s, of, input)
}

impl List<PortalUserAddress> for PortalRole {
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &PortalUserAddress,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        let user = PortalUser::find(s, of)?;
        portal_role::listed(s, Some(&user.roles), wanted)
    }
}
