//! Requests for pixels, read from the path.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::error::{Part, PartFault, RequestError};
use super::format::Format;
use super::quality::Quality;
use super::region::Region;
use super::rotation::Rotation;
use super::size_form::SizeForm;
use super::version::Version;

/// Holds a well-formed request for pixels, which may still ask for what an image does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ImageRequest {
    /// The version in whose grammar it was written, which its canonical form is in as well.
    pub version: Version,
    pub region: Region,
    pub size: SizeForm,
    pub rotation: Rotation,
    pub quality: Quality,
    pub format: Format,
}

impl ImageRequest {
    /// Reads the four path segments after the identifier, as they were sent.
    ///
    /// They are region, size, rotation, and quality with format. Decodes the percent-encoding of each once.
    ///
    /// # Errors
    /// Returns [`RequestError`] for the first part that does not follow the grammar of the version.
    pub fn parse(version: Version, segments: [&str; 4]) -> Result<Self, RequestError> {
        let [region, size, rotation, file] = segments;
        let region = Region::parse(&decode(Part::Region, region)?)?;
        let size = SizeForm::parse(version, &decode(Part::Size, size)?)?;
        let rotation = Rotation::parse(&decode(Part::Rotation, rotation)?)?;
        let file = decode(Part::Quality, file)?;
        let (quality, format) = file.split_once('.').ok_or_else(|| {
            let expected = "given after the quality and a point, as in default.jpg";
            RequestError::new(Part::Format, PartFault::Malformed { expected })
        })?;
        let (quality, format) = (Quality::parse(quality)?, Format::parse(format)?);
        Ok(Self { version, region, size, rotation, quality, format })
    }
}

fn decode(part: Part, segment: &str) -> Result<Cow<'_, str>, RequestError> {
    let decoded = percent_decode_str(segment).decode_utf8();
    decoded.or(Err(RequestError::new(part, PartFault::Encoding)))
}
