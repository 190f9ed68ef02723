//! Sizes and rectangles in pixels, and the rounding of scaled edges.

use std::fmt;

/// Holds a width and a height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Returns the longest edge, in pixels.
    pub fn longest_edge(self) -> u32 {
        self.width.max(self.height)
    }

    /// Returns the number of pixels.
    pub fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Returns whether an edge is longer than the same edge of `other`.
    pub fn exceeds(self, other: Self) -> bool {
        self.width > other.width || self.height > other.height
    }

    /// Returns the size with the shorter of both widths and the shorter of both heights.
    pub(super) fn shorter_edges(self, other: Self) -> Self {
        Self::new(self.width.min(other.width), self.height.min(other.height))
    }

    /// Returns whether each edge differs by one pixel at most.
    pub(super) fn is_near(self, other: Self) -> bool {
        self.width.abs_diff(other.width) <= 1 && self.height.abs_diff(other.height) <= 1
    }

    /// Returns the size of this aspect ratio that is `width` pixels wide.
    pub(super) fn at_width(self, width: u32) -> Self {
        Self::new(width, scaled(self.height, width, self.width))
    }

    /// Returns the size of this aspect ratio that is `height` pixels high.
    pub(super) fn at_height(self, height: u32) -> Self {
        Self::new(scaled(self.width, height, self.height), height)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {} pixels", self.width, self.height)
    }
}

/// Holds a part of an image, in pixels of the full image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rectangle {
    /// Pixels to the right of the left edge of the image.
    pub x: u32,
    /// Pixels below the upper edge of the image.
    pub y: u32,
    pub size: Size,
}

impl Rectangle {
    /// Returns the rectangle that is all of an image.
    pub const fn whole(image: Size) -> Self {
        Self { x: 0, y: 0, size: image }
    }
}

/// Returns `edge * numerator / denominator` in pixels, rounded to the nearest (halves up), at least 1.
pub(super) fn scaled(edge: u32, numerator: u32, denominator: u32) -> u32 {
    let denominator = u128::from(denominator.max(1));
    let twice = 2 * u128::from(edge) * u128::from(numerator);
    pixels((twice + denominator) / (2 * denominator))
}

/// Returns a number of pixels as an edge: 1 for 0, and the greatest edge for more.
pub(super) fn pixels(number: u128) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX).max(1)
}
