//! Rows of metadata: what a customer never set is shown as if it were empty.

use serde_json::{Map, Value};

use super::Resource;
use super::literal::Literal;
use super::property::{MAX_INDEXED, ParseContext, Property};
use super::site::RenderContext;
use crate::hydra::{Access, Fault, PropertyDoc, Range, Writer};

/// Metadata of the customer: unset in the store, and then shown as `""` or `0` (`docs/rules.md` 4.6).
pub struct Metadata<R: Resource, T> {
    name: &'static str,
    doc: &'static str,
    get: fn(&R) -> &Option<T>,
    set: fn(&mut R::Draft) -> &mut Option<T>,
}

pub const fn metadata<R: Resource, T: Literal>(
    name: &'static str,
    doc: &'static str,
    get: fn(&R) -> &Option<T>,
    set: fn(&mut R::Draft) -> &mut Option<T>,
) -> Metadata<R, T> {
    Metadata { name, doc, get, set }
}

impl<R: Resource, T: Literal + Default + PartialEq> Property<R> for Metadata<R, T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> PropertyDoc {
        let mut out = Writer::default();
        T::default().write(&mut out);
        PropertyDoc {
            access: Access::ReadWrite,
            format: T::FORMAT,
            minimum: (!T::TEXT).then_some(0),
            max_bytes: T::TEXT.then_some(MAX_INDEXED),
            default: serde_json::from_slice(&out.finish()).ok(),
            ..PropertyDoc::new(self.name, self.doc, Range::Literal(T::RANGE))
        }
    }

    fn show(&self, resource: &R, _view: RenderContext<'_>, _id: &str, out: &mut Writer) {
        out.key(self.name);
        match (self.get)(resource) {
            Some(value) => value.write(out),
            None => T::default().write(out),
        }
    }

    fn take(
        &self,
        draft: &mut R::Draft,
        body: &mut Map<String, Value>,
        _context: ParseContext<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let slot = (self.set)(draft);
        match body.remove(self.name) {
            None => {}
            Some(Value::Null) => *slot = None,
            Some(value) => match T::read(&value) {
                Ok(value) if value.longest() > MAX_INDEXED => {
                    let reason = format!("must be at most {MAX_INDEXED} bytes long");
                    faults.push(Fault::new(self.name, reason));
                }
                Ok(value) if value.is_negative() => {
                    faults.push(Fault::new(self.name, "must not be negative"));
                }
                Ok(value) if slot.is_none() && value == T::default() => {}
                Ok(value) => *slot = Some(value),
                Err(reason) => faults.push(Fault::new(self.name, reason)),
            },
        }
    }

    fn bytes(&self, draft: &mut R::Draft) -> usize {
        (self.set)(draft).bytes()
    }
}
