//! The storage of one image.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::addresses::{self, ImageAddress};
use crate::hydra::Problem;
use crate::resource::*;
use crate::schema::images;

#[derive(Debug)]
pub struct ImageStorage {
    at: ImageAddress,
    thumbnail_size: i64,
    size: i64,
    last_checked: DateTime<Utc>,
}

impl Resource for ImageStorage {
    type Address = ImageAddress;
    type Draft = ();

    const NAME: &'static str = "ImageStorage";
    const TEMPLATE: &'static str = addresses::IMAGE_STORAGE;
    const CLASS: Class<Self> = Class {
        doc: "How much one image stores; there is one once the image is processed.",
        properties: &[
            &field("thumbnailSize", "Bytes of its thumbnails", |s: &Self| &s.thumbnail_size)
                .non_negative(),
            &field("size", "Bytes of its original", |s: &Self| &s.size).non_negative(),
            &field("lastChecked", "When this was last found right", |s: &Self| &s.last_checked),
            &computed("checkingInProgress", "Whether it is being checked now", |_: &Self, _| {
                Some(false)
            }),
        ],
        operations: &[retrieve::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> ImageAddress {
        self.at.clone()
    }
    fn draft(&self) {}
}

impl Retrieve for ImageStorage {
    fn find(s: &mut UnitOfWork<'_>, at: &ImageAddress) -> Result<Self, Problem> {
        let found: (i64, i64, Option<DateTime<Utc>>) = images::table
            .find((at.customer, at.space, &at.image))
            .select((images::thumbnail_size, images::size, images::checked))
            .first(s.conn)?;
        let missing = || Problem::NotFound("the image is not processed yet".into());
        let last_checked = found.2.ok_or_else(missing)?;
        Ok(Self { at: at.clone(), thumbnail_size: found.0, size: found.1, last_checked })
    }
}
