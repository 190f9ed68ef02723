//! Decides who may see which pixels and descriptions of an image, by its roles and its open size.

use super::error::RequestError;
use super::geometry::Size;
use super::limits::Limits;
use super::request::ImageRequest;
use super::resolve::{Resolved, resolve};
use super::source::Source;

/// Holds how an image is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protection {
    /// Tells whether roles are named, any one of which opens all of the image.
    pub has_roles: bool,
    /// The longest edge of the whole image that is open to anybody, in pixels.
    ///
    /// 0: nothing is open; below 0: everything without roles, and nothing with them.
    pub max_unauthorised: i32,
}

/// Tells what of an image is open to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Openness {
    Everything,
    /// Whole images whose longest edge is at most this long.
    Tier {
        /// Pixels, above 0.
        longest_edge: u32,
    },
    Nothing,
}

/// Tells who may have pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelAccess {
    /// Anybody; shared caches may keep them.
    Open,
    /// Holders of a role of the image.
    NeedsRole,
    /// Nobody, because there is no role to hold.
    Closed,
}

/// Tells who is answered with which description at the address of the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DescriptionAccess {
    /// Anybody, that of the whole image.
    Open,
    /// Anybody, that of the open tier.
    Tier {
        /// Pixels, above 0.
        longest_edge: u32,
    },
    /// Holders of a role, the description of the whole image; others are sent to the open tier if there is one.
    NeedsRole {
        /// The longest edge of the open tier, in pixels.
        tier: Option<u32>,
    },
    /// Nobody; the refusal describes the whole image all the same.
    Closed,
}

impl Protection {
    /// Returns what is open to anybody.
    pub fn openness(self) -> Openness {
        match u32::try_from(self.max_unauthorised) {
            Ok(0) => Openness::Nothing,
            Ok(longest_edge) => Openness::Tier { longest_edge },
            Err(_below_zero) if self.has_roles => Openness::Nothing,
            Err(_below_zero) => Openness::Everything,
        }
    }

    /// Returns whether a whole image of a size, such as a thumbnail, is open to anybody.
    pub fn opens(self, whole_image: Size) -> bool {
        match self.openness() {
            Openness::Everything => true,
            Openness::Tier { longest_edge } => whole_image.longest_edge() <= longest_edge,
            Openness::Nothing => false,
        }
    }

    /// Returns who may have the pixels of a request that was resolved against the full image.
    ///
    /// Only whole images can be open in part: a tile is small, and yet a part of the image at full size.
    pub fn pixels(self, resolved: &Resolved) -> PixelAccess {
        let is_open = match self.openness() {
            Openness::Everything => true,
            _ => resolved.is_whole && self.opens(resolved.size),
        };
        match (is_open, self.has_roles) {
            (true, _) => PixelAccess::Open,
            (false, true) => PixelAccess::NeedsRole,
            (false, false) => PixelAccess::Closed,
        }
    }

    /// Resolves a request against the full image, and returns who may have the pixels.
    ///
    /// Where a tier is all that anybody can see, whole images are resolved within it first, as its description
    /// says: `max` is the tier then. Beside roles they are not, because the same address would have two answers.
    ///
    /// # Errors
    /// Returns the [`RequestError`] of [`resolve`](super::resolve()).
    pub fn resolve(
        self,
        request: &ImageRequest,
        source: Source<'_>,
        limits: Limits,
    ) -> Result<(Resolved, PixelAccess), RequestError> {
        if let DescriptionAccess::Tier { longest_edge } = self.description()
            && let Ok(resolved) = resolve(request, source, limits.tightened(longest_edge))
            && self.pixels(&resolved) == PixelAccess::Open
        {
            return Ok((resolved, PixelAccess::Open));
        }
        let resolved = resolve(request, source, limits)?;
        let access = self.pixels(&resolved);
        Ok((resolved, access))
    }

    /// Returns who is answered with which description.
    pub fn description(self) -> DescriptionAccess {
        match (self.has_roles, self.openness()) {
            (_, Openness::Everything) => DescriptionAccess::Open,
            (true, Openness::Tier { longest_edge }) => {
                DescriptionAccess::NeedsRole { tier: Some(longest_edge) }
            }
            (true, Openness::Nothing) => DescriptionAccess::NeedsRole { tier: None },
            (false, Openness::Tier { longest_edge }) => DescriptionAccess::Tier { longest_edge },
            (false, Openness::Nothing) => DescriptionAccess::Closed,
        }
    }

    /// Returns the longest edge of the tier that `/degraded/` serves, in pixels.
    ///
    /// Nothing without roles, because the tier is served at the address of the image then.
    pub fn degraded_edge(self) -> Option<u32> {
        match self.description() {
            DescriptionAccess::NeedsRole { tier } => tier,
            _ => None,
        }
    }

    /// Returns the size of the largest whole image that is open to anybody, if any is.
    pub fn open_size(self, full: Size) -> Option<Size> {
        match self.openness() {
            Openness::Everything => Some(full),
            Openness::Tier { longest_edge } => Some(Limits::of_edges(longest_edge).confine(full)),
            Openness::Nothing => None,
        }
    }
}
