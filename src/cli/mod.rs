//! The command line: the service, its workers, and what helps its owner.

pub mod admin;
pub mod check;
pub mod demo;
pub mod secret_files;
pub mod serve;
pub mod setup;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use crate::config::{Config, SETTINGS};
use crate::web::documents::{self, Documents};

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
        Command::Contexts { folder, docs } => write_contexts(&folder, &docs),
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

/// What `hydria contexts` writes beside the contexts, by the name of the file.
pub fn described() -> BTreeMap<String, Vec<u8>> {
    let pages = documents::guide(DEFAULT_BASE).into_iter();
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
