//! The limits of a service on the sizes that it makes.

use super::geometry::{Size, pixels};

/// Holds the largest sizes that a service makes.
///
/// They are `maxWidth`, `maxHeight` and `maxArea` of the Image API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Pixels; a limit on one edge always comes with one on the other.
    edges: Option<Size>,
    /// Pixels.
    area: Option<u64>,
}

impl Limits {
    pub const NONE: Self = Self { edges: None, area: None };

    /// Returns limits of edges in pixels, and of an area in pixels.
    ///
    /// An edge without a limit takes that of the other, as the Image API tells clients to infer it. Limits of 0 count
    /// as 1, because an image has a pixel.
    pub fn new(max_width: Option<u32>, max_height: Option<u32>, max_area: Option<u64>) -> Self {
        let width = max_width.or(max_height).map(|width| width.max(1));
        let height = max_height.or(max_width).map(|height| height.max(1));
        let edges = width.zip(height).map(|(width, height)| Size { width, height });
        Self { edges, area: max_area.map(|area| area.max(1)) }
    }

    /// Returns the limit of both edges, in pixels.
    pub fn of_edges(longest: u32) -> Self {
        Self::new(Some(longest), None, None)
    }

    /// Returns `maxWidth` in pixels.
    pub fn max_width(self) -> Option<u32> {
        self.edges.map(|edges| edges.width)
    }

    /// Returns `maxHeight` in pixels if clients cannot infer it from `maxWidth`.
    pub fn max_height(self) -> Option<u32> {
        self.edges.filter(|edges| edges.width != edges.height).map(|edges| edges.height)
    }

    /// Returns `maxArea` in pixels.
    pub fn max_area(self) -> Option<u64> {
        self.area
    }

    /// Returns whether any limit is set, without which there is no upscaling.
    pub fn is_bounded(self) -> bool {
        self.edges.is_some() || self.area.is_some()
    }

    /// Returns these limits with edges of at most `longest` pixels.
    pub fn tightened(self, longest: u32) -> Self {
        self.tightened_to(Size::new(longest, longest))
    }

    /// Returns these limits with edges no longer than those of `edges`.
    pub(super) fn tightened_to(self, edges: Size) -> Self {
        let edges = Size::new(edges.width.max(1), edges.height.max(1));
        Self { edges: Some(self.edges.map_or(edges, |own| own.shorter_edges(edges))), ..self }
    }

    /// Returns whether a size is within all limits.
    pub fn allow(self, size: Size) -> bool {
        self.edges.is_none_or(|edges| !size.exceeds(edges))
            && self.area.is_none_or(|area| size.area() <= area)
    }

    /// Returns the size scaled down to the limits with its aspect ratio; never larger.
    pub fn confine(self, size: Size) -> Size {
        if self.allow(size) { size } else { self.fill(size) }
    }

    /// Returns the size scaled up or down to the limits with its aspect ratio.
    ///
    /// Without limits it stays as it is.
    pub fn fill(self, size: Size) -> Size {
        let within_edges = match (self.edges, self.area) {
            (Some(edges), _) => fit_edges(size, edges),
            (None, Some(_)) => fit_edges(size, Size::new(u32::MAX, u32::MAX)),
            (None, None) => size,
        };
        match self.area {
            Some(area) if within_edges.area() > area => fit_area(size, within_edges, area),
            _ => within_edges,
        }
    }
}

/// Returns a size scaled to lie within `edges`, with its aspect ratio.
fn fit_edges(size: Size, edges: Size) -> Size {
    let full_width = size.at_width(edges.width);
    if full_width.height <= edges.height { full_width } else { size.at_height(edges.height) }
}

/// Returns a size scaled to at most `area` pixels within `edges`, with its aspect ratio.
fn fit_area(size: Size, edges: Size, area: u64) -> Size {
    // Each edge is the square root of the area times the ratio of the edges, rounded down to keep the product.
    let edge = |own: u32, other: u32| {
        pixels((u128::from(area) * u128::from(own) / u128::from(other.max(1))).isqrt())
    };
    let width = edge(size.width, size.height).min(edges.width);
    let height = edge(size.height, size.width).min(edges.height);
    // The longer edge tells the other one more exactly.
    let by_ratio = match size.width >= size.height {
        true => size.at_width(width),
        false => size.at_height(height),
    };
    if !by_ratio.exceeds(edges) && by_ratio.area() <= area {
        return by_ratio;
    }
    // An edge that was rounded up to one pixel leaves less to the other.
    let rest = |other: u32| pixels(u128::from(area / u64::from(other.max(1))));
    match width <= height {
        true => Size::new(width, height.min(rest(width))),
        false => Size::new(width.min(rest(height)), height),
    }
}
