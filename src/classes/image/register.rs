//! Registration: images come into being, or are sent again, in one transaction with batch and jobs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;

use super::new_image::NewImage;
use super::origin_rules::OriginRules;
use super::place::{Identity, Member, identify};
use super::rewrite::{self, Rewritten, Sent};
use super::space_defaults::SpaceDefaults;
use super::submitted::{self, Submission};
use super::{Image, ImageDraft, media_type};
use crate::addresses::{BatchAddress, CustomerAddress, ImageAddress};
use crate::classes::customer_storage::quota::check_quota;
use crate::classes::role::stored::StoredRole;
use crate::classes::role::uris::{settle_roles, unknown_roles};
use crate::hydra::problem::MAX_FAULTS;
use crate::hydra::{Fault, Problem};
use crate::queue::batch;
use crate::queue::job::{self, BatchSender, Sender};
use crate::resource::*;
use crate::schema::images;

/// Infers what was left out; `existing`: what is stored of the image so far.
pub fn complete(mut draft: ImageDraft, existing: Option<&ImageDraft>) -> ImageDraft {
    media_type::settle(&mut draft, existing);
    for text in [&mut draft.string1, &mut draft.string2, &mut draft.string3] {
        // An empty text is shown, found and sorted like one that was never set.
        if text.as_deref() == Some("") {
            *text = None;
        }
    }
    draft
}

/// As [`complete`], with the roles that a body named settled.
///
/// # Errors
/// Fails if the database does not answer.
pub fn settled(
    conn: &mut PgConnection,
    customer: i32,
    draft: ImageDraft,
    existing: Option<&ImageDraft>,
) -> Result<ImageDraft, Problem> {
    let mut draft = complete(draft, existing);
    settle_roles(conn, customer, draft.roles.iter_mut())?;
    Ok(draft)
}

/// Registers a submission: the batch, its members, the images and the jobs, or nothing; `priority`: into the priority
/// queue.
///
/// # Errors
/// Returns [`Problem::Invalid`] with every fault of every member, [`Problem::QuotaExceeded`].
pub fn register(
    s: &mut UnitOfWork<'_>,
    customer: CustomerAddress,
    submission: &Submission,
    input: &Input,
    priority: bool,
) -> Result<BatchAddress, Problem> {
    let customer = customer.customer;
    let mut faults = Vec::new();
    let submitted = submitted::members(s.site, input, submission, &mut faults)?;
    let identity = Identity { customer, path: &input.path, space: None, is_given: false };
    let members = identify(s.site, identity, submitted, &mut faults);
    let defaults = lock_spaces(s.conn, customer, &members, &mut faults)?;
    let existing = lock_images(s.conn, customer, &members)?;

    let mut drafts: BTreeMap<ImageAddress, (usize, ImageDraft)> = BTreeMap::new();
    for Member { index, at, body } in members {
        let mut own = Vec::new();
        let (draft, new) = match (existing.get(&at), defaults.get(&at.space)) {
            (Some(existing), _) => (existing.draft(), false),
            (None, Some(space)) => (space.clone().into_draft(), true),
            (None, None) => (ImageDraft::default(), true),
        };
        let context = ParseContext {
            site: s.site,
            tenant: Some(customer),
            path: &input.path,
            new,
            id: None,
            strict: input.strict,
        };
        let mut draft = body::read::<Image>(draft, body, context, &mut own);
        own.extend(size::fault(existing.get(&at), &mut draft));
        own.extend(at.fault());
        faults.extend(own.into_iter().map(|fault| fault.within(index)));
        if let Some((first, _)) = drafts.get(&at) {
            let reason = format!("and space repeat those of member[{first}]");
            faults.push(Fault::new("id", reason).within(index));
        } else {
            let existing = existing.get(&at).map(|existing| &existing.draft);
            drafts.insert(at, (index, complete(draft, existing)));
        }
    }
    let given = drafts.values_mut().flat_map(|(_, draft)| &mut draft.roles);
    settle_roles(s.conn, customer, given)?;
    check_roles(s.conn, customer, &drafts, &mut faults)?;
    check_origins(s, customer, &drafts, &existing, &mut faults)?;
    if !faults.is_empty() {
        faults.sort_by_key(|fault| submitted::index_of(&fault.pointer));
        return Err(faults.into());
    }
    let mut more: BTreeMap<i32, i64> = BTreeMap::new();
    for at in drafts.keys().filter(|at| !existing.contains_key(*at)) {
        *more.entry(at.space).or_default() += 1;
    }
    check_quota(s.conn, customer, &more)?;
    let batch = store(s.conn, customer, &drafts, &existing, priority)?;
    s.effects.extend(existing.into_keys().map(changed));
    Ok(batch)
}

