//! Images: what the customer says of them, and how they came through.

mod address_rules;
pub mod bulk;
pub mod derivatives;
mod draft;
mod filter;
mod fragments;
pub mod list;
mod listed;
pub mod lookup;
mod media_type;
pub mod metadata;
mod new_image;
mod order;
mod origin;
pub mod origin_rules;
mod pages;
mod place;
mod properties;
pub mod query;
mod question;
pub mod register;
mod removal;
mod rewrite;
mod scope;
mod search;
mod select;
mod services;
mod space_defaults;
pub mod store;
pub mod submitted;
pub mod thumbnails;

pub use address_rules::{check_space, given_space};
pub use draft::ImageDraft;
pub use list::{
    ALL_IMAGES, BATCH_COMPLETED, BATCH_ERRORS, BATCH_IMAGES, DELETE_IMAGES, QUEUE_IMAGES,
    SPACE_IMAGES,
};
pub use media_type::{UNKNOWN, inferred_media_type};

use origin::Origin;
use properties::{LatestBatch, Roles};
use store::REINGEST;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Map, Value};

use super::image_storage::ImageStorage;
use super::{ImageOptimisationPolicy, ThumbnailPolicy};
use crate::addresses::{self, ImageAddress, SpaceAddress};
use crate::hydra::{Fault, Problem};
use crate::origins::{MAX_ORIGIN_BYTES, check_origin};
use crate::queue::retry::{OfImage, Retry};
use crate::resource::rules::{max_unauthorised_rule, not_blank, rights_rule};
use crate::resource::*;
use crate::schema::images;

#[derive(Debug, Clone, Default, Queryable, Selectable)]
#[diesel(table_name = images, check_for_backend(diesel::pg::Pg))]
pub struct Image {
    pub customer: i32,
    pub space: i32,
    pub id: String,
    pub created: DateTime<Utc>,
    #[diesel(embed)]
    pub draft: ImageDraft,
    pub image_optimisation_policy: String,
    pub thumbnail_policy: String,
    pub batch: Option<i64>,
    pub queued: Option<DateTime<Utc>>,
    pub dequeued: Option<DateTime<Utc>>,
    pub finished: Option<DateTime<Utc>>,
    pub ingesting: bool,
    pub error: String,
    /// Pixels; 0 until processed.
    pub width: i32,
    /// Pixels; 0 until processed.
    pub height: i32,
    /// Width, height (pixels) and length (bytes) of each thumbnail in the object.
    pub thumbnails: Vec<i32>,
    /// Tells whether all of it can be served: its derivatives have an index.
    pub has_tiles: bool,
    #[diesel(select_expression = OfImage)]
    #[diesel(select_expression_type = OfImage)]
    pub retry: Retry,
}

/// A row of metadata: the member is called as its column is.
macro_rules! own {
    ($name:ident, $doc:literal) => {
        metadata(stringify!($name), $doc, |i: &Image| &i.draft.$name, |d| &mut d.$name)
    };
}

impl Resource for Image {
    type Address = ImageAddress;
    type Draft = ImageDraft;

