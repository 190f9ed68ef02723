//! Mirroring and rotation.

use std::fmt;

use super::decimal::Decimal;
use super::error::{Part, PartFault, RequestError};
use super::geometry::Size;

const FULL_TURN: Decimal = Decimal::new(360);

/// Holds whether pixels are mirrored left to right, and how far they are turned after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rotation {
    pub is_mirrored: bool,
    /// Clockwise, from 0 to less than 360.
    pub degrees: Decimal,
}

impl Rotation {
    pub const NONE: Self = Self { is_mirrored: false, degrees: Decimal::ZERO };

    /// Reads degrees from 0 to 360, after `!` for mirroring. A full turn is none.
    ///
    /// # Errors
    /// Returns [`PartFault::OutOfRange`] for more than 360 degrees, and [`PartFault::Malformed`] for what is no number.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        const EXPECTED: &str = "a number of degrees from 0 to 360, after ! for mirroring";
        let (is_mirrored, number) = match text.strip_prefix('!') {
            Some(number) => (true, number),
            None => (false, text),
        };
        let fault = match Decimal::parse(number) {
            Some(degrees) if degrees < FULL_TURN => return Ok(Self { is_mirrored, degrees }),
            Some(FULL_TURN) => return Ok(Self { is_mirrored, degrees: Decimal::ZERO }),
            Some(_) => PartFault::OutOfRange { expected: EXPECTED },
            None => PartFault::Malformed { expected: EXPECTED },
        };
        Err(RequestError::new(Part::Rotation, fault))
    }

    /// Returns the number of quarter turns, from 0 to 3; nothing for other angles.
    pub fn quarter_turns(self) -> Option<u8> {
        (0..4_u8).find(|turns| self.degrees == Decimal::new(90 * u32::from(*turns)))
    }

    /// Returns the size in pixels of the box around an image of `size` once it is turned.
    pub fn bounds(self, size: Size) -> Size {
        match self.quarter_turns() {
            Some(0 | 2) => return size,
            Some(_) => return Size::new(size.height, size.width),
            None => {}
        }
        let (sin, cos) = self.degrees.to_f64().to_radians().sin_cos();
        let (sin, cos) = (sin.abs(), cos.abs());
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        Size::new(
            whole_pixels(width * cos + height * sin),
            whole_pixels(height * cos + width * sin),
        )
    }
}

/// Returns the pixels that a length needs; a length is not enlarged by the error of its calculation.
fn whole_pixels(length: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lengths are positive, and longer ones than fit are the greatest that fits"
    )]
    let pixels = (length - 1e-6).ceil() as u32;
    pixels.max(1)
}

impl fmt::Display for Rotation {
    /// Writes the canonical spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mirror = if self.is_mirrored { "!" } else { "" };
        write!(f, "{mirror}{}", self.degrees)
    }
}
