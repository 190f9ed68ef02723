//! Orders of images: the columns that an order compares, one after another, down to the primary key.

use super::Image;
use super::metadata::metadata_members;
use crate::hydra::collection::Order;
use crate::queue::retry;
use crate::resource::page_key::{KeyKind, KeyValue};

/// Something that images are compared by.
#[derive(Debug)]
pub struct Column {
    /// The expression, as the index on it has it.
    pub sql: &'static str,
    /// Its name in a subquery.
    pub name: &'static str,
    pub kind: KeyKind,
    pub of: fn(&Image) -> KeyValue,
}

static CREATED: Column = Column {
    sql: "images.created",
    name: "created",
    kind: KeyKind::Moment,
    of: |image| KeyValue::Moment(image.created),
};
static SPACE: Column = Column {
    sql: "images.space",
    name: "space",
    kind: KeyKind::Integer,
    of: |image| KeyValue::Integer(image.space),
};
static ID: Column = Column {
    sql: "images.id",
    name: "id",
    kind: KeyKind::Text,
    of: |image| KeyValue::Text(image.id.clone()),
};

/// A member that images can be ordered by.
#[derive(Debug)]
struct Field {
    member: &'static str,
    column: Column,
    /// Tells whether an index has the images of a space in this order.
    is_indexed: bool,
}

/// Describes a member by its expression, its kind, and how it is read off an image.
macro_rules! fields {
    ($($member:tt: $sql:expr, $kind:ident, $indexed:literal, $of:expr;)+) => {
        &[$(Field {
            member: $member,
            column: Column { sql: $sql, name: "value", kind: KeyKind::$kind, of: $of },
            is_indexed: $indexed,
        }),+]
    };
}

fn text(text: Option<&str>) -> KeyValue {
    KeyValue::Text(text.unwrap_or_default().to_owned())
}

/// Returns the value of a text that may be missing: then the last character there is, which comes after all others.
fn last_text(text: Option<&str>) -> KeyValue {
    KeyValue::Text(text.unwrap_or("\u{10ffff}").to_owned())
}

fn moment(moment: Option<chrono::DateTime<chrono::Utc>>) -> KeyValue {
    moment.map_or(KeyValue::Never, KeyValue::Moment)
}

/// What may be NULL is given the value that sorts as NULL does, so that rows can be compared whole.
static FIELDS: &[Field] = fields! {
    "finished": "COALESCE(images.finished, 'infinity')", Moment, true, |i| moment(i.finished);
    "origin": "images.origin", Text, false, |i| text(Some(&i.draft.origin));
    "maxUnauthorised": "images.max_unauthorised", Integer, false, |i| KeyValue::Integer(i.draft.max_unauthorised);
    "label": "COALESCE(images.label, chr(1114111))", Text, false, |i| last_text(i.draft.label.as_deref());
    "requiredStatement": "COALESCE(images.required_statement, chr(1114111))", Text, false, |i| last_text(i.draft.required_statement.as_deref());
    "rights": "COALESCE(images.rights, chr(1114111))", Text, false, |i| last_text(i.draft.rights.as_deref());
    "mediaType": "images.media_type", Text, false, |i| text(Some(&i.draft.media_type));
    "width": "images.width", Integer, false, |i| KeyValue::Integer(i.width);
    "height": "images.height", Integer, false, |i| KeyValue::Integer(i.height);
    "queued": "COALESCE(images.queued, 'infinity')", Moment, false, |i| moment(i.queued);
    "dequeued": "COALESCE(images.dequeued, 'infinity')", Moment, false, |i| moment(i.dequeued);
    "ingesting": "images.ingesting", Flag, false, |i| KeyValue::Flag(i.ingesting);
    "error": "images.error", Text, false, |i| text(Some(&i.error));
    "attempts": retry::ATTEMPTS, Integer, false, |i| KeyValue::Integer(i.retry.attempts.unwrap_or(i32::MAX));
    "lastError": retry::LAST_ERROR, Text, false, |i| last_text(i.retry.last_error.as_deref());
    "nextTry": retry::NEXT_TRY, Moment, false, |i| moment(i.retry.next_try);
    "batch": "COALESCE(images.batch, 9223372036854775807)", Number, false, |i| KeyValue::Number(i.batch.unwrap_or(i64::MAX));
    "imageOptimisationPolicy": "images.image_optimisation_policy", Text, false, |i| text(Some(&i.image_optimisation_policy));
    "thumbnailPolicy": "images.thumbnail_policy", Text, false, |i| text(Some(&i.thumbnail_policy));
};

