//! Filters of images: the conditions of a question.

use chrono::{DateTime, Utc};

use crate::classes::role::stored::StoredRole;

/// Conditions that an image must meet, all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of these; `None`: no condition.
    pub strings: [Option<Vec<String>>; 3],
    /// Prefixes of the texts; `None`: no condition.
    pub prefixes: [Option<String>; 3],
    pub numbers: [Option<Vec<i64>>; 3],
    pub spaces: Option<Vec<i32>>,
    pub ids: Option<Vec<String>>,
    /// All of these.
    pub tags: Vec<String>,
    /// All of these.
    pub roles: Vec<StoredRole>,
    /// Tells whether they have an error, or have none.
    pub has_error: Option<bool>,
    pub ingesting: Option<bool>,
    /// Any of these.
    pub media_types: Option<Vec<String>>,
    pub created: Span,
    pub finished: Span,
    /// Pixels, at least.
    pub min_width: Option<i64>,
    /// Pixels, at least.
    pub min_height: Option<i64>,
    /// Bytes of the original, at least.
    pub min_size: Option<i64>,
    /// Bytes of the original, at most.
    pub max_size: Option<i64>,
}

/// A span of time; a side that is missing is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Begins with this moment.
    pub from: Option<DateTime<Utc>>,
    /// Ends before this moment.
    pub before: Option<DateTime<Utc>>,
}

impl Span {
    /// Returns whether it holds all of time.
    pub fn is_open(self) -> bool {
        self == Self::default()
    }
}

impl Filter {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether it asks for what stands in rows beside those of images.
    pub fn looks_beside_images(&self) -> bool {
        self.min_size.is_some() || self.max_size.is_some()
    }

    /// Returns whether the indexes that find what it asks for lead with the space.
    pub fn is_found_by_space(&self) -> bool {
        self.ids.is_some()
            || self.strings.iter().any(Option::is_some)
            || self.prefixes.iter().any(Option::is_some)
            || self.numbers.iter().any(Option::is_some)
            || !self.finished.is_open()
    }

    /// Returns whether it asks for one value of a member of metadata, so that an index has what it finds in the default
    /// order.
    pub fn is_by_value(&self) -> bool {
        let text = |any: &Option<Vec<String>>| any.as_ref().is_some_and(|any| any.len() == 1);
        let number = |any: &Option<Vec<i64>>| any.as_ref().is_some_and(|any| any.len() == 1);
        self.strings.iter().any(text) || self.numbers.iter().any(number)
    }

    /// Returns what it says of when images were registered, and nothing else: a stretch of the default order.
    pub fn registered(&self) -> Self {
        Self { created: self.created, ..Self::default() }
    }
}
