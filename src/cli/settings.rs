//! `hydria config`: the settings in force, and where the database is.

use super::Failure;
use super::binding::Location;
use crate::config::{Config, SETTINGS, Setting};
use private_postgres::Whereabouts;

/// Shows every setting with its value, defaults included and secrets masked; makes nothing.
///
/// # Errors
/// Fails if the data folder cannot be read.
pub fn show(config: &Config) -> Result<(), Failure> {
    for setting in SETTINGS {
        let (value, from) = in_force(config, setting);
        println!("{:<30} {value:<28} {from:<8} {}", setting.name, setting.doc);
    }
    println!();
    println!("{:<30} {}", "database", database(config)?);
    if let Some(location) = Location::read(&config.data)? {
        println!("{:<30} {}", "cluster", location.cluster);
    }
    Ok(())
}

/// Returns the value of a setting, and where it is from.
fn in_force(config: &Config, setting: &Setting) -> (String, &'static str) {
    let given = std::env::var(setting.name).ok().filter(|value| !value.trim().is_empty());
    let file = |name: &str| config.data.join(name);
    match given {
        Some(_) if setting.secret => return ("(hidden)".into(), "set"),
        Some(value) => return (value, "set"),
        None if !setting.default.is_empty() => return (setting.default.into(), "default"),
        None => {}
    }
    let value = match setting.name {
        "HYDRIA_PUBLIC_URL" => default_url(&config.listen),
        "HYDRIA_STORAGE" => config.storage.to_string(),
        "DATABASE_URL" => "(a private server)".into(),
        "HYDRIA_BOOTSTRAP_KEY" if file("admin-key").exists() => {
            format!("(in {})", file("admin-key").display())
        }
        "HYDRIA_BOOTSTRAP_KEY" => "(random, at the first start)".into(),
        "HYDRIA_SECRET" if file("secret").exists() => format!("(in {})", file("secret").display()),
        "HYDRIA_SECRET" => "(made at the first start)".into(),
        _ => "(none)".into(),
    };
    (value, "default")
}

/// Returns the address of the root where no setting names one; port 0 is known once it is listened on.
fn default_url(listen: &str) -> String {
    match listen.rsplit_once(':') {
        Some((_, "0")) | None => "http://localhost:{port}".into(),
        Some((_, port)) => format!("http://localhost:{port}"),
    }
}

/// Returns where the database is, in words.
fn database(config: &Config) -> Result<String, Failure> {
    if let Some(location) = Location::read(&config.data)? {
        return Ok(location.to_string());
    }
    if config.database_url.is_some() {
        return Ok(Location::of(config, String::new())?.to_string());
    }
    if !config.data.exists() {
        return Ok("none yet: the first start makes one in the data folder".into());
    }
    let there = Whereabouts::of(&config.data)?;
    let cluster = there.cluster.display();
    Ok(match there.exists {
        true => format!("PostgreSQL in {cluster}"),
        false => format!("none yet: the first start makes one in {cluster}"),
    })
}
