//! Role providers: sources from which an auth service learns the roles of a reader.

use diesel::prelude::*;

use super::addresses::{self, AuthServiceAddress};
use crate::hydra::{Fault, Problem};
use crate::origins::USER_AND_PASSWORD;
use crate::resource::credentials::{self, Credentials};
use crate::resource::*;
use crate::schema::{auth_services, role_providers};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = role_providers, check_for_backend(diesel::pg::Pg))]
pub struct RoleProvider {
    pub customer: i32,
    pub auth_service: String,
    pub configuration: String,
    /// Sealed.
    pub credentials: Option<Vec<u8>>,
}

/// The writable part of a role provider.
#[derive(Debug, Clone)]
pub struct RoleProviderDraft {
    pub configuration: String,
    pub credentials: Credentials,
}

impl Default for RoleProviderDraft {
    fn default() -> Self {
        Self { configuration: "{}".into(), credentials: Credentials::None }
    }
}

impl Resource for RoleProvider {
    type Address = AuthServiceAddress;
    type Draft = RoleProviderDraft;

    const NAME: &'static str = "RoleProvider";
    const TEMPLATE: &'static str = addresses::ROLE_PROVIDER;
    const CLASS: Class<Self> = Class {
        doc: "Where an auth service learns the roles of a reader: a log-in page and a back channel.",
        properties: &[
            &field("configuration", "How it is asked: a JSON object, as text", |p: &Self| {
                &p.configuration
            })
            .writable(|d| &mut d.configuration)
            .rule(is_json_object)
            .example(r#"{"target": "https://example.org/login"}"#),
            &secret(
                "credentials",
                "User and password, as JSON; never shown",
                |d: &mut RoleProviderDraft| &mut d.credentials,
            )
            .example(credentials::EXAMPLE),
        ],
        operations: &[retrieve::<Self>(), PUT, update::<Self>(), remove::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> AuthServiceAddress {
        AuthServiceAddress { customer: self.customer, auth_service: self.auth_service.clone() }
    }
    fn hidden_state(&self) -> Option<&[u8]> {
        self.credentials.as_deref()
    }
    fn draft(&self) -> RoleProviderDraft {
        RoleProviderDraft {
            configuration: self.configuration.clone(),
            credentials: Credentials::Held,
        }
    }

    fn check(
        _s: &mut UnitOfWork<'_>,
        _tenant: Option<i32>,
        _at: Option<&AuthServiceAddress>,
        draft: &RoleProviderDraft,
    ) -> Result<Vec<Fault>, Problem> {
        Ok(draft.credentials.faults(&USER_AND_PASSWORD))
    }
}

/// The address is given by the service it stands in, so a malformed one is looked up and not chosen.
const PUT: Operation<AuthServiceAddress> = replace::<RoleProvider>().at_given_address();

#[expect(clippy::ptr_arg, reason = "a rule is given what the row holds")]
fn is_json_object(text: &String) -> Result<(), String> {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        _ => Err("must be the text of a JSON object".into()),
    }
}

crate::stored! {
    RoleProvider in role_providers { customer: customer, auth_service: auth_service }:
    retrieve, update(columns), replace(columns; from initial_draft), remove,
}

/// The columns that a draft is written to.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = role_providers, treat_none_as_null = true)]
struct Columns {
    configuration: String,
    /// Sealed.
    credentials: Option<Vec<u8>>,
}

/// Returns where credentials belong, so that they open nowhere else.
pub fn place(customer: i32, auth_service: &str) -> String {
    format!("customers/{customer}/authServices/{auth_service}/roleProvider")
}

fn columns(
    s: &mut UnitOfWork<'_>,
    at: &AuthServiceAddress,
    locked: Option<&RoleProvider>,
    draft: RoleProviderDraft,
) -> Result<Columns, Problem> {
    let held = locked.and_then(|locked| locked.credentials.clone());
    let place = place(at.customer, &at.auth_service);
    let credentials = draft.credentials.seal(held, &USER_AND_PASSWORD, s, &place)?;
    Ok(Columns { configuration: draft.configuration, credentials })
}

/// Starts from the defaults, and locks the service so that it stays.
fn initial_draft(
    s: &mut UnitOfWork<'_>,
    at: &AuthServiceAddress,
) -> Result<RoleProviderDraft, Problem> {
    let service = auth_services::table.find((at.customer, &at.auth_service));
    service.select(auth_services::id).for_no_key_update().first::<String>(s.conn)?;
    Ok(RoleProviderDraft::default())
}
