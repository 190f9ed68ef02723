use std::fs::File;

use super::bytes::{ReadAt, Section};
use super::orientation::MOST_HELD_BYTES;
use super::rows::BoxedRows;
use super::samples::Channels;
use super::{
    Format, ImagingError, Probe, Size, catch_decoder_panic, colour, gif, jpeg, jpeg2000,
    orientation, png, tiff, webp,
};

/// An image that is read row by row: upright, in sRGB or gray, without transparency.
pub struct Picture<'a> {
    rows: BoxedRows<'a>,
    left: u32,
}

impl<'a> Picture<'a> {
    /// Begins to read an image that was inspected, and checked against limits.
    ///
    /// Reads the picture to its end here if rows change places to make it upright; a large
    /// one goes to the file `scratch`.
    ///
    /// # Errors
    /// Returns [`ImagingError::Truncated`], [`ImagingError::Damaged`] and
    /// [`ImagingError::Unsupported`], for what only shows in the pixels, or [`ImagingError::Io`].
    pub fn open(
        source: &'a dyn ReadAt,
        probe: &Probe,
        scratch: &File,
    ) -> Result<Self, ImagingError> {
        catch_decoder_panic(|| {
            let section = Section::whole(source)?;
            let opened = match probe.format {
                Format::Jpeg => jpeg::open(section)?,
                Format::Png => png::open(section)?,
                Format::Webp => webp::open(section)?,
                Format::Gif => gif::open(section)?,
                Format::Tiff => tiff::open(source)?,
                Format::Jpeg2000 => jpeg2000::open(source)?,
            };
            if opened.rows.size() != probe.size {
                return Err(ImagingError::damaged("its size changed while it was read"));
            }
            let rows = colour::to_srgb(opened.rows, opened.profile.as_deref());
            let rows = orientation::turned(rows, opened.orientation, MOST_HELD_BYTES, scratch)?;
            let left = rows.size().height;
            Ok(Self { rows, left })
        })
    }

    /// Returns the true size, after the orientation is applied.
    #[must_use]
    pub fn size(&self) -> Size {
        self.rows.size()
    }

    /// Returns the kind of samples, gray or RGB.
    #[must_use]
    pub fn channels(&self) -> Channels {
        self.rows.channels()
    }

    /// Returns bytes of one row.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        self.rows.row_bytes()
    }

    /// Fills `into`, whose length is that of one or more whole rows, with the next rows.
    ///
    /// # Errors
    /// Returns what [`Picture::open`] returns. The picture is of no more use then.
    pub fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        catch_decoder_panic(|| self.rows.read(into))?;
        let rows = into.len() / self.row_bytes().max(1);
        self.left = self.left.saturating_sub(u32::try_from(rows).unwrap_or(u32::MAX));
        Ok(())
    }

    /// Returns the rows that are left.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.left
    }
}
