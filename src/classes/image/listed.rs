//! Images of a list: the columns that are shown, read row by row into one image.

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::Row;

use super::Image;
use super::draft::ImageDraft;
use crate::database::refill::Columns;
use crate::queue::retry::OfImage;
use crate::schema::images;

/// Names each column that a list shows, of the image itself and of what the customer says of it, in the order in
/// which they are read. The customer is that of the list.
macro_rules! columns {
    (own: [$($own:ident)+] draft: [$($given:ident)+]) => {
        pub(super) type Selected = ($(images::$own,)+ $(images::$given,)+ OfImage);

        pub(super) const SELECTED: Selected = ($(images::$own,)+ $(images::$given,)+ OfImage);

        impl Image {
            /// Reads the columns [`SELECTED`] of a row, in place of what is held.
            ///
            /// # Errors
            /// Fails if they are not those.
            pub(super) fn refill<'row>(
                &mut self,
                columns: &mut Columns<'_, impl Row<'row, Pg>>,
            ) -> deserialize::Result<()> {
                // Each is named, so that a new one is not forgotten. Some are not shown.
                let Self { customer: _, $($own,)+ draft, retry } = self;
                let ImageDraft { initial_origin: _, media_type_given: _, $($given),+ } = draft;
                $(columns.read($own)?;)+
                $(columns.read($given)?;)+
                columns.read(retry)
            }
        }
    };
}
columns!(
    own: [
        space id created image_optimisation_policy thumbnail_policy batch queued dequeued finished
        ingesting error width height thumbnails has_tiles
    ]
    draft: [
        origin max_unauthorised roles tags string1 string2 string3 number1 number2 number3
        media_type label required_statement rights
    ]
);
