//! Customers and keys from the command line, for the owner of the machine.

use clap::Subcommand;

use super::{Failure, secret_files, setup::Setup};
use crate::classes::customer::{self, CustomerDraft};
use crate::classes::{Customer, Key, key};
use crate::config::Config;
use crate::hydra::Problem;
use crate::resource::{Session, Site, transaction};
use crate::secrets::Secret;

#[derive(Debug, Subcommand)]
pub enum CustomerCommand {
    /// List the customers.
    List,
    /// Make a customer, with a key.
    Make {
        /// Name in public addresses.
        name: String,
        /// Name for people; without one, the name.
        #[arg(long)]
        display_name: Option<String>,
        /// Whether its keys act on every customer.
        #[arg(long)]
        administrator: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// List the keys, of one customer or of all.
    List {
        /// Number of the customer.
        customer: Option<i32>,
    },
    /// Make a key; its secret is shown once.
    Make {
        /// Number of the customer.
        customer: i32,
    },
    /// Remove a key.
    Remove { key: String },
}

/// What the start of a service found.
enum Found {
    /// Nobody to administer it; this is the key of the administrator that was made.
    Nobody(Key),
    Administrator,
    /// An administrator, and that the key which was set for it is none.
    UnknownKey,
}

/// Makes the first administrator where there is none, and takes the key that was set for it.
///
/// # Errors
/// Where the database or the data folder does not allow it.
pub fn first_start(setup: &Setup, config: &Config, site: &Site) -> Result<(), Failure> {
    let found = transaction::write(&setup.database, |conn| {
        customer::hold_first_start(conn)?;
        if customer::has_administrator(conn)? {
            return Ok(match &config.bootstrap_key {
                Some((given, _)) if !key::is_known(conn, given)? => Found::UnknownKey,
                _ => Found::Administrator,
            });
        }
        let draft =
            CustomerDraft { name: "administrator".into(), display_name: "Administrator".into() };
        let owner = customer::make(conn, draft, true)?;
        key::make(conn, site, owner.id, config.bootstrap_key.clone()).map(Found::Nobody)
    })
    .map_err(|problem| in_words(&problem))?;
    match found {
        Found::Nobody(key) => announce(config, &key),
        Found::Administrator => Ok(()),
        Found::UnknownKey => {
            log::warn!(
                "HYDRIA_BOOTSTRAP_KEY is ignored: there is an administrator already, and this key \
                 is not known; `hydria key make` makes keys"
            );
            Ok(())
        }
    }
}

/// Tells the first administrator's key once, and keeps it beside the data.
fn announce(config: &Config, made: &Key) -> Result<(), Failure> {
    let secret = made.secret.clone().unwrap_or_default();
    if config.bootstrap_key.is_none() {
        println!("The administrator's key, shown this once:");
        println!("  key:    {}", made.key);
        println!("  secret: {secret}");
    }
    let file = config.data.join("admin-key");
    secret_files::write(&file, &format!("{}:{secret}", made.key)).map_err(|e| {
        format!(
            "the administrator's key cannot be kept in {}: {e}; `hydria key make 1` makes another",
            file.display()
        )
    })?;
    println!("The administrator's key is kept in {}.", file.display());
    Ok(())
}

fn in_words(problem: &Problem) -> Failure {
    match std::error::Error::source(problem) {
        Some(cause) => format!("{problem} ({cause})").into(),
        None => problem.to_string().into(),
    }
}

/// Does something with an open database and closes it again.
fn with<T>(
    config: &Config,
    act: impl Fn(&mut Session<'_>) -> Result<T, Problem>,
) -> Result<T, Failure> {
    let setup = Setup::join(config)?;
    let base = config.public_url.clone().unwrap_or_else(|| super::DEFAULT_BASE.to_owned());
    let site = setup.site(config, base);
    let done = transaction::write(&setup.database, |conn| {
        let caller = crate::resource::Caller::Administrator(0);
        act(&mut Session { conn, site: &site, caller, effects: Vec::new() })
    });
    setup.close()?;
    done.map_err(|problem| in_words(&problem))
}

/// `hydria customer`.
///
/// # Errors
/// Where it cannot be done, with the reason in words.
pub fn customer(config: &Config, command: CustomerCommand) -> Result<(), Failure> {
    match command {
        CustomerCommand::List => {
            let customers = with(config, |s| customer::all(s.conn))?;
            println!("{:>6}  {:<24} {:<14} display name", "number", "name", "administrator");
            for Customer { id, administrator, draft, .. } in customers {
                let administrator = if administrator { "yes" } else { "no" };
                println!("{id:>6}  {:<24} {administrator:<14} {}", draft.name, draft.display_name);
            }
        }
        CustomerCommand::Make { name, display_name, administrator } => {
            let draft = CustomerDraft { name, display_name: display_name.unwrap_or_default() };
            let made = with(config, |s| {
                customer::check_new(s, &draft)?;
                let made = customer::make(s.conn, draft.clone(), administrator)?;
                let key = key::make(s.conn, s.site, made.id, None)?;
                Ok((made, key))
            })?;
            println!("customer {} made", made.0.id);
            show_key(&made.1);
        }
    }
    Ok(())
}

/// `hydria key`.
///
/// # Errors
/// Where it cannot be done, with the reason in words.
pub fn key(config: &Config, command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::List { customer } => {
            let keys = with(config, |s| key::all(s.conn, customer))?;
            println!("{:>8}  {:<38} made", "customer", "key");
            for Key { customer, key, created, .. } in keys {
                println!("{customer:>8}  {key:<38} {created}");
            }
        }
        KeyCommand::Make { customer } => {
            let made = with(config, |s| key::make(s.conn, s.site, customer, None))?;
            show_key(&made);
        }
        KeyCommand::Remove { key } => {
            with(config, |s| key::revoke(s, &key))?;
            println!("removed");
        }
    }
    Ok(())
}

fn show_key(made: &Key) {
    println!("  key:    {}", made.key);
    println!("  secret: {} (shown this once)", made.secret.clone().unwrap_or_default());
}

/// The administrator's key that is kept beside the data, where it is.
pub fn kept_key(config: &Config) -> Option<(String, Secret)> {
    if let Some(given) = &config.bootstrap_key {
        return Some(given.clone());
    }
    let text = std::fs::read_to_string(config.data.join("admin-key")).ok()?;
    let (key, secret) = text.trim().split_once(':')?;
    Some((key.to_owned(), Secret::new(secret)))
}
