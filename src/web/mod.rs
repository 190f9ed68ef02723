//! HTTP: the only module that knows actix.

pub mod answer;
pub mod body;
pub mod documents;
pub mod negotiate;
pub mod page;
pub mod represent;
pub mod request;
pub mod respond;
pub mod router;
pub mod shape;
pub mod status;
pub mod thumbs;

use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App, HttpServer, web};

use crate::auth::Keys;
use crate::database::Database;
use crate::database::notices::Notices;
use crate::hydra::linked::Linked;
use crate::resource::Site;
use crate::storage::Storage;
use documents::Documents;
use router::Router;

/// Largest body that is read, in bytes (`rules.md` 6.1).
pub const MAX_BODY_BYTES: usize = 16 << 20;

/// How long a client may take to send the head of a request. A script sends it whole; a line that drops
/// packets needs a few repetitions, which take seconds.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection without a request is kept: longer than the pauses of a client that works through
/// a list, short enough that clients that went away do not fill the table of sockets.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How long a connection that is closed before all of a body was read is read on, so that the client
/// sees the answer and not a reset.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long requests may go on once the service is told to stop.
const SHUTDOWN_S: u64 = 35;

/// What answers requests.
pub struct Service {
    pub database: Database,
    pub site: Arc<Site>,
    pub storage: Storage,
    pub notices: Notices,
    pub keys: Keys,
    pub router: Router,
    pub images: thumbs::Images,
    pub linked: Arc<Linked>,
    pub documents: Arc<Documents>,
    /// Whether PATCH shows the resource when nothing is preferred.
    pub patch_returns_representation: bool,
    /// How long a request waits for the processing of an image.
    pub wait: Duration,
    /// Folder that is served at `/samples/`, when the service demonstrates itself.
    pub samples: Option<PathBuf>,
}

/// What a service is made of.
pub struct Parts {
    pub database: Database,
    pub site: Arc<Site>,
    pub storage: Storage,
    pub notices: Notices,
    pub patch_returns_representation: bool,
    pub wait: Duration,
    pub samples: Option<PathBuf>,
}

impl Service {
    /// # Errors
    /// Where the system gives no thread to read bodies on.
    pub fn new(parts: Parts) -> io::Result<Arc<Self>> {
        let router = Router::of_classes(&parts.site);
        let documents::Described { classes, collections, .. } = documents::described();
        Ok(Arc::new(Self {
            linked: Linked::new(&classes, &collections, &parts.site.base)?,
            keys: Keys::new(parts.database.clone(), Arc::clone(&parts.site)),
            documents: Arc::new(Documents::new(&parts.site.base)),
            images: thumbs::images(&parts.site),
            router,
            database: parts.database,
            site: parts.site,
            storage: parts.storage,
            notices: parts.notices,
            patch_returns_representation: parts.patch_returns_representation,
            wait: parts.wait,
            samples: parts.samples,
        }))
    }

    /// Serves requests on sockets that are bound already.
    fn serve(self: Arc<Self>, sockets: Vec<TcpListener>) -> io::Result<Server> {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let mut server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::from(Arc::clone(&self)))
                .default_service(web::to(answer::answer))
        })
        .workers(workers)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .worker_max_blocking_threads(4)
        .shutdown_timeout(SHUTDOWN_S)
        .disable_signals();
        for socket in sockets {
            server = server.listen(socket)?;
        }
        Ok(server.run())
    }
}

/// A server that listens, on a thread of its own.
pub struct Listening {
    handle: ServerHandle,
    thread: JoinHandle<io::Result<()>>,
}

/// Serves requests on sockets that are bound already; it answers when this returns.
///
/// # Errors
/// Where a socket cannot be listened on.
pub fn listen(service: Arc<Service>, sockets: Vec<TcpListener>) -> io::Result<Listening> {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::Builder::new().name("http".into()).spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = service.serve(sockets)?;
            // Who started this waits for the handle, so it is there to take it.
            let _ = sender.send(server.handle());
            server.await
        })
    })?;
    match receiver.recv() {
        Ok(handle) => Ok(Listening { handle, thread }),
        Err(_never_started) => match thread.join() {
            Ok(Err(error)) => Err(error),
            _ => Err(io::Error::other("the server did not start")),
        },
    }
}

impl Listening {
    /// Accepts nothing more, and returns when the requests under way are answered.
    ///
    /// # Errors
    /// Where the server broke off.
    pub fn stop(self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.handle.stop(true));
        let ended = self.thread.join();
        ended.unwrap_or_else(|_panic| Err(io::Error::other("the server broke off")))
    }
}
