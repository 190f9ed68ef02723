//! Portal users who log in: their accounts by e-mail address, and their passwords, compared on threads of their own.

use std::net::IpAddr;
use std::num::NonZero;
use std::time::Duration;

use diesel::prelude::*;
use tokio::sync::oneshot;

use super::failures::network;
use crate::classes::portal_role;
use crate::database::Conn;
use crate::fairness::{Limiter, Permit, Shares};
use crate::hydra::Problem;
use crate::resource::sql;
use crate::schema::{customers, portal_users};
use crate::secrets::{PasswordError, Secret, password_matches};

/// Accounts that a password is tried for, at most (`docs/rules.md` 1.10).
const MOST: i64 = 8;
/// Log-ins of one network that may wait for a thread; more are refused, to be tried again later.
const MOST_WAITING: usize = 8;
/// Time that a log-in waits for a thread.
const PATIENCE: Duration = Duration::from_secs(5);

/// The hash that a password is compared with where there is no account, so that the answer takes as long: of no password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$\
     bm8gYWNjb3VudCBoZXJlLg$MjAyNi0xMS0yOSBubyBwYXNzd29yZCBoYXMgdGhpcyE";

/// A portal user who may log in.
#[derive(Clone, PartialEq, Eq, Queryable)]
pub struct Account {
    pub customer: i32,
    pub customer_name: String,
    pub id: String,
    /// Hash of the password.
    pub hash: String,
}

/// Returns the accounts of an e-mail address that may log in, the oldest first, of one customer or of all.
///
/// `customer`: its name, ignoring case, or its number.
///
/// # Errors
/// Fails if the database does not answer.
pub fn accounts(
    conn: &mut Conn,
    email: &str,
    customer: Option<&str>,
) -> Result<Vec<Account>, Problem> {
    let mut found = portal_users::table
        .inner_join(customers::table)
        .filter(sql::lower(portal_users::email).eq(sql::lower(email)))
        .filter(portal_users::enabled)
        .filter(portal_users::roles.overlaps_with(portal_role::LOG_IN.to_vec()))
        .into_boxed();
    if let Some(customer) = customer {
        // Names are not digits alone, which a sign is none of.
        let is_number = customer.bytes().all(|byte| byte.is_ascii_digit());
        let number = customer.parse::<i32>().ok().filter(|_| is_number);
        found = if let Some(number) = number {
            found.filter(customers::id.eq(number))
        } else {
            let name = sql::lower(customers::name).eq(sql::lower(customer.to_owned()));
            found.filter(name)
        };
    }
    let columns =
        (portal_users::customer, customers::name, portal_users::id, portal_users::password);
    // The oldest, so that nobody takes another's place by making accounts with the same address.
    let oldest = found.order((portal_users::created, portal_users::customer)).limit(MOST);
    Ok(oldest.select(columns).load(conn)?)
}

/// The work of log-ins: passwords are compared on threads of their own, as many as there are cores, divided among the networks
/// that log-ins come from.
pub struct Passwords(Limiter<Option<u128>>);

/// A place among the log-ins that are worked for.
pub struct LogInTurn(Permit<Option<u128>>);

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self(Limiter::new(Shares { capacity: cores, extra: 1 }))
    }
}

impl Passwords {
    /// Waits for a turn of the network that a log-in comes from.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if too many log in at once.
    pub async fn turn(&self, address: Option<IpAddr>) -> Result<LogInTurn, Problem> {
        let turn = self.0.acquire_within(address.map(network), 1, MOST_WAITING);
        let turn = tokio::time::timeout(PATIENCE, turn).await;
        Ok(LogInTurn(turn.map_err(|_elapsed| busy())?.map_err(|_overloaded| busy())?))
    }

    /// Returns those of the accounts that have this password; with none at all, it takes as long as with one.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if the system has no memory for it now.
    pub async fn matching(
        turn: LogInTurn,
        accounts: Vec<Account>,
        password: Secret,
    ) -> Result<Vec<Account>, Problem> {
        let LogInTurn(turn) = turn;
        let (sender, compared) = oneshot::channel();
        let compare = move || {
            // Nobody may be waiting any more.
            let _ = sender.send(matching(accounts, &password));
            drop(turn);
        };
        std::thread::Builder::new()
            .name("password".into())
            .spawn(compare)
            .map_err(Problem::internal)?;
        let compared = compared.await.map_err(Problem::internal)?;
        compared.map_err(|error| match error {
            PasswordError::Busy => busy(),
            PasswordError::Failed(_) => Problem::internal(error),
        })
    }
}

fn busy() -> Problem {
    Problem::Unavailable("too many log in at once; try again".into(), None)
}

fn matching(accounts: Vec<Account>, password: &Secret) -> Result<Vec<Account>, PasswordError> {
    if accounts.is_empty() {
        password_matches(password, NOBODY)?;
    }
    let mut found = Vec::new();
    for account in accounts {
        if password_matches(password, &account.hash)? {
            found.push(account);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::hash_password;

    #[test]
    fn nobody_s_hash_is_as_dear_as_those_of_accounts_and_of_no_password() {
        let made = hash_password(&Secret::new("open sesame")).expect("a hash");
        let costs = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(costs(NOBODY), costs(&made));
        assert_eq!(NOBODY.len(), made.len());
        assert!(!password_matches(&Secret::new("open sesame"), NOBODY).expect("compared"));
    }
}
