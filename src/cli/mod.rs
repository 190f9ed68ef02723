//! The command line: the service, its workers, and what helps its owner.

pub mod admin;
mod backup;
pub mod binding;
pub mod check;
mod delivery;
pub mod demo;
mod health;
pub mod logging;
pub mod memory;
mod observed;
mod owner;
pub mod reachable;
pub mod register;
pub mod reingest;
mod restore;
mod rotate;
pub mod secret_files;
pub mod serve;
pub mod settings;
pub mod setup;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::derivation::child;
use crate::web::described;
use crate::web::documents::Documents;

/// The reason why a command failed, in words.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A digital library image service.
///
/// Everything is set by environment variables: `hydria config` lists them with their meaning.
#[derive(Debug, Parser)]
#[command(name = "hydria", version, about)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service: the API, thumbnails, and workers.
    Serve {
        /// Leave the work to `hydria worker` processes.
        #[arg(long)]
        no_worker: bool,
        /// Register the images of this folder, which is served as an origin, and say what to try.
        #[arg(long, value_name = "FOLDER")]
        demo: Option<PathBuf>,
    },
    /// Run workers only.
    Worker,
    /// Bring the database up to date; `serve` does so by itself.
    Migrate,
    /// Write what describes the API, as it is served at the default address: the JSON-LD contexts, the
    /// OpenAPI document, and pages for people, one a class.
    Contexts {
        /// Folder for the contexts.
        #[arg(default_value = "contexts")]
        folder: PathBuf,
        /// Folder for the OpenAPI document and the pages.
        #[arg(long, value_name = "FOLDER", default_value = "docs/api")]
        docs: PathBuf,
    },
    /// List and make customers.
    Customer {
        #[command(subcommand)]
        command: admin::CustomerCommand,
    },
    /// List, make and remove keys; also when the last secret was lost.
    Key {
        #[command(subcommand)]
        command: admin::KeyCommand,
    },
    /// Show the settings in force, secrets masked, with their meaning.
    Config,
    /// Write a backup of the database and of all objects into a folder, while the service runs.
    Backup {
        /// The folder, which is made, or is empty.
        folder: PathBuf,
        /// Put the secret into it, with which it is enough to restore everything, and to read everything.
        #[arg(long)]
        with_secret: bool,
        /// Read a backup again instead, and say what was changed since it was written.
        #[arg(long, conflicts_with = "with_secret")]
        verify: bool,
    },
    /// Restore a backup into a data folder, a storage and a database that are empty.
    Restore {
        /// The folder of the backup.
        folder: PathBuf,
    },
    /// Replace the secret of the deployment.
    Secret {
        #[command(subcommand)]
        command: SecretCommand,
    },
    /// See whether the service or the workers of these settings are ready: says so in one line, and fails where they are not.
    ///
    /// Asks at `HYDRIA_ADMIN_LISTEN` where that is set, at `HYDRIA_LISTEN` otherwise.
    Health,
    /// See whether rows, counters and objects agree.
    Check {
        /// Mend what does not.
        #[arg(long)]
        repair: bool,
    },
    /// Register the images of a CSV file, a list of URLs or a folder, through the API of a service anywhere.
    Register(register::Arguments),
    /// Send images to the queue again: those that a version before processed, which have no tiles.
    Reingest {
        /// Those without tiles. They keep their thumbnails until they are processed.
        #[arg(long, required = true)]
        missing: bool,
        /// Number or name of a customer; without it, the images of all.
        #[arg(long)]
        customer: Option<String>,
        /// Images that are sent at a time, at most; more follow when fewer of the customer are in the queue.
        #[arg(
            long, value_name = "IMAGES", default_value_t = reingest::PORTION,
            value_parser = clap::value_parser!(i64).range(1..=10_000)
        )]
        portion: i64,
    },
    /// Read an image and make its derivatives, as a child of a worker, which gives it its files.
    #[command(hide = true)]
    Derive {
        /// Bytes of memory that reading may take.
        #[arg(long)]
        memory: u64,
        /// Seconds of processor time.
        #[arg(long)]
        seconds: u64,
        /// Width times height, at most.
        #[arg(long)]
        max_pixels: u64,
        /// Steps by which its scheduling priority is lower.
        #[arg(long)]
        nice: i32,
    },
    /// Take a secret or a storage in place of one that is lost for good.
    #[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
    Adopt {
        /// The secret at hand, a new one where none is: all API keys and stored credentials of before become
        /// void.
        #[arg(long, group = "what")]
        secret: bool,
        /// The storage at hand: it gets the marker of this database.
        #[arg(long, group = "what")]
        storage: bool,
    },
}

