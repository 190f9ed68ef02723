//! Literals that are never stored: they are written where they are shown, without a text between.

use super::Resource;
use super::property::Property;
use super::site::RenderContext;
use crate::hydra::{PropertyDoc, Range, Writer};

/// A read-only literal that is never stored: it is written where it is shown.
pub struct Written<R: Resource> {
    name: &'static str,
    doc: &'static str,
    range: &'static str,
    optional: bool,
    write: fn(&R, RenderContext<'_>, Slot<'_>),
}

/// A value that is still to be written; dropped: the term is left out.
pub struct Slot<'a> {
    name: &'static str,
    out: &'a mut Writer,
}

impl Slot<'_> {
    /// Writes a string that needs no escaping.
    pub fn plain(self, write: impl FnOnce(&mut String)) {
        self.out.key(self.name);
        self.out.plain(write);
    }
}

/// A read-only literal that is written where it is shown, or left out.
pub const fn written<R: Resource>(
    name: &'static str,
    doc: &'static str,
    range: &'static str,
    write: fn(&R, RenderContext<'_>, Slot<'_>),
) -> Written<R> {
    Written { name, doc, range, optional: false, write }
}

impl<R: Resource> Written<R> {
    /// Sometimes there is none.
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

impl<R: Resource> Property<R> for Written<R> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> PropertyDoc {
        let range = Range::Literal(self.range);
        PropertyDoc { optional: self.optional, ..PropertyDoc::new(self.name, self.doc, range) }
    }

    fn show(&self, resource: &R, view: RenderContext<'_>, _id: &str, out: &mut Writer) {
        (self.write)(resource, view, Slot { name: self.name, out });
    }
}
