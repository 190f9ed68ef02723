//! IIIF access control services: how a reader gets roles.

pub mod clickthrough;

use diesel::prelude::*;

use super::RoleProvider;
use super::addresses::{self, AuthServiceAddress, CustomerAddress};
use crate::hydra::{Problem, Variable};
use crate::resource::rules::{is_uri, public_name};
use crate::resource::*;
use crate::schema::{auth_services, role_providers};
use crate::{paged, taken};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = auth_services, check_for_backend(diesel::pg::Pg))]
pub struct AuthService {
    pub customer: i32,
    pub id: String,
    #[diesel(embed)]
    pub draft: AuthServiceDraft,
    #[diesel(select_expression = has_role_provider())]
    #[diesel(select_expression_type = has_role_provider)]
    pub has_role_provider: bool,
}

/// The writable part of an auth service.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = auth_services, check_for_backend(diesel::pg::Pg))]
pub struct AuthServiceDraft {
    pub name: String,
    pub profile: String,
    pub label: String,
    pub description: String,
    pub page_label: String,
    pub page_description: String,
    pub call_to_action: String,
    pub time_to_live: i32,
}

impl Default for AuthServiceDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            profile: String::new(),
            label: String::new(),
            description: String::new(),
            page_label: String::new(),
            page_description: String::new(),
            call_to_action: String::new(),
            time_to_live: 1800,
        }
    }
}

impl Resource for AuthService {
    type Address = AuthServiceAddress;
    type Draft = AuthServiceDraft;

    const NAME: &'static str = "AuthService";
    const TEMPLATE: &'static str = addresses::AUTH_SERVICE;
    const CLASS: Class<Self> = Class {
        doc: "A service through which a reader gets roles: a log-in, a click, a token, a log-out.",
        properties: &[
            &field("id", "Last segment of its address", |a: &Self| &a.id),
            &field("name", "Name in public addresses, unique among the customer's", |a: &Self| {
                &a.draft.name
            })
            .writable(|d| &mut d.name)
            .required()
            .named_by_address()
            .unique(taken!(auth_services::name, within customer, but id: auth_service))
            .max_bytes(address::MAX_ID)
            .rule(public_name)
            .example("members"),
            &field("profile", "IIIF Auth profile URI", |a: &Self| &a.draft.profile)
                .writable(|d| &mut d.profile)
                .range("xsd:anyURI")
                .rule(profile_rule)
                .example("http://iiif.io/api/auth/1/login"),
            &field("label", "Shown by a viewer before log-in", |a: &Self| &a.draft.label)
                .writable(|d| &mut d.label),
            &field("description", "Shown by a viewer before log-in", |a: &Self| {
                &a.draft.description
            })
            .writable(|d| &mut d.description),
            &field("pageLabel", "Heading of the page that the service shows", |a: &Self| {
                &a.draft.page_label
            })
            .writable(|d| &mut d.page_label),
            &field("pageDescription", "Text of the page that the service shows", |a: &Self| {
                &a.draft.page_description
            })
            .writable(|d| &mut d.page_description),
            &field("callToAction", "Text of the button", |a: &Self| &a.draft.call_to_action)
                .writable(|d| &mut d.call_to_action),
            &field("timeToLive", "Life of a session, in seconds", |a: &Self| &a.draft.time_to_live)
                .writable(|d| &mut d.time_to_live)
                .non_negative(),
            &collection(
                "nestedServices",
                "Token and log-out services that go with it",
                &NESTED_SERVICES,
            ),
            &link::<Self, RoleProvider>("roleProvider", "Where the roles of a reader come from")
                .when(|a, _| a.has_role_provider),
        ],
        operations: &[
            retrieve::<Self>(),
            replace::<Self>(),
            update::<Self>(),
            remove::<Self>().answering(statuses::REMOVED_UNLESS_USED),
        ],
        ..Class::EMPTY
    };

    fn address(&self) -> AuthServiceAddress {
        AuthServiceAddress { customer: self.customer, auth_service: self.id.clone() }
    }
    fn draft(&self) -> AuthServiceDraft {
        self.draft.clone()
    }
}

crate::orders! {
    auth_services by (auth_services::name, auth_services::id), then id:
    "id" is id, "name" is name, "profile" is profile, "label" is label,
    "description" is description, "pageLabel" is page_label, "pageDescription" is page_description,
    "callToAction" is call_to_action, "timeToLive" is time_to_live,
}

/// The filters of lists of auth services.
const BY_NAME: &[Variable] = &[Variable::new("name", "The service of this name, the whole of it")];

pub static AUTH_SERVICES: Collection<CustomerAddress, AuthService> = collection_of(
    "AuthServiceCollection",
    "The auth services of a customer, nested ones among them, by name.",
)
.lists()
.creates()
.filters(BY_NAME)
.ordered(ORDERABLE);

static NESTED_SERVICES: Collection<AuthServiceAddress, AuthService> = collection_of(
    "NestedServiceCollection",
    "The services that go inside an auth service, by name.",
)
.kind_of("AuthServiceCollection")
.lists()
.creates()
.filters(BY_NAME)
.ordered(ORDERABLE);

