//! A JSON writer over one buffer: answers are written once, from the rows of a class's table.

use chrono::{DateTime, Datelike as _, SecondsFormat, Timelike as _, Utc};

/// Writes JSON text, keeping track of commas.
///
/// The caller keeps objects, arrays, keys and values in order; nothing is checked at run time.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    follows: bool,
}

impl Writer {
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes), follows: false }
    }

    pub fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    pub fn finish_text(self) -> String {
        self.out
    }

    fn part(&mut self) {
        if self.follows {
            self.out.push(',');
        }
    }

    /// An object with what `fill` writes in it.
    pub fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nest('{', '}', fill);
    }

    /// An array with what `fill` writes in it.
    pub fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nest('[', ']', fill);
    }

    fn nest(&mut self, open: char, close: char, fill: impl FnOnce(&mut Self)) {
        self.part();
        self.out.push(open);
        self.follows = false;
        fill(self);
        self.out.push(close);
        self.follows = true;
    }

    /// The key of the value that is written next; must need no escaping, as all terms do not.
    pub fn key(&mut self, term: &str) {
        self.out.reserve(term.len() + 4);
        self.out.push_str(if self.follows { ",\"" } else { "\"" });
        self.out.push_str(term);
        self.out.push_str("\":");
        self.follows = false;
    }

    pub fn text(&mut self, text: &str) {
        self.part();
        // Without a way out, so that many bytes are looked at in one instruction.
        let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        if text.bytes().fold(false, |found, byte| found | special(byte)) {
            // A text is always JSON, so serde_json cannot fail here.
            self.out.push_str(&serde_json::to_string(text).unwrap_or_default());
        } else {
            self.out.reserve(text.len() + 2);
            self.out.push('"');
            self.out.push_str(text);
            self.out.push('"');
        }
        self.follows = true;
    }

    /// A string that `write` writes, none of which needs escaping: an address.
    pub fn plain(&mut self, write: impl FnOnce(&mut String)) {
        self.part();
        self.out.push('"');
        write(&mut self.out);
        self.out.push('"');
        self.follows = true;
    }

    /// A string given in pieces, none of which needs escaping.
    pub fn address(&mut self, pieces: &[&str]) {
        self.plain(|out| pieces.iter().for_each(|piece| out.push_str(piece)));
    }

    pub fn number(&mut self, number: i64) {
        self.raw(itoa::Buffer::new().format(number));
    }

    pub fn flag(&mut self, flag: bool) {
        self.raw(if flag { "true" } else { "false" });
    }

    /// A moment as `xsd:dateTime` in UTC, with as many digits as it has.
    pub fn moment(&mut self, moment: DateTime<Utc>) {
        self.plain(|out| write_moment(moment, out));
    }

    /// JSON text that stands already; in an array it may be several values, or none.
    pub fn raw(&mut self, json: &str) {
        self.part();
        self.out.push_str(json);
        self.follows = true;
    }

    pub fn entry(&mut self, term: &str, text: &str) {
        self.key(term);
        self.text(text);
    }
}

/// As `to_rfc3339_opts` has it, of which a page has hundreds.
#[expect(clippy::many_single_char_names, reason = "each is one digit")]
fn write_moment(moment: DateTime<Utc>, out: &mut String) {
    // Else each part would be brought from UTC to UTC again.
    let naive = moment.naive_utc();
    let (year, nanosecond) = (u32::try_from(naive.year()), naive.nanosecond());
    // A leap second is written as chrono does.
    let (Ok(year @ 0..10_000), 0..1_000_000_000) = (year, nanosecond) else {
        out.push_str(&moment.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        return;
    };
    let ([c, e], [n, t]) = (two_digits(year / 100), two_digits(year));
    let ([m, o], [d, a]) = (two_digits(naive.month()), two_digits(naive.day()));
    let ([h, r], [i, u]) = (two_digits(naive.hour()), two_digits(naive.minute()));
    let [s, k] = two_digits(naive.second());
    push_ascii(&[c, e, n, t, b'-', m, o, b'-', d, a, b'T', h, r, b':', i, u, b':', s, k], out);
    // The store keeps microseconds, so no answer shows more.
    let micros = nanosecond / 1000;
    let ([a, b], [c, d], [e, f]) =
        (two_digits(micros / 10_000), two_digits(micros / 100), two_digits(micros));
    match (nanosecond, nanosecond % 1_000_000) {
        (0, _) => out.push('Z'),
        (_, 0) => push_ascii(&[b'.', a, b, c, b'Z'], out),
        _ => push_ascii(&[b'.', a, b, c, d, e, f, b'Z'], out),
    }
}

fn push_ascii(text: &[u8], out: &mut String) {
    out.push_str(std::str::from_utf8(text).unwrap_or_default());
}

/// Returns the last two decimal digits of a number.
fn two_digits(number: u32) -> [u8; 2] {
    let digit = |digit: u32| b'0' + u8::try_from(digit % 10).unwrap_or_default();
    [digit(number / 10), digit(number)]
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
