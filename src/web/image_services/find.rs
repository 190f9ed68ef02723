//! The image that a path means: its customer by number or name, and what delivery knows of it.

use std::sync::Arc;

use super::pixels;
use crate::addresses::ImageAddress;
use crate::classes::customer::names::by_name;
use crate::classes::image::lookup::ServedImage;
use crate::database::Database;
use crate::database::lookup_batcher::BatchQueue;
use crate::delivery::Image;
use crate::hydra::Problem;
use crate::iiif::path::{self, AskedCustomer, ImageService, PathError, ServicePath, Target};
use crate::resource::Site;
use crate::resource::address::is_id;
use crate::web::Service;
use crate::web::router::queue;

/// The queues at which rows of images are looked up, because many are requested at once.
pub struct Rows {
    /// Serves what viewers ask for first, which is never refused, so that they wait for no crawler.
    viewers: RowQueue,
    others: RowQueue,
}

type RowQueue = Arc<BatchQueue<ImageAddress, Result<ServedImage, Problem>>>;

impl Rows {
    pub fn new(site: &Arc<Site>) -> Self {
        let open = || queue(site, ServedImage::find_each);
        Self { viewers: open(), others: open() }
    }

    /// Looks up an image that cannot exist, so that viewers do not wait for the first connection, and for the plan of its statement.
    pub async fn warm_up(&self, database: &Database) {
        let nowhere = ImageAddress { customer: 0, space: 0, image: String::new() };
        // A database that does not answer now is asked again by whoever comes.
        let _ = database.viewers.load(&self.viewers, nowhere).await;
    }

    async fn load(
        &self,
        database: &Database,
        path: &ServicePath<'_>,
        at: ImageAddress,
    ) -> Result<ServedImage, Problem> {
        match (path.service, &path.target) {
            (ImageService::Thumbnails, _) | (_, Target::Service | Target::Description) => {
                database.viewers.load(&self.viewers, at).await
            }
            _ => database.batcher.load(&self.others, at).await,
        }
    }
}

/// The queue at which customers are looked up by name.
pub type CustomerNames = Arc<BatchQueue<String, Result<i32, Problem>>>;

pub fn customer_names(site: &Arc<Site>) -> CustomerNames {
    queue(site, by_name)
}

/// Returns the problem that a service has no such image, in the same words for one that is not open and for one that is
/// not there.
pub fn missing(service: ImageService) -> Problem {
    let words = match service {
        ImageService::Image => "there is no such image, or it is not processed yet",
        ImageService::Thumbnails => "there are no open thumbnails of such an image",
        ImageService::Degraded => "there is no such image with roles and an open size",
    };
    Problem::NotFound(words.into())
}

/// Reads a path of an image service.
///
/// # Errors
/// Returns [`Problem::NotFound`] or [`Problem::Invalid`], which names the element.
pub fn read(path: &str) -> Result<ServicePath<'_>, Problem> {
    match path::read(path) {
        None => Err(Problem::NotFound("there is no such image service".into())),
        Some(Err(error @ PathError::Unknown { .. })) => Err(Problem::NotFound(error.to_string())),
        Some(Err(PathError::Malformed { element, expected })) => {
            Err(Problem::invalid(element, format!("must be {expected}")))
        }
        Some(Ok(asked)) => Ok(asked),
    }
}

/// Finds the image of a path; `fresh`: what is known of it is out of date.
///
/// # Errors
/// Returns [`Problem::NotFound`], and [`Problem::Unavailable`] if it is not known and the database does not answer.
pub async fn image(
    service: &Service,
    path: &ServicePath<'_>,
    fresh: bool,
) -> Result<Arc<Image>, Problem> {
    let none = || missing(path.service);
    let unless_missing = |problem| match problem {
        Problem::NotFound(_) => none(),
        other => other,
    };
    let customer = customer(service, &path.customer).await.map_err(unless_missing)?;
    let image = Some(&path.image).filter(|image| is_id(image)).ok_or_else(none)?;
    let at = ImageAddress { customer, space: path.space, image: image.clone() };
    if fresh {
        service.delivery.forget(&at);
    }
    let look_up = async || {
        let row = service.image_rows.load(&service.database, path, at.clone()).await?;
        let read = Image::of_row(row).map_err(|error| pixels::damaged(&at, &error));
        read?.ok_or_else(none)
    };
    service.delivery.images.find(&at, look_up).await.map_err(unless_missing)
}

async fn customer(service: &Service, customer: &AskedCustomer) -> Result<i32, Problem> {
    match customer {
        AskedCustomer::Number(number) => Ok(*number),
        // No text of the database holds it.
        AskedCustomer::Name(name) if name.contains('\0') => {
            Err(Problem::NotFound("there is no such customer".into()))
        }
        AskedCustomer::Name(name) => {
            let look_up =
                async || service.database.viewers.load(&service.customer_names, name.clone()).await;
            service.delivery.names.find(name, look_up).await
        }
    }
}
