//! From a request and an image to pixels: which are read, how large the result is, and its canonical address.

use super::canonical::{self, CanonicalSize};
use super::error::{Part, PartFault, RequestError};
use super::format::Format;
use super::geometry::{Rectangle, Size, pixels};
use super::limits::Limits;
use super::quality::Quality;
use super::request::ImageRequest;
use super::rotation::Rotation;
use super::size_form::{Extent, SizeForm};
use super::source::Source;
use super::tiles::{self, Tile};
use super::version::Version;

/// Holds what a request means for one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Pixels of the full image that are read.
    pub region: Rectangle,
    /// Tells whether the region is all of the image, however it was named.
    pub is_whole: bool,
    /// Pixels of the result before it is rotated.
    pub size: Size,
    /// Pixels that the full image has at the scale of the result, rounded up.
    pub effective_size: Size,
    pub rotation: Rotation,
    pub quality: Quality,
    pub format: Format,
    /// The tile of the grid that has exactly these pixels, before rotation, quality and format.
    pub tile: Option<Tile>,
    /// The canonical form of the request: the path after the identifier, without a slash in front.
    pub canonical: String,
}

impl Resolved {
    /// Returns whether the result can be a copy of stored pixels.
    ///
    /// These are JPEG, neither rotated nor made gray.
    pub fn can_be_copied(&self) -> bool {
        self.rotation == Rotation::NONE
            && self.format == Format::Jpeg
            && matches!(self.quality, Quality::Default | Quality::Color)
    }

    /// Returns the size in pixels of the result once it is rotated.
    pub fn rotated_size(&self) -> Size {
        self.rotation.bounds(self.size)
    }
}

/// Resolves a request against an image and the limits of the service.
///
/// Without limits nothing is upscaled, because an answer could be of any size.
///
/// # Errors
/// Returns [`RequestError`] if the region is outside the image, or if the size is larger than the region without being
/// allowed to, or larger than the limits, or than the format holds.
pub fn resolve(
    request: &ImageRequest,
    source: Source<'_>,
    limits: Limits,
) -> Result<Resolved, RequestError> {
    let region = request.region.within(source.size)?;
    let is_whole = region == Rectangle::whole(source.size);
    let longest = request.format.longest_edge();
    let frame = Frame {
        source,
        region,
        is_whole,
        limits: limits.tightened(longest),
        is_upscaling_offered: limits.is_bounded(),
    };
    let size = frame.size(request.size)?;
    let bounds = request.rotation.bounds(size);
    if bounds.longest_edge() > longest {
        let allowed = Size::new(longest, longest);
        return Err(RequestError::new(Part::Size, PartFault::TooLarge { allowed }));
    }
    Ok(Resolved {
        region,
        is_whole,
        size,
        effective_size: frame.effective_size(size),
        rotation: request.rotation,
        quality: request.quality,
        format: request.format,
        tile: tiles::find(source.size, region, size),
        canonical: canonical::path(
            request,
            region,
            is_whole,
            frame.canonical_size(request.version, size),
        ),
    })
}

/// Holds what the size of a result depends on.
struct Frame<'a> {
    source: Source<'a>,
    region: Rectangle,
    is_whole: bool,
    /// Those of the service and of the format.
    limits: Limits,
    is_upscaling_offered: bool,
}

impl Frame<'_> {
    fn size(&self, form: SizeForm) -> Result<Size, RequestError> {
        let region = self.region.size;
        let size = match form.extent {
            Extent::Max if form.may_upscale => return Ok(self.largest()),
            Extent::Max => return Ok(self.limits.confine(region)),
            Extent::Width(width) => self.at_width(width),
            Extent::Height(height) => self.at_height(height),
            Extent::Percent(n) => {
                let edge = |edge: u32| pixels(n.percent_of(edge));
                Size::new(edge(region.width), edge(region.height))
            }
            Extent::Exact(size) => size,
            Extent::Within(within) if form.may_upscale => {
                self.limits.tightened_to(within).fill(region)
            }
            Extent::Within(within) => self.limits.tightened_to(within).confine(region),
        };
        let fault = match size.exceeds(region) {
            true if !form.may_upscale => PartFault::Upscaled { region },
            true if !self.is_upscaling_offered => PartFault::UpscalingNotOffered { region },
            _ if self.limits.allow(size) => return Ok(size),
            true => PartFault::TooLarge { allowed: self.largest() },
            false => PartFault::TooLarge { allowed: self.limits.confine(region) },
        };
        Err(RequestError::new(Part::Size, fault))
    }

    /// Returns the largest size to which the region may be scaled.
    fn largest(&self) -> Size {
        match self.is_upscaling_offered {
            true => self.limits.fill(self.region.size),
            false => self.limits.confine(self.region.size),
        }
    }

    /// Returns the size that is meant by its width alone.
    ///
    /// A region of the grid of tiles gets the size of its tile, although the height of a narrow tile may differ from
    /// the aspect ratio, because viewers of version 2 ask for tiles by their width (`docs/iiif.md` 3.4).
    fn at_width(&self, width: u32) -> Size {
        let nominal = self.region.size.at_width(width);
        if self.is_whole {
            return self.source.with_edge(self.limits, nominal, |size| size.width);
        }
        tiles::sizes_of(self.source.size, self.region)
            .find(|size| size.width == width)
            .unwrap_or(nominal)
    }

    /// Returns the size that is meant by its height alone.
    fn at_height(&self, height: u32) -> Size {
        let nominal = self.region.size.at_height(height);
        match self.is_whole {
            true => self.source.with_edge(self.limits, nominal, |size| size.height),
            false => nominal,
        }
    }

    fn effective_size(&self, size: Size) -> Size {
        let edge = |full: u32, result: u32, region: u32| {
            let scaled = u128::from(full) * u128::from(result);
            pixels(scaled.div_ceil(u128::from(region.max(1))))
        };
        let (full, region) = (self.source.size, self.region.size);
        Size {
            width: edge(full.width, size.width, region.width),
            height: edge(full.height, size.height, region.height),
        }
    }

    fn canonical_size(&self, version: Version, size: Size) -> CanonicalSize {
        let region = self.region.size;
        match version {
            Version::V2 if size == region => CanonicalSize::Full,
            Version::V2 if size == self.at_width(size.width) => CanonicalSize::Width(size.width),
            Version::V2 => CanonicalSize::Exact(size),
            Version::V3 if size == self.limits.confine(region) => CanonicalSize::Max,
            Version::V3 if !size.exceeds(region) => CanonicalSize::Exact(size),
            Version::V3 if size == self.largest() => CanonicalSize::UpscaledMax,
            Version::V3 => CanonicalSize::UpscaledExact(size),
        }
    }
}
