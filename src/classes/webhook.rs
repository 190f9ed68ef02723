//! Webhooks: where changes of a customer's images are sent as they happen.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::addresses::{self, CustomerAddress, WebhookAddress};
use super::webhook_delivery::DELIVERIES;
use crate::hydra::{Fault, Problem};
use crate::journal::change::{TOLD, last_given};
use crate::origins::check_post;
use crate::paged;
use crate::resource::credentials;
use crate::resource::*;
use crate::schema::{customers, webhooks};
use crate::secrets::signing_key;

/// Webhooks that a customer may have, at most.
const MOST: i64 = 20;

/// Never printed, because it may hold its secret.
pub struct Webhook {
    pub customer: i32,
    pub id: String,
    pub draft: WebhookDraft,
    pub error: Option<String>,
    pub created: DateTime<Utc>,
    /// Key of its signatures; known at creation only.
    pub secret: Option<String>,
    /// The same, sealed; for the tag only.
    sealed: Vec<u8>,
}

/// The writable part of a webhook.
#[derive(Debug, Clone)]
pub struct WebhookDraft {
    pub url: String,
    pub kinds: Vec<String>,
    pub enabled: bool,
}

impl Default for WebhookDraft {
    fn default() -> Self {
        let kinds = TOLD.iter().map(|kind| (*kind).to_owned()).collect();
        Self { url: String::new(), kinds, enabled: true }
    }
}

impl Resource for Webhook {
    type Address = WebhookAddress;
    type Draft = WebhookDraft;

    const NAME: &'static str = "Webhook";
    const TEMPLATE: &'static str = addresses::WEBHOOK;
    const CLASS: Class<Self> = Class {
        doc: "Where changes of images, and ends of batches, are sent as they happen, signed as Standard \
              Webhooks are. What is not received is sent again: after 10 s, then after twice as long each \
              time, up to 30 minutes; after 20 attempts in vain enabled becomes false, and error says why. \
              Once enabled is written true again, it goes on where it stopped.",
        properties: &[
            &field("id", "Last segment of its address", |w: &Self| &w.id),
            &field("url", "Where changes are sent, by POST", |w: &Self| &w.draft.url)
                .writable(|d| &mut d.url)
                .required()
                .range("xsd:anyURI")
                .max_bytes(crate::origins::MAX_ORIGIN_BYTES)
                .example("https://example.org/changes"),
            &field(
                "kinds",
                "Which changes are sent: batchFinished, imageCreated, imageChanged, imageFailed, \
                 imageDeleted; all of these, if nothing is said",
                |w: &Self| &w.draft.kinds,
            )
            .writable(|d| &mut d.kinds)
            .rule(kinds_rule)
            .example("batchFinished"),
            &field("enabled", "Whether changes are sent", |w: &Self| &w.draft.enabled)
                .writable(|d| &mut d.enabled),
            &field("error", "Why the service switched it off", |w: &Self| &w.error),
            &field("created", "When it was made", |w: &Self| &w.created),
            &field(
                "secret",
                "Key of the signatures; shown once, when the webhook is made",
                |w: &Self| &w.secret,
            ),
            &collection("deliveries", "The last 100 attempts to send something", &DELIVERIES),
        ],
        operations: &[retrieve::<Self>(), update::<Self>(), remove::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> WebhookAddress {
        WebhookAddress { customer: self.customer, webhook: self.id.clone() }
    }
    fn hidden_state(&self) -> Option<&[u8]> {
        Some(&self.sealed)
    }
    fn draft(&self) -> WebhookDraft {
        self.draft.clone()
    }

    fn check(
        s: &mut UnitOfWork<'_>,
        _tenant: Option<i32>,
        _at: Option<&WebhookAddress>,
        draft: &WebhookDraft,
    ) -> Result<Vec<Fault>, Problem> {
        // One that is missing is told of by its row.
        let given = Some(&draft.url).filter(|url| !url.trim().is_empty());
        let wrong = given.and_then(|url| check_post(url, &s.site.webhook_allow).err());
        Ok(wrong.map(|reason| Fault::new("url", reason.to_string())).into_iter().collect())
    }
}

#[expect(clippy::ptr_arg, reason = "a rule is given what the row holds")]
fn kinds_rule(kinds: &Vec<String>) -> Result<(), String> {
    let known = || TOLD.join(", ");
    match kinds.iter().find(|kind| !TOLD.contains(&kind.as_str())) {
        Some(unknown) => Err(format!("has {unknown}, which is none of {}", known())),
        None if kinds.is_empty() => Err(format!("must name one at least of {}", known())),
        None => Ok(()),
    }
}

crate::orders! {
    webhooks by (webhooks::created, webhooks::id), then id:
    "id" is id, "url" is url, "enabled" is enabled, "created" is created,
}

pub static WEBHOOKS: Collection<CustomerAddress, Webhook> = collection_of(
    "WebhookCollection",
    "The webhooks of a customer, without their secrets, in the order they were made; 20 at most.",
)
.lists()
.posts(MAKE)
.ordered(ORDERABLE);

const MAKE: Operation<CustomerAddress> =
    post("create", "Make a webhook, which shows its secret once")
        .expects::<Webhook>()
        .returns::<Webhook>()
        .showing_a_secret()
        .writes(|s, into, input| {
            let (chosen, draft) = body::read_new::<_, Webhook>(s, into, input)?;
            let made = Webhook::insert(s, into, chosen, draft)?;
            let (id, body, _) = shown(&made, s.render_context());
            // What GET shows has no secret.
            let (_, _, tag) = shown(&Webhook { secret: None, ..made }, s.render_context());
            Ok(Reply::Shown { outcome: Outcome::CreatedWithSecret, id, body, tag })
        });

/// Columns of a webhook that its class knows.
type Columns = (
    webhooks::customer,
    webhooks::id,
    (webhooks::url, webhooks::kinds, webhooks::enabled),
    webhooks::error,
    webhooks::created,
    webhooks::secret,
);
const COLUMNS: Columns = (
    webhooks::customer,
    webhooks::id,
    (webhooks::url, webhooks::kinds, webhooks::enabled),
    webhooks::error,
    webhooks::created,
    webhooks::secret,
);
type Row = (i32, String, (String, Vec<String>, bool), Option<String>, DateTime<Utc>, Vec<u8>);

impl Webhook {
    fn stored((customer, id, draft, error, created, sealed): Row) -> Self {
        let (url, kinds, enabled) = draft;
        let draft = WebhookDraft { url, kinds, enabled };
        Self { customer, id, draft, error, created, secret: None, sealed }
    }
}

/// Returns where the key of a webhook belongs, so that it opens nowhere else.
pub fn place(customer: i32, webhook: &str) -> String {
    format!("webhook {customer}/{webhook}")
}

/// Refuses one more webhook where a customer has [`MOST`]; concurrent additions are serialised.
fn check_number(conn: &mut PgConnection, customer: i32) -> Result<(), Problem> {
    customers::table.find(customer).select(customers::id).for_no_key_update().first::<i32>(conn)?;
    let held: i64 =
        webhooks::table.filter(webhooks::customer.eq(customer)).count().get_result(conn)?;
    if held < MOST {
        return Ok(());
    }
    let reason = format!("are {held} already, and a customer may have {MOST} at most");
    // Nothing of the body is wrong.
    Err(Fault { pointer: String::new(), ..Fault::new("webhooks", reason) }.into())
}

impl Create<CustomerAddress> for Webhook {
    /// Makes one that is sent what happens from now on.
    fn insert(
        s: &mut UnitOfWork<'_>,
        into: &CustomerAddress,
        chosen: Option<String>,
        draft: WebhookDraft,
    ) -> Result<Self, Problem> {
        let id = given_or_generated_id(chosen)?;
        check_number(s.conn, into.customer)?;
        let key = signing_key().map_err(Problem::internal)?;
        let sealed = credentials::seal(s, &key, &place(into.customer, &id))?;
        let made = diesel::insert_into(webhooks::table)
            .values((
                webhooks::customer.eq(into.customer),
                webhooks::id.eq(id),
                webhooks::url.eq(draft.url),
                webhooks::kinds.eq(draft.kinds),
                webhooks::enabled.eq(draft.enabled),
                webhooks::secret.eq(sealed),
                webhooks::position.eq(last_given(s.conn)?),
            ))
            .returning(COLUMNS)
            .get_result(s.conn)?;
        Ok(Self { secret: Some(key.reveal().to_owned()), ..Self::stored(made) })
    }
}

impl Retrieve for Webhook {
    fn find(s: &mut UnitOfWork<'_>, at: &WebhookAddress) -> Result<Self, Problem> {
        let row = webhooks::table.find((at.customer, &at.webhook));
        Ok(Self::stored(row.select(COLUMNS).first(s.conn)?))
    }
}

impl List<CustomerAddress> for Webhook {
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &CustomerAddress,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        let own = || webhooks::table.filter(webhooks::customer.eq(of.customer)).into_boxed();
        let found: Result<PageOfRows<Row>, Problem> = paged!(s.conn, wanted, own(), COLUMNS);
        let PageOfRows { members, total } = found?;
        Ok(PageOfRows { members: members.into_iter().map(Self::stored).collect(), total })
    }
}

impl Update for Webhook {
    fn lock(s: &mut UnitOfWork<'_>, at: &WebhookAddress) -> Result<Self, Problem> {
        let row = webhooks::table.find((at.customer, &at.webhook));
        Ok(Self::stored(row.select(COLUMNS).for_no_key_update().first(s.conn)?))
    }

