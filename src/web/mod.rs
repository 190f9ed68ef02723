//! HTTP: the only module that knows actix.

pub mod accept_encoding;
pub mod admin;
pub mod admission;
pub mod ahead;
pub mod answer;
pub mod body;
pub mod budget;
pub mod chunks;
pub mod client;
pub mod completion;
pub mod compress;
pub mod conditional;
pub mod connection;
pub mod console;
pub mod described;
pub mod descriptors;
pub mod documents;
pub mod encode;
pub mod endpoint;
pub mod endpoints;
pub mod events;
mod exposed;
pub mod finalize;
pub mod forgery;
pub mod forwarded;
pub mod idempotency;
pub mod image_services;
pub mod lines;
pub mod methods;
pub mod negotiate;
pub mod parameters;
pub mod pattern;
pub mod perform;
pub mod problems;
pub mod public_address;
pub mod quoted;
pub mod range;
pub mod repeated;
pub mod represent;
pub mod request;
pub mod request_context;
pub mod respond;
pub mod robots;
pub mod router;
pub mod samples;
pub mod scheduler;
pub mod server;
pub mod session;
pub mod slots;
pub mod status;
pub mod traced;
pub mod uploads;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderValue;

use crate::auth::{Keys, Passwords, Sessions};
use crate::config::TrustedProxies;
use crate::database::Database;
use crate::database::notifications::Notifications;
use crate::database::readiness::Readiness;
use crate::database::replica::Replica;
use crate::delivery::Delivery;
use crate::hydra::linked::Linked;
use crate::journal::{Feed, Hub};
use crate::metrics::Metrics;
use crate::metrics::database::Pool;
use crate::resource::Site;
use crate::traces::Traces;
use budget::Budget;
use documents::{Document, Documents};
use router::Router;
pub use scheduler::CONNECTIONS;
use scheduler::Scheduler;

pub use server::{Listening, listen};

/// Largest body that is read, in bytes (`docs/rules.md` 6.1).
pub const MAX_BODY_BYTES: usize = 16 << 20;

/// The service that answers requests.
pub struct Service {
    pub database: Database,
    /// A replica of the database, which answers requests that read where it shows all that their readers wrote.
    pub replica: Option<Replica>,
    pub site: Arc<Site>,
    pub notifications: Notifications,
    /// Tells changes to images to those who keep rows of them, before the request that made them is answered.
    pub changes: Hub,
    pub events: events::Events,
    pub keys: Keys,
    pub sessions: Sessions,
    /// Threads that compare the passwords of people who log in.
    pub passwords: Passwords,
    pub router: Router,
    pub delivery: Arc<Delivery>,
    pub uploads: uploads::Uploads,
    pub image_services: image_services::Settings,
    /// `Cache-Control` of what is open to anybody.
    pub open_caching: HeaderValue,
    pub image_rows: image_services::Rows,
    pub customer_names: image_services::CustomerNames,
    pub linked: Arc<Linked>,
    pub documents: Arc<Documents>,
    pub scheduler: Scheduler,
    /// Divides the connections to the replica; apart, so that one that stands still keeps nobody from the primary.
    pub at_replica: Scheduler,
    /// Tells whether PATCH shows the resource when nothing is preferred.
    pub patch_returns_representation: bool,
    /// Time that a request waits for the processing of an image.
    pub wait: Duration,
    /// Folder that is served at `/samples/`, when the service demonstrates itself.
    pub samples: Option<PathBuf>,
    /// Rules for crawlers.
    pub robots: Document,
    /// Connections at once, as far as the process may open so many.
    pub connections: usize,
    /// Bytes of answers that are being made or sent.
    pub answers: Budget,
    /// Bytes of bodies that are being received or worked through.
    pub bodies: Budget,
    pub metrics: Arc<Metrics>,
    pub traces: Traces,
    pub readiness: Readiness,
    /// Proxies that are believed who the client is.
    pub proxies: TrustedProxies,
}

/// The parts of a service.
pub struct Parts {
    pub database: Database,
    pub replica: Option<Replica>,
    pub site: Arc<Site>,
    pub delivery: Arc<Delivery>,
    pub uploads: uploads::Settings,
    pub image_services: image_services::Settings,
    pub notifications: Notifications,
    pub changes: Hub,
    pub feed: Feed,
    /// Longest delay of the answer to wrong credentials.
    pub auth_delay: Duration,
    pub patch_returns_representation: bool,
    pub wait: Duration,
    pub samples: Option<PathBuf>,
    /// Text of `/robots.txt`.
    pub robots: String,
    pub connections: usize,
    /// Bytes that bodies and answers under way may take, half each.
    pub request_bytes: usize,
    pub metrics: Arc<Metrics>,
    pub traces: Traces,
    pub readiness: Readiness,
    pub proxies: TrustedProxies,
}

impl Service {
    /// # Errors
    /// Fails if the system gives no thread to read bodies on.
    pub fn new(parts: Parts) -> io::Result<Arc<Self>> {
        let endpoints = endpoints::ENDPOINTS.iter().filter(|row| (row.is_mounted)(&parts));
        let router = Router::of_classes(&parts.site).with(endpoints);
        let described::Described { classes, collections, .. } = described::described();
        let base = &parts.site.base;
        let scheduler = Scheduler::default();
        let (turns, pool) = (scheduler.usage(), parts.database.pool_usage());
        parts.metrics.read_by(move |metrics| {
            metrics.database.set_turns(turns());
            metrics.database.set_pool(Pool::Requests, pool());
        });
        Ok(Arc::new(Self {
            linked: Linked::new(&classes, &collections, base, parts.site.batch_limit)?,
            keys: Keys::new(&parts.database, Arc::clone(&parts.site), parts.auth_delay),
            sessions: Sessions::new(parts.database.clone(), Arc::clone(&parts.site)),
            passwords: Passwords::default(),
            documents: Arc::new(Documents::new(&parts.site.base)),
            image_rows: image_services::Rows::new(&parts.site),
            customer_names: image_services::customer_names(&parts.site),
            open_caching: image_services::open_caching(&parts.image_services),
            delivery: parts.delivery,
            uploads: uploads::Uploads::new(parts.uploads),
            image_services: parts.image_services,
            router,
            scheduler,
            at_replica: Scheduler::default(),
            database: parts.database,
            replica: parts.replica,
            site: parts.site,
            notifications: parts.notifications,
            changes: parts.changes,
            events: events::Events::new(parts.feed, parts.connections, &parts.metrics),
            metrics: parts.metrics,
            traces: parts.traces,
            readiness: parts.readiness,
            proxies: parts.proxies,
            patch_returns_representation: parts.patch_returns_representation,
            wait: parts.wait,
            samples: parts.samples,
            robots: Document::of_text(parts.robots),
            connections: parts.connections,
            answers: Budget::new(
                parts.request_bytes / 2,
                "too many large answers are under way; try again",
            ),
            bodies: Budget::new(
                parts.request_bytes / 2,
                "too many large bodies are under way; try again",
            ),
        }))
    }
}
