//! Look-ups of customers by the names that stand in public addresses.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::hydra::Problem;
use crate::resource::UnitOfWork;
use crate::resource::sql::lower;
use crate::schema::customers;

/// Returns the numbers of the customers with these names, in their order; case makes no difference.
pub fn by_name(s: &mut UnitOfWork<'_>, names: &[String]) -> Vec<Result<i32, Problem>> {
    let wanted: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let found = customers::table
        .filter(lower(customers::name).eq_any(&wanted))
        .select((lower(customers::name), customers::id))
        .load::<(String, i32)>(s.conn);
    let found: HashMap<String, i32> = match found {
        Ok(found) => found.into_iter().collect(),
        Err(error) => {
            // An error cannot be cloned, so that the others get one that says as much.
            let mut first = Some(Problem::from(error));
            let again = || Problem::Unavailable("customers cannot be looked up".into(), None);
            return names.iter().map(|_| Err(first.take().unwrap_or_else(again))).collect();
        }
    };
    let missing = || Problem::NotFound("there is no such customer".into());
    wanted.iter().map(|name| found.get(name).copied().ok_or_else(missing)).collect()
}
