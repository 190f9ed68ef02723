//! Deliveries: how the last attempts to send something to a webhook came out.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::addresses::{self, WebhookAddress, WebhookDeliveryAddress};
use crate::hydra::Problem;
use crate::paged;
use crate::resource::*;
use crate::schema::{webhook_deliveries, webhooks};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries, check_for_backend(diesel::pg::Pg))]
pub struct WebhookDelivery {
    pub customer: i32,
    pub webhook: String,
    pub id: i64,
    pub created: DateTime<Utc>,
    pub message: String,
    pub status: Option<i32>,
    pub error: Option<String>,
    /// Milliseconds.
    pub duration: i32,
}

impl Resource for WebhookDelivery {
    type Address = WebhookDeliveryAddress;
    type Draft = ();

    const NAME: &'static str = "WebhookDelivery";
    const TEMPLATE: &'static str = addresses::WEBHOOK_DELIVERY;
    const CLASS: Class<Self> = Class {
        doc: "An attempt to send a message to a webhook. It was received if the status is from 200 to 299.",
        properties: &[
            &field("id", "Number in addresses, ascending", |d: &Self| &d.id),
            &field("created", "When the attempt was over", |d: &Self| &d.created),
            &field(
                "message",
                "Value of the header webhook-id, the same in all attempts to send a message",
                |d: &Self| &d.message,
            ),
            &field("status", "Status of the answer; absent if there was none", |d: &Self| {
                &d.status
            }),
            &field("error", "Why there was no answer; absent if there was one", |d: &Self| {
                &d.error
            }),
            &field("duration", "How long it took, in milliseconds", |d: &Self| &d.duration)
                .non_negative(),
        ],
        operations: &[retrieve::<Self>()],
        ..Class::EMPTY
    };

    fn address(&self) -> WebhookDeliveryAddress {
        let (customer, webhook) = (self.customer, self.webhook.clone());
        WebhookDeliveryAddress { customer, webhook, delivery: self.id }
    }
    fn draft(&self) {}
}

crate::orders! {
    webhook_deliveries by webhook_deliveries::id.desc(), then id:
    "id" is id, "created" is created, "message" is message, "status" is status, "error" is error,
    "duration" is duration,
}

pub static DELIVERIES: Collection<WebhookAddress, WebhookDelivery> = collection_of(
    "WebhookDeliveryCollection",
    "The last 100 attempts to send something to a webhook, newest first.",
)
.lists()
.ordered(ORDERABLE);

impl List<WebhookAddress> for WebhookDelivery {
    fn list(
        s: &mut UnitOfWork<'_>,
        of: &WebhookAddress,
        wanted: ListRequest<'_>,
    ) -> Result<PageOfRows<Self>, Problem> {
        let webhook = webhooks::table.find((of.customer, &of.webhook));
        webhook.select(webhooks::id).first::<String>(s.conn)?;
        let own = || {
            webhook_deliveries::table
                .filter(webhook_deliveries::customer.eq(of.customer))
                .filter(webhook_deliveries::webhook.eq(of.webhook.clone()))
                .into_boxed()
        };
        paged!(s.conn, wanted, own())
    }
}

crate::stored! {
    WebhookDelivery in webhook_deliveries { customer: customer, webhook: webhook, id: delivery }:
    retrieve,
}
