//! `database.json` in the data folder: where its database is.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::Failure;
use crate::config::Config;
use crate::database::address::Address;
use crate::storage::write_private;
use private_postgres::Whereabouts;

/// Name of the file in the data folder.
pub const NAME: &str = "database.json";

/// The location of the database of a data folder, without a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Id of the deployment, as the database has it.
    pub cluster: String,
    /// Host, or folder of the socket.
    pub host: String,
    pub port: String,
    /// Name of the database.
    pub name: String,
    /// Folder of the private cluster; `None` for a server that `DATABASE_URL` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

impl Location {
    /// Returns where the settings say that the database of a deployment is.
    ///
    /// # Errors
    /// Fails if the data folder cannot be looked at.
    pub fn of(config: &Config, cluster: String) -> Result<Self, Failure> {
        let Some(url) = &config.database_url else {
            let there = Whereabouts::of(&config.data)?;
            return Ok(Self {
                cluster,
                host: there.socket.display().to_string(),
                port: there.port.to_owned(),
                name: there.name.to_owned(),
                folder: Some(there.cluster),
            });
        };
        let address = Address::parse(url.reveal())?;
        let name = address.name().unwrap_or_else(|| "the user's own".into());
        Ok(Self { cluster, host: address.host(), port: address.port(), name, folder: None })
    }

    /// Reads what a data folder keeps; none where it keeps nothing.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub fn read(data: &Path) -> Result<Option<Self>, Failure> {
        let file = data.join(NAME);
        match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| {
                let file = file.display();
                format!(
                    "{file} cannot be read ({error}): restore it from a backup, or move it away and \
                     the next start writes it anew"
                )
                .into()
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{} cannot be read: {error}", file.display()).into()),
        }
    }

    /// Writes it into a data folder.
    ///
    /// # Errors
    /// Fails if the folder does not take it.
    pub fn write(&self, data: &Path) -> Result<(), Failure> {
        let file = data.join(NAME);
        let text = serde_json::to_string_pretty(self)?;
        write_private(&file, &text)
            .map_err(|e| format!("{} cannot be written: {e}", file.display()).into())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.folder {
            Some(folder) => write!(
                f,
                "PostgreSQL in {} (socket in {}, database {})",
                folder.display(),
                self.host,
                self.name
            ),
            None => write!(f, "database {} at {}, port {}", self.name, self.host, self.port),
        }
    }
}
