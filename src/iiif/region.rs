//! Regions as requests name them, and the pixels that they mean.

use super::decimal::{Decimal, parse_integer};
use super::error::{Part, PartFault, RequestError};
use super::geometry::{Rectangle, Size, pixels};

/// Holds a region as a request names it. Widths and heights are above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Region {
    Full,
    /// The square in the middle whose edge is the shorter edge of the image.
    Square,
    /// Pixels of the full image; may extend beyond it.
    Pixels(Rectangle),
    /// Percentages of the edges of the full image; may extend beyond it.
    Percent {
        x: Decimal,
        y: Decimal,
        width: Decimal,
        height: Decimal,
    },
}

impl Region {
    /// Reads `full`, `square`, `x,y,w,h` or `pct:x,y,w,h`.
    ///
    /// # Errors
    /// Returns [`PartFault::OutOfRange`] for a width or height of zero, and [`PartFault::Malformed`] for all other
    /// forms, and for pixels of more than 32 bits.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        const EXPECTED: &str = "full, square, x,y,w,h in pixels or pct:x,y,w,h in percent";
        const POSITIVE: &str = "wider and higher than 0";
        let malformed = || fault(PartFault::Malformed { expected: EXPECTED });
        let empty = || fault(PartFault::OutOfRange { expected: POSITIVE });
        match text {
            "full" => return Ok(Self::Full),
            "square" => return Ok(Self::Square),
            _ => {}
        }
        if let Some(percentages) = text.strip_prefix("pct:") {
            let parts = four(percentages, Decimal::parse).ok_or_else(malformed)?;
            let [x, y, width, height] = parts;
            let is_empty = width == Decimal::ZERO || height == Decimal::ZERO;
            return if is_empty { Err(empty()) } else { Ok(Self::Percent { x, y, width, height }) };
        }
        let [x, y, width, height] = four(text, parse_integer).ok_or_else(malformed)?;
        if width == 0 || height == 0 {
            return Err(empty());
        }
        Ok(Self::Pixels(Rectangle { x, y, size: Size { width, height } }))
    }

    /// Returns the pixels of an image that the region means, without what lies beyond its edges.
    ///
    /// Rounds percentages to the nearest pixel each; a region that begins within the image has a pixel at least.
    ///
    /// # Errors
    /// Returns [`PartFault::Outside`] if no pixel is left, as of an image without pixels.
    pub fn within(self, image: Size) -> Result<Rectangle, RequestError> {
        let asked = match self {
            Self::Full => Rectangle::whole(image),
            Self::Square => {
                let edge = image.width.min(image.height);
                let (x, y) = ((image.width - edge) / 2, (image.height - edge) / 2);
                Rectangle { x, y, size: Size::new(edge, edge) }
            }
            Self::Pixels(asked) => asked,
            Self::Percent { x, y, width, height } => Rectangle {
                x: start(x, image.width),
                y: start(y, image.height),
                size: Size {
                    width: pixels(width.percent_of(image.width)),
                    height: pixels(height.percent_of(image.height)),
                },
            },
        };
        let left = Size {
            width: image.width.saturating_sub(asked.x),
            height: image.height.saturating_sub(asked.y),
        };
        if left.width == 0 || left.height == 0 {
            return Err(fault(PartFault::Outside { image }));
        }
        Ok(Rectangle { size: asked.size.shorter_edges(left), ..asked })
    }
}

fn fault(fault: PartFault) -> RequestError {
    RequestError::new(Part::Region, fault)
}

/// Returns the pixel at a percentage of an edge: below 100 percent never one behind the edge.
fn start(percentage: Decimal, edge: u32) -> u32 {
    let pixel = u32::try_from(percentage.percent_of(edge)).unwrap_or(u32::MAX);
    if percentage < Decimal::new(100) { pixel.min(edge.saturating_sub(1)) } else { pixel }
}

/// Reads exactly four numbers between commas.
fn four<N>(text: &str, read: impl Fn(&str) -> Option<N>) -> Option<[N; 4]> {
    let mut parts = text.split(',');
    let mut next = || parts.next().and_then(&read);
    let numbers = [next()?, next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}
