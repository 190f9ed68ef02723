use std::cell::RefCell;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::rc::Rc;

use super::ImagingError;

/// A reader that notes what some decoders do not tell: that they asked for more than
/// there is, or that reading failed.
///
/// Of use with those that ask for nothing behind the end of an image.
pub(super) struct Watched<R> {
    reader: R,
    seen: Rc<RefCell<Seen>>,
}

/// The state of a [`Watched`] reader, while the decoder has it.
pub(super) struct Watch {
    seen: Rc<RefCell<Seen>>,
}

#[derive(Default)]
struct Seen {
    ended: bool,
    failure: Option<io::Error>,
}

impl<R: BufRead> Watched<R> {
    pub(super) fn new(reader: R) -> (Self, Watch) {
        let seen = Rc::new(RefCell::new(Seen::default()));
        (Self { reader, seen: Rc::clone(&seen) }, Watch { seen })
    }
}

impl Watch {
    /// Returns whether more was asked for than there is.
    pub(super) fn ended(&self) -> bool {
        self.seen.borrow().ended
    }

    /// Says whether reading failed, once.
    ///
    /// # Errors
    /// Returns [`ImagingError::Io`].
    pub(super) fn failure(&self) -> Result<(), ImagingError> {
        self.seen
            .borrow_mut()
            .failure
            .take()
            .map_or(Ok(()), |failure| Err(ImagingError::Io(failure)))
    }

    /// Says what was wrong with the file rather than with the image.
    ///
    /// # Errors
    /// Returns [`ImagingError::Io`] or [`ImagingError::Truncated`], in this order.
    pub(super) fn verdict(self) -> Result<(), ImagingError> {
        let seen = self.seen.take();
        match seen.failure {
            Some(failure) => Err(ImagingError::Io(failure)),
            None if seen.ended => Err(ImagingError::Truncated),
            None => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let given = self.fill_buf()?.read(into)?;
        self.consume(given);
        Ok(given)
    }
}

impl<R: BufRead> BufRead for Watched<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.reader.fill_buf() {
            Ok(buffer) => {
                self.seen.borrow_mut().ended |= buffer.is_empty();
                Ok(buffer)
            }
            Err(error) => {
                let kind = error.kind();
                self.seen.borrow_mut().failure = Some(error);
                Err(kind.into())
            }
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
    }
}

impl<R: Seek> Seek for Watched<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}
