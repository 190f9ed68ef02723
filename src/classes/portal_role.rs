//! Portal roles: the rights of a portal user.

use diesel::prelude::*;

use super::addresses::{self, PortalRoleAddress, Root};
use crate::hydra::Problem;
use crate::paged;
use crate::resource::*;
use crate::schema::portal_roles;

const ADMIN: &str = "admin";
const READONLY: &str = "readonly";

/// Roles of which a portal user needs one to log in.
pub const LOG_IN: [&str; 2] = [ADMIN, READONLY];

/// Returns the rights that roles give together; `None`: with these, nobody logs in.
pub fn rights(roles: &[String]) -> Option<Rights> {
    let has = |wanted| roles.iter().any(|role| role == wanted);
    match (has(ADMIN), has(READONLY)) {
        (true, _) => Some(Rights::All),
        (false, true) => Some(Rights::Reader),
        (false, false) => None,
    }
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = portal_roles, check_for_backend(diesel::pg::Pg))]
pub struct PortalRole {
    pub id: String,
    pub name: String,
}

impl Resource for PortalRole {
    type Address = PortalRoleAddress;
    type Draft = ();

    const NAME: &'static str = "PortalRole";
    const TEMPLATE: &'static str = addresses::PORTAL_ROLE;
    const CLASS: Class<Self> = Class {
        doc: "What a portal user may do: admin all that a key may do, readonly read all but keys and webhooks. \
              Without one of them, nobody logs in.",
        properties: &[
            &field("id", "Last segment of its address", |p: &Self| &p.id),
            &field("name", "Name for people", |p: &Self| &p.name),
        ],
        operations: &[retrieve::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> PortalRoleAddress {
        PortalRoleAddress { portal_role: self.id.clone() }
    }
    fn draft(&self) {}
}

crate::stored! {
    PortalRole in portal_roles { id: portal_role }: retrieve,
}

impl List<Root> for PortalRole {
    fn list(
        s: &mut UnitOfWork<'_>,
        _: &Root,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        listed(s, None, wanted)
    }
}

crate::orders! { portal_roles by portal_roles::id, then id: "id" is id, "name" is name }

/// All portal roles, or those that are named.
///
/// # Errors
/// Returns [`Problem::Invalid`] for a bad query.
pub fn listed(
    s: &mut UnitOfWork<'_>,
    among: Option<&[String]>,
    wanted: ListRequest<'_>,
) -> Result<PageOfRows<PortalRole>, Problem> {
    let found = || match among {
        Some(ids) => portal_roles::table.filter(portal_roles::id.eq_any(ids)).into_boxed(),
        None => portal_roles::table.into_boxed(),
    };
    paged!(s.conn, wanted, found(), PortalRole::as_select())
}
