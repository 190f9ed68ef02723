//! Rows that are read into a value that exists already, so that its memory is used again for the next.
//!
//! A page has hundreds of rows of thirty columns. Each read into a value of its own costs an allocation a text, and moves
//! the whole value several times.

use chrono::{DateTime, Utc};
use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::{Field as _, Row};

/// A type that takes the value of a column in place of what it holds.
pub trait Refill {
    /// Takes a value in PostgreSQL's binary form; `None` is NULL.
    ///
    /// # Errors
    /// Fails if the column is of another type, or NULL where there must be a value.
    fn refill(&mut self, value: Option<&[u8]>) -> deserialize::Result<()>;
}

/// The columns of a row, one after another.
pub struct Columns<'a, R> {
    row: &'a R,
    next: usize,
}

impl<'a, 'row, R: Row<'row, Pg>> Columns<'a, R> {
    pub fn of(row: &'a R) -> Self {
        Self { row, next: 0 }
    }

    /// Reads the next column.
    ///
    /// # Errors
    /// Fails as [`Refill::refill`] does, and if there is no further column.
    pub fn read(&mut self, into: &mut impl Refill) -> deserialize::Result<()> {
        let field = self.row.get(self.next).ok_or("the row has fewer columns")?;
        self.next += 1;
        into.refill(field.value().map(|value| value.as_bytes()))
    }
}

/// Reads the items of an array or a record in PostgreSQL's binary form, one after another.
pub struct Items<'a>(&'a [u8]);

impl<'a> Items<'a> {
    /// Reads how many fields a record has, which come after it.
    ///
    /// # Errors
    /// Fails if it is no record.
    pub fn of_record(value: &'a [u8]) -> deserialize::Result<Self> {
        let mut items = Self(value);
        items.number()?;
        Ok(items)
    }

    /// Reads the length of an array of one dimension, whose items come after it.
    ///
    /// # Errors
    /// Fails if it is no array, or one of several dimensions.
    fn of_array(value: &'a [u8]) -> deserialize::Result<(Self, usize)> {
        let mut items = Self(value);
        let (dimensions, _has_null, _type) = (items.number()?, items.number()?, items.number()?);
        let length = match dimensions {
            0 => 0,
            1 => {
                let (length, _lower_bound) = (items.number()?, items.number()?);
                usize::try_from(length)?
            }
            _ => return Err("an array has several dimensions".into()),
        };
        Ok((items, length))
    }

    fn number(&mut self) -> deserialize::Result<i32> {
        let (number, rest) = self.0.split_first_chunk().ok_or("a value is cut short")?;
        self.0 = rest;
        Ok(i32::from_be_bytes(*number))
    }

    /// Reads the next item of an array.
    fn item(&mut self, into: &mut impl Refill) -> deserialize::Result<()> {
        // A negative length says that it is NULL.
        let Ok(length) = usize::try_from(self.number()?) else { return into.refill(None) };
        let (item, rest) = self.0.split_at_checked(length).ok_or("a value is cut short")?;
        self.0 = rest;
        into.refill(Some(item))
    }

    /// Reads the next field of a record.
    ///
    /// # Errors
    /// Fails as [`Refill::refill`] does, and if there is no further field.
    pub fn field(&mut self, into: &mut impl Refill) -> deserialize::Result<()> {
        let _type = self.number()?;
        self.item(into)
    }
}

/// Refills whole numbers, which are written with their highest byte first.
macro_rules! whole_numbers {
    ($($type:ty)+) => {
        $(impl Refill for $type {
            fn refill(&mut self, value: Option<&[u8]>) -> deserialize::Result<()> {
                *self = Self::from_be_bytes(value.ok_or("a number is NULL")?.try_into()?);
                Ok(())
            }
        })+
    };
}
whole_numbers!(i32 i64);

