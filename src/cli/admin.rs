//! Customers and keys from the command line, for the owner of the machine.

use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::Failure;
use super::secret_files;
use super::setup::{Rows, Setup};
use crate::auth::sessions;
use crate::classes::customer::CustomerDraft;
use crate::classes::customer::creation;
use crate::classes::key::Limits;
use crate::classes::{Customer, Key, key};
use crate::config::Config;
use crate::database::{Conn, Database};
use crate::hydra::Problem;
use crate::resource::{Actor, Rights, Site, UnitOfWork, transaction};
use crate::secrets::Secret;
use crate::storage::write_private;
use crate::web::session;

#[derive(Debug, Subcommand)]
pub enum CustomerCommand {
    /// List the customers.
    List,
    /// Make a customer, with a key.
    Make {
        /// Name in public addresses: letters, digits and _-., not digits alone.
        name: String,
        /// Name for people; without it, the name.
        #[arg(long, value_name = "TEXT")]
        display_name: Option<String>,
        /// Let its keys act on every customer.
        #[arg(long)]
        administrator: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// List the keys, of one customer or of all.
    List {
        /// Number or name of the customer; without it, the keys of all.
        customer: Option<String>,
    },
    /// Make a key; its secret is shown once.
    Make {
        /// Number or name of the customer.
        customer: String,
        /// Let it read, and nothing else.
        #[arg(long)]
        read_only: bool,
        /// Moment at which it stops working, such as 2027-01-31T12:00:00Z; without it, never.
        #[arg(long, value_name = "TIME")]
        expires: Option<DateTime<Utc>>,
    },
    /// Print an address that logs in with a key in a browser, once and within ten minutes.
    Link {
        /// The key, as `hydria key list` shows it.
        key: String,
    },
    /// Remove a key.
    Remove {
        /// The key, as `hydria key list` shows it.
        key: String,
    },
}

/// The state that the start of a service found.
enum FirstStart {
    /// Nobody to administer it; this is the key of the administrator that was made, and the token of a log-in link for it.
    Nobody(Key, Option<Secret>),
    Administrator,
    /// An administrator, and that the key which was set for it is none.
    UnknownKey,
}

/// Makes the first administrator where there is none, and takes the key that was set for it.
///
/// # Errors
/// Fails if the database or the data folder does not allow it.
pub fn first_start(setup: &Setup, config: &Config, site: &Site) -> Result<(), Failure> {
    let found = transaction::write(&setup.database, |conn| {
        creation::hold_first_start(conn)?;
        if creation::has_administrator(conn)? {
            return Ok(match &config.bootstrap_key {
                Some((given, _)) if !key::is_known(conn, given)? => FirstStart::UnknownKey,
                _ => FirstStart::Administrator,
            });
        }
        let draft =
            CustomerDraft { name: "administrator".into(), display_name: "Administrator".into() };
        let owner = creation::make(conn, draft, true)?;
        let key = key::make(conn, site, owner.id, config.bootstrap_key.clone(), Limits::default())?;
        // Where the key was given, neither its secret nor a way around it is printed.
        let is_told = config.bootstrap_key.is_none() && session::place::is_possible(&site.base);
        let link = is_told.then(|| sessions::make_link(conn, site, &key.key)).transpose()?;
        Ok(FirstStart::Nobody(key, link))
    })
    .map_err(|problem| in_words(&problem))?;
    match found {
        FirstStart::Nobody(key, link) => {
            announce(config, &key)?;
            if let Some(token) = link {
                println!("To log in with a browser instead, once and within 10 minutes:");
                println!("  {}", session::link(&site.base, &token));
            }
            Ok(())
        }
        FirstStart::Administrator => Ok(()),
        FirstStart::UnknownKey => {
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
    write_private(&file, &format!("{}:{secret}", made.key)).map_err(|e| {
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
    rows: Rows,
    act: impl Fn(&mut UnitOfWork<'_>) -> Result<T, Problem>,
) -> Result<T, Failure> {
    let site = rows.site(config, super::base(config));
    let done = in_transaction(&rows.database, &site, act);
    rows.close()?;
    done
}

fn in_transaction<T>(
    database: &Database,
    site: &Site,
    act: impl Fn(&mut UnitOfWork<'_>) -> Result<T, Problem>,
) -> Result<T, Failure> {
    let actor = Actor::command();
    let done = transaction::write_as(database, Some(&actor), |conn| {
        let caller = crate::resource::Caller::Administrator(0, Rights::All);
        act(&mut UnitOfWork::new(conn, site, caller))
    });
    done.map_err(|problem| in_words(&problem))
}

/// Returns the number of a customer that is named by its number or by its name.
///
/// # Errors
/// Returns [`Problem::NotFound`] if nobody has the name; a number may be nobody's.
pub(super) fn number(conn: &mut Conn, given: &str) -> Result<i32, Problem> {
    let missing = || Problem::NotFound(format!("there is no customer {given}"));
    match given.parse() {
        Ok(number) => Ok(number),
        Err(_name) => creation::named(conn, given)?.map(|found| found.id).ok_or_else(missing),
    }
}

/// `hydria customer`.
///
/// # Errors
/// Fails if it cannot be done, with the reason in words.
pub fn customer(config: &Config, command: CustomerCommand) -> Result<(), Failure> {
    match command {
        CustomerCommand::List => {
            let customers = with(config, Rows::look(config)?, |s| creation::all(s.conn))?;
            println!("{:>6}  {:<24} {:<14} display name", "number", "name", "administrator");
            for Customer { id, administrator, draft, .. } in customers {
                let administrator = if administrator { "yes" } else { "no" };
                println!("{id:>6}  {:<24} {administrator:<14} {}", draft.name, draft.display_name);
            }
        }
        CustomerCommand::Make { name, display_name, administrator } => {
            let draft = CustomerDraft { name, display_name: display_name.unwrap_or_default() };
            // The first customer may be made before the first start.
            let setup = Setup::join(config)?;
            let site = setup.site(config, super::base(config));
            let made = in_transaction(&setup.database, &site, |s| {
                creation::check_new(s, &draft)?;
                let made = creation::make(s.conn, draft.clone(), administrator)?;
                let key = key::make(s.conn, s.site, made.id, None, Limits::default())?;
                Ok((made, key))
            });
            setup.close()?;
            let made = made?;
            println!("customer {} made", made.0.id);
            show_key(&made.1);
        }
    }
    Ok(())
}

/// `hydria key`.
///
/// # Errors
/// Fails if it cannot be done, with the reason in words.
pub fn key(config: &Config, command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::List { customer } => {
            let keys = with(config, Rows::look(config)?, |s| {
                let customer =
                    customer.as_deref().map(|given| number(s.conn, given)).transpose()?;
                key::all(s.conn, customer)
            })?;
            println!("{:>8}  {:<38} {:<32} limits", "customer", "key", "made");
            for Key { customer, key, created, limits, .. } in keys {
                let made = created.to_string();
                println!("{customer:>8}  {key:<38} {made:<32} {}", in_short(limits));
            }
        }
        KeyCommand::Make { customer, read_only, expires } => {
            let limits = Limits { read_only, expires };
            limits.check().map_err(|reason| format!("--expires {reason}"))?;
            let made = with(config, Rows::change(config)?, |s| {
                let customer = number(s.conn, &customer)?;
                key::make(s.conn, s.site, customer, None, limits)
            })?;
            show_key(&made);
        }
        KeyCommand::Link { key } => {
            let base = super::base(config);
            if !session::place::is_possible(&base) {
                return Err(format!(
                    "nobody logs in at {base}, which is neither https nor this machine: set \
                     HYDRIA_PUBLIC_URL as the service has it"
                )
                .into());
            }
            let make = |s: &mut UnitOfWork<'_>| sessions::make_link(s.conn, s.site, &key);
            let token = with(config, Rows::change(config)?, make)?;
            println!("  {} (works once, for 10 minutes)", session::link(&base, &token));
        }
        KeyCommand::Remove { key } => {
            with(config, Rows::change(config)?, |s| key::revoke(s, &key))?;
            println!("removed");
        }
    }
    Ok(())
}

/// Returns the limits of a key in words, for a line.
fn in_short(limits: Limits) -> String {
    let reads = limits.read_only.then(|| "only reads".to_owned());
    let ends = limits.expires.map(|expires| match expires <= Utc::now() {
        true => format!("expired {expires}"),
        false => format!("expires {expires}"),
    });
    let words: Vec<String> = reads.into_iter().chain(ends).collect();
    if words.is_empty() { "none".into() } else { words.join(", ") }
}

fn show_key(made: &Key) {
    println!("  key:    {}", made.key);
    println!("  secret: {} (shown this once)", made.secret.clone().unwrap_or_default());
}

/// Returns the administrator's key that is kept beside the data, or else the one that is set.
pub fn kept_key(config: &Config) -> Option<(String, Secret)> {
    secret_files::admin_key(config).or_else(|| config.bootstrap_key.clone())
}
