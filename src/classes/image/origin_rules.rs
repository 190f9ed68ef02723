//! Origins that nothing will fetch for their customer: refused when they are written, as far as that can be seen then.

use std::time::{Duration, Instant};

use diesel::prelude::*;

use super::ImageDraft;
use crate::addresses::ImageAddress;
use crate::classes::customer_origin_strategy::rules::stored_rules;
use crate::hydra::{Fault, Problem};
use crate::origins::{Rule, Strategy, choose};
use crate::resource::Site;
use crate::schema::images;
use crate::uploads::origin::{self, NamedUploads};

/// Time that the patterns of a request may take together. Where it is over, the rest is found out when it is fetched.
const BUDGET: Duration = Duration::from_millis(200);

/// The rules of a customer, read where an origin asks for them.
pub struct OriginRules<'a> {
    site: &'a Site,
    customer: i32,
    read: Option<Vec<Rule>>,
    since: Instant,
    uploads: NamedUploads,
}

impl<'a> OriginRules<'a> {
    pub fn new(site: &'a Site, customer: i32) -> Self {
        Self { site, customer, read: None, since: Instant::now(), uploads: NamedUploads::default() }
    }

    /// Locks the uploads among origins that are about to be written, before any of them is asked about.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn lock_uploads<'o>(
        &mut self,
        conn: &mut PgConnection,
        origins: impl Iterator<Item = &'o str>,
    ) -> Result<(), Problem> {
        self.uploads = NamedUploads::lock(conn, self.customer, origins)?;
        Ok(())
    }

    /// Returns why an origin will not be fetched, as the rest of a sentence; `None` where it is not known. An upload has been
    /// locked before.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub fn fault(
        &mut self,
        conn: &mut PgConnection,
        origin: &str,
    ) -> Result<Option<String>, Problem> {
        if origin::id_of(origin).is_some() {
            return Ok(self.uploads.fault(origin).map(str::to_owned));
        }
        let ambient = &self.site.s3_ambient;
        let scheme = origin.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
        // Any strategy may fetch it, but for those whose objects are assigned.
        if Strategy::DEFAULT.fetches(&scheme) && !ambient.names(self.customer) {
            return Ok(None);
        }
        // What is no origin at all has a rule of its own.
        if !Strategy::all().any(|strategy| strategy.fetches(&scheme)) {
            return Ok(None);
        }
        let rules = if let Some(rules) = self.read.take() { rules } else { self.compiled(conn)? };
        let left = self.left();
        if left.is_zero() {
            self.read = Some(rules);
            return Ok(None);
        }
        let chosen = choose(&rules, origin, left);
        let strategy = chosen.ok().map(|rule| rule.map_or(Strategy::DEFAULT, |rule| rule.strategy));
        self.read = Some(rules);
        let refused = strategy.and_then(|s| s.check(origin, self.customer, ambient).err());
        Ok(refused.map(|error| format!("will not be fetched: {error}")))
    }

    /// Compiles the patterns, as long as there is time.
    fn compiled(&self, conn: &mut PgConnection) -> Result<Vec<Rule>, Problem> {
        let stored = stored_rules(conn, self.customer)?;
        let in_time = stored.iter().take_while(|_| !self.left().is_zero());
        Ok(in_time.filter_map(|rule| rule.compile(self.customer)).collect())
    }

    fn left(&self) -> Duration {
        BUDGET.saturating_sub(self.since.elapsed())
    }
}

/// Returns the faults of the origins of one draft; what is held already at `at` is none.
///
/// # Errors
/// Fails if the database does not answer.
pub fn faults(
    conn: &mut PgConnection,
    site: &Site,
    customer: i32,
    at: Option<&ImageAddress>,
    draft: &ImageDraft,
) -> Result<Vec<Fault>, Problem> {
    let mut rules = OriginRules::new(site, customer);
    rules.lock_uploads(conn, draft.origins())?;
    let mut faults = Vec::new();
    if let Some(reason) = rules.fault(conn, &draft.origin)? {
        faults.push(Fault::new("origin", reason));
    }
    if let Some(origin) = &draft.initial_origin
        && let Some(reason) = rules.fault(conn, origin)?
    {
        faults.push(Fault::new("initialOrigin", reason));
    }
    let (false, Some(at)) = (faults.is_empty(), at) else { return Ok(faults) };
    // A change of something else is no reason to refuse what stood there before the strategies were changed.
    let image = images::table.find((at.customer, at.space, &at.image));
    let held: Option<(String, Option<String>)> =
        image.select((images::origin, images::initial_origin)).first(conn).optional()?;
    if let Some((origin, initial)) = held {
        faults.retain(|fault| match fault.member.as_str() {
            "origin" => origin != draft.origin,
            _ => initial != draft.initial_origin,
        });
    }
    Ok(faults)
}
