//! Defaults of spaces, which new images take where they leave a member out (`docs/rules.md` 4.2).

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;

use super::ImageDraft;
use crate::classes::role::stored::StoredRole;
use crate::hydra::Problem;
use crate::schema::spaces;

/// The defaults of a space, as its row holds them.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = spaces, check_for_backend(diesel::pg::Pg))]
pub(super) struct SpaceDefaults {
    #[diesel(column_name = default_tags)]
    tags: Vec<String>,
    #[diesel(column_name = default_roles)]
    roles: Vec<StoredRole>,
    /// Pixels; -1: no limit.
    #[diesel(column_name = default_max_unauthorised)]
    max_unauthorised: i32,
    #[diesel(column_name = default_required_statement)]
    required_statement: Option<String>,
    #[diesel(column_name = default_rights)]
    rights: Option<String>,
}

impl SpaceDefaults {
    /// Locks a space, so that it exists until the transaction ends, and returns its defaults.
    ///
    /// # Errors
    /// Returns [`Problem::NotFound`] where there is no such space.
    pub fn lock(conn: &mut PgConnection, customer: i32, space: i32) -> Result<Self, Problem> {
        let found = spaces::table.find((customer, space));
        found
            .select(Self::as_select())
            .for_key_share()
            .first(conn)
            .optional()?
            .ok_or_else(|| Problem::NotFound(format!("there is no space {space}")))
    }

    /// Locks those of these spaces that exist, in the order of their numbers, and returns their defaults.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub fn lock_all(
        conn: &mut PgConnection,
        customer: i32,
        wanted: &BTreeSet<i32>,
    ) -> Result<HashMap<i32, Self>, Problem> {
        let found: Vec<(i32, Self)> = spaces::table
            .filter(spaces::customer.eq(customer))
            .filter(spaces::id.eq_any(wanted))
            .order(spaces::id)
            .select((spaces::id, Self::as_select()))
            .for_key_share()
            .load(conn)?;
        Ok(found.into_iter().collect())
    }

    /// Returns what a new image in the space starts from.
    pub fn into_draft(self) -> ImageDraft {
        ImageDraft {
            tags: self.tags,
            roles: self.roles,
            max_unauthorised: self.max_unauthorised,
            required_statement: self.required_statement,
            rights: self.rights,
            ..ImageDraft::default()
        }
    }
}