impl Refill for bool {
    fn refill(&mut self, value: Option<&[u8]>) -> deserialize::Result<()> {
        *self = value.ok_or("a truth value is NULL")? == [1];
        Ok(())
    }
}

/// Microseconds from the epoch of Unix to that of PostgreSQL, the beginning of 2000.
const EPOCH: i64 = 946_684_800_000_000;

impl Refill for DateTime<Utc> {
    fn refill(&mut self, value: Option<&[u8]>) -> deserialize::Result<()> {
        let mut since = 0;
        i64::refill(&mut since, value)?;
        let read = since.checked_add(EPOCH).and_then(Self::from_timestamp_micros);
        *self = read.ok_or("a time is out of range")?;
        Ok(())
    }
}

impl Refill for String {
    fn refill(&mut self, value: Option<&[u8]>) -> deserialize::Result<()> {
        let text = std::str::from_utf8(value.ok_or("a text is NULL")?)?;
        self.clear();
        self.push_str(text);
        Ok(())
    }
}

impl<T: Refill + Default> Refill for Option<T> {
    fn refill(&mut self, value: Option<&[u8]>) -> deserialize::Result<()> {
        match value {
            None => *self = None,
            value => self.get_or_insert_default().refill(value)?,
        }
        Ok(())
    }
}

impl<T: Refill + Default> Refill for Vec<T> {
    fn refill(&mut self, value: Option<&[u8]>) -> deserialize::Result<()> {
        let (mut items, length) = Items::of_array(value.ok_or("an array is NULL")?)?;
        self.truncate(length);
        for held in &mut *self {
            items.item(held)?;
        }
        for _ in self.len()..length {
            let mut new = T::default();
            items.item(&mut new)?;
            self.push(new);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns an array of texts in binary form.
    fn array(items: &[&str]) -> Vec<u8> {
        let length = i32::try_from(items.len()).expect("few");
        let mut bytes: Vec<u8> = match length {
            0 => [0, 0, 25].into_iter().flat_map(i32::to_be_bytes).collect(),
            _ => [1, 0, 25, length, 1].into_iter().flat_map(i32::to_be_bytes).collect(),
        };
        for item in items {
            bytes.extend(i32::try_from(item.len()).expect("short").to_be_bytes());
            bytes.extend(item.bytes());
        }
        bytes
    }

    #[test]
    fn an_array_takes_the_place_of_a_longer_or_shorter_one() {
        let mut held: Vec<String> = Vec::new();
        for items in [&["one", "two"][..], &["three"], &[], &["four", "", "größer"]] {
            held.refill(Some(&array(items))).expect("an array");
            assert_eq!(held, items);
        }
    }

    #[test]
    fn what_is_cut_short_or_missing_is_refused() {
        let whole = array(&["one", "two"]);
        for length in 0..whole.len() {
            assert!(Vec::<String>::new().refill(Some(&whole[..length])).is_err(), "{length}");
        }
        assert!(Vec::<String>::new().refill(None).is_err());
        assert!(String::new().refill(Some(&[0xff])).is_err());
        assert!(0_i32.refill(Some(&[1, 2, 3])).is_err());
        let mut time = DateTime::<Utc>::default();
        assert!(time.refill(Some(&i64::MAX.to_be_bytes())).is_err());
        assert_eq!(time, DateTime::<Utc>::default());
    }

    #[test]
    fn what_may_be_missing_is_there_again_with_the_next_row() {
        let mut held = Some("one".to_owned());
        for given in [None, Some("two"), Some("three"), None] {
            held.refill(given.map(str::as_bytes)).expect("a text");
            assert_eq!(held.as_deref(), given);
        }
    }

    #[test]
    fn a_time_counts_from_the_year_2000() {
        let mut time = DateTime::<Utc>::default();
        time.refill(Some(&1_500_000_i64.to_be_bytes())).expect("a time");
        assert_eq!(time.to_rfc3339(), "2000-01-01T00:00:01.500+00:00");
    }
}
