//! Rows of literals that are worked out when they are shown.

use super::Resource;
use super::literal::Literal;
use super::property::Property;
use super::site::RenderContext;
use crate::hydra::{PropertyDoc, Range, Writer};

/// A literal that is worked out when it is shown.
pub struct Computed<R: Resource, T> {
    name: &'static str,
    doc: &'static str,
    range: &'static str,
    optional: bool,
    get: fn(&R, RenderContext<'_>) -> Option<T>,
}

/// A read-only literal that is worked out when it is shown; nothing: the term is left out.
pub const fn computed<R: Resource, T: Literal>(
    name: &'static str,
    doc: &'static str,
    get: fn(&R, RenderContext<'_>) -> Option<T>,
) -> Computed<R, T> {
    Computed { name, doc, range: T::RANGE, optional: false, get }
}

impl<R: Resource, T: Literal> Computed<R, T> {
    pub const fn range(self, range: &'static str) -> Self {
        Self { range, ..self }
    }
    /// Sometimes there is none.
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

impl<R: Resource, T: Literal> Property<R> for Computed<R, T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> PropertyDoc {
        PropertyDoc {
            many: T::MANY,
            optional: self.optional,
            format: T::FORMAT,
            ..PropertyDoc::new(self.name, self.doc, Range::Literal(self.range))
        }
    }

    fn show(&self, resource: &R, view: RenderContext<'_>, _id: &str, out: &mut Writer) {
        if let Some(value) = (self.get)(resource, view) {
            out.key(self.name);
            value.write(out);
        }
    }
}
