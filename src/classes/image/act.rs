//! Acts on one image: what is written is processed at once, and the answer waits for it.

use std::sync::Arc;

use diesel::prelude::*;

use super::register::{self, settled};
use super::space_defaults::SpaceDefaults;
use super::{Image, ImageDraft, check_space};
use crate::addresses::{self, ImageAddress, SpaceAddress};
use crate::hydra::Problem;
use crate::queue::batch::{self, MemberOutcome};
use crate::queue::job;
use crate::resource::address::Template;
use crate::resource::body::{
    read_new, read_replacement, read_update, retry_if_created_concurrently,
};
use crate::resource::*;
use crate::schema::images;

pub const PUT: Operation<ImageAddress> = Operation {
    act: Act::Command(|s, at, input| {
        let (locked, draft) = read_replacement::<Image>(s, at, input)?;
        let draft =
            settled(s.conn, at.customer, draft, locked.as_ref().map(|locked| &locked.draft))?;
        let outcome = if let Some(locked) = locked {
            register::send_again(s.conn, &locked, &draft)?;
            Outcome::Replaced
        } else {
            register::make(s.conn, at, &draft).map_err(retry_if_created_concurrently)?;
            Outcome::Created
        };
        process_now(s, at, outcome)
    }),
    ..replace::<Image>()
        .answering(statuses::REPLACED_WITHIN_QUOTA)
        .titled("Create or replace, and process at once")
};

pub const PATCH: Operation<ImageAddress> = Operation {
    act: Act::Command(|s, at, input| {
        let (locked, draft) = read_update::<Image>(s, at, input)?;
        let draft = settled(s.conn, at.customer, draft, Some(&locked.draft))?;
        if draft.origin != locked.draft.origin {
            register::send_again(s.conn, &locked, &draft)?;
            return process_now(s, at, Outcome::Updated);
        }
        let saved = Image::save(s, locked, draft)?;
        Ok(Reply::shown(Outcome::Updated, &saved, s))
    }),
    ..update::<Image>()
};

pub const POST: Operation<SpaceAddress> = Operation {
    act: Act::Command(|s, of, input| {
        let (chosen, draft) = read_new::<SpaceAddress, Image>(s, of, input)?;
        let image = match chosen {
            Some(chosen) => bare_id(s.site, *of, &chosen),
            None => uuid::Uuid::new_v4().to_string(),
        };
        let at = ImageAddress { customer: of.customer, space: of.space, image };
        if let Some(fault) = at.fault() {
            return Err(fault.into());
        }
        let draft = settled(s.conn, at.customer, draft, None)?;
        register::make(s.conn, &at, &draft)?;
        process_now(s, &at, Outcome::Created)
    }),
    ..create::<SpaceAddress, Image>()
        .answering(statuses::REGISTERED)
        .titled("Create, and process at once")
};

/// A chosen id without the customer and the space in front of it, when they are those of the address.
fn bare_id(site: &Site, of: SpaceAddress, chosen: &str) -> String {
    let joined = format!("{}/{}/", of.customer, of.space);
    let whole = format!("{}/customers/{}/spaces/{}/images/", site.base, of.customer, of.space);
    let bare = chosen.strip_prefix(&joined).or_else(|| chosen.strip_prefix(&whole));
    bare.unwrap_or(chosen).to_owned()
}

/// Puts an image at the head of the queue and waits for what comes of it.
fn process_now(
    s: &mut UnitOfWork<'_>,
    at: &ImageAddress,
    outcome: Outcome,
) -> Result<Reply, Problem> {
    job::put(s.conn, at.customer, &[(at.space, &at.image)], true)?;
    s.effects.push(Effect::WorkAdded);
    let (at, waiting) = (at.clone(), at.clone());
    let job: reply::Job = Arc::new(move |conn| job::of_image(conn, &waiting));
    let then: reply::Then = Box::new(move |s| {
        let image = Image::find(s, &at)?;
        Ok(Reply::shown(outcome, &image, s))
    });
    Ok(Reply::Pending { job, then })
}

