//! The body of a log-in: a form or JSON.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use crate::hydra::{Fault, Problem};
use crate::secrets::Secret;

/// Media types that a log-in takes.
pub const OFFERED: &str = "application/json, application/x-www-form-urlencoded";

/// The kind of client, which decides the form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page without a script, which is led on.
    Form,
    /// A script.
    Json,
}

/// The credentials of a log-in.
pub enum Credentials {
    Key { key: String, secret: Secret },
    Person { email: String, password: Secret, customer: Option<String> },
    Link(Secret),
}

/// The members of a body, which are all texts.
pub struct Fields(HashMap<String, Secret>);

/// Returns the kind of body that a request says it has.
///
/// # Errors
/// Returns [`Problem::UnsupportedMediaType`] for any other.
pub fn kind(request: &HttpRequest) -> Result<Kind, Problem> {
    let given = request.headers().get(CONTENT_TYPE).map(|v| v.to_str().unwrap_or_default());
    let given = given.and_then(|given| given.split(';').next()).unwrap_or_default().trim();
    match given.to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => Ok(Kind::Form),
        "application/json" => Ok(Kind::Json),
        _ => Err(Problem::UnsupportedMediaType { given: given.to_owned(), offered: OFFERED }),
    }
}

impl Fields {
    /// Reads a body.
    ///
    /// # Errors
    /// Returns [`Problem::Unreadable`] if it is not of its kind, and [`Problem::Invalid`] for members that are no texts.
    pub fn read(kind: Kind, body: &[u8]) -> Result<Self, Problem> {
        match kind {
            Kind::Form => Self::of_form(body),
            Kind::Json => Self::of_json(body),
        }
    }

    fn of_form(body: &[u8]) -> Result<Self, Problem> {
        let malformed = || Problem::Unreadable("the body is no form in UTF-8".into());
        let mut fields = HashMap::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decoded(halves.next().unwrap_or_default()).ok_or_else(malformed)?;
            let value = decoded(halves.next().unwrap_or_default()).ok_or_else(malformed)?;
            if fields.insert(name.reveal().to_owned(), value).is_some() {
                return Err(Problem::invalid(name.reveal(), "is given twice"));
            }
        }
        Ok(Self(fields))
    }

    fn of_json(body: &[u8]) -> Result<Self, Problem> {
        let malformed = |_| Problem::Unreadable("the body is no JSON object".into());
        let object: Map<String, Value> = serde_json::from_slice(body).map_err(malformed)?;
        let (mut fields, mut faults) = (HashMap::new(), Vec::new());
        for (name, value) in object {
            match value {
                Value::String(text) if text.contains('\0') => {
                    faults.push(Fault::new(name, "must not contain the character U+0000"));
                }
                Value::String(text) => drop(fields.insert(name, Secret::new(text))),
                Value::Null => {}
                _ => faults.push(Fault::new(name, "must be a string")),
            }
        }
        if faults.is_empty() { Ok(Self(fields)) } else { Err(faults.into()) }
    }

    /// Takes a member; one that is empty counts as left out, as a form has it.
    fn take(&mut self, name: &str) -> Option<Secret> {
        self.0.remove(name).filter(|value| !value.reveal().is_empty())
    }

    fn take_text(&mut self, name: &str) -> Option<String> {
        self.take(name).map(|value| value.reveal().to_owned())
    }

    /// Takes the path that a form leads on to; without one, that of the root.
    ///
    /// # Errors
    /// Returns [`Problem::Invalid`] for anything that could lead to another host.
    pub fn take_target(&mut self, root: &str) -> Result<String, Problem> {
        let Some(target) = self.take_text("target") else { return Ok(root.to_owned()) };
        match is_path(&target) {
            true => Ok(target),
            false => Err(Problem::invalid("target", "must be a path of this service")),
        }
    }

    /// Takes the credentials, of one kind only.
    ///
    /// # Errors
    /// Returns [`Problem::Invalid`] for what is missing.
    pub fn take_credentials(&mut self) -> Result<Credentials, Problem> {
        if let Some(token) = self.take("token") {
            return Ok(Credentials::Link(token));
        }
        let missing = |names: &[&str]| -> Problem {
            let faults = names.iter().map(|name| Fault::new(*name, "is missing"));
            faults.collect::<Vec<_>>().into()
        };
        match (self.take_text("key"), self.take("secret")) {
            (Some(key), Some(secret)) => return Ok(Credentials::Key { key, secret }),
            (Some(_), None) => return Err(missing(&["secret"])),
            (None, Some(_)) => return Err(missing(&["key"])),
            (None, None) => {}
        }
        let email = self.take_text("email").map(|email| email.trim().to_owned());
        match (email, self.take("password")) {
            (Some(email), Some(password)) => {
                Ok(Credentials::Person { email, password, customer: self.take_text("customer") })
            }
            (Some(_), None) => Err(missing(&["password"])),
            (None, Some(_)) => Err(missing(&["email"])),
            (None, None) => Err(missing(&["email", "password"])),
        }
    }
}

/// Returns a part of a form as text.
fn decoded(part: &[u8]) -> Option<Secret> {
    let part: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    // PostgreSQL's text has no U+0000.
    let text = percent_decode(&part).decode_utf8().ok().filter(|text| !text.contains('\0'))?;
    Some(Secret::new(text))
}

/// Returns whether a target is a path, which a browser looks for at the same origin.
///
/// Browsers read a backslash as a slash, and leave tabs and line ends out, so that nothing of the kind is taken.
fn is_path(target: &str) -> bool {
    target.starts_with('/')
        && !target.starts_with("//")
        && target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_leads_to_no_other_host() {
        for (target, taken) in [
            ("/", true),
            ("/customers/2/spaces?page=2#top", true),
            ("", false),
            ("customers", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("/\t/evil.example", false),
            ("/a\\b", false),
            ("/a\r\nSet-Cookie: x", false),
            ("https://evil.example", false),
            ("/é", false),
        ] {
            assert_eq!(is_path(target), taken, "{target:?}");
        }
    }

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let body = b"email=a%40example.org&password=open+sesame%21&customer=&x";
        let mut fields = Fields::read(Kind::Form, body).expect("a form");
        let Ok(Credentials::Person { email, password, customer }) = fields.take_credentials()
        else {
            panic!("no person");
        };
        assert_eq!((email.as_str(), password.reveal()), ("a@example.org", "open sesame!"));
        assert_eq!(customer, None);
        for wrong in [b"a=%FF".as_slice(), b"a=%00", b"a=1&a=2"] {
            assert!(Fields::read(Kind::Form, wrong).is_err());
        }
    }
}
