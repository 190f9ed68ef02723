//! The rows of `origin` and `initialOrigin`: an upload is named by its address, and stored in a form of its own
//! (`docs/adr/0034-uploads-in-parts.md`).

use serde_json::{Map, Value};

use super::{Image, ImageDraft};
use crate::hydra::{Fault, Problem, PropertyDoc, Writer};
use crate::resource::literal::Literal;
use crate::resource::property::Field;
use crate::resource::*;
use crate::uploads::origin;

/// Bytes that the address of an upload takes beyond the stored form, about.
const ADDRESS_BYTES: usize = 64;

/// A row of the table whose value may be the address of an upload.
pub(super) struct Origin<T> {
    /// The row as it is without uploads.
    pub row: Field<Image, T>,
    /// Returns what is shown of an image; `None`: nothing is.
    pub shown: fn(&Image) -> Option<&str>,
    /// Returns what is written of an image, if anything is.
    pub written: fn(&mut ImageDraft) -> Option<&mut String>,
}

impl<T: Literal> Property<Image> for Origin<T> {
    fn name(&self) -> &'static str {
        self.row.name()
    }

    fn describe(&self) -> PropertyDoc {
        self.row.describe()
    }

    fn show(&self, image: &Image, view: RenderContext<'_>, id: &str, out: &mut Writer) {
        match (self.shown)(image).and_then(origin::id_of) {
            Some(upload) => {
                out.key(self.name());
                out.text(&origin::address(&view.site.base, image.customer, upload));
            }
            None => self.row.show(image, view, id, out),
        }
    }

    fn take(
        &self,
        draft: &mut ImageDraft,
        body: &mut Map<String, Value>,
        context: ParseContext<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let is_given = body.contains_key(self.name());
        self.row.take(draft, body, context, faults);
        let Some(text) = (self.written)(draft).filter(|_| is_given) else { return };
        // What is written below no customer is no image.
        let Some(customer) = context.tenant else { return };
        match origin::read(&context.site.base, customer, text) {
            None => {}
            Some(Ok(upload)) => *text = origin::stored(upload),
            Some(Err(reason)) => faults.push(Fault::new(self.name(), reason)),
        }
    }

    fn check_stored(
        &self,
        s: &mut UnitOfWork<'_>,
        tenant: Option<i32>,
        at: Option<&<Image as Resource>::Address>,
        draft: &mut ImageDraft,
    ) -> Result<Option<Fault>, Problem> {
        self.row.check_stored(s, tenant, at, draft)
    }

    fn bytes(&self, draft: &mut ImageDraft) -> usize {
        let is_upload = (self.written)(draft).is_some_and(|text| origin::id_of(text).is_some());
        self.row.bytes(draft) + if is_upload { ADDRESS_BYTES } else { 0 }
    }
}
