//! The command line: the service, its workers, and what helps its owner.

pub mod admin;
pub mod check;
pub mod demo;
pub mod secret_files;
pub mod serve;
pub mod setup;

use std::error::Error;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::{Config, SETTINGS};
use crate::web::documents::Documents;

/// Why a command failed, in words.
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
    /// Write the published contexts, as they are served at the default address.
    Contexts {
        /// Folder to write to.
        #[arg(default_value = "contexts")]
        folder: PathBuf,
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
    /// See whether rows, counters and objects agree.
    Check {
        /// Mend what does not.
        #[arg(long)]
        repair: bool,
    },
}

/// Does what the command line says.
///
/// # Errors
/// Where it cannot be done, with the reason in words.
pub fn run() -> Result<(), Failure> {
    let line = Line::parse();
    let config = Config::from_env()?;
    start_log(&config);
    for name in Config::unknown_names() {
        log::warn!("{name} is no setting of Hydria; `hydria config` lists those there are");
    }
    match line.command {
        Command::Serve { no_worker, demo } => serve::run(&config, no_worker, demo),
        Command::Worker => serve::run_worker(&config),
        Command::Migrate => {
            let setup = setup::Setup::join(&config)?;
            println!("the database is up to date");
            setup.close()
        }
        Command::Contexts { folder } => write_contexts(&folder),
        Command::Customer { command } => admin::customer(&config, command),
        Command::Key { command } => admin::key(&config, command),
        Command::Config => {
            show_config();
            Ok(())
        }
        Command::Check { repair } => check::run(&config, repair),
    }
}

fn start_log(config: &Config) {
    // A second logger in the same process, as tests have it, is no fault.
    let _ = env_logger::Builder::new()
        .filter_module("actix_server", log::LevelFilter::Warn)
        .parse_filters(&config.log)
        .try_init();
}

/// Base at which the published contexts are written (`rules.md` 3.4).
pub const DEFAULT_BASE: &str = "http://localhost:8080";

fn write_contexts(folder: &std::path::Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)?;
    let documents = Documents::new(DEFAULT_BASE);
    for (name, context) in &documents.contexts {
        std::fs::write(folder.join(name), &context.body)?;
    }
    println!("{} contexts written to {}", documents.contexts.len(), folder.display());
    Ok(())
}

fn show_config() {
    for setting in SETTINGS {
        let given = std::env::var(setting.name).ok().filter(|value| !value.trim().is_empty());
        let (value, from) = match (&given, setting.secret) {
            (Some(_), true) => ("(hidden)", "set"),
            (Some(value), false) => (value.as_str(), "set"),
            (None, _) if setting.default.is_empty() => ("", "unset"),
            (None, _) => (setting.default, "default"),
        };
        println!("{:<30} {value:<22} {from:<8} {}", setting.name, setting.doc);
    }
}
