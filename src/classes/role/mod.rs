//! Roles: what a reader must hold to see a protected image.

pub mod stored;
pub mod uris;

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::addresses::{self, AuthServiceAddress, CustomerAddress, RoleAddress};
use super::auth_service::AuthService;
use crate::hydra::{Problem, Variable};
use crate::paged;
use crate::resource::*;
use crate::schema::{images, roles, spaces};
use stored::StoredRole;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = roles, check_for_backend(diesel::pg::Pg))]
pub struct Role {
    pub customer: i32,
    pub id: String,
    #[diesel(embed)]
    pub draft: RoleDraft,
}

/// The writable part of a role.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = roles, treat_none_as_null = true, check_for_backend(diesel::pg::Pg))]
#[derive(Default)]
pub struct RoleDraft {
    pub name: String,
    pub label: String,
    pub aliases: Vec<String>,
    pub auth_service: Option<String>,
}

impl Resource for Role {
    type Address = RoleAddress;
    type Draft = RoleDraft;

    const NAME: &'static str = "Role";
    const TEMPLATE: &'static str = addresses::ROLE;
    const CLASS: Class<Self> = Class {
        doc: "What a reader must hold, one of several, to see a protected image.",
        properties: &[
            &field("id", "Last segment of its address", |r: &Self| &r.id),
            &field("name", "Name", |r: &Self| &r.draft.name)
                .writable(|d| &mut d.name)
                .required()
                .named_by_address()
                .example("staff"),
            &field("label", "Name for readers", |r: &Self| &r.draft.label)
                .writable(|d| &mut d.label),
            &field("aliases", "Other names by which a role provider reports it", |r: &Self| {
                &r.draft.aliases
            })
            .writable(|d| &mut d.aliases),
            &reference::<Self, AuthService>(
                "authService",
                "The service through which a reader gets it",
                |r| {
                    let auth_service = r.draft.auth_service.clone()?;
                    Some(AuthServiceAddress { customer: r.customer, auth_service })
                },
            )
            .writable(|d, at| d.auth_service = at.map(|at| at.auth_service))
            .must_exist("service", |d, customer| {
                let auth_service = d.auth_service.clone()?;
                Some(AuthServiceAddress { customer, auth_service })
            })
            .optional()
            .example("clickthrough"),
        ],
        operations: &[
            retrieve::<Self>(),
            replace::<Self>(),
            update::<Self>(),
            remove::<Self>().answering(statuses::REMOVED_UNLESS_USED),
        ],
        ..Class::EMPTY
    };

    fn address(&self) -> RoleAddress {
        RoleAddress { customer: self.customer, role: self.id.clone() }
    }
    fn draft(&self) -> RoleDraft {
        self.draft.clone()
    }
}

crate::orders! {
    roles by roles::id, then id:
    "id" is id, "name" is name, "label" is label, "authService" is auth_service,
}

/// The filters of lists of roles.
pub const BY_NAME: &[Variable] = &[Variable::new("name", "Roles of this name, the whole of it")];

pub static ROLES: Collection<CustomerAddress, Role> =
    collection_of("RoleCollection", "The roles of a customer, by id.")
        .lists()
        .creates()
        .filters(BY_NAME)
        .ordered(ORDERABLE);

impl List<CustomerAddress> for Role {
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &CustomerAddress,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        listed(s, of.customer, None, wanted)
    }
}

/// The roles of a customer, or those of them that are named.
///
/// # Errors
/// Returns [`Problem::Invalid`] for a bad query.
pub fn listed(
    s: &mut UnitOfWork<'_>,
    customer: i32,
    among: Option<&[&str]>,
    wanted: ListRequest<'_>,
) -> Result<PageOfRows<Role>, Problem> {
    let name = wanted.text("name").map(str::to_owned);
    let own = || {
        let mut own = roles::table.filter(roles::customer.eq(customer)).into_boxed();
        if let Some(ids) = among {
            own = own.filter(roles::id.eq_any(ids));
        }
        if let Some(name) = &name {
            own = own.filter(roles::name.eq(name));
        }
        own
    };
    paged!(s.conn, wanted, own(), Role::as_select())
}

crate::stored! {
    Role in roles { customer: customer, id: role }:
    retrieve,
    create(in CustomerAddress by |of, role| RoleAddress { customer: of.customer, role }),
    update, replace, remove(unless is_named),
}

/// Refuses to remove a role that images or the defaults of spaces name.
fn is_named(s: &mut UnitOfWork<'_>, at: &RoleAddress) -> Result<(), Problem> {
    let holds = |column: &str| {
        sql::<Bool>(&format!("{column} @> ARRAY["))
            .bind::<Text, _>(StoredRole::own(&at.role))
            .sql("]")
    };
    let by_image = images::table
        .filter(images::customer.eq(at.customer))
        // As the index on roles says it.
        .filter(images::roles.ne(Vec::<String>::new()))
        .filter(holds("roles"));
    let by_space =
        spaces::table.filter(spaces::customer.eq(at.customer)).filter(holds("default_roles"));
    if diesel::select(exists(by_image)).get_result(s.conn)? {
        return Err(Problem::Conflict("images name this role; take it from them first".into()));
    }
    if diesel::select(exists(by_space)).get_result(s.conn)? {
        return Err(Problem::Conflict(
            "the defaults of a space name this role; take it from them first".into(),
        ));
    }
    Ok(())
}
