//! Seals everything anew that was sealed with a key of before, beside the service.
//!
//! Rows are read in chunks, each locked and written in a transaction of its own. Whatever is sealed meanwhile is sealed with
//! the new key already, so that one pass is enough.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Text};

use crate::classes::{customer_origin_strategy, role_provider, webhook};
use crate::database::Database;
use crate::hydra::Problem;
use crate::resource::transaction;
use crate::secrets::Secrets;

/// Rows of a transaction, at most.
const CHUNK: i64 = 100;

/// A column that holds what is sealed.
struct Sealed {
    table: &'static str,
    /// The other column of the primary key, which begins with `customer`.
    id: &'static str,
    column: &'static str,
    place: fn(i32, &str) -> String,
}

const COLUMNS: [Sealed; 3] = [
    Sealed {
        table: "customer_origin_strategies",
        id: "id",
        column: "credentials",
        place: customer_origin_strategy::rules::place,
    },
    Sealed {
        table: "role_providers",
        id: "auth_service",
        column: "credentials",
        place: role_provider::place,
    },
    Sealed { table: "webhooks", id: "id", column: "secret", place: webhook::place },
];

#[derive(Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    customer: i32,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Binary)]
    sealed: Vec<u8>,
}

/// The numbers of a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Those that were sealed anew.
    pub anew: u64,
    /// Those that do not open, because they were sealed with a secret that was lost before.
    pub void: u64,
}

/// Seals everything anew that is not sealed with the key that seals now.
///
/// # Errors
/// Fails if the database does not answer; a later pass goes on with what is left.
pub fn reseal(database: &Database, secrets: &Secrets) -> Result<Resealed, Problem> {
    let mut done = Resealed::default();
    for column in &COLUMNS {
        let mut after = (0, String::new());
        loop {
            let chunk = transaction::write(database, |conn| column.reseal(conn, secrets, &after))?;
            done.anew += chunk.0.anew;
            done.void += chunk.0.void;
            match chunk.1 {
                Some(last) => after = last,
                None => break,
            }
        }
    }
    Ok(done)
}

impl Sealed {
    /// Seals a chunk of rows; returns also the key of the last, `None` where there are no more.
    fn reseal(
        &self,
        conn: &mut PgConnection,
        secrets: &Secrets,
        after: &(i32, String),
    ) -> Result<(Resealed, Option<(i32, String)>), Problem> {
        let Self { table, id, column, place } = self;
        let rows: Vec<Row> = diesel::sql_query(format!(
            "SELECT customer, {id} AS id, {column} AS sealed FROM {table} \
             WHERE {column} IS NOT NULL AND (customer, {id}) > ($1, $2) \
             ORDER BY customer, {id} LIMIT {CHUNK} FOR NO KEY UPDATE"
        ))
        .bind::<Integer, _>(after.0)
        .bind::<Text, _>(&after.1)
        .load(conn)?;
        let mut done = Resealed::default();
        for row in &rows {
            match secrets.reseal(&row.sealed, &place(row.customer, &row.id)) {
                Ok(None) => {}
                Ok(Some(sealed)) => {
                    let set = format!(
                        "UPDATE {table} SET {column} = $3 WHERE customer = $1 AND {id} = $2"
                    );
                    let set = diesel::sql_query(set);
                    let set = set.bind::<Integer, _>(row.customer).bind::<Text, _>(&row.id);
                    set.bind::<Binary, _>(sealed).execute(conn)?;
                    done.anew += 1;
                }
                Err(_void) => done.void += 1,
            }
        }
        let last = rows.into_iter().next_back().map(|row| (row.customer, row.id));
        Ok((done, last))
    }
}
