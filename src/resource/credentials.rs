//! Credentials as a body gives them: written, sealed at once, never shown.

use serde_json::Value;

use crate::hydra::{Problem, Writer};
use crate::resource::literal::Literal;
use crate::resource::{MAX_INDEXED, Site};
use crate::secrets::Secret;

/// The change that a body makes to stored credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// There are to be none: what something new starts from, and what `null` goes back to.
    #[default]
    None,
    /// Those that are held stay.
    Held,
    /// These, as a JSON object of `user` and `password`.
    Given(Secret),
}

/// Credentials as a body may give them.
pub const EXAMPLE: &str = r#"{"user": "reader", "password": "open sesame"}"#;

impl Literal for Credentials {
    const RANGE: &'static str = "xsd:string";
    const OPTIONAL: bool = true;
    const JSON: bool = true;

    fn write(&self, out: &mut Writer) {
        // Only write-only rows hold this; there is nothing that may be shown.
        out.text("");
    }

    /// Reads a JSON object, or the text of one, as old clients send it.
    fn read(value: &Value) -> Result<Self, String> {
        let wrong = || "must be an object with the strings user and password".to_owned();
        let parsed = match value {
            Value::String(text) => serde_json::from_str(text).map_err(|_not_json| wrong())?,
            other => other.clone(),
        };
        let part = |name| {
            let text = parsed.get(name).and_then(Value::as_str).ok_or_else(wrong)?;
            if text.contains(['\0', '\r', '\n']) || text.len() > MAX_INDEXED {
                return Err(format!("has a {name} that no server would accept"));
            }
            Ok(text)
        };
        let (user, password) = (part("user")?, part("password")?);
        if user.is_empty() || user.contains(':') {
            return Err("has a user that is empty or holds a colon".into());
        }
        let text = serde_json::json!({ "user": user, "password": password }).to_string();
        Ok(Self::Given(Secret::new(text)))
    }
}

impl Credentials {
    /// Returns what the store is to hold, given what it holds.
    ///
    /// # Errors
    /// Fails if the system gives no randomness.
    pub fn seal(
        &self,
        held: Option<Vec<u8>>,
        site: &Site,
        place: &str,
    ) -> Result<Option<Vec<u8>>, Problem> {
        match self {
            Self::None => Ok(None),
            Self::Held => Ok(held),
            Self::Given(text) => {
                site.secrets.seal(text, place).map(Some).map_err(Problem::internal)
            }
        }
    }
}

/// User and password of credentials that were sealed for `place`.
///
/// # Errors
/// Fails if they were sealed with another `HYDRIA_SECRET`.
pub fn open(sealed: &[u8], site: &Site, place: &str) -> Result<(String, String), Problem> {
    let text = site.secrets.open(sealed, place).map_err(Problem::internal)?;
    let parsed: Value = serde_json::from_str(text.reveal()).map_err(Problem::internal)?;
    let part = |name| parsed.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((part("user"), part("password")))
}
