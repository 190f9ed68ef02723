//! Pictures of one bit a pixel as fax machines send them: ITU-T T.4 and T.6.

use std::io::{self, BufRead, Read};
use std::sync::LazyLock;

use super::codes::{BLACK, Code, WHITE};

/// The longest code of a run, in bits.
const LONGEST_CODE: u32 = 13;

/// For each 13 bits: the bits of the code they begin with, 0 where there is none, and its run.
type Table = Vec<(u8, u16)>;

static TABLES: LazyLock<[Table; 2]> = LazyLock::new(|| [table(&WHITE), table(&BLACK)]);

fn table(codes: &[Code]) -> Table {
    let mut table = vec![(0, 0); 1 << LONGEST_CODE];
    for &(code, bits, run) in codes {
        let free = LONGEST_CODE - u32::from(bits);
        let from = usize::from(code) << free;
        for entry in table.iter_mut().skip(from).take(1 << free) {
            *entry = (bits, run);
        }
    }
    table
}

/// The ways a fax is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Rows of runs, each row from a whole byte on (compression 2).
    Huffman,
    /// Rows of runs, behind end-of-line codes (compression 3).
    Group3,
    /// The same with rows among them that tell what differs from the row above.
    Group3Mixed,
    /// Only rows that tell what differs from the row above (compression 4).
    Group4,
}

/// The pixels of a fax, rows filled up to whole bytes; 0 is white.
pub(super) struct Fax<R> {
    bits: Bits<R>,
    scheme: Scheme,
    width: u32,
    /// The places where the colour changes in the row above, from white to black first.
    above: Vec<u32>,
    changes: Vec<u32>,
    row: Vec<u8>,
    given: usize,
}

impl<R: BufRead> Fax<R> {
    pub(super) fn new(reader: R, scheme: Scheme, width: u32) -> Self {
        let row = vec![0; width.div_ceil(8) as usize];
        let given = row.len();
        let bits = Bits { reader, held: 0, count: 0 };
        Self { bits, scheme, width, above: Vec::new(), changes: Vec::new(), row, given }
    }

    fn next_row(&mut self) -> io::Result<()> {
        std::mem::swap(&mut self.above, &mut self.changes);
        self.changes.clear();
        match self.scheme {
            Scheme::Huffman => {
                self.bits.align();
                self.runs()?;
            }
            Scheme::Group3 => {
                self.bits.skip_end_of_line()?;
                self.runs()?;
            }
            Scheme::Group3Mixed => {
                self.bits.skip_end_of_line()?;
                match self.bits.take(1)? {
                    1 => self.runs()?,
                    _ => self.differences()?,
                }
            }
            Scheme::Group4 => self.differences()?,
        }
        self.paint();
        Ok(())
    }

    /// Reads a row of runs, white first.
    fn runs(&mut self) -> io::Result<()> {
        let (mut at, mut black) = (0, false);
        while at < self.width {
            at = at.saturating_add(self.bits.run(black)?).min(self.width);
            self.change(at);
            black = !black;
        }
        Ok(())
    }

    /// Reads a row that tells what differs from the row above.
    fn differences(&mut self) -> io::Result<()> {
        // Before the first pixel: the change at 0 in the row above counts for it.
        let (mut at, mut black) = (0_u32, false);
        let (mut first, mut seen) = (true, 0);
        while at < self.width {
            // The first change above to the right of here, and to the other colour.
            while seen > 0 && self.above.get(seen - 1).is_some_and(|&change| change > at) {
                seen -= 1;
            }
            while self
                .above
                .get(seen)
                .is_some_and(|&change| change < at || (change == at && !first))
            {
                seen += 1;
            }
            let place = if (seen % 2 == 1) == black { seen } else { seen + 1 };
            let above = |place: usize| self.above.get(place).copied().unwrap_or(self.width);
            match self.bits.mode()? {
                Mode::Pass => at = above(place + 1),
                Mode::Horizontal => {
                    for black in [black, !black] {
                        at = at.saturating_add(self.bits.run(black)?).min(self.width);
                        self.change(at);
                    }
                }
                Mode::Vertical(by) => {
                    let to = above(place).saturating_add_signed(by).min(self.width);
                    if to < at || (to == at && !first) {
                        return Err(invalid("a row of the fax runs backwards"));
                    }
                    at = to;
                    self.change(at);
                    black = !black;
                }
            }
            first = false;
        }
        Ok(())
    }

    /// Notes a change of colour; two at one place are none.
    fn change(&mut self, at: u32) {
        match self.changes.last() {
            Some(&last) if last == at => drop(self.changes.pop()),
            _ => self.changes.push(at),
        }
    }

