//! The writable part of an image.

use diesel::prelude::*;
use serde::Serialize;

use crate::classes::role::stored::StoredRole;
use crate::schema::images;

/// The writable part of an image.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize,
)]
#[diesel(table_name = images, treat_none_as_null = true, treat_none_as_default_value = false)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct ImageDraft {
    pub origin: String,
    pub initial_origin: Option<String>,
    /// Pixels; -1: no limit.
    pub max_unauthorised: i32,
    pub roles: Vec<StoredRole>,
    pub tags: Vec<String>,
    pub string1: Option<String>,
    pub string2: Option<String>,
    pub string3: Option<String>,
    pub number1: Option<i64>,
    pub number2: Option<i64>,
    pub number3: Option<i64>,
    /// Empty until it is inferred.
    pub media_type: String,
    /// Tells whether a body gave it, so that the content does not change it.
    pub media_type_given: bool,
    pub label: Option<String>,
    pub required_statement: Option<String>,
    pub rights: Option<String>,
}

impl ImageDraft {
    /// Returns where it is fetched, or may be.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        [Some(self.origin.as_str()), self.initial_origin.as_deref()].into_iter().flatten()
    }
}

impl Default for ImageDraft {
    fn default() -> Self {
        Self {
            origin: String::new(),
            initial_origin: None,
            max_unauthorised: -1,
            roles: Vec::new(),
            tags: Vec::new(),
            string1: None,
            string2: None,
            string3: None,
            number1: None,
            number2: None,
            number3: None,
            media_type: String::new(),
            media_type_given: false,
            label: None,
            required_statement: None,
            rights: None,
        }
    }
}
