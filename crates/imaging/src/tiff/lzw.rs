//! LZW as TIFF 6.0 has it: codes of 9 to 12 bits from the highest bit, growing one code early.

use std::io::{self, BufRead, Read};

const CLEAR: usize = 256;
const END: usize = 257;
const FIRST_FREE: usize = 258;
const MOST_CODES: usize = 4096;

/// Bytes that are decoded at a time.
const PORTION: usize = 32 << 10;

/// Strings up to this length are copied as if they had it: a copy of fixed size is the fastest.
const SHORT: usize = 16;

/// A string: a stretch of what was decoded since the table was cleared.
#[derive(Clone, Copy, Default)]
struct Stretch {
    start: usize,
    length: usize,
}

/// The decoded bytes of a stream.
///
/// Each string of the table is the one before it and a byte that follows upon that in the
/// output: so that the table only tells places in the output, and a string is one copy.
pub(super) struct Lzw<R> {
    reader: R,
    held: u64,
    count: u32,
    width: u32,
    /// Of the codes from [`FIRST_FREE`] on.
    table: Vec<Stretch>,
    next: usize,
    before: Option<Stretch>,
    /// The bytes decoded since the table was cleared, and room behind it.
    output: Vec<u8>,
    end: usize,
    given: usize,
    ended: bool,
}

impl<R: BufRead> Lzw<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            held: 0,
            count: 0,
            width: 9,
            table: vec![Stretch::default(); MOST_CODES],
            next: FIRST_FREE,
            before: None,
            output: vec![0; PORTION * 2],
            end: 0,
            given: 0,
            ended: false,
        }
    }

    /// Decodes a portion, or less before the table is cleared.
    fn decode(&mut self) -> io::Result<()> {
        if self.next == FIRST_FREE && self.before.is_none() {
            (self.end, self.given) = (0, 0);
        }
        let until = self.end + PORTION;
        while self.end < until && !self.ended {
            let Some(code) = self.code()? else { break };
            match code {
                CLEAR => {
                    (self.width, self.next, self.before) = (9, FIRST_FREE, None);
                    if self.end > self.given {
                        return Ok(());
                    }
                    (self.end, self.given) = (0, 0);
                }
                END => self.ended = true,
                code => self.string(code)?,
            }
        }
        Ok(())
    }

    /// Returns the next code; none at the end.
    fn code(&mut self) -> io::Result<Option<usize>> {
        while self.count < self.width {
            let input = self.reader.fill_buf()?;
            let taken = match input.first_chunk() {
                Some(&bytes) => {
                    self.held = (self.held << 32) | u64::from(u32::from_be_bytes(bytes));
                    4
                }
                None => match input.first() {
                    Some(&byte) => {
                        self.held = (self.held << 8) | u64::from(byte);
                        1
                    }
                    None => return Ok(None),
                },
            };
            self.count += 8 * taken;
            self.reader.consume(taken as usize);
        }
        self.count -= self.width;
        let code = (self.held >> self.count) & ((1 << self.width) - 1);
        Ok(usize::try_from(code).ok())
    }

    /// Appends the string of a code, and adds the one before and its first byte to the table.
    fn string(&mut self, code: usize) -> io::Result<()> {
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "its LZW has an unknown code");
        let start = self.end;
        if let Some(Stretch { start, length }) = self.before
            && self.next < MOST_CODES
        {
            if let Some(entry) = self.table.get_mut(self.next) {
                *entry = Stretch { start, length: length + 1 };
            }
            self.next += 1;
            if self.next == (1 << self.width) - 1 && self.width < 12 {
                self.width += 1;
            }
        }
        let string = if let Ok(byte) = u8::try_from(code) {
            self.make_room(1);
            *self.output.get_mut(start).ok_or_else(broken)? = byte;
            Stretch { start, length: 1 }
        } else {
            if code >= self.next {
                return Err(broken());
            }
            let Stretch { start: from, length } = *self.table.get(code).ok_or_else(broken)?;
            self.make_room(length);
            if from + length > start {
                // The string that is just being made: its last byte is its first.
                let all = from..from + length - 1;
                self.output.copy_within(all, start);
                let first = self.output.get(start).copied().unwrap_or_default();
                *self.output.get_mut(start + length - 1).ok_or_else(broken)? = first;
            } else if length <= SHORT {
                let string: [u8; SHORT] = self
                    .output
                    .get(from..)
                    .and_then(<[u8]>::first_chunk)
                    .copied()
                    .ok_or_else(broken)?;
                let place = self.output.get_mut(start..).and_then(<[u8]>::first_chunk_mut);
                *place.ok_or_else(broken)? = string;
            } else {
                self.output.copy_within(from..from + length, start);
            }
            Stretch { start, length }
        };
        self.end = start + string.length;
        self.before = Some(string);
        Ok(())
    }

    fn make_room(&mut self, length: usize) {
        let needed = self.end + length + SHORT * 2;
        if self.output.len() < needed {
            self.output.resize(needed * 2, 0);
        }
    }
}

impl<R: BufRead> Read for Lzw<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.end && !self.ended {
            let before = (self.end, self.count);
            self.decode()?;
            if self.given == self.end && (self.end, self.count) == before {
                break;
            }
        }
        let given = self.output.get(self.given..self.end).unwrap_or_default().read(into)?;
        self.given += given;
        Ok(given)
    }
}
