//! Credentials for origins: the members that each kind has, and their values.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::error::OriginError;
use crate::secrets::Secret;

/// One member of credentials.
#[derive(Clone, Copy, Debug)]
pub struct CredentialField {
    /// The term.
    pub name: &'static str,
    pub doc: &'static str,
    /// Longest text, in bytes.
    pub max_bytes: usize,
    /// Tells whether it may have several lines.
    pub lines: bool,
    /// A value that is accepted, where documents show it.
    pub example: Option<&'static str>,
}

impl CredentialField {
    const fn line(name: &'static str, doc: &'static str) -> Self {
        Self { name, doc, max_bytes: 1000, lines: false, example: None }
    }
}

/// The user that is logged in.
pub const USER: CredentialField =
    CredentialField { example: Some("reader"), ..CredentialField::line("user", "User name") };
/// The user's password.
pub const PASSWORD: CredentialField = CredentialField {
    example: Some("open sesame"),
    ..CredentialField::line("password", "Password")
};

/// The name of a key of S3.
pub const ACCESS_KEY_ID: CredentialField = CredentialField::line("accessKeyId", "Access key of S3");
/// The key of S3 itself.
pub const SECRET_ACCESS_KEY: CredentialField =
    CredentialField::line("secretAccessKey", "Secret of the access key");
/// Region of buckets, unless a URL or the server names it.
pub const REGION: CredentialField =
    CredentialField::line("region", "Region of the buckets; without one, us-east-1");
/// The server that `s3://` URLs lead to.
pub const ENDPOINT: CredentialField = CredentialField::line(
    "endpoint",
    "Server of S3 that s3:// origins are fetched from; without one, Amazon's",
);

/// The key that proves who the user is.
pub const PRIVATE_KEY: CredentialField = CredentialField {
    name: "privateKey",
    doc: "Private key of the user, in the form of OpenSSH or PEM, without a passphrase",
    max_bytes: 4000,
    lines: true,
    example: None,
};
/// The key by which a server is known.
pub const HOST_KEY: CredentialField = CredentialField::line(
    "hostKey",
    "Public key of the server, or its hash; without one, that of the first fetch",
);

/// Every member that the credentials of some strategy have.
pub const CREDENTIAL_FIELDS: [CredentialField; 8] =
    [USER, PASSWORD, PRIVATE_KEY, HOST_KEY, ACCESS_KEY_ID, SECRET_ACCESS_KEY, REGION, ENDPOINT];

/// The members that the credentials of a strategy have.
#[derive(Debug)]
pub struct Shape {
    /// The whole in words, with its article.
    pub words: &'static str,
    pub required: &'static [CredentialField],
    pub optional: &'static [CredentialField],
    /// Returns the member that is wrong, and why, as the rest of a sentence that begins with it.
    pub(super) rule: fn(&Credentials) -> Result<(), CredentialFault>,
}

