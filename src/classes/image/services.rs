//! Addresses of the services that deliver an image, each shown only while it answers.

use super::Image;
use crate::iiif::path::ImageService;
use crate::resource::address::Part as _;
use crate::resource::{RenderContext, Slot};

const DESCRIPTION: &str = "/info.json";

impl Image {
    /// Writes the path of one of its services at the end of a text, with the number of its customer.
    pub(super) fn write_service(&self, service: ImageService, path: &mut String) {
        path.push('/');
        path.push_str(service.element());
        for part in [self.customer, self.space] {
            path.push('/');
            part.write(path);
        }
        path.push('/');
        path.push_str(&self.id);
    }

    fn has_open_thumbnails(&self) -> bool {
        self.open_thumbnails().next().is_some()
    }

    /// Returns whether a part of it is open though it has roles, which is served apart.
    fn is_degraded(&self) -> bool {
        self.has_tiles && self.protection().degraded_edge().is_some()
    }
}

/// Writes the address of a service of an image, and what comes after it.
fn address(
    image: &Image,
    view: RenderContext<'_>,
    slot: Slot<'_>,
    service: ImageService,
    rest: &str,
) {
    slot.plain(|iri| {
        iri.push_str(&view.site.base);
        image.write_service(service, iri);
        iri.push_str(rest);
    });
}

pub(super) fn info_json(image: &Image, view: RenderContext<'_>, slot: Slot<'_>) {
    if image.has_tiles {
        address(image, view, slot, ImageService::Image, DESCRIPTION);
    }
}

pub(super) fn image(image: &Image, view: RenderContext<'_>, slot: Slot<'_>) {
    if image.has_tiles {
        address(image, view, slot, ImageService::Image, "");
    }
}

pub(super) fn degraded_info_json(image: &Image, view: RenderContext<'_>, slot: Slot<'_>) {
    if image.is_degraded() {
        address(image, view, slot, ImageService::Degraded, DESCRIPTION);
    }
}

pub(super) fn thumbnail_info_json(image: &Image, view: RenderContext<'_>, slot: Slot<'_>) {
    if image.has_open_thumbnails() {
        address(image, view, slot, ImageService::Thumbnails, DESCRIPTION);
    }
}

pub(super) fn thumbnails(image: &Image, view: RenderContext<'_>, slot: Slot<'_>) {
    if image.has_open_thumbnails() {
        address(image, view, slot, ImageService::Thumbnails, "");
    }
}

pub(super) fn thumbnail_400(image: &Image, view: RenderContext<'_>, slot: Slot<'_>) {
    if let Some(open) = image.open_thumbnails().find(|open| open.longest_edge() == 400) {
        slot.plain(|iri| {
            iri.push_str(&view.site.base);
            image.write_thumbnail_path(open, iri);
        });
    }
}