    const NAME: &'static str = "Image";
    const TEMPLATE: &'static str = addresses::IMAGE;
    const MAX_BYTES: usize = 16 << 10;
    const CLASS: Class<Self> = Class {
        doc: "An image: where it comes from, who may see it, what is said of it, how it came \
              through. It is fetched from its origin when it is registered, and again on every PUT.",
        properties: &[
            &field("id", "Last segment of its address, unique in its space", |i: &Self| &i.id),
            &field("space", "Number of its space; set once and for all", |i: &Self| &i.space),
            &Origin {
                row: field("origin", "Where it is fetched: a URL of http, https, or what an origin strategy fetches; or a finished upload", |i: &Self| {
                    &i.draft.origin
                })
                .writable(|d| &mut d.origin)
                .required()
                .range("xsd:anyURI")
                .max_bytes(MAX_ORIGIN_BYTES)
                .rule(origin_rule)
                .example("https://example.org/page-1.jpg"),
                shown: |i| Some(&i.draft.origin),
                written: |d| Some(&mut d.origin),
            },
            &Origin {
                row: secret(
                    "initialOrigin",
                    "Where it is fetched the first time, in place of origin",
                    |d: &mut ImageDraft| &mut d.initial_origin,
                )
                .range("xsd:anyURI")
                .max_bytes(MAX_ORIGIN_BYTES)
                .rule(initial_origin_rule),
                shown: |_| None,
                written: |d| d.initial_origin.as_mut(),
            },
            &field(
                "maxUnauthorised",
                "Longest edge of the whole image that is open without a role, in pixels; 0: \
                 nothing is, -1: no limit, unless there are roles. A new image without it takes \
                 the default of its space",
                |i: &Self| &i.draft.max_unauthorised,
            )
            .writable(|d| &mut d.max_unauthorised)
            .rule(max_unauthorised_rule),
            &Roles,
            &field(
                "tags",
                "Free keywords. A new image without them takes the defaults of its space",
                |i: &Self| &i.draft.tags,
            )
            .writable(|d| &mut d.tags)
            .max_bytes(MAX_INDEXED),
            &field("label", "Name for people; plain text", |i: &Self| &i.draft.label)
                .writable(|d| &mut d.label)
                .max_bytes(MAX_INDEXED)
                .rule(not_blank),
            &field(
                "requiredStatement",
                "What has to be shown with it, such as whom to name; plain text. A new image \
                 without it takes the default of its space",
                |i: &Self| &i.draft.required_statement,
            )
            .writable(|d| &mut d.required_statement)
            .max_bytes(MAX_STATEMENT)
            .rule(not_blank),
            &field(
                "rights",
                "Licence or rights statement: an http or https IRI. A new image without it takes \
                 the default of its space",
                |i: &Self| &i.draft.rights,
            )
            .writable(|d| &mut d.rights)
            .range("xsd:anyURI")
            .max_bytes(MAX_INDEXED)
            .rule(rights_rule)
            .example("http://creativecommons.org/licenses/by/4.0/"),
            &own!(string1, "Metadata of yours"),
            &own!(string2, "Metadata of yours"),
            &own!(string3, "Metadata of yours"),
            &own!(number1, "Metadata of yours; not negative"),
            &own!(number2, "Metadata of yours; not negative"),
            &own!(number3, "Metadata of yours; not negative"),
            &field(
                "mediaType",
                "Media type; that of the content, where none is given",
                |i: &Self| &i.draft.media_type,
            )
            .writable(|d| &mut d.media_type)
            .max_bytes(MAX_INDEXED)
            .server_derived()
            .example("image/jpeg"),
            &written("family", "I: an image", "xsd:string", |_: &Self, _, slot| {
                slot.plain(|family| family.push('I'));
            }),
            &field("width", "Pixels, orientation applied; 0 until processed", |i: &Self| &i.width)
                .non_negative(),
            &field("height", "Pixels, orientation applied; 0 until processed", |i: &Self| {
                &i.height
            })
            .non_negative(),
            &field("created", "When it was registered", |i: &Self| &i.created),
            &field("queued", "When it was last put into the queue", |i: &Self| &i.queued),
            &field("dequeued", "When it was last taken off the queue", |i: &Self| &i.dequeued),
            &field("finished", "When it was last processed", |i: &Self| &i.finished),
            &field("ingesting", "Whether it waits for, or is in, processing", |i: &Self| {
                &i.ingesting
            }),
            &field("error", "Why it could not be processed; empty: it could", |i: &Self| &i.error),
            &field(
                "attempts",
                "Attempts to process it since it was last sent, where one failed for a reason that may \
                 pass; absent where none did, and once it came through",
                |i: &Self| &i.retry.attempts,
            )
            .non_negative(),
            &field(
                "lastError",
                "Why the last attempt failed, while it is tried again",
                |i: &Self| &i.retry.last_error,
            ),
            &field("nextTry", "When it is tried again, at the earliest", |i: &Self| {
                &i.retry.next_try
            }),
            &LatestBatch,
            &reference_by_id::<Self, ImageOptimisationPolicy>(
                "imageOptimisationPolicy",
                "How it is encoded for delivery",
                |i| &i.image_optimisation_policy,
            ),
            &reference_by_id::<Self, ThumbnailPolicy>(
                "thumbnailPolicy",
                "Which thumbnails it gets",
                |i| &i.thumbnail_policy,
            ),
            &written("infoJson", "Description of the image", "xsd:anyURI", services::info_json)
                .optional(),
            &written("imageService", "IIIF service of the image", "xsd:anyURI", services::image)
                .optional(),
            &written(
                "degradedInfoJson",
                "Description of what is open of an image that has roles",
                "xsd:anyURI",
                services::degraded_info_json,
            )
            .optional(),
            &written(
                "thumbnailInfoJson",
                "Description of its open thumbnails",
                "xsd:anyURI",
                services::thumbnail_info_json,
            )
            .optional(),
            &written(
                "thumbnailImageService",
                "IIIF service of its open thumbnails",
                "xsd:anyURI",
                services::thumbnails,
            )
            .optional(),
            &written(
                "thumbnail400",
                "Its open thumbnail of 400 pixels",
                "xsd:anyURI",
                services::thumbnail_400,
            )
            .optional(),
            &link::<Self, ImageStorage>("storage", "How much it stores").when(|i, _| i.width > 0),
            &action::<Self, Self>("reingest", "POST here to fetch and process it again", &[REINGEST]),
        ],
        operations: &[
            retrieve::<Self>(),
            replace::<Self>()
                .answering(statuses::REPLACED_WITHIN_QUOTA)
                .titled("Create or replace, and process at once"),
            update::<Self>(),
            remove::<Self>(),
        ],
        ..Class::EMPTY
    };

