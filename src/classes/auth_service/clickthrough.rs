//! The click-through service that a customer has from the first day.

use diesel::prelude::*;

use super::AuthServiceDraft;
use super::store::insert;
use crate::hydra::Problem;
use crate::schema::roles;

/// Makes the click-through service that every customer starts with, its log-out and its role.
///
/// # Errors
/// Fails if the database does not answer.
pub fn make_clickthrough(conn: &mut PgConnection, customer: i32) -> Result<(), Problem> {
    let service = |name: &str, profile: &str, label: &str| AuthServiceDraft {
        name: name.into(),
        profile: format!("http://iiif.io/api/auth/1/{profile}"),
        label: label.into(),
        ..AuthServiceDraft::default()
    };
    let clickthrough = AuthServiceDraft {
        description: "Some images are shown only to readers who accept the terms.".into(),
        page_label: "Terms of use".into(),
        page_description: "Please accept the terms of use to see these images.".into(),
        call_to_action: "Accept".into(),
        ..service("clickthrough", "clickthrough", "Terms of use")
    };
    for (id, parent, draft) in [
        ("clickthrough", None, clickthrough),
        ("logout", Some("clickthrough"), service("logout", "logout", "Log out")),
    ] {
        insert(conn, customer, id, parent, draft)?;
    }
    diesel::insert_into(roles::table)
        .values((
            roles::customer.eq(customer),
            roles::id.eq("clickthrough"),
            roles::name.eq("clickthrough"),
            roles::label.eq("Readers who accepted the terms"),
            roles::aliases.eq(Vec::<String>::new()),
            roles::auth_service.eq("clickthrough"),
        ))
        .execute(conn)?;
    Ok(())
}
