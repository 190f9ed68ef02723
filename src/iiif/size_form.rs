//! Sizes as requests name them.

use super::decimal::{Decimal, parse_integer};
use super::error::{Part, PartFault, RequestError};
use super::geometry::Size;
use super::version::Version;

/// Holds the size of the result as a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SizeForm {
    pub extent: Extent,
    /// Tells whether the result may be larger than the region.
    ///
    /// It may after `^` in version 3, and in version 2 for every form but `full`, `max` and `!w,h`.
    pub may_upscale: bool,
}

/// Names how a size is given. All numbers are above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// As large as the limits of the service allow; `full` of version 2 as well.
    Max,
    /// A width in pixels, with the height that keeps the aspect ratio.
    Width(u32),
    /// A height in pixels, with the width that keeps the aspect ratio.
    Height(u32),
    /// A percentage of both edges of the region.
    Percent(Decimal),
    /// Both edges in pixels, whatever the aspect ratio.
    Exact(Size),
    /// The box in pixels that the result fills with its aspect ratio kept.
    Within(Size),
}

impl SizeForm {
    /// Reads a size in the grammar of a version.
    ///
    /// # Errors
    /// Returns [`PartFault::OutOfRange`] for zero, and for more than 100 percent in version 3 without `^`;
    /// [`PartFault::Malformed`] for all other forms, and for pixels of more than 32 bits.
    pub fn parse(version: Version, text: &str) -> Result<Self, RequestError> {
        match version {
            Version::V2 => {
                let extent = if text == "full" { Some(Extent::Max) } else { read(text)? };
                let extent = extent.ok_or_else(|| malformed(EXPECTED_V2))?;
                let may_upscale = !matches!(extent, Extent::Max | Extent::Within(_));
                Ok(Self { extent, may_upscale })
            }
            Version::V3 => {
                let (may_upscale, plain) = match text.strip_prefix('^') {
                    Some(plain) => (true, plain),
                    None => (false, text),
                };
                let extent = read(plain)?.ok_or_else(|| malformed(EXPECTED_V3))?;
                match extent {
                    Extent::Percent(n) if !may_upscale && n > Decimal::new(100) => {
                        Err(out_of_range("at most 100 percent, unless ^ is put before it"))
                    }
                    _ => Ok(Self { extent, may_upscale }),
                }
            }
        }
    }
}

const EXPECTED_V2: &str = "full, max, w, or ,h or w,h or !w,h in pixels, or pct:n";
const EXPECTED_V3: &str =
    "max, w, or ,h or w,h or !w,h in pixels, or pct:n, each after ^ for upscaling";

/// Reads the forms that both versions have; nothing for any other.
fn read(text: &str) -> Result<Option<Extent>, RequestError> {
    if text == "max" {
        return Ok(Some(Extent::Max));
    }
    if let Some(percentage) = text.strip_prefix("pct:") {
        return match Decimal::parse(percentage) {
            Some(Decimal::ZERO) => Err(out_of_range("more than 0 percent")),
            percentage => Ok(percentage.map(Extent::Percent)),
        };
    }
    let (is_box, pair) = match text.strip_prefix('!') {
        Some(pair) => (true, pair),
        None => (false, text),
    };
    let Some((width, height)) = pair.split_once(',') else { return Ok(None) };
    let (Some(width), Some(height)) = (edge(width), edge(height)) else { return Ok(None) };
    if width == Some(0) || height == Some(0) {
        return Err(out_of_range("1 pixel wide and high, or more"));
    }
    Ok(match (width, height, is_box) {
        (Some(width), Some(height), true) => Some(Extent::Within(Size { width, height })),
        (Some(width), Some(height), false) => Some(Extent::Exact(Size { width, height })),
        (Some(width), None, false) => Some(Extent::Width(width)),
        (None, Some(height), false) => Some(Extent::Height(height)),
        (None, None, _) | (_, _, true) => None,
    })
}

/// Reads an edge in pixels: `Some(None)` if it is left out, nothing if it is malformed.
#[expect(clippy::option_option, reason = "left out and malformed are two things")]
fn edge(text: &str) -> Option<Option<u32>> {
    if text.is_empty() { Some(None) } else { parse_integer(text).map(Some) }
}

fn malformed(expected: &'static str) -> RequestError {
    RequestError::new(Part::Size, PartFault::Malformed { expected })
}

fn out_of_range(expected: &'static str) -> RequestError {
    RequestError::new(Part::Size, PartFault::OutOfRange { expected })
}
