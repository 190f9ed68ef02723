//! Rows of the table of images that are particular to them: their roles, and the link to their latest batch.

use serde_json::{Map, Value};

use super::{Image, ImageDraft};
use crate::addresses::{self, BatchAddress, ImageAddress};
use crate::classes::role::Role;
use crate::classes::role::uris::{read_roles, shown_role, unknown_fault, unknown_roles};
use crate::hydra::{Access, Fault, Problem, PropertyDoc, Range, Writer};
use crate::resource::address::Template;
use crate::resource::*;

/// The row of `batch`: it names the class by its name, because the class lists images, and so uses their table.
pub(super) struct LatestBatch;

impl Property<Image> for LatestBatch {
    fn name(&self) -> &'static str {
        "batch"
    }

    fn describe(&self) -> PropertyDoc {
        let doc = "The latest batch it was sent in";
        PropertyDoc { optional: true, ..PropertyDoc::new("batch", doc, Range::Link("Batch")) }
    }

    fn show(&self, image: &Image, view: RenderContext<'_>, _id: &str, out: &mut Writer) {
        let Some(batch) = image.batch else { return };
        let at = BatchAddress { customer: image.customer, batch };
        out.key("batch");
        out.plain(|iri| {
            iri.push_str(&view.site.base);
            const { Template::of(addresses::BATCH) }.fill(&at, iri);
        });
    }

    fn take(
        &self,
        _draft: &mut ImageDraft,
        body: &mut Map<String, Value>,
        _context: ParseContext<'_>,
        _faults: &mut Vec<Fault>,
    ) {
        body.remove("batch");
    }
}

/// Bytes that the address of an own role takes before its id, about.
const OWN_ROLE_BYTES: usize = 64;

/// The row of `roles`: URIs out, stored roles in.
pub(super) struct Roles;

impl Property<Image> for Roles {
    fn name(&self) -> &'static str {
        "roles"
    }

    fn describe(&self) -> PropertyDoc {
        let doc = "Roles of which a reader must hold one: URIs of own roles, or others, which open \
                   nothing. A new image without them takes the defaults of its space";
        PropertyDoc {
            access: Access::ReadWrite,
            many: true,
            max_bytes: Some(MAX_INDEXED),
            default: Some(Value::Array(Vec::new())),
            example: Some("clickthrough"),
            ..PropertyDoc::new("roles", doc, Range::Name(Role::NAME))
        }
    }

    fn show(&self, image: &Image, view: RenderContext<'_>, _id: &str, out: &mut Writer) {
        out.key("roles");
        out.array(|out| {
            for role in &image.draft.roles {
                out.text(&shown_role(role, image.customer, view.site));
            }
        });
    }

    fn take(
        &self,
        draft: &mut ImageDraft,
        body: &mut Map<String, Value>,
        context: ParseContext<'_>,
        faults: &mut Vec<Fault>,
    ) {
        match body.remove("roles") {
            None => {}
            Some(Value::Null) => draft.roles = ImageDraft::default().roles,
            Some(value) => match read_roles(&value, context) {
                Ok(roles) => draft.roles = roles,
                Err(wrong) => faults.extend(wrong),
            },
        }
    }

    fn check_stored(
        &self,
        s: &mut UnitOfWork<'_>,
        tenant: Option<i32>,
        _at: Option<&ImageAddress>,
        draft: &mut ImageDraft,
    ) -> Result<Option<Fault>, Problem> {
        let unknown = unknown_roles(s.conn, tenant_of(tenant)?, draft.roles.iter())?;
        Ok(unknown_fault("roles", &unknown))
    }

    fn bytes(&self, draft: &mut ImageDraft) -> usize {
        let own = draft.roles.iter().filter(|role| role.own_id().is_some()).count();
        draft.roles.iter().map(|role| size::json_bytes(role.as_str())).sum::<usize>()
            + own * OWN_ROLE_BYTES
    }
}