/// The effect of a change to an image.
pub fn changed(at: ImageAddress) -> Effect {
    Effect::ImageChanged { customer: at.customer, space: at.space, image: at.image }
}

/// Locks the spaces that members name and returns their defaults; a space that is not there is a fault of each of
/// the members that name it.
fn lock_spaces(
    conn: &mut PgConnection,
    customer: i32,
    members: &[Member],
    faults: &mut Vec<Fault>,
) -> Result<HashMap<i32, SpaceDefaults>, Problem> {
    let wanted: BTreeSet<i32> = members.iter().map(|m| m.at.space).collect();
    let found = SpaceDefaults::lock_all(conn, customer, &wanted)?;
    for member in members.iter().filter(|m| !found.contains_key(&m.at.space)) {
        let reason = format!("names {}, which is not there", member.at.space);
        faults.push(Fault::new("space", reason).within(member.index));
    }
    Ok(found)
}

/// The images among the members that are there, locked in key order until the transaction ends.
fn lock_images(
    conn: &mut PgConnection,
    customer: i32,
    members: &[Member],
) -> Result<HashMap<ImageAddress, Image>, Problem> {
    let mut spaces: BTreeMap<i32, Vec<&str>> = BTreeMap::new();
    // What is no id finds nothing, and may be what PostgreSQL cannot be asked for.
    for member in members.iter().filter(|member| member.at.fault().is_none()) {
        spaces.entry(member.at.space).or_default().push(&member.at.image);
    }
    let mut existing = HashMap::new();
    for (space, ids) in spaces {
        let found: Vec<Image> = images::table
            .filter(images::customer.eq(customer))
            .filter(images::space.eq(space))
            .filter(images::id.eq_any(ids))
            .order(images::id)
            .select(Image::as_select())
            .for_no_key_update()
            .load(conn)?;
        existing.extend(found.into_iter().map(|image| (image.address(), image)));
    }
    Ok(existing)
}

fn check_roles(
    conn: &mut PgConnection,
    customer: i32,
    drafts: &BTreeMap<ImageAddress, (usize, ImageDraft)>,
    faults: &mut Vec<Fault>,
) -> Result<(), Problem> {
    let named = drafts.values().flat_map(|(_, draft)| &draft.roles);
    let unknown = unknown_roles(conn, customer, named)?;
    if unknown.is_empty() {
        return Ok(());
    }
    let unknown: HashSet<String> = unknown.into_iter().collect();
    let drafts = drafts.values().map(|(index, draft)| (*index, draft));
    faults.extend(missing_roles(drafts, &unknown));
    Ok(())
}

/// Returns a fault for each of these roles that a draft names, in the member with the number of the draft.
pub(super) fn missing_roles<'a>(
    drafts: impl Iterator<Item = (usize, &'a ImageDraft)>,
    unknown: &HashSet<String>,
) -> Vec<Fault> {
    let found = drafts.flat_map(|(index, draft)| {
        let named = draft.roles.iter().filter_map(StoredRole::own_id);
        let missing = named.filter(|role| unknown.contains(*role));
        missing.map(move |role| {
            let reason = format!("names {role}, which is not there");
            Fault::new("roles", reason).within(index)
        })
    });
    // No more are told, and one body may have hundreds of thousands.
    found.take(MAX_FAULTS + 1).collect()
}

/// Finds origins that nothing will fetch, unless they were held already.
fn check_origins(
    s: &mut UnitOfWork<'_>,
    customer: i32,
    drafts: &BTreeMap<ImageAddress, (usize, ImageDraft)>,
    existing: &HashMap<ImageAddress, Image>,
    faults: &mut Vec<Fault>,
) -> Result<(), Problem> {
    let mut rules = OriginRules::new(s.site, customer);
    rules.lock_uploads(s.conn, drafts.values().flat_map(|(_, draft)| draft.origins()))?;
    for (at, (index, draft)) in drafts {
        let held = existing.get(at).map(|image| &image.draft);
        if held.is_none_or(|held| held.origin != draft.origin)
            && let Some(reason) = rules.fault(s.conn, &draft.origin)?
        {
            faults.push(Fault::new("origin", reason).within(*index));
        }
        if let Some(origin) = &draft.initial_origin
            && held.is_none_or(|held| held.initial_origin != draft.initial_origin)
            && let Some(reason) = rules.fault(s.conn, origin)?
        {
            faults.push(Fault::new("initialOrigin", reason).within(*index));
        }
    }
    Ok(())
}

