//! Credentials as a body gives them: written, sealed at once, never shown.

use serde_json::{Map, Value};

use crate::database::key_rings;
use crate::hydra::{Fault, Problem, Writer};
use crate::origins::{self, Shape};
use crate::resource::literal::Literal;
use crate::resource::{Site, UnitOfWork};
use crate::secrets::Secret;

/// The change that a body makes to stored credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// There are to be none: what something new starts from, and what `null` goes back to.
    #[default]
    None,
    /// Those that are held stay.
    Held,
    /// These, as the text of a JSON object; what it must hold is known to those who ask for it.
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
        let object = match value {
            Value::String(text) => serde_json::from_str(text).ok(),
            Value::Object(object) => Some(object.clone()),
            _ => None,
        };
        let object: Map<String, Value> = object.ok_or("must be a JSON object of texts")?;
        Ok(Self::Given(Secret::new(Value::Object(object).to_string())))
    }
}

impl Credentials {
    /// Returns what is wrong with them where they are to have a shape.
    #[must_use]
    pub fn faults(&self, shape: &Shape) -> Vec<Fault> {
        let faults = self.given(shape).and_then(Result::err).unwrap_or_default();
        let fault = |(member, reason)| {
            Fault::new("credentials", format!("are to be {}: {member} {reason}", shape.words))
        };
        faults.into_iter().map(fault).collect()
    }

    fn given(
        &self,
        shape: &Shape,
    ) -> Option<Result<origins::Credentials, Vec<origins::CredentialFault>>> {
        let Self::Given(text) = self else { return None };
        let object: Map<String, Value> = serde_json::from_str(text.reveal()).unwrap_or_default();
        Some(shape.read(&object))
    }

    /// Returns what the store is to hold, given what it holds: of what a body gave, the members of the shape.
    ///
    /// # Errors
    /// Fails if the system gives no randomness; returns [`Problem::Invalid`] for what [`Credentials::faults`] tells.
    pub fn seal(
        &self,
        held: Option<Vec<u8>>,
        shape: &Shape,
        s: &mut UnitOfWork<'_>,
        place: &str,
    ) -> Result<Option<Vec<u8>>, Problem> {
        match (self, self.given(shape)) {
            (_, Some(Ok(given))) => seal(s, &given.to_kept(), place).map(Some),
            (_, Some(Err(_))) => Err(self.faults(shape).into()),
            (Self::Held, None) => Ok(held),
            (_, None) => Ok(None),
        }
    }
}

/// Seals a text with the key that seals now, and goes on to until the transaction ends; `place` names where it belongs.
///
/// # Errors
/// Fails if the database does not answer, the system gives no randomness, or this process has not the secret in force.
pub fn seal(s: &mut UnitOfWork<'_>, text: &Secret, place: &str) -> Result<Vec<u8>, Problem> {
    key_rings::settle(s.conn, &s.site.secrets)?.map_err(Problem::internal)?;
    s.site.secrets.seal(text, place).map_err(Problem::internal)
}

/// Returns the text of credentials that were sealed for `place`.
///
/// # Errors
/// Fails if they were sealed with another `HYDRIA_SECRET`.
pub fn open(sealed: &[u8], site: &Site, place: &str) -> Result<Secret, Problem> {
    site.secrets.open(sealed, place).map_err(Problem::internal)
}
