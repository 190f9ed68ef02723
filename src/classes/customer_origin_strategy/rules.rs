//! Rules by which origins are fetched, as the engine reads them: what chooses a strategy, and its credentials.

use diesel::prelude::*;

use crate::hydra::Problem;
use crate::origins::{self, Pattern, Rule, Strategy};
use crate::resource::Site;
use crate::resource::credentials;
use crate::schema::customer_origin_strategies as strategies;

/// Returns where credentials belong, so that they open nowhere else.
pub fn place(customer: i32, id: &str) -> String {
    format!("customers/{customer}/originStrategies/{id}")
}

/// A stored rule that chooses a strategy; rules are tried in their order.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = strategies, check_for_backend(diesel::pg::Pg))]
pub struct StoredRule {
    id: String,
    regex: String,
    origin_strategy: String,
}

/// Returns what chooses the strategies of a customer, in the order of trial, without credentials.
///
/// # Errors
/// Fails if the database does not answer.
pub fn stored_rules(conn: &mut PgConnection, customer: i32) -> Result<Vec<StoredRule>, Problem> {
    Ok(strategies::table
        .filter(strategies::customer.eq(customer))
        .order((strategies::position, strategies::id))
        .select(StoredRule::as_select())
        .load(conn)?)
}

impl StoredRule {
    /// Compiles the pattern, which takes time; none, with a warning, where it is of no use here.
    pub fn compile(&self, customer: i32) -> Option<Rule> {
        let strategy = Strategy::parse(&self.origin_strategy);
        let Some((pattern, strategy)) = Pattern::compile(&self.regex).ok().zip(strategy) else {
            log::warn!("origin strategy {} of customer {customer} is of no use here", self.id);
            return None;
        };
        Some(Rule { id: self.id.clone(), pattern, strategy })
    }
}

/// Opens the credentials of one rule; none where its strategy takes none, none are held, or they do not open any more.
///
/// # Errors
/// Fails if the database does not answer.
pub fn held_credentials(
    conn: &mut PgConnection,
    site: &Site,
    customer: i32,
    id: &str,
    strategy: Strategy,
) -> Result<Option<origins::Credentials>, Problem> {
    let Some(shape) = strategy.credentials().shape() else { return Ok(None) };
    let sealed: Option<Option<Vec<u8>>> = strategies::table
        .find((customer, id))
        .select(strategies::credentials)
        .first(conn)
        .optional()?;
    let Some(sealed) = sealed.flatten() else { return Ok(None) };
    // What was sealed with another secret is as good as never given: it has to be given again.
    Ok(match credentials::open(&sealed, site, &place(customer, id)) {
        Ok(kept) => shape.restore(&kept),
        Err(problem) => {
            log::error!("credentials of origin strategy {id} of customer {customer}: {problem}");
            None
        }
    })
}
