//! Rust types that are XML Schema literals: the range a client reads is the type the row holds.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::size::json_bytes;
use crate::hydra::Writer;

pub trait Literal: Sized + Send + 'static {
    const RANGE: &'static str;
    /// Tells whether it is any number of values, in an array.
    const MANY: bool = false;
    /// Tells whether its values are texts, so that their length is bounded.
    const TEXT: bool = false;
    /// Tells whether there may be no value, so that the term is left out.
    const OPTIONAL: bool = false;
    /// `int32` or `int64`, for whole numbers.
    const FORMAT: Option<&'static str> = None;
    /// Tells whether a body may give it as any JSON, which linked data then keeps as it stands.
    const JSON: bool = false;

    fn write(&self, out: &mut Writer);

    /// # Errors
    /// Returns what is wrong, as the rest of a sentence that begins with the member.
    fn read(value: &Value) -> Result<Self, String>;

    /// Returns whether there is no value, so that the term is left out.
    fn is_absent(&self) -> bool {
        false
    }

    /// Returns whether it is a text that says nothing.
    fn is_blank(&self) -> bool {
        false
    }

    /// Length of its longest text, in bytes.
    fn longest(&self) -> usize {
        0
    }

    /// Bytes of all its texts, as JSON writes them.
    fn bytes(&self) -> usize {
        0
    }

    /// Returns how many values it is.
    fn count(&self) -> usize {
        1
    }

    /// Returns whether it is a number below zero.
    fn is_negative(&self) -> bool {
        false
    }
}

impl Literal for String {
    const RANGE: &'static str = "xsd:string";
    const TEXT: bool = true;

    fn write(&self, out: &mut Writer) {
        out.text(self);
    }
    fn read(value: &Value) -> Result<Self, String> {
        let text = value.as_str().ok_or("must be a string")?;
        // PostgreSQL's text has no such character.
        if text.contains('\0') {
            return Err("must not contain the character U+0000".into());
        }
        Ok(text.to_owned())
    }
    fn is_blank(&self) -> bool {
        self.trim().is_empty()
    }
    fn longest(&self) -> usize {
        self.len()
    }
    fn bytes(&self) -> usize {
        json_bytes(self)
    }
}

impl Literal for bool {
    const RANGE: &'static str = "xsd:boolean";

    fn write(&self, out: &mut Writer) {
        out.flag(*self);
    }
    fn read(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "must be true or false".into())
    }
}

impl Literal for i32 {
    const RANGE: &'static str = "xsd:integer";
    const FORMAT: Option<&'static str> = Some("int32");

    fn write(&self, out: &mut Writer) {
        out.number(i64::from(*self));
    }
    fn read(value: &Value) -> Result<Self, String> {
        let wide = i64::read(value)?;
        let range = || format!("must be from {} to {}", Self::MIN, Self::MAX);
        Self::try_from(wide).map_err(|_out_of_range| range())
    }
    fn is_negative(&self) -> bool {
        *self < 0
    }
}

/// Beyond it, either way, not every whole number is a float.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number, which JSON-LD takes for the same with `.0` after it.
pub fn whole(value: &Value) -> Option<i64> {
    let float = || value.as_f64().filter(|f| f.fract() == 0.0 && f.abs() <= MAX_EXACT);
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and in range")]
    value.as_i64().or_else(|| float().map(|float| float as i64))
}

impl Literal for i64 {
    const RANGE: &'static str = "xsd:integer";
    const FORMAT: Option<&'static str> = Some("int64");

    fn write(&self, out: &mut Writer) {
        out.number(*self);
    }
    fn read(value: &Value) -> Result<Self, String> {
        whole(value).ok_or_else(|| match value {
            Value::Number(n) if n.is_u64() => format!("must be at most {}", Self::MAX),
            _ => "must be a whole number".into(),
        })
    }
    fn is_negative(&self) -> bool {
        *self < 0
    }
}

impl Literal for DateTime<Utc> {
    const RANGE: &'static str = "xsd:dateTime";

    fn write(&self, out: &mut Writer) {
        out.moment(*self);
    }
    fn read(value: &Value) -> Result<Self, String> {
        let moment = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        moment.map(|m| m.to_utc()).ok_or_else(|| "must be a moment as RFC 3339 writes it".into())
    }
}

impl<T: Literal> Literal for Vec<T> {
    const RANGE: &'static str = T::RANGE;
    const MANY: bool = true;
    const TEXT: bool = T::TEXT;
    const FORMAT: Option<&'static str> = T::FORMAT;

    fn write(&self, out: &mut Writer) {
        out.array(|out| self.iter().for_each(|item| item.write(out)));
    }
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(items) => items
                .iter()
                .map(T::read)
                .collect::<Result<_, _>>()
                .map_err(|reason| format!("must be an array, each item of which {reason}")),
            one => Ok(vec![T::read(one).map_err(|reason| format!("{reason}, or be an array"))?]),
        }
    }
    fn is_blank(&self) -> bool {
        self.iter().any(T::is_blank)
    }
    fn longest(&self) -> usize {
        self.iter().map(T::longest).max().unwrap_or_default()
    }
    fn bytes(&self) -> usize {
        self.iter().map(T::bytes).sum()
    }
    fn count(&self) -> usize {
        self.len()
    }
}

impl<T: Literal> Literal for Option<T> {
    const RANGE: &'static str = T::RANGE;
    const MANY: bool = T::MANY;
    const TEXT: bool = T::TEXT;
    const OPTIONAL: bool = true;
    const FORMAT: Option<&'static str> = T::FORMAT;

    fn write(&self, out: &mut Writer) {
        if let Some(value) = self {
            value.write(out);
        }
    }
    fn read(value: &Value) -> Result<Self, String> {
        T::read(value).map(Some)
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
    fn is_blank(&self) -> bool {
        self.as_ref().is_some_and(T::is_blank)
    }
    fn longest(&self) -> usize {
        self.as_ref().map(T::longest).unwrap_or_default()
    }
    fn bytes(&self) -> usize {
        self.as_ref().map(T::bytes).unwrap_or_default()
    }
    fn is_negative(&self) -> bool {
        self.as_ref().is_some_and(T::is_negative)
    }
}
