//! Services that go inside an auth service: tokens and log-outs.

use diesel::prelude::*;

use super::store::insert;
use super::{AuthService, AuthServiceDraft, BY_NAME, ORDERABLE, RowQuery, ordered};
use crate::addresses::AuthServiceAddress;
use crate::hydra::Problem;
use crate::paged;
use crate::resource::*;
use crate::schema::auth_services;

pub(super) static NESTED_SERVICES: Collection<AuthServiceAddress, AuthService> = collection_of(
    "NestedServiceCollection",
    "The services that go inside an auth service, by name.",
)
.kind_of("AuthServiceCollection")
.lists()
.creates()
.filters(BY_NAME)
.ordered(ORDERABLE);

impl List<AuthServiceAddress> for AuthService {
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &AuthServiceAddress,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        Self::find(s, of)?;
        let name = wanted.text("name").map(str::to_owned);
        let nested = || {
            let nested: RowQuery<'_> = auth_services::table
                .filter(auth_services::customer.eq(of.customer))
                .filter(auth_services::parent.eq(&of.auth_service))
                .into_boxed();
            match &name {
                Some(name) => nested.filter(auth_services::name.eq(name)),
                None => nested,
            }
        };
        paged!(s.conn, wanted, nested())
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