/// Writes a submission that was found right.
fn store(
    conn: &mut PgConnection,
    customer: i32,
    drafts: &BTreeMap<ImageAddress, (usize, ImageDraft)>,
    existing: &HashMap<ImageAddress, Image>,
    priority: bool,
) -> Result<BatchAddress, Problem> {
    let (batch, now) = batch::make(conn, customer, drafts.len())?;
    let sender = BatchSender { batch, priority };
    let new: Vec<NewImage<'_>> = drafts
        .iter()
        .filter(|(at, _)| !existing.contains_key(at))
        .map(|(at, (index, draft))| {
            // The default order of a batch is the order in which its images were given.
            let after = Duration::microseconds(i64::try_from(*index).unwrap_or_default());
            let new = NewImage::new(at, draft, now + after);
            NewImage { batch: Some(batch), queued: Some(now), ..new }
        })
        .collect();
    if !new.is_empty() {
        // One that another made a moment ago is found when this is tried again.
        let copied = diesel::copy_from(images::table).from_insertable(&new).execute(conn);
        copied.map_err(|error| body::retry_if_created_concurrently(error.into()))?;
    }
    let again: Vec<Rewritten<'_>> = drafts
        .iter()
        .filter(|(at, _)| existing.contains_key(at))
        .map(|(at, (_, draft))| Rewritten { space: at.space, id: &at.image, draft })
        .collect();
    rewrite::all(conn, customer, &again, Sent::Again { batch: Some(batch), queued: now })?;
    batch::put_members(conn, customer, batch, drafts.keys())?;
    if !new.is_empty() {
        let ids: Vec<(i32, &str)> = new.iter().map(|image| (image.space, image.id)).collect();
        job::put_new(conn, customer, &ids, sender)?;
    }
    if !again.is_empty() {
        let ids: Vec<(i32, &str)> = again.iter().map(|image| (image.space, image.id)).collect();
        job::put(conn, customer, &ids, Sender::Batch(sender))?;
    }
    Ok(BatchAddress { customer, batch })
}

/// Writes what was said of an image that is there, and marks it as being processed again.
///
/// # Errors
/// Fails if the database does not answer.
pub fn send_again(
    conn: &mut PgConnection,
    image: &Locked<Image>,
    draft: &ImageDraft,
) -> Result<Image, Problem> {
    Ok(diesel::update(images::table.find((image.customer, image.space, &image.id)))
        .set((
            draft,
            images::ingesting.eq(true),
            images::error.eq(""),
            images::finished.eq(None::<DateTime<Utc>>),
            images::dequeued.eq(None::<DateTime<Utc>>),
        ))
        .returning(Image::as_returning())
        .get_result(conn)?)
}

/// Makes one image outside of any batch.
///
/// # Errors
/// Returns [`Problem::Invalid`] if the id is taken, [`Problem::QuotaExceeded`].
pub fn make(
    conn: &mut PgConnection,
    at: &ImageAddress,
    draft: &ImageDraft,
) -> Result<Image, Problem> {
    check_quota(conn, at.customer, &BTreeMap::from([(at.space, 1)]))?;
    // One clock for all processes: what is remembered of an order rests on it.
    let now = diesel::select(diesel::dsl::now.into_sql::<Timestamptz>()).get_result(conn)?;
    let new = NewImage::new(at, draft, now);
    let made = diesel::insert_into(images::table).values(new).returning(Image::as_returning());
    Ok(made.get_result(conn)?)
}

#[cfg(test)]
mod tests {
    use diesel::pg::Pg;

    use super::*;

    /// Returns the columns that an INSERT names.
    fn columns(statement: &str) -> BTreeSet<&str> {
        let list = statement.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
        list.into_iter().flat_map(|(list, _)| list.split(", ")).collect()
    }

    #[test]
    fn a_new_image_has_the_columns_of_its_draft_and_so_has_one_that_is_sent_again() {
        let at = ImageAddress { customer: 1, space: 1, image: "one".into() };
        let draft = ImageDraft::default();
        let insert = diesel::insert_into(images::table).values(&draft);
        let of_draft = diesel::debug_query::<Pg, _>(&insert).to_string();
        let new = NewImage::new(&at, &draft, DateTime::<Utc>::UNIX_EPOCH);
        let insert = diesel::insert_into(images::table).values(new);
        let of_new = diesel::debug_query::<Pg, _>(&insert).to_string();
        let (of_draft, of_new) = (columns(&of_draft), columns(&of_new));
        assert!(of_draft.len() > 10, "{of_draft:?}");
        assert!(of_draft.is_subset(&of_new), "{of_draft:?} in {of_new:?}");
        let written: BTreeSet<String> =
            rewrite::columns().iter().map(|column| format!("\"{column}\"")).collect();
        assert_eq!(of_draft.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), written);
    }
}
