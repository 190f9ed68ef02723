//! Follows the heads of requests as they are read, and cuts those that are too large.
//!
//! The dispatcher refuses a head that is too large with no more than a status, after it has held all of it. So a head
//! is cut at its limit and ended here: the handler sees a request with the header [`CUT`], and refuses it in words.
//! What a head says beyond its cut is not read.

/// Longest request target, in bytes.
pub const MAX_TARGET_BYTES: usize = 32 << 10;

/// Largest head of a request, in bytes: below what the dispatcher takes, with what it may hold of an earlier body.
pub const MAX_HEAD_BYTES: usize = 96 << 10;

/// Header lines of a request, at most: below what the dispatcher takes, with those that end a head that was cut.
pub const MAX_HEADER_LINES: usize = 90;

/// The header of a request whose head was cut.
pub const CUT: &str = "hydria-cut";
/// Its value where the request target was too long, and not the head in all.
pub const CUT_TARGET: &str = "target";

/// Longest method that is taken for one, in bytes.
const MAX_METHOD_BYTES: usize = 32;
/// Longest name of a header, in bytes. The dispatcher panics on those of 64 KiB.
const MAX_NAME_BYTES: usize = 1 << 10;
/// Longest line of what is no head, in bytes; it may be part of one all the same.
const MAX_LOST_LINE: usize = 48 << 10;
/// Bytes of the name of a header that are kept: as many as the longest that is looked for has, and one.
const NAME_BYTES: usize = "transfer-encoding".len() + 1;
const VERSION: &[u8] = b"HTTP/1.";

/// The part of the head of a request that the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the request line.
    Start,
    Method,
    Target,
    Version,
    /// At the start of a line; the flag: behind the CR of an empty one.
    Line(bool),
    Name,
    Value,
    /// Behind a head that announces a body: nothing is known until that is read.
    Body,
    /// In what is no head, or a part of one of which the start was read with a body.
    Lost,
}

/// The limit that a head exceeds.
#[derive(Debug, PartialEq, Eq)]
pub enum Excess {
    /// A head is too large, and ends here.
    Cut(Cut),
    /// A line is too long for any head, and cannot be ended.
    Unbounded,
}

/// The place at which a head is cut, and the bytes that end it in place of the rest.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// Number of bytes of the part that precede the cut.
    pub at: usize,
    pub ending: Vec<u8>,
}

/// The head of the request that is being read.
#[derive(Debug)]
pub struct Head {
    place: Place,
    /// Bytes of the head so far.
    bytes: usize,
    /// Bytes of the method, the target, the version, the name or the lost line so far.
    length: usize,
    lines: usize,
    name: Vec<u8>,
    has_host: bool,
    has_body: bool,
    /// The byte before the next one.
    last: u8,
}

impl Default for Head {
    fn default() -> Self {
        Self {
            place: Place::Start,
            bytes: 0,
            length: 0,
            lines: 0,
            name: Vec::new(),
            has_host: false,
            has_body: false,
            last: b'\n',
        }
    }
}

impl Head {
    /// Follows a part of what is read; returns where the head in it becomes too large.
    pub fn follow(&mut self, part: &[u8]) -> Option<Excess> {
        let mut at = 0;
        while let Some(rest) = part.get(at..).filter(|rest| !rest.is_empty()) {
            at += self.skip(rest);
            let Some(&byte) = part.get(at) else { break };
            if let Some(ending) = self.ending_before(byte) {
                return Some(Excess::Cut(Cut { at, ending }));
            }
            if self.place == Place::Lost && self.length > MAX_LOST_LINE {
                return Some(Excess::Unbounded);
            }
            self.step(byte);
            self.last = byte;
            at += 1;
        }
        None
    }

