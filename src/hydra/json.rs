//! A JSON writer over one buffer: answers are written once, from the rows of a class's table.

use chrono::{DateTime, Datelike as _, SecondsFormat, Timelike as _, Utc};

/// Writes JSON text, keeping track of commas.
///
/// The caller keeps objects, arrays, keys and values in order; nothing is checked at run time.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    follows: bool,
}

impl Writer {
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes), follows: false }
    }

    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    fn part(&mut self) {
        if self.follows {
            self.out.push(b',');
        }
    }

    /// An object with what `fill` writes in it.
    pub fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nest(b'{', b'}', fill);
    }

    /// An array with what `fill` writes in it.
    pub fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nest(b'[', b']', fill);
    }

    fn nest(&mut self, open: u8, close: u8, fill: impl FnOnce(&mut Self)) {
        self.part();
        self.out.push(open);
        self.follows = false;
        fill(self);
        self.out.push(close);
        self.follows = true;
    }

    /// The key of the value that is written next; must need no escaping, as all terms do not.
    pub fn key(&mut self, term: &str) {
        self.part();
        self.out.push(b'"');
        self.out.extend_from_slice(term.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.follows = false;
    }

    pub fn text(&mut self, text: &str) {
        self.part();
        // Without a way out, so that many bytes are looked at in one instruction.
        let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        if text.bytes().fold(false, |found, byte| found | special(byte)) {
            // A Vec takes every byte, so serde_json cannot fail here.
            let _ = serde_json::to_writer(&mut self.out, text);
        } else {
            self.out.reserve(text.len() + 2);
            self.out.push(b'"');
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b'"');
        }
        self.follows = true;
    }

    /// A string given in pieces, none of which needs escaping: an address.
    pub fn address(&mut self, pieces: &[&str]) {
        self.part();
        self.out.push(b'"');
        for piece in pieces {
            self.out.extend_from_slice(piece.as_bytes());
        }
        self.out.push(b'"');
        self.follows = true;
    }

    pub fn number(&mut self, number: i64) {
        self.part();
        let _ = serde_json::to_writer(&mut self.out, &number);
        self.follows = true;
    }

    pub fn flag(&mut self, flag: bool) {
        self.raw(if flag { "true" } else { "false" });
    }

    /// A moment as `xsd:dateTime` in UTC, with as many digits as it has.
    pub fn moment(&mut self, moment: DateTime<Utc>) {
        self.part();
        self.out.push(b'"');
        write_moment(moment, &mut self.out);
        self.out.push(b'"');
        self.follows = true;
    }

    /// JSON text that stands already.
    pub fn raw(&mut self, json: &str) {
        self.part();
        self.out.extend_from_slice(json.as_bytes());
        self.follows = true;
    }

    pub fn entry(&mut self, term: &str, text: &str) {
        self.key(term);
        self.text(text);
    }
}

/// As `to_rfc3339_opts` has it, of which a page has hundreds.
fn write_moment(moment: DateTime<Utc>, out: &mut Vec<u8>) {
    let (year, nanosecond) = (u32::try_from(moment.year()), moment.nanosecond());
    // A leap second is written as chrono does.
    let (Ok(year @ 0..10_000), 0..1_000_000_000) = (year, nanosecond) else {
        out.extend_from_slice(moment.to_rfc3339_opts(SecondsFormat::AutoSi, true).as_bytes());
        return;
    };
    digits(year, 4, out);
    for (mark, value) in [
        (b'-', moment.month()),
        (b'-', moment.day()),
        (b'T', moment.hour()),
        (b':', moment.minute()),
        (b':', moment.second()),
    ] {
        out.push(mark);
        digits(value, 2, out);
    }
    if nanosecond > 0 {
        out.push(b'.');
        // The store keeps microseconds, so no answer shows more.
        match nanosecond % 1_000_000 {
            0 => digits(nanosecond / 1_000_000, 3, out),
            _ => digits(nanosecond / 1_000, 6, out),
        }
    }
    out.push(b'Z');
}

/// Decimal digits of a number, with zeros in front.
fn digits(number: u32, width: u32, out: &mut Vec<u8>) {
    for place in (0..width).rev() {
        let digit = number / 10_u32.pow(place) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use chrono::SubsecRound as _;

    use super::*;

    #[test]
    fn moments_are_written_as_chrono_writes_them_to_the_microsecond() {
        for (second, nanosecond) in [
            (0, 0),
            (1_732_485_967, 0),
            (1_732_485_967, 120_000_000),
            (1_732_485_967, 1_000),
            (1_732_485_967, 999_999_999),
            (1_732_485_959, 1_500_000_000),
            (-1, 1_000_000),
            (-62_167_219_201, 0),
            (-62_167_219_200, 0),
            (253_402_300_799, 0),
            (253_402_300_800, 0),
        ] {
            let moment = DateTime::from_timestamp(second, nanosecond).expect("a moment");
            let mut out = Writer::default();
            out.moment(moment);
            let expected = moment.trunc_subsecs(6).to_rfc3339_opts(SecondsFormat::AutoSi, true);
            assert_eq!(String::from_utf8(out.finish()), Ok(format!("\"{expected}\"")));
        }
    }

    #[test]
    fn texts_are_written_as_serde_json_writes_them() {
        for text in ["", "plain", "größer", "a \"b\"", "back\\slash", "line\nbreak", "\u{7f}\u{0}"]
        {
            let mut out = Writer::default();
            out.text(text);
            let expected = serde_json::to_vec(text).expect("JSON");
            assert_eq!(out.finish(), expected, "{text}");
        }
    }
}
