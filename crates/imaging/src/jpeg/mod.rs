mod decode;
mod encode;
mod header;
mod warnings;

use std::any::Any;
use std::io;

use crate::bytes::Section;
use crate::samples::Channels;
use crate::{Format, ImagingError, Opened, Probe, memory};

pub(crate) use self::decode::{Conversion, JpegRows};
pub(crate) use self::encode::{Encoder, Encoding, encode};
pub(crate) use self::header::{Header, tables};

/// Words of libjpeg where it gets no memory.
const NO_MEMORY: &str = "Insufficient memory";

/// Returns why libjpeg gave up, from what it said.
fn fault(panic: &(dyn Any + Send)) -> ImagingError {
    let said = panic.downcast_ref::<String>().map_or("the decoder gave up", String::as_str);
    let said = said.strip_prefix("libjpeg fatal error: ").unwrap_or(said);
    match said.starts_with(NO_MEMORY) {
        true => ImagingError::Io(io::ErrorKind::OutOfMemory.into()),
        false => ImagingError::damaged(said),
    }
}

/// Reads the header of a JPEG.
pub(super) fn inspect(section: Section<'_>) -> Result<Probe, ImagingError> {
    let header = Header::read(&mut section.buffered())?;
    let channels = match header.sampling.len() {
        1 => Channels::Gray,
        _ => Channels::Rgb,
    };
    let (size, orientation) = (header.size, header.orientation);
    let estimated_memory_bytes =
        header.decoder_bytes() + memory::of_derivation(size, channels, orientation);
    Ok(Probe { format: Format::Jpeg, size, orientation, estimated_memory_bytes })
}

/// Begins to read a JPEG.
pub(super) fn open(section: Section<'_>) -> Result<Opened<'_>, ImagingError> {
    let header = Header::read(&mut section.clone().buffered())?;
    let rows = JpegRows::open(section.buffered(), &header, Conversion::AsMarked)?;
    let Header { orientation, profile, .. } = header;
    Ok(Opened { rows: Box::new(rows), orientation, profile })
}
