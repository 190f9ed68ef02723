//! Where an auth service learns the roles of a reader.

use diesel::prelude::*;

use super::addresses::{self, AuthServiceAddress};
use super::auth_service::AuthService;
use super::credentials::{self, Credentials};
use crate::hydra::Problem;
use crate::resource::*;
use crate::schema::role_providers;

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = role_providers, check_for_backend(diesel::pg::Pg))]
pub struct RoleProvider {
    pub customer: i32,
    pub auth_service: String,
    pub configuration: String,
    /// Sealed.
    pub credentials: Option<Vec<u8>>,
}

/// What may be written of a role provider.
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
        parent: None,
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
        children: &[],
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
}

/// The address is given by the service it stands in, so a malformed one is looked up and not chosen.
const PUT: Operation<AuthServiceAddress> =
    Operation { chooses: false, ..replace::<RoleProvider>() };

#[expect(clippy::ptr_arg, reason = "a rule is given what the row holds")]
fn is_json_object(text: &String) -> Result<(), String> {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        _ => Err("must be the text of a JSON object".into()),
    }
}

fn place(at: &AuthServiceAddress) -> String {
    format!("customers/{}/authServices/{}/roleProvider", at.customer, at.auth_service)
}

impl Retrieve for RoleProvider {
    fn find(s: &mut UnitOfWork<'_>, at: &AuthServiceAddress) -> Result<Self, Problem> {
        let locked = role_providers::table.find((at.customer, &at.auth_service));
        Ok(locked.select(Self::as_select()).first(s.conn)?)
    }
}

impl Update for RoleProvider {
    fn lock(s: &mut UnitOfWork<'_>, at: &AuthServiceAddress) -> Result<Self, Problem> {
        let locked = role_providers::table.find((at.customer, &at.auth_service));
        Ok(locked.select(Self::as_select()).for_update().first(s.conn)?)
    }
    fn save(
        s: &mut UnitOfWork<'_>,
        locked: Locked<Self>,
        draft: RoleProviderDraft,
    ) -> Result<Self, Problem> {
        let locked = locked.into_inner();
        let at = locked.address();
        let sealed = draft.credentials.seal(locked.credentials, s.site, &place(&at))?;
        Ok(diesel::update(role_providers::table.find((at.customer, &at.auth_service)))
            .set((
                role_providers::configuration.eq(draft.configuration),
                role_providers::credentials.eq(sealed),
            ))
            .returning(Self::as_returning())
            .get_result(s.conn)?)
    }
}

impl Replace for RoleProvider {
    fn initial_draft_at(
        s: &mut UnitOfWork<'_>,
        at: &AuthServiceAddress,
    ) -> Result<RoleProviderDraft, Problem> {
        AuthService::lock(s, at).map(|_| RoleProviderDraft::default())
    }
    fn insert_at(
        s: &mut UnitOfWork<'_>,
        at: &AuthServiceAddress,
        draft: RoleProviderDraft,
    ) -> Result<Self, Problem> {
        let sealed = draft.credentials.seal(None, s.site, &place(at))?;
        Ok(diesel::insert_into(role_providers::table)
            .values((
                role_providers::customer.eq(at.customer),
                role_providers::auth_service.eq(&at.auth_service),
                role_providers::configuration.eq(draft.configuration),
                role_providers::credentials.eq(sealed),
            ))
            .returning(Self::as_returning())
            .get_result(s.conn)?)
    }
}

impl Remove for RoleProvider {
    fn lock_for_delete(s: &mut UnitOfWork<'_>, at: &AuthServiceAddress) -> Result<Self, Problem> {
        Self::lock(s, at)
    }
    fn remove(s: &mut UnitOfWork<'_>, locked: Locked<Self>) -> Result<(), Problem> {
        let row = role_providers::table.find((locked.customer, &locked.auth_service));
        removed(diesel::delete(row).execute(s.conn))
    }
}
