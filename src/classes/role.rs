//! Roles: what a reader must hold to see a protected image.

use std::collections::HashSet;

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use serde_json::Value;

use super::addresses::{self, AuthServiceAddress, CustomerAddress, RoleAddress};
use super::auth_service::AuthService;
use crate::hydra::{Fault, Problem, Variable};
use crate::paged;
use crate::resource::address::{is_id, match_path, path_of};
use crate::resource::property::MAX_COUNT;
use crate::resource::reference::resolve;
use crate::resource::*;
use crate::schema::{auth_services, images, roles, spaces};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = roles, check_for_backend(diesel::pg::Pg))]
pub struct Role {
    pub customer: i32,
    pub id: String,
    #[diesel(embed)]
    pub draft: RoleDraft,
}

/// What may be written of a role.
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
        parent: None,
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
            .optional()
            .example("clickthrough"),
        ],
        operations: &[
            retrieve::<Self>(),
            replace::<Self>(),
            update::<Self>(),
            remove::<Self>().answering(statuses::REMOVED_UNLESS_USED),
        ],
        children: &[],
    };

    fn address(&self) -> RoleAddress {
        RoleAddress { customer: self.customer, role: self.id.clone() }
    }
    fn draft(&self) -> RoleDraft {
        self.draft.clone()
    }

    fn check(
        s: &mut UnitOfWork<'_>,
        tenant: Option<i32>,
        _at: Option<&RoleAddress>,
        draft: &RoleDraft,
    ) -> Result<Vec<Fault>, Problem> {
        let Some(auth_service) = &draft.auth_service else { return Ok(Vec::new()) };
        let service = auth_services::table.find((tenant.unwrap_or_default(), auth_service));
        let known: bool = diesel::select(exists(service)).get_result(s.conn)?;
        let fault = || Fault::new("authService", "names a service that is not there");
        Ok((!known).then(fault).into_iter().collect())
    }
}

crate::orders! {
    roles by roles::id, then id:
    "id" is id, "name" is name, "label" is label, "authService" is auth_service,
}

/// What lists of roles filter by.
pub const BY_NAME: &[Variable] = &[Variable::new("name", "Roles of this name, the whole of it")];

pub static ROLES: Collection<CustomerAddress> = Collection {
    name: "RoleCollection",
    parent: None,
    member: "Role",
    doc: "The roles of a customer, by id.",
    operations: &[list::<_, Role>("RoleCollection"), create::<_, Role>()],
    filters: BY_NAME,
    orderable: ORDERABLE,
};

/// Reads the roles that a body gives an image (`rules.md` 4.8).
///
/// An own role is stored as `/id`, which no URI looks like; a URI of another form word for word. What may be
/// either is for [`settle_roles`] to decide.
///
/// # Errors
/// What is wrong with each.
pub fn read_roles(value: &Value, context: ParseContext<'_>) -> Result<Vec<String>, Vec<Fault>> {
    each_of(value, "roles", |value| {
        let text = match value {
            Value::String(text) => Some(text.as_str()),
            Value::Object(node) => node.get("@id").and_then(Value::as_str),
            _ => None,
        };
        let text = text.ok_or("must hold URIs of roles")?;
        if text.len() > MAX_INDEXED {
            return Err(format!("must hold URIs of at most {MAX_INDEXED} bytes"));
        }
        if let Some(role) = own_role(text, context.tenant) {
            return Ok(format!("/{role}"));
        }
        if is_uri(text) {
            // A bare id may hold a colon, and be taken for a URI; what is named by `@id` is a URI.
            let may_be_id = value.is_string() && is_id(text);
            return Ok(if may_be_id { format!("{UNSETTLED}{text}") } else { text.to_owned() });
        }
        resolve::<Role>(value, context)
            .map(|at| format!("/{}", at.role))
            .map_err(|_not_a_role| format!("has {text}, which is no URI and no role"))
    })
}

/// Stands before what is a URI or the bare id of a role; neither begins with it.
const UNSETTLED: char = '?';

/// Decides which of the roles that a body gave are bare ids: those of which there is a role of the customer, which
/// is locked so that it stays.
///
/// # Errors
/// Where the database does not answer.
pub fn settle_roles<'a>(
    conn: &mut PgConnection,
    customer: i32,
    given: impl Iterator<Item = &'a mut String>,
) -> Result<(), Problem> {
    settle(given, |ids| {
        let own = roles::table.filter(roles::customer.eq(customer)).filter(roles::id.eq_any(ids));
        own.order(roles::id).select(roles::id).for_key_share().load(conn)
    })
}