    /// Writes it; one that is switched on again, or leads elsewhere, is tried at once.
    fn save(
        s: &mut UnitOfWork<'_>,
        locked: Locked<Self>,
        draft: WebhookDraft,
    ) -> Result<Self, Problem> {
        let row = || webhooks::table.find((locked.customer, &locked.id));
        let held = &locked.draft;
        let begins_anew = draft.enabled && (!held.enabled || draft.url != held.url);
        if begins_anew {
            diesel::update(row())
                .set((
                    webhooks::failures.eq(0),
                    webhooks::error.eq(None::<String>),
                    webhooks::due.eq(diesel::dsl::now),
                ))
                .execute(s.conn)?;
        }
        let saved = diesel::update(row())
            .set((
                webhooks::url.eq(draft.url),
                webhooks::kinds.eq(draft.kinds),
                webhooks::enabled.eq(draft.enabled),
            ))
            .returning(COLUMNS)
            .get_result(s.conn)?;
        Ok(Self::stored(saved))
    }
}

impl Remove for Webhook {
    fn lock_for_delete(s: &mut UnitOfWork<'_>, at: &WebhookAddress) -> Result<Self, Problem> {
        let row = webhooks::table.find((at.customer, &at.webhook));
        Ok(Self::stored(row.select(COLUMNS).for_update().first(s.conn)?))
    }
    fn remove(s: &mut UnitOfWork<'_>, locked: Locked<Self>) -> Result<(), Problem> {
        let row = webhooks::table.find((locked.customer, &locked.id));
        removed(diesel::delete(row).execute(s.conn))
    }
}
