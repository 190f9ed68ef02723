//! Customers for the command line and the first start: made with all that one has from the first day, and looked up.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::rules::name_rule;
use super::{Customer, CustomerDraft, displayed};
use crate::addresses::Root;
use crate::classes::auth_service::clickthrough::make_clickthrough;
use crate::hydra::{Fault, Problem};
use crate::resource::*;
use crate::schema::{customer_storages, customers};

/// Makes a customer with all that one has from the first day.
///
/// # Errors
/// Returns [`Problem::Invalid`] if a name is taken.
pub fn make(
    conn: &mut PgConnection,
    draft: CustomerDraft,
    administrator: bool,
) -> Result<Customer, Problem> {
    let made: Customer = diesel::insert_into(customers::table)
        .values((
            displayed(draft),
            customers::administrator.eq(administrator),
            customers::accepted_agreement.eq(true),
        ))
        .returning(Customer::as_returning())
        .get_result(conn)?;
    diesel::insert_into(customer_storages::table)
        .values((
            customer_storages::customer.eq(made.id),
            customer_storages::storage_policy.eq("default"),
        ))
        .execute(conn)?;
    make_clickthrough(conn, made.id)?;
    Ok(made)
}

/// Returns whether anybody administers the service.
///
/// # Errors
/// Fails if the database does not answer.
pub fn has_administrator(conn: &mut PgConnection) -> Result<bool, Problem> {
    let any = exists(customers::table.filter(customers::administrator.eq(true)));
    Ok(diesel::select(any).get_result(conn)?)
}

/// Lets one process at a time see whether this is the first start.
///
/// # Errors
/// Fails if the database does not answer.
pub fn hold_first_start(conn: &mut PgConnection) -> Result<(), Problem> {
    diesel::sql_query("LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE").execute(conn)?;
    Ok(())
}

/// Checks what is given for a new customer, as a POST is checked.
///
/// # Errors
/// Returns [`Problem::Invalid`] with every fault.
pub fn check_new(s: &mut UnitOfWork<'_>, draft: &CustomerDraft) -> Result<(), Problem> {
    let mut faults = Vec::new();
    body::check_stored::<Customer>(s, None, None, &mut draft.clone(), &mut faults)?;
    faults.extend(name_rule(&draft.name).err().map(|reason| Fault::new("name", reason)));
    if draft.name.is_empty() {
        faults.push(Fault::new("name", "is required"));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

impl Create<Root> for Customer {
    fn insert(
        s: &mut UnitOfWork<'_>,
        _: &Root,
        chosen: Option<String>,
        draft: CustomerDraft,
    ) -> Result<Self, Problem> {
        if chosen.is_some() {
            return Err(Problem::invalid("id", "is given by the server"));
        }
        make(s.conn, draft, false)
    }
}

/// Returns all customers, by number.
///
/// # Errors
/// Fails if the database does not answer.
pub fn all(conn: &mut PgConnection) -> Result<Vec<Customer>, Problem> {
    Ok(customers::table.order(customers::id).select(Customer::as_select()).load(conn)?)
}

/// Returns the customer of a name, in any case; `None` if there is none.
///
/// # Errors
/// Fails if the database does not answer.
pub fn named(conn: &mut PgConnection, name: &str) -> Result<Option<Customer>, Problem> {
    let named = customers::table.filter(sql::lower(customers::name).eq(sql::lower(name)));
    Ok(named.select(Customer::as_select()).first(conn).optional()?)
}
