//! The one form in which roles are stored, of images and of the defaults of spaces.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::Serialize;

use crate::database::refill::Refill;

/// A role as it is stored: `/` and its id if it is an own role, which no URI looks like, else the URI that was
/// given, word for word.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, Serialize,
)]
#[diesel(sql_type = Text)]
pub struct StoredRole(String);

/// Stands before a text that is a URI or the bare id of a role; neither begins with it. It is never stored.
const UNSETTLED: char = '?';

impl StoredRole {
    /// Returns the stored form of an own role.
    pub fn own(id: &str) -> Self {
        Self(format!("/{id}"))
    }

    /// Returns the stored form of a role that is none of the customer's.
    pub fn foreign(uri: String) -> Self {
        Self(uri)
    }

    /// Returns what stands for a text until it is known whether it is a URI or the bare id of a role.
    pub(super) fn unsettled(text: &str) -> Self {
        Self(format!("{UNSETTLED}{text}"))
    }

    /// Returns the id, if it is an own role.
    pub fn own_id(&self) -> Option<&str> {
        self.0.strip_prefix('/')
    }

    /// Returns the text of which it is not known whether it is a URI or a bare id, if it is one.
    pub(super) fn unsettled_text(&self) -> Option<&str> {
        self.0.strip_prefix(UNSETTLED)
    }

    /// Returns the stored text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ToSql<Text, Pg> for StoredRole {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
    }
}

impl FromSql<Text, Pg> for StoredRole {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Pg>>::from_sql(value).map(Self)
    }
}

impl Refill for StoredRole {
    fn refill(&mut self, value: Option<&[u8]>) -> deserialize::Result<()> {
        self.0.refill(value)
    }
}