/// Describes the members of metadata, and names the orders that an index has.
macro_rules! metadata {
    (texts: [$($text:ident)+] numbers: [$($number:ident)+]) => {
        static METADATA: &[Field] = fields! {
            $(
                (stringify!($text)): (concat!("shown(images.", stringify!($text), ")")), Text, true,
                    |i| text(i.draft.$text.as_deref());
            )+
            $(
                (stringify!($number)): (concat!("shown(images.", stringify!($number), ")")), Number, true,
                    |i| KeyValue::Number(i.draft.$number.unwrap_or_default());
            )+
        };

        /// Members whose orders are fast at any size, as the documentation names them (`docs/rules.md` 5.3).
        pub const INDEXED: &str = concat!(
            "created (the default), id, finished, ",
            $(stringify!($text), ", ",)+
            $(stringify!($number), ", ",)+
            "space"
        );
    };
}
metadata_members!(metadata);

/// The first column of an order.
#[derive(Debug, Clone, Copy)]
enum By {
    /// The default order; all images are of one family, so that of `family` too.
    Created,
    Id,
    Space,
    Field(&'static Field),
}

/// An order of images.
#[derive(Debug, Clone, Copy)]
pub struct Sort {
    by: By,
    pub descending: bool,
}

impl Sort {
    /// Returns the order asked for; `None` is the default one.
    pub fn of(order: Option<Order>) -> Self {
        let Some(Order { by, descending }) = order else {
            return Self { by: By::Created, descending: false };
        };
        let by = match by {
            "id" => By::Id,
            "space" => By::Space,
            by => {
                let field = METADATA.iter().chain(FIELDS).find(|field| field.member == by);
                field.map_or(By::Created, By::Field)
            }
        };
        Self { by, descending }
    }

    /// Returns whether it is the default order, or the reverse of it.
    pub fn is_default(self) -> bool {
        matches!(self.by, By::Created)
    }

    /// Returns whether it is one by spaces, and by the default order in each.
    pub fn is_by_space(self) -> bool {
        matches!(self.by, By::Space)
    }

    /// Returns whether an index has the images in this order.
    pub fn is_indexed(self) -> bool {
        !matches!(self.by, By::Field(Field { is_indexed: false, .. }))
    }

    /// Returns what names it among others.
    pub fn name(self) -> String {
        let by = match self.by {
            By::Created => "created",
            By::Id => "id",
            By::Space => "space",
            By::Field(field) => field.member,
        };
        let turn = if self.descending { " down" } else { "" };
        format!("{by}{turn}")
    }

    /// Returns the columns that tell the images apart; in one space, the space says nothing.
    pub fn columns(self, one_space: bool) -> Vec<&'static Column> {
        match (self.by, one_space) {
            (By::Created | By::Space, true) => vec![&CREATED, &ID],
            (By::Created, false) => vec![&CREATED, &SPACE, &ID],
            (By::Id, true) => vec![&ID],
            (By::Id, false) => vec![&ID, &SPACE],
            (By::Space, false) => vec![&SPACE, &CREATED, &ID],
            (By::Field(field), true) => vec![&field.column, &CREATED, &ID],
            (By::Field(field), false) => vec![&field.column, &CREATED, &SPACE, &ID],
        }
    }

    /// Returns the expression of the column that no other has, as SQL.
    pub fn value(self) -> &'static str {
        match self.by {
            By::Field(field) => field.column.sql,
            By::Created | By::Id | By::Space => "NULL",
        }
    }
}

/// Returns what ORDER BY says: the columns as an index has them, all turned round together.
pub fn order_by(columns: &[&'static Column], descending: bool) -> String {
    let turn = if descending { " DESC" } else { "" };
    let parts: Vec<String> = columns.iter().map(|c| format!("{}{turn}", c.sql)).collect();
    parts.join(", ")
}

/// Returns what ORDER BY says of the rows of a subquery.
pub fn order_by_names(of: &str, columns: &[&'static Column], descending: bool) -> String {
    let turn = if descending { " DESC" } else { "" };
    let parts: Vec<String> = columns.iter().map(|c| format!("{of}.{}{turn}", c.name)).collect();
    parts.join(", ")
}

/// Returns the order values of an image.
pub fn values(columns: &[&'static Column], image: &Image) -> Vec<KeyValue> {
    columns.iter().map(|column| (column.of)(image)).collect()
}