impl Create<SpaceAddress> for Image {
    fn initial_draft(s: &mut UnitOfWork<'_>, into: &SpaceAddress) -> Result<ImageDraft, Problem> {
        Ok(SpaceDefaults::lock(s.conn, into.customer, into.space)?.into_draft())
    }

    fn check_parent(
        into: &SpaceAddress,
        body: &mut serde_json::Map<String, serde_json::Value>,
        faults: &mut Vec<crate::hydra::Fault>,
    ) {
        let mut path = String::new();
        const { Template::of(addresses::SPACE) }.fill(into, &mut path);
        path.push_str("/images");
        check_space(into, &path, body, faults);
    }

    fn insert(
        s: &mut UnitOfWork<'_>,
        into: &SpaceAddress,
        chosen: Option<String>,
        draft: ImageDraft,
    ) -> Result<Self, Problem> {
        let image = given_or_generated_id(chosen)?;
        let at = ImageAddress { customer: into.customer, space: into.space, image };
        Self::insert_at(s, &at, draft)
    }
}

impl Update for Image {
    fn lock(s: &mut UnitOfWork<'_>, at: &ImageAddress) -> Result<Self, Problem> {
        let images = images::table.find((at.customer, at.space, &at.image));
        Ok(images.select(Self::as_select()).for_no_key_update().first(s.conn)?)
    }
    fn save(
        s: &mut UnitOfWork<'_>,
        locked: Locked<Self>,
        draft: ImageDraft,
    ) -> Result<Self, Problem> {
        Ok(diesel::update(images::table.find((locked.customer, locked.space, &locked.id)))
            .set(draft)
            .returning(Self::as_returning())
            .get_result(s.conn)?)
    }
}

impl Replace for Image {
    fn initial_draft_at(s: &mut UnitOfWork<'_>, at: &ImageAddress) -> Result<ImageDraft, Problem> {
        // The parent of what a PUT makes is part of what is asked: a bad request (`docs/rules.md` 2.4).
        match SpaceDefaults::lock(s.conn, at.customer, at.space) {
            Err(Problem::NotFound(_)) => {
                let reason = format!("names {}, which is not there", at.space);
                Err(Problem::invalid("space", reason))
            }
            found => found.map(SpaceDefaults::into_draft),
        }
    }
    fn insert_at(
        s: &mut UnitOfWork<'_>,
        at: &ImageAddress,
        draft: ImageDraft,
    ) -> Result<Self, Problem> {
        let draft = settled(s.conn, at.customer, draft, None)?;
        register::make(s.conn, at, &draft)?;
        Self::find(s, at)
    }
}

impl Remove for Image {
    /// Batches first, then the image, then its job: the order in which all lock (`docs/rules.md` 6.3).
    fn lock_for_delete(s: &mut UnitOfWork<'_>, at: &ImageAddress) -> Result<Self, Problem> {
        let waiting = batch::waiting_in(s.conn, at)?;
        batch::lock(s.conn, at.customer, &waiting)?;
        let images = images::table.find((at.customer, at.space, &at.image));
        let locked = images.select(Self::as_select()).for_update().first(s.conn)?;
        if batch::waiting_in(s.conn, at)? == waiting {
            Ok(locked)
        } else {
            Err(Problem::SerializationConflict(None))
        }
    }
    fn remove(s: &mut UnitOfWork<'_>, locked: Locked<Self>) -> Result<(), Problem> {
        let at = locked.address();
        // The same as when they were locked: nobody adds to them while the image is locked.
        let waiting = batch::waiting_in(s.conn, &at)?;
        let finished = batch::record_outcomes(s.conn, &at, &waiting, MemberOutcome::Deleted)?;
        s.effects.extend(finished.iter().map(|finished| Effect::Note(finished.to_string())));
        job::withdraw(s.conn, &at)?;
        if let Some(derivative) = &locked.derivative {
            job::discard(s.conn, derivative, 0)?;
        }
        let image = images::table.find((at.customer, at.space, &at.image));
        removed(diesel::delete(image).execute(s.conn))
    }
}
