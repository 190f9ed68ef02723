//! People who may log in.

mod roles;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::addresses::{self, CustomerAddress, PortalUserAddress};
use crate::hydra::{Problem, Variable};
use crate::resource::*;
use crate::schema::portal_users;
use crate::secrets::{PasswordError, Secret, hash_password, password_matches};
use crate::taken;
use roles::USER_ROLES;

/// The member by which people prove that they know the password that they change.
pub const CURRENT_PASSWORD: &str = "currentPassword";

/// Never printed, because it holds the hash of a password.
#[derive(Queryable, Selectable)]
#[diesel(table_name = portal_users, check_for_backend(diesel::pg::Pg))]
pub struct PortalUser {
    pub customer: i32,
    pub id: String,
    pub email: String,
    pub enabled: bool,
    pub created: DateTime<Utc>,
    pub roles: Vec<String>,
    /// Hash of the password; for the tag only.
    pub password: String,
}

/// The writable part of a portal user; never printed, because it may hold a password.
#[derive(Clone)]
pub struct PortalUserDraft {
    pub email: String,
    /// A new password; `None`: the one that is held stays.
    pub password: Option<String>,
    /// The password that is held, as who changes it knows it.
    pub current_password: Option<String>,
    pub enabled: bool,
}

impl Default for PortalUserDraft {
    fn default() -> Self {
        Self { email: String::new(), password: None, current_password: None, enabled: true }
    }
}

impl Resource for PortalUser {
    type Address = PortalUserAddress;
    type Draft = PortalUserDraft;

    const NAME: &'static str = "PortalUser";
    const TEMPLATE: &'static str = addresses::PORTAL_USER;
    const CLASS: Class<Self> = Class {
        doc: "An account of a person, who logs in with e-mail address and password. Its sessions end when its \
              password or its roles are changed, or it is no longer enabled.",
        properties: &[
            &field("id", "Last segment of its address", |u: &Self| &u.id),
            &field("email", "Log-in name, unique within its customer in any case", |u: &Self| {
                &u.email
            })
            .writable(|d| &mut d.email)
            .required()
            .unique(taken!(portal_users::email in any case, within customer, but id: portal_user))
            .max_bytes(254)
            .rule(email_rule)
            .example("someone@example.org"),
            &secret(
                "password",
                "Password, 8 characters at least; never shown",
                |d: &mut PortalUserDraft| &mut d.password,
            )
            .required()
            .max_bytes(MAX_INDEXED)
            .rule(password_rule)
            .example("open sesame"),
            &secret(
                CURRENT_PASSWORD,
                "The password so far, which people give who change their own; never shown",
                |d: &mut PortalUserDraft| &mut d.current_password,
            )
            .max_bytes(MAX_INDEXED),
            &field("enabled", "Whether the user may log in", |u: &Self| &u.enabled)
                .writable(|d| &mut d.enabled),
            &field("created", "When it was made", |u: &Self| &u.created),
            &collection("roles", "What the user may do", &USER_ROLES).example("admin"),
        ],
        operations: &[retrieve::<Self>(), replace::<Self>(), update::<Self>(), remove::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> PortalUserAddress {
        PortalUserAddress { customer: self.customer, portal_user: self.id.clone() }
    }
    fn hidden_state(&self) -> Option<&[u8]> {
        Some(self.password.as_bytes())
    }
    fn draft(&self) -> PortalUserDraft {
        let (email, enabled) = (self.email.clone(), self.enabled);
        PortalUserDraft { email, enabled, ..PortalUserDraft::default() }
    }
}

#[expect(clippy::ptr_arg, reason = "a rule is given what the row holds")]
fn email_rule(email: &String) -> Result<(), String> {
    let well_formed = email.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && !host.is_empty()
            && !host.contains('@')
            && !host.starts_with('.')
            && !host.ends_with('.')
            && !email.chars().any(|c| c.is_whitespace() || c.is_control())
    });
    if well_formed { Ok(()) } else { Err("must be an e-mail address".into()) }
}

