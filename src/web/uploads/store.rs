//! The task that stores what comes of an upload, part by part.

use std::io;

use actix_web::web::{Bytes, Data};
use tokio::sync::mpsc;

use super::spool::Spool;
use super::write;
use crate::hydra::Problem;
use crate::storage::StorageError;
use crate::uploads::parts::{self, PART_BYTES, Writing};
use crate::uploads::{Upload, object};
use crate::web::Service;
use crate::web::budget::Permit;
use imaging::Format;

/// Bytes of a stored part that are read at a time.
const PIECE: u64 = 256 << 10;

/// The part of a request that is stored, and the place where it goes on.
pub struct Storing {
    service: Data<Service>,
    writing: Writing,
    /// For the memory that it takes.
    _permit: Permit,
}

impl Storing {
    pub fn new(service: Data<Service>, writing: Writing, permit: Permit) -> Self {
        Self { service, writing, _permit: permit }
    }

    /// Stores pieces as they come, to the last that comes.
    ///
    /// # Errors
    /// Returns [`Problem::Unavailable`] if the disk or the store does not take them, and the problems of [`parts::add`].
    pub async fn run(mut self, mut pieces: mpsc::Receiver<Bytes>) -> Result<(), Problem> {
        let mut spool = None;
        while let Some(mut piece) = pieces.recv().await {
            while !piece.is_empty() {
                let current = match &mut spool {
                    Some(current) => current,
                    None => spool.insert(self.begin().await?),
                };
                let room = PART_BYTES.cast_unsigned().saturating_sub(current.len());
                let room = usize::try_from(room).unwrap_or(usize::MAX).min(piece.len());
                if current.push(&piece.split_to(room)) {
                    let _turn = self.turn().await;
                    current.flush().await.map_err(|error| not_written(&error))?;
                }
                if current.len() >= PART_BYTES.cast_unsigned()
                    && let Some(full) = spool.take()
                {
                    self.store(full).await?;
                }
            }
        }
        if let Some(rest) = spool {
            self.store(rest).await?;
        }
        Ok(())
    }

    async fn turn(&self) -> crate::fairness::Permit<i32> {
        self.service.uploads.turns.acquire(self.writing.customer, 1).await
    }

    /// Begins a part: with the last one that is stored, where that is small.
    async fn begin(&self) -> Result<Spool, Problem> {
        let settings = &self.service.uploads.settings;
        let _turn = self.turn().await;
        let mut spool =
            Spool::begin(&settings.folder).await.map_err(|error| not_written(&error))?;
        let Some(tail) = &self.writing.tail else { return Ok(spool) };
        let (key, length) = (tail.key(), tail.length.cast_unsigned());
        let mut at = 0;
        while at < length {
            let piece = settings.storage.get(&key, at..length.min(at + PIECE)).await;
            let piece = piece.map_err(not_stored)?;
            at += piece.len() as u64;
            spool.push(&piece);
            spool.flush().await.map_err(|error| not_written(&error))?;
        }
        Ok(spool)
    }

    /// Stores a part, and names it.
    async fn store(&mut self, spool: Spool) -> Result<(), Problem> {
        let Self { service, writing, .. } = self;
        let customer = writing.customer;
        let before = writing.tail.as_ref().map_or(0, |tail| tail.length);
        let added = spool.len().cast_signed() - before;
        let number = write(service, customer, parts::take_number).await?;
        let turn = service.uploads.turns.acquire(customer, 1).await;
        let (file, head) = spool.end().await.map_err(|error| not_written(&error))?;
        let storage = &service.uploads.settings.storage;
        storage.put_file(&object(number), file).await.map_err(not_stored)?;
        drop(turn);
        let media_type = Format::recognise(&head).map(Format::media_type);
        let named = writing.clone();
        let add = write(service, customer, move |conn| -> Result<Upload, Problem> {
            parts::add(conn, &named, (number, added), media_type)
        });
        add.await?;
        self.writing.advance(number, added);
        Ok(())
    }
}

fn not_written(error: &io::Error) -> Problem {
    log::warn!("a part of an upload is not written: {error}");
    Problem::Unavailable("the service has no room for what was sent; try again".into(), None)
}

fn not_stored(error: StorageError) -> Problem {
    let words = "the store does not take what was sent; try again";
    Problem::Unavailable(words.into(), Some(Box::new(error)))
}