/// No profile is as good as one: which are understood is for viewers to say.
#[expect(clippy::ptr_arg, reason = "a rule is given what the row holds")]
fn profile_rule(profile: &String) -> Result<(), String> {
    let well_formed = profile.is_empty() || is_uri(profile);
    if well_formed { Ok(()) } else { Err("must be an absolute URI".into()) }
}

/// Makes a service, alone or inside another.
///
/// # Errors
/// Returns [`Problem::Invalid`] if the id or the name is taken.
pub fn insert(
    conn: &mut PgConnection,
    customer: i32,
    id: &str,
    parent: Option<&str>,
    draft: AuthServiceDraft,
) -> Result<AuthService, Problem> {
    let draft: AuthServiceDraft = diesel::insert_into(auth_services::table)
        .values((
            auth_services::customer.eq(customer),
            auth_services::id.eq(id),
            auth_services::parent.eq(parent),
            draft,
        ))
        .returning(AuthServiceDraft::as_returning())
        .get_result(conn)?;
    Ok(AuthService { customer, id: id.to_owned(), draft, has_role_provider: false })
}

/// The services of a customer, or that of one name.
fn named(customer: i32, name: Option<&str>) -> Found<'_> {
    let own = auth_services::table.filter(auth_services::customer.eq(customer)).into_boxed();
    match name {
        Some(name) => own.filter(auth_services::name.eq(name)),
        None => own,
    }
}

impl List<CustomerAddress> for AuthService {
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &CustomerAddress,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        let name = wanted.text("name").map(str::to_owned);
        let own = || named(of.customer, name.as_deref());
        paged!(s.conn, wanted, own())
    }
}

impl List<AuthServiceAddress> for AuthService {
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &AuthServiceAddress,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        Self::find(s, of)?;
        let name = wanted.text("name").map(str::to_owned);
        let own = || named(of.customer, name.as_deref());
        let nested = || own().filter(auth_services::parent.eq(&of.auth_service));
        paged!(s.conn, wanted, nested())
    }
}

crate::stored! {
    AuthService in auth_services { customer: customer, id: auth_service }:
    retrieve,
}

impl Replace for AuthService {
    fn insert_at(
        s: &mut UnitOfWork<'_>,
        at: &AuthServiceAddress,
        draft: AuthServiceDraft,
    ) -> Result<Self, Problem> {
        insert(s.conn, at.customer, &at.auth_service, None, draft)
    }
}

impl Create<CustomerAddress> for AuthService {
    fn insert(
        s: &mut UnitOfWork<'_>,
        into: &CustomerAddress,
        chosen: Option<String>,
        draft: AuthServiceDraft,
    ) -> Result<Self, Problem> {
        insert(s.conn, into.customer, &given_or_generated_id(chosen)?, None, draft)
    }
}

impl Create<AuthServiceAddress> for AuthService {
    fn initial_draft(
        s: &mut UnitOfWork<'_>,
        into: &AuthServiceAddress,
    ) -> Result<AuthServiceDraft, Problem> {
        Self::lock(s, into).map(|_| AuthServiceDraft::default())
    }
    fn insert(
        s: &mut UnitOfWork<'_>,
        into: &AuthServiceAddress,
        chosen: Option<String>,
        draft: AuthServiceDraft,
    ) -> Result<Self, Problem> {
        let id = given_or_generated_id(chosen)?;
        insert(s.conn, into.customer, &id, Some(&into.auth_service), draft)
    }
}

impl Update for AuthService {
    fn lock(s: &mut UnitOfWork<'_>, at: &AuthServiceAddress) -> Result<Self, Problem> {
        let services = auth_services::table.find((at.customer, &at.auth_service));
        // The provider is looked up after the lock, because a statement that waits for one sees what was before.
        services.select(auth_services::id).for_no_key_update().first::<String>(s.conn)?;
        Self::find(s, at)
    }
    fn save(
        s: &mut UnitOfWork<'_>,
        locked: Locked<Self>,
        draft: AuthServiceDraft,
    ) -> Result<Self, Problem> {
        let draft = diesel::update(auth_services::table.find((locked.customer, &locked.id)))
            .set(draft)
            .returning(AuthServiceDraft::as_returning())
            .get_result(s.conn)?;
        Ok(Self { draft, ..locked.into_inner() })
    }
}

impl Remove for AuthService {
    fn lock_for_delete(s: &mut UnitOfWork<'_>, at: &AuthServiceAddress) -> Result<Self, Problem> {
        let services = auth_services::table.find((at.customer, &at.auth_service));
        // As for changes, so that `If-Match` is judged by the provider that is there once the lock is held.
        services.select(auth_services::id).for_update().first::<String>(s.conn)?;
        Self::find(s, at)
    }
    fn remove(s: &mut UnitOfWork<'_>, locked: Locked<Self>) -> Result<(), Problem> {
        let row = auth_services::table.find((locked.customer, &locked.id));
        removed(diesel::delete(row).execute(s.conn))
    }
}

/// Returns whether a service has a role provider, worked out beside its columns.
#[diesel::dsl::auto_type]
fn has_role_provider() -> _ {
    let same_customer = role_providers::customer.eq(auth_services::customer);
    let same_service = role_providers::auth_service.eq(auth_services::id);
    diesel::dsl::exists(role_providers::table.filter(same_customer).filter(same_service))
}