#[expect(clippy::ref_option, reason = "a rule is given what the row holds")]
fn password_rule(password: &Option<String>) -> Result<(), String> {
    match password {
        Some(password) if password.chars().count() < 8 => {
            Err("must have 8 characters at least".into())
        }
        _ => Ok(()),
    }
}

crate::orders! {
    portal_users by (portal_users::created, portal_users::id), then id:
    "id" is id, "email" is email, "enabled" is enabled, "created" is created,
}

pub static PORTAL_USERS: Collection<CustomerAddress, PortalUser> = collection_of(
    "PortalUserCollection",
    "The portal users of a customer, in the order they were made.",
)
.lists()
.creates()
.filters(&[Variable::new("email", "The user of this e-mail address, the whole of it in any case")])
.ordered(ORDERABLE);

/// The columns that a draft is written to; without a new password, the one that is held stays.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = portal_users)]
struct Columns {
    email: String,
    enabled: bool,
    /// Hash.
    password: Option<String>,
}

fn columns(
    s: &mut UnitOfWork<'_>,
    at: &PortalUserAddress,
    locked: Option<&PortalUser>,
    draft: PortalUserDraft,
) -> Result<Columns, Problem> {
    if let Some(locked) = locked {
        check_own(s, at, locked, &draft)?;
    }
    let hash = |password| hash_password(&Secret::new(password)).map_err(unhashed);
    let password = draft.password.map(hash).transpose()?;
    s.effects.push(Effect::PortalUserChanged);
    Ok(Columns { email: draft.email, enabled: draft.enabled, password })
}

/// Refuses what people may not do to their own account: with the role `readonly`, anything but a new password; and that one
/// only with the password so far, so that nobody takes over an account whose screen was left open.
fn check_own(
    s: &UnitOfWork<'_>,
    at: &PortalUserAddress,
    locked: &PortalUser,
    draft: &PortalUserDraft,
) -> Result<(), Problem> {
    let path = path_to::<PortalUser>(at);
    let is_own = s.actor.as_ref().is_some_and(|actor| actor.path() == path);
    let says_more = draft.email != locked.email || draft.enabled != locked.enabled;
    if s.caller.is_read_only() && (!is_own || says_more) {
        let words = "the role readonly changes nothing but the password of one's own account";
        return Err(Problem::Forbidden(words.into()));
    }
    if !is_own || draft.password.is_none() {
        return Ok(());
    }
    let Some(current) = &draft.current_password else {
        let reason = "is missing; who changes their own password gives it";
        return Err(Problem::invalid(CURRENT_PASSWORD, reason));
    };
    match password_matches(&Secret::new(current), &locked.password).map_err(unhashed)? {
        true => Ok(()),
        false => Err(Problem::invalid(CURRENT_PASSWORD, "is not the password of this account")),
    }
}

fn unhashed(error: PasswordError) -> Problem {
    match error {
        PasswordError::Busy => Problem::Unavailable(error.to_string(), None),
        PasswordError::Failed(_) => Problem::internal(error),
    }
}

impl Remove for PortalUser {
    fn lock_for_delete(s: &mut UnitOfWork<'_>, at: &PortalUserAddress) -> Result<Self, Problem> {
        let row = portal_users::table.find((at.customer, &at.portal_user));
        Ok(row.select(Self::as_select()).for_update().first(s.conn)?)
    }
    fn remove(s: &mut UnitOfWork<'_>, locked: Locked<Self>) -> Result<(), Problem> {
        let row = portal_users::table.find((locked.customer, &locked.id));
        removed(diesel::delete(row).execute(s.conn))?;
        s.effects.push(Effect::PortalUserChanged);
        Ok(())
    }
}

crate::stored! {
    PortalUser in portal_users { customer: customer, id: portal_user }:
    retrieve,
    list(in CustomerAddress by customer, "email" is |email| {
        sql::lower(portal_users::email).eq(sql::lower(email))
    }),
    create(in CustomerAddress by |of, portal_user| {
        PortalUserAddress { customer: of.customer, portal_user }
    }),
    update(columns), replace(columns),
}
