//! A JSON writer over one buffer: answers are written once, from the rows of a class's table.

use std::io::Write as _;

use chrono::{DateTime, SecondsFormat, SubsecRound as _, Utc};

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
        // A Vec takes every byte, so serde_json cannot fail here.
        let _ = serde_json::to_writer(&mut self.out, text);
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
        let _ = write!(self.out, "{number}");
        self.follows = true;
    }

    pub fn flag(&mut self, flag: bool) {
        self.raw(if flag { "true" } else { "false" });
    }

    /// A moment as `xsd:dateTime` in UTC, with as many digits as it has.
    pub fn moment(&mut self, moment: DateTime<Utc>) {
        self.part();
        self.out.push(b'"');
        // The store keeps microseconds, so no answer shows more.
        let text = moment.trunc_subsecs(6).to_rfc3339_opts(SecondsFormat::AutoSi, true);
        self.out.extend_from_slice(text.as_bytes());
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
