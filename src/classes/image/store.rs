//! The store of images: one that is written by itself is processed at once, and the answer waits for it.

use std::sync::Arc;

use diesel::prelude::*;

use super::register::{self, changed, settled};
use super::space_defaults::SpaceDefaults;
use super::{Image, ImageDraft, check_space, removal};
use crate::addresses::{self, ImageAddress, SpaceAddress};
use crate::hydra::Problem;
use crate::queue::job::{self, Sender};
use crate::resource::address::Template;
use crate::resource::*;
use crate::schema::images;

/// Puts an image at the head of the queue, and lets the answer wait for what comes of the first attempt.
fn process_now(s: &mut UnitOfWork<'_>, at: ImageAddress) -> Result<(), Problem> {
    job::put(s.conn, at.customer, &[(at.space, &at.image)], Sender::Request)?;
    s.effects.push(Effect::WorkAdded);
    s.effects.push(changed(at.clone()));
    s.pending = Some(Arc::new(move |conn| job::awaited(conn, &at)));
    Ok(())
}

/// Processes an image again at once, as a PUT of what it has would.
pub(super) const REINGEST: Operation<ImageAddress> =
    post("reingest", "Fetch and process again, at once")
        .accepts_any_body()
        .returns::<Image>()
        .answering(statuses::REPORTED)
        .writes(|s, at, input| {
            let locked = Locked::<Image>::lock_for_part(s, at, input, |_| false)?;
            let image = register::send_again(s.conn, &locked, &locked.draft())?;
            process_now(s, at.clone())?;
            Ok(operations::written(s, Outcome::Replaced, &image))
        });

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
        let image = chosen.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let at = ImageAddress { customer: into.customer, space: into.space, image };
        if let Some(fault) = at.fault() {
            return Err(fault.into());
        }
        Self::insert_at(s, &at, draft)
    }
}

impl Update for Image {
    fn lock(s: &mut UnitOfWork<'_>, at: &ImageAddress) -> Result<Self, Problem> {
        let images = images::table.find((at.customer, at.space, &at.image));
        Ok(images.select(Self::as_select()).for_no_key_update().first(s.conn)?)
    }

    /// Writes it; one whose origin changes is processed again.
    fn save(
        s: &mut UnitOfWork<'_>,
        locked: Locked<Self>,
        draft: ImageDraft,
    ) -> Result<Self, Problem> {
        if draft.origin != locked.draft.origin {
            return Self::overwrite(s, locked, draft);
        }
        let draft = settled(s.conn, locked.customer, draft, Some(&locked.draft))?;
        s.effects.push(changed(locked.address()));
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

    fn overwrite(
        s: &mut UnitOfWork<'_>,
        locked: Locked<Self>,
        draft: ImageDraft,
    ) -> Result<Self, Problem> {
        let draft = settled(s.conn, locked.customer, draft, Some(&locked.draft))?;
        let image = register::send_again(s.conn, &locked, &draft)?;
        process_now(s, locked.address())?;
        Ok(image)
    }

    fn insert_at(
        s: &mut UnitOfWork<'_>,
        at: &ImageAddress,
        draft: ImageDraft,
    ) -> Result<Self, Problem> {
        let draft = settled(s.conn, at.customer, draft, None)?;
        let image = register::make(s.conn, at, &draft)?;
        process_now(s, at.clone())?;
        Ok(image)
    }
}

impl Remove for Image {
    fn lock_for_delete(s: &mut UnitOfWork<'_>, at: &ImageAddress) -> Result<Self, Problem> {
        removal::lock(s.conn, at.customer, &[(at.space, &at.image)], |conn| {
            let images = images::table.find((at.customer, at.space, &at.image));
            Ok(images.select(Self::as_select()).for_update().first(conn)?)
        })
    }
    fn remove(s: &mut UnitOfWork<'_>, locked: Locked<Self>) -> Result<(), Problem> {
        removal::remove(s, locked.customer, &[locked.into_inner()])
    }
}
