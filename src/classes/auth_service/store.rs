//! The store of auth services: whether one has a role provider is worked out, and so no column is returned for it.

use diesel::prelude::*;

use super::{AuthService, AuthServiceDraft};
use crate::addresses::{AuthServiceAddress, CustomerAddress};
use crate::hydra::Problem;
use crate::resource::*;
use crate::schema::auth_services;

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
