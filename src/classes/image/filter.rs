//! Filters of images: the conditions of a question.

use crate::classes::role::stored::StoredRole;

/// Conditions that an image must meet, all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of these; `None`: no condition.
    pub strings: [Option<Vec<String>>; 3],
    pub numbers: [Option<Vec<i64>>; 3],
    pub spaces: Option<Vec<i32>>,
    pub ids: Option<Vec<String>>,
    /// All of these.
    pub tags: Vec<String>,
    /// All of these.
    pub roles: Vec<StoredRole>,
}

impl Filter {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether it says anything of metadata.
    pub fn has_metadata(&self) -> bool {
        self.strings.iter().any(Option::is_some) || self.numbers.iter().any(Option::is_some)
    }

    /// Returns whether it asks for one value of a member of metadata, so that an index has what it finds in the default
    /// order.
    pub fn is_by_value(&self) -> bool {
        let text = |any: &Option<Vec<String>>| any.as_ref().is_some_and(|any| any.len() == 1);
        let number = |any: &Option<Vec<i64>>| any.as_ref().is_some_and(|any| any.len() == 1);
        self.strings.iter().any(text) || self.numbers.iter().any(number)
    }
}