    fn paint(&mut self) {
        self.row.fill(0);
        let ends = self.changes.iter().skip(1).step_by(2).copied();
        let ends = ends.chain(std::iter::once(self.width));
        for (&from, to) in self.changes.iter().step_by(2).zip(ends) {
            let (first, last) = ((from / 8) as usize, (to / 8) as usize);
            let (head, tail) = (0xFF_u8 >> (from % 8), !(0xFF_u8 >> (to % 8)));
            if first == last {
                if let Some(byte) = self.row.get_mut(first) {
                    *byte |= head & tail;
                }
                continue;
            }
            if let Some([begin, middle @ ..]) = self.row.get_mut(first..last) {
                *begin |= head;
                middle.fill(0xFF);
            }
            if let Some(byte) = self.row.get_mut(last) {
                *byte |= tail;
            }
        }
    }
}

impl<R: BufRead> Read for Fax<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.row.len() {
            self.next_row()?;
            self.given = 0;
        }
        let given = self.row.get(self.given..).unwrap_or_default().read(into)?;
        self.given += given;
        Ok(given)
    }
}

enum Mode {
    Pass,
    Horizontal,
    Vertical(i32),
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// The bits of a stream, from the highest of each byte.
struct Bits<R> {
    reader: R,
    held: u64,
    count: u32,
}

impl<R: BufRead> Bits<R> {
    /// Returns the next bits without taking them; behind the end there are zeros.
    fn peek(&mut self, bits: u32) -> io::Result<u32> {
        if self.count < bits {
            let buffer = self.reader.fill_buf()?;
            let room = ((64 - self.count) / 8) as usize;
            let taken = buffer.len().min(room);
            for &byte in buffer.iter().take(taken) {
                self.held = (self.held << 8) | u64::from(byte);
            }
            self.count += 8 * u32::try_from(taken).unwrap_or(0);
            self.reader.consume(taken);
            if taken > 0 && self.count < bits {
                return self.peek(bits);
            }
        }
        let value = match self.count.checked_sub(bits) {
            Some(behind) => self.held >> behind,
            None => self.held << (bits - self.count),
        };
        Ok(u32::try_from(value & ((1 << bits) - 1)).unwrap_or(0))
    }

    fn skip(&mut self, bits: u32) -> io::Result<()> {
        self.count = self.count.checked_sub(bits).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(())
    }

    fn take(&mut self, bits: u32) -> io::Result<u32> {
        let value = self.peek(bits)?;
        self.skip(bits)?;
        Ok(value)
    }

    fn align(&mut self) {
        self.count -= self.count % 8;
    }

    /// Skips an end-of-line code with the zeros before it, if there is one.
    fn skip_end_of_line(&mut self) -> io::Result<()> {
        while self.peek(12)? == 0 && self.count > 0 {
            self.skip(1)?;
        }
        if self.peek(12)? == 1 {
            self.skip(12)?;
        }
        Ok(())
    }

    /// Reads a run of one colour, in pixels: multiples of 64 first, then the rest.
    fn run(&mut self, black: bool) -> io::Result<u32> {
        let [white_codes, black_codes] = &*TABLES;
        let codes = if black { black_codes } else { white_codes };
        let mut length = 0_u32;
        loop {
            let next = self.peek(LONGEST_CODE)? as usize;
            let (bits, run) = codes.get(next).copied().unwrap_or_default();
            if bits == 0 {
                return Err(match self.count {
                    0 => io::ErrorKind::UnexpectedEof.into(),
                    _ => invalid("a row of the fax has a code that means nothing"),
                });
            }
            self.skip(u32::from(bits))?;
            length = length.saturating_add(u32::from(run));
            if run < 64 {
                return Ok(length);
            }
        }
    }

    fn mode(&mut self) -> io::Result<Mode> {
        let next = self.peek(7)?;
        let (bits, mode) = match next {
            0b100_0000.. => (1, Mode::Vertical(0)),
            0b011_0000.. => (3, Mode::Vertical(1)),
            0b010_0000.. => (3, Mode::Vertical(-1)),
            0b001_0000.. => (3, Mode::Horizontal),
            0b000_1000.. => (4, Mode::Pass),
            0b000_0110.. => (6, Mode::Vertical(2)),
            0b000_0100.. => (6, Mode::Vertical(-2)),
            0b000_0011 => (7, Mode::Vertical(3)),
            0b000_0010 => (7, Mode::Vertical(-3)),
            _ if self.count == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            1 => return Err(invalid("the fax has a part that is not coded as the rest")),
            _ => return Err(invalid("the fax ends before the picture does")),
        };
        self.skip(bits)?;
        Ok(mode)
    }
}
