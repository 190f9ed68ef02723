//! URIs of roles: how bodies name roles, how they are stored and shown, and which are not there.

use std::collections::{BTreeSet, HashSet};

use diesel::prelude::*;
use serde_json::Value;

use super::Role;
use super::stored::StoredRole;
use crate::hydra::{Fault, Problem};
use crate::resource::address::{is_id, match_path, path_of};
use crate::resource::property::MAX_COUNT;
use crate::resource::reference::resolve;
use crate::resource::rules::is_uri;
use crate::resource::*;
use crate::schema::roles;

/// Reads the roles that a body gives an image (`docs/rules.md` 4.8).
///
/// Leaves open what may be a URI or a bare id: [`settle_roles`] decides it.
///
/// # Errors
/// Returns a fault for each that is wrong.
pub fn read_roles(value: &Value, context: ParseContext<'_>) -> Result<Vec<StoredRole>, Vec<Fault>> {
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
            return Ok(StoredRole::own(&role));
        }
        if is_uri(text) {
            // A bare id may hold a colon, and be taken for a URI; what is named by `@id` is a URI.
            let may_be_id = value.is_string() && is_id(text);
            return Ok(match may_be_id {
                true => StoredRole::unsettled(text),
                false => StoredRole::foreign(text.to_owned()),
            });
        }
        resolve::<Role>(value, context)
            .map(|at| StoredRole::own(&at.role))
            .map_err(|_not_a_role| format!("has {text}, which is no URI and no role"))
    })
}

/// Decides which of the roles that a body gave are bare ids: those of which there is a role of the customer, which
/// is locked so that it stays.
///
/// # Errors
/// Fails if the database does not answer.
pub fn settle_roles<'a>(
    conn: &mut PgConnection,
    customer: i32,
    given: impl Iterator<Item = &'a mut StoredRole>,
) -> Result<(), Problem> {
    settle(given, |ids| {
        let own = roles::table.filter(roles::customer.eq(customer)).filter(roles::id.eq_any(ids));
        own.order(roles::id).select(roles::id).for_key_share().load(conn)
    })
}

/// Decides the same of the roles that a query names, of which none is locked.
///
/// # Errors
/// Fails if the database does not answer.
pub fn settle_searched_roles(
    conn: &mut PgConnection,
    customer: i32,
    named: &mut [StoredRole],
) -> Result<(), Problem> {
    settle(named.iter_mut(), |ids| {
        let own = roles::table.filter(roles::customer.eq(customer)).filter(roles::id.eq_any(ids));
        own.select(roles::id).load(conn)
    })
}

fn settle<'a>(
    given: impl Iterator<Item = &'a mut StoredRole>,
    find: impl FnOnce(&[&str]) -> QueryResult<Vec<String>>,
) -> Result<(), Problem> {
    let mut unsettled: Vec<&mut StoredRole> =
        given.filter(|role| role.unsettled_text().is_some()).collect();
    if unsettled.is_empty() {
        return Ok(());
    }
    let mut ids: Vec<&str> = unsettled.iter().filter_map(|role| role.unsettled_text()).collect();
    ids.sort_unstable();
    ids.dedup();
    let known: HashSet<String> = find(&ids)?.into_iter().collect();
    for role in &mut unsettled {
        let settled = role.unsettled_text().map(|text| match known.contains(text) {
            true => StoredRole::own(text),
            false => StoredRole::foreign(text.to_owned()),
        });
        if let Some(settled) = settled {
            **role = settled;
        }
    }
    Ok(())
}

/// Reads the values of a member that names roles, each of which is kept once.
///
/// # Errors
/// Returns a fault for each that is wrong, or one that says there are too many.
pub fn each_of(
    value: &Value,
    member: &str,
    read: impl Fn(&Value) -> Result<StoredRole, String>,
) -> Result<Vec<StoredRole>, Vec<Fault>> {
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

/// A stored role as it is shown.
pub fn shown_role(role: &StoredRole, customer: i32, site: &Site) -> String {
    match role.own_id() {
        Some(id) => format!("{}/customers/{customer}/roles/{id}", site.base),
        None => role.as_str().to_owned(),
    }
}

/// Own roles, as stored, that are not there; those that are stay until the transaction ends.
///
/// # Errors
/// Fails if the database does not answer.
pub fn unknown_roles<'a>(
    conn: &mut PgConnection,
    customer: i32,
    stored: impl Iterator<Item = &'a StoredRole>,
) -> Result<Vec<String>, Problem> {
    let mut wanted: Vec<&str> = stored.filter_map(StoredRole::own_id).collect();
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

/// As [`unknown_roles`], of which none is locked.
///
/// # Errors
/// Fails if the database does not answer.
pub fn unknown_searched_roles<'a>(
    conn: &mut PgConnection,
    customer: i32,
    stored: impl Iterator<Item = &'a StoredRole>,
) -> Result<Vec<String>, Problem> {
    let mut wanted: BTreeSet<&str> = stored.filter_map(StoredRole::own_id).collect();
    let own = roles::table
        .filter(roles::customer.eq(customer))
        .filter(roles::id.eq_any(wanted.iter().copied()));
    let known: Vec<String> = own.select(roles::id).load(conn)?;
    wanted.retain(|role| !known.iter().any(|known| known == role));
    Ok(wanted.into_iter().map(Into::into).collect())
}

/// The fault of a member that names roles that are not there, if any are.
pub fn unknown_fault(member: &str, unknown: &[String]) -> Option<Fault> {
    let names = unknown.join(", ");
    (!unknown.is_empty()).then(|| Fault::new(member, format!("names what is not there: {names}")))
}
