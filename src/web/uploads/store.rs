//! The task that stores what comes of an upload, part by part.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::LazyLock;
use std::time::Instant;

use actix_web::web::{Bytes, Data};
use tokio::sync::mpsc;

use super::spool::Spool;
use super::{go_on, write};
use crate::hydra::Problem;
use crate::storage::StorageError;
use crate::uploads::parts::{self, Part, Writing};
use crate::uploads::{Upload, object};
use crate::web::Service;
use crate::web::repeated::Repeated;
use crate::web::slots::Slot;
use imaging::Format;

/// Bytes of a stored part that are read at a time, in a turn of writing.
const PIECE: u64 = 256 << 10;

/// Stores pieces as they come; returns the upload as it is after the last.
///
/// The slot stands for the memory that this takes.
///
/// # Errors
/// Returns [`Problem::Unavailable`] if the disk or the store does not take them, [`Problem::Conflict`] if what they follow is
/// lost, and the problems of [`parts::begin`] and [`parts::add`].
pub async fn store(
    service: Data<Service>,
    (customer, upload): (i32, Upload),
    mut pieces: mpsc::Receiver<Bytes>,
    _slot: Slot,
) -> Result<Upload, Problem> {
    let first = loop {
        match pieces.recv().await {
            // Whoever sends to this upload goes on: a request without bytes displaces nobody.
            None => return Ok(upload),
            Some(piece) if piece.is_empty() => {}
            Some(piece) => break piece,
        }
    };
    let (id, offset) = (upload.id.clone(), upload.received);
    let begin = write(&service, customer, move |conn| parts::begin(conn, customer, &id, offset));
    let writing = begin.await?;
    Storing { service, upload, writing }.run(first, pieces).await
}

/// The part of a request that is stored, and the place where it goes on.
struct Storing {
    service: Data<Service>,
    upload: Upload,
    writing: Writing,
}

impl Storing {
    async fn run(
        mut self,
        first: Bytes,
        mut pieces: mpsc::Receiver<Bytes>,
    ) -> Result<Upload, Problem> {
        let mut spool = None;
        let mut next = Some(first);
        while let Some(mut piece) = next {
            while !piece.is_empty() {
                let current = match &mut spool {
                    Some(current) => current,
                    None => spool.insert(self.begin().await?),
                };
                let room = self.writing.room().cast_unsigned().saturating_sub(current.len());
                let room = usize::try_from(room).unwrap_or(usize::MAX).min(piece.len());
                let mut taken = piece.split_to(room);
                while !taken.is_empty() {
                    if current.gather(&mut taken) {
                        let _turn = self.turn().await;
                        current.flush().await.map_err(|error| self.not_stored(&error))?;
                    }
                }
                if current.len() >= self.writing.room().cast_unsigned()
                    && let Some(full) = spool.take()
                {
                    self.store(full).await?;
                }
            }
            next = pieces.recv().await;
        }
        if let Some(rest) = spool {
            self.store(rest).await?;
        }
        Ok(self.upload)
    }

    async fn turn(&self) -> crate::fairness::Permit<i32> {
        self.service.uploads.turns.acquire(self.writing.customer, 1).await
    }

    async fn begin(&self) -> Result<Spool, Problem> {
        let _turn = self.turn().await;
        let begun = Spool::begin(&self.service.uploads.settings.folder).await;
        begun.map_err(|error| self.not_stored(&error))
    }

    /// Stores a part, and names it.
    async fn store(&mut self, spool: Spool) -> Result<(), Problem> {
        let (service, customer) = (&self.service, self.writing.customer);
        let added = spool.len().cast_signed();
        // Of a request that was displaced, or whose upload is gone, nothing is stored.
        let writing = self.writing.clone();
        let take = go_on(service, customer, move |conn| parts::take_number(conn, &writing));
        let number = take.await?;
        let uploads = &service.uploads;
        let put = match uploads.settings.storage.is_bucket() {
            true => Some(uploads.puts.acquire(customer, 1).await),
            false => None,
        };
        let turn = self.turn().await;
        let merged = self.writing.merged(added);
        let spool = match merged.is_empty() {
            true => spool,
            false => self.joined(merged, spool).await?,
        };
        let (file, head) = spool.end().await.map_err(|error| self.not_stored(&error))?;
        let stored = uploads.settings.storage.put_at_once(&object(number), file).await;
        stored.map_err(|error| self.not_stored(&error))?;
        drop((turn, put));
        let media_type = Format::recognise(&head).map(Format::media_type);
        let writing = self.writing.clone();
        let add = go_on(service, customer, move |conn| {
            parts::add(conn, &writing, (number, added), media_type)
        });
        let added_to = add.await;
        if let Err(Problem::OffsetConflict { .. } | Problem::NotFound(_)) = &added_to {
            // It counts against no quota, and so is not to stay.
            let give_up = go_on(service, customer, move |conn| parts::give_up(conn, number));
            if let Err(problem) = give_up.await {
                log::debug!("an object that nothing names stays for an hour: {problem}");
            }
        }
        self.upload = added_to?;
        self.writing.advance(number, added);
        Ok(())
    }

