//! New rows of images.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::ImageDraft;
use crate::addresses::ImageAddress;
use crate::classes::role::stored::StoredRole;
use crate::schema::images;

/// A new row of `images`; the store gives the rest.
///
/// The columns of the draft are spelled out, because COPY takes no embedded struct; a test compares them.
#[derive(Insertable)]
#[diesel(table_name = images, treat_none_as_default_value = false)]
pub(super) struct NewImage<'a> {
    pub customer: i32,
    pub space: i32,
    pub id: &'a str,
    pub created: DateTime<Utc>,
    pub origin: &'a str,
    pub initial_origin: Option<&'a str>,
    pub max_unauthorised: i32,
    pub roles: &'a [StoredRole],
    pub tags: &'a [String],
    pub string1: Option<&'a str>,
    pub string2: Option<&'a str>,
    pub string3: Option<&'a str>,
    pub number1: Option<i64>,
    pub number2: Option<i64>,
    pub number3: Option<i64>,
    pub media_type: &'a str,
    pub media_type_given: bool,
    pub label: Option<&'a str>,
    pub required_statement: Option<&'a str>,
    pub rights: Option<&'a str>,
    pub batch: Option<i64>,
    pub queued: Option<DateTime<Utc>>,
    pub ingesting: bool,
}

impl<'a> NewImage<'a> {
    pub fn new(at: &'a ImageAddress, draft: &'a ImageDraft, created: DateTime<Utc>) -> Self {
        Self {
            customer: at.customer,
            space: at.space,
            id: &at.image,
            created,
            origin: &draft.origin,
            initial_origin: draft.initial_origin.as_deref(),
            max_unauthorised: draft.max_unauthorised,
            roles: &draft.roles,
            tags: &draft.tags,
            string1: draft.string1.as_deref(),
            string2: draft.string2.as_deref(),
            string3: draft.string3.as_deref(),
            number1: draft.number1,
            number2: draft.number2,
            number3: draft.number3,
            media_type: &draft.media_type,
            media_type_given: draft.media_type_given,
            label: draft.label.as_deref(),
            required_statement: draft.required_statement.as_deref(),
            rights: draft.rights.as_deref(),
            batch: None,
            queued: None,
            ingesting: true,
        }
    }
}
