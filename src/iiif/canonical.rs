//! The canonical form of requests, as `docs/iiif.md` 4 has it.

use std::fmt::{self, Write as _};

use super::geometry::{Rectangle, Size};
use super::request::ImageRequest;

/// Names a size as canonical requests do.
#[derive(Debug, Clone, Copy)]
pub(super) enum CanonicalSize {
    /// The size of the region, in version 2.
    Full,
    /// The region confined to the limits, in version 3.
    Max,
    /// The region upscaled to the limits, in version 3.
    UpscaledMax,
    /// A width in pixels, which tells the height, in version 2.
    Width(u32),
    Exact(Size),
    /// A size larger than the region, in version 3.
    UpscaledExact(Size),
}

impl fmt::Display for CanonicalSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("full"),
            Self::Max => f.write_str("max"),
            Self::UpscaledMax => f.write_str("^max"),
            Self::Width(width) => write!(f, "{width},"),
            Self::Exact(size) => write!(f, "{},{}", size.width, size.height),
            Self::UpscaledExact(size) => write!(f, "^{},{}", size.width, size.height),
        }
    }
}

/// Returns the path of the canonical form of a request, without a slash in front.
pub(super) fn path(
    request: &ImageRequest,
    region: Rectangle,
    is_whole: bool,
    size: CanonicalSize,
) -> String {
    let mut path = String::with_capacity(64);
    if is_whole {
        path.push_str("full");
    } else {
        let Rectangle { x, y, size } = region;
        let mut digits = itoa::Buffer::new();
        for (number, edge) in [x, y, size.width, size.height].into_iter().enumerate() {
            path.push_str(if number == 0 { "" } else { "," });
            path.push_str(digits.format(edge));
        }
    }
    let (rotation, quality) = (request.rotation, request.quality.canonical());
    // Writing to a text cannot fail.
    let _ = write!(path, "/{size}/{rotation}/{quality}.{}", request.format.extension());
    path
}
