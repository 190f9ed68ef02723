//! The one form in which roles are stored, of images and of the defaults of spaces.
//!
//! An own role is `/` and its id, which no URI looks like; another is the URI that was given, word for word.

/// Returns the stored form of an own role.
pub fn stored_role(id: &str) -> String {
    format!("/{id}")
}

/// Returns the id of a stored role, if it is an own one.
pub fn own_id(stored: &str) -> Option<&str> {
    stored.strip_prefix('/')
}
