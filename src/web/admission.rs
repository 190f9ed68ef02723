//! The only check that a caller may access the addresses of a customer.

use actix_web::http::Method;

use super::Service;
use crate::addresses::CustomerAddress;
use crate::classes::Customer;
use crate::hydra::Problem;
use crate::resource::address::{canonical_number, decode};
use crate::resource::transaction::Access;
use crate::resource::{Caller, Retrieve as _, UnitOfWork, transaction};

/// The parts of a customer that readers are not shown.
const WITHHELD: [&str; 2] = ["keys", "webhooks"];

/// Returns the refusal of a caller who only reads.
pub fn read_only(caller: Caller) -> Problem {
    let words = match caller.is_reader() {
        true => "the role readonly only reads, and this is no GET",
        false => "this key only reads, and this is no GET",
    };
    Problem::Forbidden(words.into())
}

/// Refuses a caller who may not enter an address at all, whatever is there.
///
/// # Errors
/// Returns [`Problem::Unauthenticated`] for visitors, [`Problem::Forbidden`] for callers of other customers and for readers
/// who ask for keys or webhooks, and [`Problem::NotFound`] if an administrator names a customer that does not exist.
pub async fn admit(
    service: &Service,
    path: &str,
    method: &Method,
    caller: Caller,
) -> Result<(), Problem> {
    let mut segments = path.trim_start_matches('/').split('/');
    if segments.next() != Some("customers") {
        return Ok(());
    }
    if caller == Caller::Visitor {
        return if method == Method::OPTIONS { Ok(()) } else { Err(Problem::Unauthenticated) };
    }
    let Some(segment) = segments.next().filter(|segment| !segment.is_empty()) else {
        return Ok(());
    };
    let named: Option<i32> = decode(segment).and_then(|text| canonical_number(&text));
    let missing = || Problem::NotFound(format!("there is no customer {segment}"));
    // Before it is looked whether there is such a customer, of which nothing is told here.
    let withheld = segments.next().is_some_and(|segment| WITHHELD.contains(&segment));
    match named {
        Some(customer) if withheld && caller.is_reader() && caller.may_enter(customer) => {
            let words = "the role readonly shows neither keys nor webhooks";
            Err(Problem::Forbidden(words.into()))
        }
        Some(customer) if caller.customer() == Some(customer) => Ok(()),
        Some(customer) if caller.may_enter(customer) => {
            let (database, site) = (service.database.clone(), service.site.clone());
            let at = CustomerAddress { customer };
            let found = service.scheduler.run(caller, move || {
                let find = |s: &mut UnitOfWork<'_>| Customer::find(s, &at).map(|_| ());
                transaction::in_session(&database, &site, caller, Access::Reads, find).map(|_| ())
            });
            found.await.map_err(|problem| match problem {
                Problem::NotFound(_) => missing(),
                other => other,
            })
        }
        None if caller.is_administrator() => Err(missing()),
        _ => Err(Problem::Forbidden("this caller acts for another customer".into())),
    }
}
