//! The language of a server's error messages.
//!
//! diesel hands out no SQLSTATE for deadlocks, time-outs and full disks, so that these are recognised by the
//! words of the server, which must then be English. `lc_messages` is set for that; it needs a privilege.

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{PgConnection, QueryableByName, RunQueryDsl};

use super::DatabaseError;

/// The language of a session's error messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Messages {
    English,
    /// Another, named as `lc_messages` has it, which the role may not change: words tell nothing.
    Other(String),
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

impl Messages {
    /// Makes the messages of a session English where they are not, and where that is allowed.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn settle(conn: &mut PgConnection) -> Result<Self, DatabaseError> {
        let setting: Setting = diesel::sql_query("SELECT current_setting('lc_messages') AS value")
            .get_result(conn)
            .map_err(|e| DatabaseError::from_query(&e))?;
        if is_english(&setting.value) {
            return Ok(Self::English);
        }
        // Refused to roles that are neither superusers nor granted it (PostgreSQL 15 and later).
        match conn.batch_execute("SET lc_messages = 'C'") {
            Ok(()) => Ok(Self::English),
            Err(error) => {
                log::debug!("lc_messages cannot be set: {error}");
                Ok(Self::Other(setting.value))
            }
        }
    }

    /// Returns whether the words of an error can be relied on.
    pub fn are_english(&self) -> bool {
        *self == Self::English
    }

    /// Warns where words cannot be relied on, with the way to change that.
    pub fn warn(&self) {
        if let Self::Other(language) = self {
            log::warn!(
                "the database's messages are in {language}, and its role may not change that: errors \
                 whose kind is unclear are tried again, and answered 503. To have them told apart, run \
                 GRANT SET ON PARAMETER lc_messages TO the role, or ALTER ROLE … SET lc_messages = 'C', \
                 as a superuser"
            );
        }
    }
}

/// Returns whether `lc_messages` names a locale whose messages are not translated. An empty one is the server's own.
fn is_english(locale: &str) -> bool {
    let language = locale.split(['_', '.', '@']).next().unwrap_or_default();
    matches!(language, "C" | "POSIX" | "en" | "English")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untranslated_locales_are_known_by_their_names() {
        for locale in
            ["C", "POSIX", "C.UTF-8", "en_US.UTF-8", "en_GB", "English_United States.1252"]
        {
            assert!(is_english(locale), "{locale}");
        }
        for locale in ["", "de_DE.UTF-8", "fr_FR", "eng_eng"] {
            assert!(!is_english(locale), "{locale}");
        }
    }
}
