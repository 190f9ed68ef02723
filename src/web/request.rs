//! One request as the doors see it: its number, its path, what the client prefers.

use actix_web::HttpRequest;

/// What a client prefers to get back (RFC 7240).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    Minimal,
    Representation,
}

impl Preference {
    pub fn applied(self) -> &'static str {
        match self {
            Self::Minimal => "return=minimal",
            Self::Representation => "return=representation",
        }
    }
}

/// The first preference of a request about what is returned.
pub fn preference(request: &HttpRequest) -> Option<Preference> {
    let values = request.headers().get_all("Prefer").filter_map(|v| v.to_str().ok());
    values.flat_map(|v| v.split(',')).find_map(|one| {
        let word = one.split(';').next()?.trim().to_ascii_lowercase();
        match word.replace([' ', '"'], "").as_str() {
            "return=minimal" => Some(Preference::Minimal),
            "return=representation" => Some(Preference::Representation),
            _ => None,
        }
    })
}

/// Names a request in the log and in error bodies.
pub fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
