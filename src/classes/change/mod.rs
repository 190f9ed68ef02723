//! Changes: what was changed of a customer's, and who did it.

mod pages;

use diesel::prelude::*;

use super::addresses::{self, ChangeAddress, CustomerAddress};
use crate::hydra::Problem;
pub use crate::journal::Change;
use crate::resource::*;
use crate::schema::changes;

impl Resource for Change {
    type Address = ChangeAddress;
    type Draft = ();

    const NAME: &'static str = "Change";
    const TEMPLATE: &'static str = addresses::CHANGE;
    const CLASS: Class<Self> = Class {
        doc: "That an image, a batch, a space, a role or a named query was made, changed or removed. \
              What was removed is told of by its last change.",
        properties: &[
            &field(
                "kind",
                "What was changed, and how: the class, and Created, Changed or Deleted; Failed where an \
                 image was processed in vain; Finished where the last image of a batch was settled",
                |c: &Self| &c.kind,
            ),
            &computed(
                "address",
                "Address of what was changed, which may be gone",
                |c: &Self, view| Some(format!("{}{}", view.site.base, c.path())),
            )
            .range("xsd:anyURI"),
            &field(
                "version",
                "Last segment of its address: of two changes of one thing, the later has the greater",
                |c: &Self| &c.id,
            ),
            &computed(
                "actor",
                "Who did it: the address of a key or of a portal user, administrator, command, or \
                 service for what the service does by itself, such as processing an image. Who is \
                 not shown keys is told key",
                |c: &Self, view| Some(actor(c, view)),
            ),
            &field("created", "When the request began that did it", |c: &Self| &c.created),
        ],
        operations: &[retrieve::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> ChangeAddress {
        ChangeAddress { customer: self.customer, change: self.id }
    }
    fn draft(&self) {}
}

/// Returns who made a change, as far as the caller may know: a customer is told its own keys and people only.
fn actor(change: &Change, view: RenderContext<'_>) -> String {
    let actor = &change.actor;
    let own = format!("/customers/{}/", change.customer);
    match actor.starts_with('/') {
        true if !view.caller.is_administrator() && !actor.starts_with(&own) => {
            "administrator".to_owned()
        }
        true if view.caller.is_reader() && is_key(actor) => "key".to_owned(),
        true => format!("{}{actor}", view.site.base),
        false => actor.clone(),
    }
}

/// Returns whether an actor is a key: `/customers/2/keys/…`.
fn is_key(actor: &str) -> bool {
    actor.split('/').nth(3) == Some("keys")
}

pub static CHANGES: Collection<CustomerAddress, Change> = collection_of(
    "ChangeCollection",
    "What was changed of a customer's, newest first, as long as it is kept (90 days, unless it is set \
     otherwise).",
)
.lists_by(pages::listed)
.ordered(&["version"]);

impl Retrieve for Change {
    fn find(s: &mut UnitOfWork<'_>, at: &ChangeAddress) -> Result<Self, Problem> {
        let own = changes::table.filter(changes::customer.eq(at.customer));
        Ok(own.filter(changes::id.eq(at.change)).select(Self::as_select()).first(s.conn)?)
    }
}