    /// Skips the bytes that stay within the target, a name or a value, up to the next limit; returns their number.
    ///
    /// They are most of a head. They are recorded as [`step`](Self::step) records them one by one.
    fn skip(&mut self, rest: &[u8]) -> usize {
        let (limit, end): (usize, fn(&[u8]) -> Option<usize>) = match self.place {
            Place::Target => (MAX_TARGET_BYTES.saturating_sub(self.length), |rest| {
                rest.iter().position(|b| *b <= b' ' || *b == 0x7f)
            }),
            Place::Name => {
                let limit = MAX_NAME_BYTES.saturating_sub(self.length);
                (limit.min(MAX_HEAD_BYTES.saturating_sub(self.bytes)), |rest| {
                    rest.iter().position(|b| !matches!(b, 0x21..=0x7e) || *b == b':')
                })
            }
            Place::Value => {
                (MAX_HEAD_BYTES.saturating_sub(self.bytes), |rest| memchr::memchr(b'\n', rest))
            }
            _ => return 0,
        };
        let rest = rest.get(..limit).unwrap_or(rest);
        let run = rest.get(..end(rest).unwrap_or(rest.len())).unwrap_or_default();
        let Some(last) = run.last() else { return 0 };
        if self.place == Place::Name {
            let kept = run.iter().take(NAME_BYTES.saturating_sub(self.name.len()));
            self.name.extend(kept.map(u8::to_ascii_lowercase));
        }
        self.last = *last;
        self.bytes += run.len();
        self.length += run.len();
        run.len()
    }

    /// Begins anew: the request and its body were read whole.
    pub fn restart(&mut self) {
        if matches!(self.place, Place::Body | Place::Lost) {
            *self = Self::default();
        }
    }

    /// Returns what ends the head in place of its next byte, where that would be too much.
    fn ending_before(&self, byte: u8) -> Option<Vec<u8>> {
        let is_full = self.bytes >= MAX_HEAD_BYTES;
        let (end_of_line, reason) = match self.place {
            Place::Target if self.length >= MAX_TARGET_BYTES && byte != b' ' => {
                (" HTTP/1.1\r\n", CUT_TARGET)
            }
            Place::Line(false)
                if (is_full || self.lines >= MAX_HEADER_LINES) && !is_line_end(byte) =>
            {
                ("", "head")
            }
            // A name that is cut must not be another name.
            Place::Name if is_full || self.length >= MAX_NAME_BYTES => ("-cut:\r\n", "head"),
            Place::Value if is_full && self.last != b'\r' => ("\r\n", "head"),
            _ => return None,
        };
        let host = if self.has_host { "" } else { "Host: cut\r\n" };
        let ending = format!("{end_of_line}{host}{CUT}: {reason}\r\nConnection: close\r\n\r\n");
        Some(ending.into_bytes())
    }

    fn step(&mut self, byte: u8) {
        self.bytes += 1;
        self.length += 1;
        self.place = match (self.place, byte) {
            (Place::Start, b'\r' | b'\n') => {
                self.bytes = 0;
                Place::Start
            }
            (Place::Start, b'A'..=b'Z') => {
                self.length = 1;
                Place::Method
            }
            (Place::Method, b'A'..=b'Z' | b'-') if self.length <= MAX_METHOD_BYTES => Place::Method,
            (Place::Method, b' ') => {
                self.length = 0;
                Place::Target
            }
            (Place::Target, b' ') if self.length > 1 => {
                self.length = 0;
                Place::Version
            }
            (Place::Target, 0x21..=0x7e | 0x80..) => Place::Target,
            (Place::Version, b'\n') if self.length > VERSION.len() => Place::Line(false),
            (Place::Version, b'\r' | b'0' | b'1') if self.length > VERSION.len() => Place::Version,
            (Place::Version, _) if VERSION.get(self.length - 1) == Some(&byte) => Place::Version,
            (Place::Line(false), b'\r') => Place::Line(true),
            (Place::Line(_), b'\n') => return self.end(),
            (Place::Line(false), _) => {
                self.lines += 1;
                self.length = 1;
                self.name.clear();
                self.name.push(byte.to_ascii_lowercase());
                Place::Name
            }
            (Place::Name, b':') => {
                self.has_host |= self.name == b"host";
                let framing: [&[u8]; 2] = [b"content-length", b"transfer-encoding"];
                self.has_body |= framing.contains(&self.name.as_slice());
                Place::Value
            }
            (Place::Name, 0x21..=0x7e) => {
                if self.name.len() < NAME_BYTES {
                    self.name.push(byte.to_ascii_lowercase());
                }
                Place::Name
            }
            (Place::Value, b'\n') => Place::Line(false),
            (Place::Value, _) => Place::Value,
            (Place::Body, _) => Place::Body,
            (_, b'\n') => {
                self.length = 0;
                Place::Lost
            }
            _ => Place::Lost,
        };
    }

