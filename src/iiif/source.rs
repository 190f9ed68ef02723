//! The image that requests are resolved against.

use super::geometry::Size;
use super::limits::Limits;
use super::tiles::{level_size, scale_factors};

/// Holds the size of the full image, and those of its stored renditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// Pixels of the full image.
    pub size: Size,
    /// Sizes at which the whole image is stored, such as those of its thumbnails, in any order.
    pub stored: &'a [Size],
}

impl Source<'_> {
    /// Returns an image of which no rendition is stored.
    pub const fn new(size: Size) -> Self {
        Self { size, stored: &[] }
    }

    /// Returns the image as if its longest edge were at most so many pixels.
    ///
    /// `/degraded/` serves this. With limits tightened to the same edge, no region of it shows more than the open size.
    pub fn confined(self, longest_edge: u32) -> Self {
        Self { size: Limits::of_edges(longest_edge).confine(self.size), ..self }
    }

    /// Returns the stored sizes that the limits allow; none is larger than the image.
    pub(super) fn served(&self, limits: Limits) -> impl Iterator<Item = Size> {
        self.stored.iter().copied().filter(move |size| {
            !size.exceeds(self.size) && size.width > 0 && size.height > 0 && limits.allow(*size)
        })
    }

    /// Returns the size of the whole image that is meant by one edge of it (`docs/iiif.md` 3.4).
    ///
    /// `nominal` is the size by the aspect ratio, and `edge` tells which edge was given. Other sizes with that edge
    /// come before it: stored ones, the largest within the limits, and those of levels of tiles, so that description
    /// and pixels agree, and answers are copies.
    pub(super) fn with_edge(&self, limits: Limits, nominal: Size, edge: fn(Size) -> u32) -> Size {
        let is_meant = |size: &Size| edge(*size) == edge(nominal);
        let distance = |size: &Size| {
            let (width, height) = (size.width, size.height);
            width.abs_diff(nominal.width).max(height.abs_diff(nominal.height))
        };
        let largest = limits.confine(self.size);
        let level = |scale_factor| level_size(self.size, scale_factor);
        self.served(limits)
            .chain([largest])
            .filter(is_meant)
            .min_by_key(distance)
            .or_else(|| {
                let near = |size: &Size| is_meant(size) && size.is_near(nominal);
                scale_factors(self.size).map(level).find(near)
            })
            .unwrap_or(nominal)
    }
}