    fn address(&self) -> ImageAddress {
        ImageAddress { customer: self.customer, space: self.space, image: self.id.clone() }
    }

    /// Reads `customer/space/id` (`docs/rules.md` 2.3).
    fn from_short_form(given: &str) -> Option<ImageAddress> {
        let mut parts = given.split('/');
        let mut number = || parts.next().and_then(address::canonical_number);
        let (customer, space) = (number()?, number()?);
        let image = parts.next().filter(|_| parts.next().is_none())?.to_owned();
        Some(ImageAddress { customer, space, image })
    }

    fn hidden_state(&self) -> Option<&[u8]> {
        self.draft.initial_origin.as_deref().map(str::as_bytes)
    }
    fn draft(&self) -> ImageDraft {
        self.draft.clone()
    }

    fn check(
        s: &mut UnitOfWork<'_>,
        tenant: Option<i32>,
        at: Option<&ImageAddress>,
        draft: &ImageDraft,
    ) -> Result<Vec<Fault>, Problem> {
        let mut faults = origin_rules::faults(s.conn, s.site, tenant_of(tenant)?, at, draft)?;
        faults.extend(at.and_then(ImageAddress::fault));
        Ok(faults)
    }

    fn check_fixed(
        at: &ImageAddress,
        _held: Option<&Self>,
        body: &mut Map<String, Value>,
        faults: &mut Vec<Fault>,
    ) {
        let of = SpaceAddress { customer: at.customer, space: at.space };
        check_space(&of, &path_to::<Self>(at), body, faults);
    }
}

#[expect(clippy::ptr_arg, reason = "a rule is given what the row holds")]
fn origin_rule(origin: &String) -> Result<(), String> {
    check_origin(origin).map_err(|e| e.to_string())
}

#[expect(clippy::ref_option, reason = "a rule is given what the row holds")]
fn initial_origin_rule(origin: &Option<String>) -> Result<(), String> {
    origin.as_ref().map_or(Ok(()), origin_rule)
}