    fn end(&mut self) {
        let place = if self.has_body { Place::Body } else { Place::Start };
        *self = Self { place, ..Self::default() };
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what a dispatcher sees of bytes that come in parts of a size, and whether they were cut.
    fn passed(text: &str, size: usize) -> (String, bool) {
        let (mut head, mut seen) = (Head::default(), Vec::new());
        for part in text.as_bytes().chunks(size) {
            match head.follow(part) {
                None => seen.extend_from_slice(part),
                Some(Excess::Unbounded) => panic!("a line without end"),
                Some(Excess::Cut(cut)) => {
                    seen.extend_from_slice(&part[..cut.at]);
                    seen.extend_from_slice(&cut.ending);
                    return (String::from_utf8(seen).expect("UTF-8"), true);
                }
            }
        }
        (String::from_utf8(seen).expect("UTF-8"), false)
    }

    fn lines(count: usize) -> String {
        "X: y\r\n".repeat(count)
    }

    #[test]
    fn heads_within_their_limits_pass_as_they_are() {
        let target = "a".repeat(MAX_TARGET_BYTES - 1);
        let value = "v".repeat(MAX_HEAD_BYTES - 100);
        for head in [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
            format!("\r\n\nGET /{target} HTTP/1.1\nHost: x\n\n").repeat(4),
            format!("PROPFIND / HTTP/1.0\r\n{}\r\n", lines(MAX_HEADER_LINES)).repeat(3),
            format!("GET / HTTP/1.1\r\nHost: x\r\nX: {value}\r\n\r\n").repeat(3),
            // A body, and what is no HTTP, are nothing to cut.
            format!("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nGET /{}", target.repeat(9)),
            format!("post /{target}"),
            format!("GET / HTTP/2.0\r\n{}", lines(20_000)),
        ] {
            for size in [1, 7, 2048] {
                assert!(passed(&head, size) == (head.clone(), false), "{:?}", head.get(..40));
            }
        }
    }

    #[test]
    fn a_head_that_is_too_large_is_ended_at_its_limit_wherever_it_stands() {
        let target = format!("/{}", "a".repeat(MAX_TARGET_BYTES));
        let value = "v".repeat(MAX_HEAD_BYTES);
        let before = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        for (head, reason) in [
            (format!("GET {target}"), CUT_TARGET),
            (format!("{before}{before}GET {target} HTTP/1.1\r\n\r\n"), CUT_TARGET),
            (format!("GET http:/{target} HTTP/1.1\r\n\r\n"), CUT_TARGET),
            (format!("{before}GET / HTTP/1.1\r\nX: {value}"), "head"),
            (format!("GET / HTTP/1.1\r\nHost: x\r\n{}", "n".repeat(2_000)), "head"),
            (format!("GET / HTTP/1.1\r\n{}", lines(MAX_HEADER_LINES + 1)), "head"),
            (format!("GET / HTTP/1.1\r\n{}", "X: y\r\n".repeat(MAX_HEAD_BYTES / 6)), "head"),
        ] {
            for size in [1, 7, 2048] {
                let (seen, cut) = passed(&head, size);
                assert!(cut && seen.len() < MAX_HEAD_BYTES + 200, "{:?}", head.get(..40));
                assert!(seen.ends_with("\r\nConnection: close\r\n\r\n"));
                assert!(seen.contains(&format!("\r\n{CUT}: {reason}\r\n")));
                let last = seen.rsplit("GET ").next().expect("a request");
                assert_eq!(last.matches("\r\nHost: ").count(), 1);
            }
        }
    }

    #[test]
    fn behind_a_body_that_was_read_the_next_head_is_followed() {
        let mut head = Head::default();
        assert_eq!(
            head.follow(b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            None
        );
        assert_eq!(head.place, Place::Body);
        head.restart();
        let long = format!("GET /{}", "a".repeat(MAX_TARGET_BYTES));
        let Some(Excess::Cut(cut)) = head.follow(long.as_bytes()) else { panic!("no cut") };
        assert_eq!(cut.at, 4 + MAX_TARGET_BYTES);
    }

    #[test]
    fn a_line_without_end_is_given_up_where_no_head_was_seen_to_begin() {
        let (mut head, line) = (Head::default(), vec![b'n'; 40_000]);
        assert_eq!(head.follow(b"rest of a line\r\n"), None);
        assert_eq!(head.follow(&line), None);
        assert_eq!(head.follow(&line), Some(Excess::Unbounded));
    }
}