#[derive(Debug, Subcommand)]
enum SecretCommand {
    /// Make a new secret and a new key that seals, and seal everything anew, while the service runs. API keys stay valid.
    ///
    /// Run it again if it was interrupted: it goes on where it stopped.
    Rotate,
}

/// Does what the command line says; says why where it cannot.
pub fn run() -> ExitCode {
    let line = Line::parse();
    if let Command::Derive { memory, seconds, max_pixels, nice } = line.command {
        // It has no settings, and its output is for its parent.
        return child::run(child::Arguments { memory, seconds, max_pixels, nice });
    }
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(error) => {
            logging::failed(&error, false);
            return ExitCode::FAILURE;
        }
    };
    logging::start(&config);
    match act(line.command, &config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logging::failed(&*error, config.log_json);
            ExitCode::FAILURE
        }
    }
}

fn act(command: Command, config: &Config) -> Result<(), Failure> {
    for name in Config::unknown_names() {
        log::warn!("{name} is no setting of Hydria; `hydria config` lists those there are");
    }
    // What is kept is for the service's user only. What describes the API is for everybody.
    if !matches!(command, Command::Contexts { .. }) {
        rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o077));
    }
    match command {
        Command::Serve { no_worker, demo } => serve::run(config, no_worker, demo),
        Command::Worker => serve::run_worker(config),
        Command::Migrate => {
            let setup = setup::Setup::join(config)?;
            println!("the database is up to date");
            setup.close()
        }
        Command::Contexts { folder, docs } => write_contexts(&folder, &docs),
        Command::Customer { command } => admin::customer(config, command),
        Command::Key { command } => admin::key(config, command),
        Command::Config => settings::show(config),
        Command::Backup { folder, verify: true, .. } => backup::verify(&folder),
        Command::Backup { folder, with_secret, .. } => backup::make(config, &folder, with_secret),
        Command::Restore { folder } => restore::run(config, &folder),
        Command::Secret { command: SecretCommand::Rotate } => rotate::run(config),
        Command::Health => health::run(config),
        Command::Check { repair } => check::run(config, repair),
        Command::Register(arguments) => register::run(config, &arguments),
        Command::Reingest { missing: _, customer, portion } => {
            reingest::run(config, customer.as_deref(), portion)
        }
        Command::Adopt { secret, storage } => setup::adopt(config, secret, storage),
        // It was run before the settings were read.
        Command::Derive { .. } => Ok(()),
    }
}

/// Base at which the published contexts are written (`docs/rules.md` 3.4).
pub const DEFAULT_BASE: &str = "http://localhost:8080";

/// Returns the public address of the root as a command knows it, which does not listen itself.
fn base(config: &Config) -> String {
    let port = config.listen.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    let local = || match port {
        None | Some(0) => DEFAULT_BASE.to_owned(),
        Some(port) => format!("http://localhost:{port}"),
    };
    config.public_url.clone().unwrap_or_else(local)
}

/// Returns what `hydria contexts` writes beside the contexts, by the name of the file.
pub fn described() -> BTreeMap<String, Vec<u8>> {
    let pages = described::guide(DEFAULT_BASE).into_iter();
    let mut files: BTreeMap<String, Vec<u8>> =
        pages.map(|(name, text)| (name, text.into_bytes())).collect();
    files.insert("openapi.json".into(), Documents::new(DEFAULT_BASE).openapi.body.to_vec());
    files
}

fn write_contexts(folder: &Path, docs: &Path) -> Result<(), Failure> {
    let contexts = Documents::new(DEFAULT_BASE).contexts.into_iter();
    let contexts = contexts.map(|(name, context)| (name, context.body.to_vec())).collect();
    for (folder, files) in [(folder, contexts), (docs, described())] {
        std::fs::create_dir_all(folder)?;
        for (name, text) in &files {
            std::fs::write(folder.join(name), text)?;
        }
        println!("{} files written to {}", files.len(), folder.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn silent(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name());
        if command.get_about().is_none() {
            found.push(path.clone());
        }
        for argument in command.get_arguments().filter(|argument| argument.get_help().is_none()) {
            found.push(format!("{path} {}", argument.get_id()));
        }
        for below in command.get_subcommands() {
            silent(below, &path, found);
        }
    }

    #[test]
    fn every_command_and_every_argument_is_explained() {
        let mut found = Vec::new();
        silent(&Line::command(), "", &mut found);
        assert!(found.is_empty(), "without help: {found:?}");
    }
}