/// Decides the same of the roles that a query names, of which none is locked.
///
/// # Errors
/// Where the database does not answer.
pub fn settle_searched_roles(
    conn: &mut PgConnection,
    customer: i32,
    named: &mut [String],
) -> Result<(), Problem> {
    settle(named.iter_mut(), |ids| {
        let own = roles::table.filter(roles::customer.eq(customer)).filter(roles::id.eq_any(ids));
        own.select(roles::id).load(conn)
    })
}

fn settle<'a>(
    given: impl Iterator<Item = &'a mut String>,
    find: impl FnOnce(&[&str]) -> QueryResult<Vec<String>>,
) -> Result<(), Problem> {
    let mut unsettled: Vec<&mut String> =
        given.filter(|role| role.starts_with(UNSETTLED)).collect();
    if unsettled.is_empty() {
        return Ok(());
    }
    let mut ids: Vec<&str> = unsettled.iter().filter_map(|r| r.strip_prefix(UNSETTLED)).collect();
    ids.sort_unstable();
    ids.dedup();
    let known: HashSet<String> = find(&ids)?.into_iter().collect();
    for role in &mut unsettled {
        let id = role.split_off(UNSETTLED.len_utf8());
        **role = if known.contains(&id) { format!("/{id}") } else { id };
    }
    Ok(())
}

/// Reads the values of a member that names roles, each of which is kept once.
///
/// # Errors
/// What is wrong with each, or that there are too many.
pub fn each_of(
    value: &Value,
    member: &str,
    read: impl Fn(&Value) -> Result<String, String>,
) -> Result<Vec<String>, Vec<Fault>> {
    let given = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    if given.len() > MAX_COUNT {
        let reason = format!("must have at most {MAX_COUNT} items");
        return Err(vec![Fault::new(member, reason)]);
    }
    let (mut roles, mut faults) = (Vec::new(), Vec::new());
    for (index, value_of_it) in given.iter().enumerate() {
        match read(value_of_it) {
            Ok(role) if roles.contains(&role) => {}
            Ok(role) => roles.push(role),
            Err(reason) => {
                let index = value.is_array().then_some(index);
                faults.push(Fault::of_value(member, index, reason));
            }
        }
    }
    if faults.is_empty() { Ok(roles) } else { Err(faults) }
}

/// The id in a URI that ends in `/customers/{this}/roles/{id}`, whatever comes before.
fn own_role(uri: &str, tenant: Option<i32>) -> Option<String> {
    let path = path_of(uri)?;
    let end = path.match_indices('/').rev().nth(3).map(|(at, _)| at)?;
    let values = match_path(Role::TEMPLATE, path.get(end..)?)?;
    match values.as_slice() {
        [customer, role] if Some(customer) == tenant.map(|t| t.to_string()).as_ref() => {
            is_id(role).then(|| role.clone())
        }
        _ => None,
    }
}

/// Whether a text is an absolute URI: a scheme, a colon, and something without blanks.
pub fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            && !rest.is_empty()
            && !text
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
    })
}

/// A stored role as it is shown.
pub fn shown_role(role: &str, customer: i32, site: &Site) -> String {
    match role.strip_prefix('/') {
        Some(id) => format!("{}/customers/{customer}/roles/{id}", site.base),
        None => role.to_owned(),
    }
}

/// Own roles, as stored, that are not there; those that are stay until the transaction ends.
///
/// # Errors
/// Where the database does not answer.
pub fn unknown_roles<'a>(
    conn: &mut PgConnection,
    customer: i32,
    stored: impl Iterator<Item = &'a String>,
) -> Result<Vec<String>, Problem> {
    let mut wanted: Vec<&str> = stored.filter_map(|role| role.strip_prefix('/')).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let known: Vec<String> = roles::table
        .filter(roles::customer.eq(customer))
        .filter(roles::id.eq_any(&wanted))
        .order(roles::id)
        .select(roles::id)
        .for_key_share()
        .load(conn)?;
    let known: HashSet<&str> = known.iter().map(String::as_str).collect();
    Ok(wanted.into_iter().filter(|role| !known.contains(role)).map(Into::into).collect())
}

/// The fault of roles that are not there, if any are.
pub fn unknown_fault(unknown: &[String]) -> Option<Fault> {
    let names = unknown.join(", ");
    (!unknown.is_empty()).then(|| Fault::new("roles", format!("names what is not there: {names}")))
}

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
/// [`Problem::Invalid`] for a bad query.
pub fn listed(
    s: &mut UnitOfWork<'_>,
    customer: i32,
    among: Option<&[String]>,
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
            .bind::<Text, _>(if column == "roles" {
                format!("/{}", at.role)
            } else {
                at.role.clone()
            })
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
