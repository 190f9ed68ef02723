//! The storage of one image.

use chrono::{DateTime, Utc};

use super::addresses::{self, ImageAddress};
use super::image::derivatives;
use crate::hydra::Problem;
use crate::resource::*;

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
            &field("thumbnailSize", "Bytes of all that was made of it", |s: &Self| {
                &s.thumbnail_size
            })
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
        let missing =
            || Problem::NotFound("there is no such image, or it is not processed yet".into());
        let made = derivatives::of_image(s.conn, at)?.ok_or_else(missing)?;
        Ok(Self {
            at: at.clone(),
            thumbnail_size: made.derived_size,
            size: made.size,
            last_checked: made.checked,
        })
    }
}