    /// Puts parts that are stored, and what follows them, into one file.
    async fn joined(&self, parts: &[Part], rest: Spool) -> Result<Spool, Problem> {
        let settings = &self.service.uploads.settings;
        let written = |error: io::Error| self.not_stored(&error);
        let (rest, _) = rest.end().await.map_err(written)?;
        let mut joined = Spool::begin(&settings.folder).await.map_err(written)?;
        for part in parts {
            let (key, length) = (part.key(), part.length.cast_unsigned());
            let mut at = 0;
            while at < length {
                let piece = settings.storage.get(&key, at..length.min(at + PIECE)).await;
                let piece = match piece {
                    Ok(piece) => piece,
                    Err(error) => return Err(self.not_read(error).await),
                };
                at += piece.len() as u64;
                joined.write(piece).await.map_err(written)?;
            }
        }
        joined.append(rest).await.map_err(written)?;
        Ok(joined)
    }

    /// Returns the problem of a part that is not stored.
    fn not_stored(&self, error: &(dyn Error + 'static)) -> Problem {
        not_stored((self.writing.customer, &self.writing.id), error)
    }

    /// Returns the problem of a part that was stored and cannot be read.
    async fn not_read(&self, error: StorageError) -> Problem {
        // Trying again is of no use, once it is known that the store is there.
        let storage = &self.service.uploads.settings.storage;
        if error.is_missing() && storage.confirm().await.is_ok() {
            // Another request may have written the part anew meanwhile.
            let writing = self.writing.clone();
            let look = go_on(&self.service, writing.customer, move |conn| writing.lock(conn));
            if let Err(problem) = look.await {
                return problem;
            }
            let Writing { customer, id, .. } = &self.writing;
            log::error!("part of the upload {id} of customer {customer} is lost: {error}");
            return Problem::Conflict(
                "part of this upload is lost; delete it, and send the file anew".into(),
            );
        }
        let words = "the store does not give what was sent before; try again";
        Problem::Unavailable(words.into(), Some(Box::new(error)))
    }
}

/// Lines about parts that are not stored.
static NOT_STORED: LazyLock<Repeated> = LazyLock::new(Repeated::default);

/// Returns the problem of a part that is not stored, whichever step failed.
///
/// It is logged here, because nobody may be there any more to be answered.
fn not_stored((customer, id): (i32, &str), error: &(dyn Error + 'static)) -> Problem {
    let words = match is_full(error) {
        true => "the service has no room for what was sent; try again later",
        false => "the service could not store what was sent; try again",
    };
    let line = format!("a part of the upload {id} of customer {customer} is not stored: {error}");
    match NOT_STORED.count(words, Instant::now()) {
        None => log::debug!("{line}"),
        Some(0) => log::warn!("{line}"),
        Some(more) => log::warn!("{line}, as {more} before it were not"),
    }
    Problem::Unavailable(words.into(), None)
}

/// Returns whether an error says that there is no room.
fn is_full(error: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    causes.any(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_in_the_same_words_by_whichever_step_finds_it() {
        let (customer, id) = (1, String::from("0a1"));
        let words = |error: &(dyn Error + 'static)| match not_stored((customer, &id), error) {
            Problem::Unavailable(words, None) => words,
            other => panic!("{other}"),
        };
        let full = || io::Error::from(ErrorKind::StorageFull);
        let while_written = words(&full());
        assert!(while_written.contains("no room"), "{while_written}");
        assert_eq!(words(&StorageError::of("uploads/001/1", full())), while_written);
        let quota = io::Error::from(ErrorKind::QuotaExceeded);
        assert_eq!(words(&StorageError::of("uploads/001/1", quota)), while_written);
        let store = object_store::Error::Generic { store: "folder", source: Box::new(full()) };
        assert_eq!(words(&StorageError::of("uploads/001/1", store)), while_written);
        assert_ne!(words(&io::Error::other("broken")), while_written);
    }
}
