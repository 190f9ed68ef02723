use super::samples::Channels;
use super::{ImagingError, Size};

/// Rows that are read at a time where nothing else asks for a number.
pub(crate) const ROWS_AT_ONCE: usize = 16;

/// A picture that is read from top to bottom, 8 bits a sample.
pub(crate) trait Rows {
    fn size(&self) -> Size;

    fn channels(&self) -> Channels;

    /// Fills `into` with the next rows; its length is that of one or more whole rows.
    ///
    /// # Errors
    /// Returns the reason why the rows cannot be read. Of what was read before, nothing is
    /// certain then. Reading behind the last row is [`ImagingError::Damaged`].
    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError>;

    /// Returns bytes of one row.
    fn row_bytes(&self) -> usize {
        self.size().width as usize * self.channels().count()
    }
}

/// Rows on their way through the steps that make a picture upright and sRGB.
pub(crate) type BoxedRows<'a> = Box<dyn Rows + 'a>;

/// A picture that had to be decoded as a whole.
pub(crate) struct Whole {
    size: Size,
    channels: Channels,
    samples: Vec<u8>,
    at: usize,
}

impl Whole {
    pub(crate) fn new(size: Size, channels: Channels, samples: Vec<u8>) -> Self {
        Self { size, channels, samples, at: 0 }
    }
}

impl Rows for Whole {
    fn size(&self) -> Size {
        self.size
    }

    fn channels(&self) -> Channels {
        self.channels
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), ImagingError> {
        let end = self.at + into.len();
        let rows = self.samples.get(self.at..end).ok_or_else(past_the_end)?;
        into.copy_from_slice(rows);
        self.at = end;
        Ok(())
    }
}

/// The error of reading more rows than there are.
pub(crate) fn past_the_end() -> ImagingError {
    ImagingError::damaged("it has fewer rows than its header says")
}
