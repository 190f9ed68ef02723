//! IIIF access control services: how a reader gets roles.

pub mod clickthrough;
mod nested;
mod store;

use diesel::prelude::*;

use super::RoleProvider;
use super::addresses::{self, AuthServiceAddress, CustomerAddress};
use crate::hydra::Variable;
use crate::resource::rules::{is_uri, public_name};
use crate::resource::*;
use crate::schema::{auth_services, role_providers};
use crate::taken;
use nested::NESTED_SERVICES;

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

/// No profile is as good as one: which are understood is for viewers to say.
#[expect(clippy::ptr_arg, reason = "a rule is given what the row holds")]
fn profile_rule(profile: &String) -> Result<(), String> {
    let well_formed = profile.is_empty() || is_uri(profile);
    if well_formed { Ok(()) } else { Err("must be an absolute URI".into()) }
}

crate::stored! {
    AuthService in auth_services { customer: customer, id: auth_service }:
    retrieve,
    list(in CustomerAddress by customer, "name" is |name| auth_services::name.eq(name)),
}

/// Returns whether a service has a role provider, worked out beside its columns.
#[diesel::dsl::auto_type]
fn has_role_provider() -> _ {
    let same_customer = role_providers::customer.eq(auth_services::customer);
    let same_service = role_providers::auth_service.eq(auth_services::id);
    diesel::dsl::exists(role_providers::table.filter(same_customer).filter(same_service))
}