/// A member of credentials that is wrong, and why, as the rest of a sentence that begins with it.
pub type CredentialFault = (&'static str, String);

/// A user and a password; the user has no colon, which would end it (RFC 7617, section 2).
pub const USER_AND_PASSWORD: Shape = Shape {
    words: "a user and a password",
    required: &[USER, PASSWORD],
    optional: &[],
    rule: |given| match given.get(USER) {
        Some(user) if user.contains(':') => Err((USER.name, "must not hold a colon".to_owned())),
        _ => Ok(()),
    },
};

/// The part that credentials play in a strategy.
#[derive(Clone, Copy, Debug)]
pub enum CredentialUse {
    /// Nothing is ever sent.
    Never,
    /// They are sent where they were given.
    Optional(&'static Shape),
    /// Nothing can be fetched without.
    Required(&'static Shape),
}

impl CredentialUse {
    /// Returns what they are made of, if there can be any.
    #[must_use]
    pub const fn shape(self) -> Option<&'static Shape> {
        match self {
            Self::Never => None,
            Self::Optional(shape) | Self::Required(shape) => Some(shape),
        }
    }
}

impl Shape {
    /// Returns the error of a fetch that was given none.
    pub(super) fn missing(&self) -> OriginError {
        OriginError::CredentialsMissing { words: self.words }
    }

    fn fields(&self) -> impl Iterator<Item = &'static CredentialField> {
        self.required.iter().chain(self.optional)
    }

    /// Returns whether the same members are meant, so that credentials of one are credentials of the other.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let names = |shape: &Self| shape.fields().map(|field| field.name).collect::<Vec<_>>();
        names(self) == names(other)
    }

    /// Reads credentials off a JSON object, of which other members are left aside.
    ///
    /// # Errors
    /// Returns every member that is wrong.
    pub fn read(&self, given: &Map<String, Value>) -> Result<Credentials, Vec<CredentialFault>> {
        let mut faults = Vec::new();
        let mut read = BTreeMap::new();
        for field in self.fields() {
            match given.get(field.name) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => match field.fault(text) {
                    None => drop(read.insert(field.name, Secret::new(text.as_str()))),
                    Some(fault) => faults.push((field.name, fault)),
                },
                Some(_) => faults.push((field.name, "must be a text".to_owned())),
            }
        }
        let is_wrong = |name: &str| faults.iter().any(|(wrong, _)| *wrong == name);
        let missing = self.required.iter().map(|field| field.name);
        let missing: Vec<_> =
            missing.filter(|name| !read.contains_key(*name) && !is_wrong(name)).collect();
        faults.extend(missing.into_iter().map(|name| (name, "is required".to_owned())));
        let read = Credentials(read);
        if faults.is_empty() {
            faults.extend((self.rule)(&read).err());
        }
        if faults.is_empty() { Ok(read) } else { Err(faults) }
    }

    /// Reads the text of such an object, as it is kept; `None` where it is none any more.
    #[must_use]
    pub fn restore(&self, kept: &Secret) -> Option<Credentials> {
        self.read(&serde_json::from_str(kept.reveal()).ok()?).ok()
    }
}

impl CredentialField {
    fn fault(&self, text: &str) -> Option<String> {
        let is_odd = |c: char| c == '\0' || (!self.lines && matches!(c, '\r' | '\n'));
        if text.is_empty() {
            Some("must not be empty".to_owned())
        } else if text.len() > self.max_bytes {
            Some(format!("must be at most {} bytes long", self.max_bytes))
        } else if text.contains(is_odd) {
            Some("holds a character that no server would accept".to_owned())
        } else {
            None
        }
    }
}

/// The values of credentials; neither printable nor serialisable by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials(BTreeMap<&'static str, Secret>);

impl Credentials {
    /// Returns the value of a member, if it was given.
    #[must_use]
    pub fn get(&self, field: CredentialField) -> Option<&str> {
        self.0.get(field.name).map(Secret::reveal)
    }

    /// Returns the text in which they are kept, a JSON object.
    #[must_use]
    pub fn to_kept(&self) -> Secret {
        let members = self.0.iter().map(|(name, value)| (*name, value.reveal()));
        Secret::new(members.collect::<Value>().to_string())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(given: &Value) -> Result<Credentials, Vec<CredentialFault>> {
        USER_AND_PASSWORD.read(given.as_object().expect("an object"))
    }

    #[test]
    fn every_member_that_is_wrong_is_told() {
        let faults = |given| {
            let faults = read(&given).expect_err("faults");
            faults.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(faults(json!({})), ["user", "password"]);
        assert_eq!(faults(json!({ "user": 1, "password": "" })), ["user", "password"]);
        assert_eq!(faults(json!({ "user": "a\nb", "password": null })), ["user", "password"]);
        assert_eq!(faults(json!({ "user": "a:b", "password": "c" })), ["user"]);
        let long = "x".repeat(1001);
        assert_eq!(faults(json!({ "user": "a", "password": long })), ["password"]);
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let read = read(&json!({ "user": "a", "password": "b\"c", "other": 1 })).expect("right");
        assert_eq!(USER_AND_PASSWORD.restore(&read.to_kept()), Some(read.clone()));
        assert!(!read.to_kept().reveal().contains("other"));
        assert_eq!(USER_AND_PASSWORD.restore(&Secret::new("{}")), None);
    }
}
