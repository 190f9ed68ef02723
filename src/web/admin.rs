//! The listener of operators: metrics and probes, on a socket, a thread and a memory of its own.
//!
//! It answers before the service does and until it has stopped, and takes neither connections nor threads of it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, web};

use crate::database::readiness::Readiness;
use crate::metrics::{self, Metrics};

/// Connections at once: of a few scrapers and supervisors.
const CONNECTIONS: usize = 64;
/// Time that a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Everything that it shows.
#[derive(Clone)]
struct Shown {
    metrics: Arc<Metrics>,
    readiness: Readiness,
}

/// A listener of operators, until this is dropped.
#[derive(Debug)]
pub struct Admin {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Admin {
    /// Answers on a socket that is bound already.
    ///
    /// # Errors
    /// Fails if the socket cannot be listened on, or the system gives no thread.
    pub fn listen(
        socket: TcpListener,
        metrics: Arc<Metrics>,
        readiness: Readiness,
    ) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let shown = Shown { metrics, readiness };
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new().name("admin".into()).spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(web::Data::new(shown.clone()))
                        .route("/metrics", web::get().to(text))
                        .route("/livez", web::get().to(async || probed(true)))
                        .route("/readyz", web::get().to(readyz))
                };
                let server = HttpServer::new(app)
                    .workers(1)
                    .worker_max_blocking_threads(1)
                    .max_connections(CONNECTIONS)
                    .client_request_timeout(HEAD_TIMEOUT)
                    .disable_signals()
                    .listen(socket)?
                    .run();
                // Who started this waits for the handle, so it is there to take it.
                let _ = sender.send(server.handle());
                server.await
            })
        })?;
        match receiver.recv() {
            Ok(handle) => Ok(Self { address, handle, thread: Some(thread) }),
            Err(_never_started) => match thread.join() {
                Ok(Err(error)) => Err(error),
                _ => Err(io::Error::other("the listener did not start")),
            },
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        // The thread ends once the server does, which is told to before the future is waited for.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn text(shown: web::Data<Shown>) -> HttpResponse {
    match shown.metrics.text() {
        Ok(text) => HttpResponse::Ok().content_type(metrics::MEDIA_TYPE).body(text),
        Err(error) => {
            log::error!("metrics cannot be written: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}

async fn readyz(shown: web::Data<Shown>) -> HttpResponse {
    probed(shown.readiness.is_ready())
}

/// Returns the answer to a probe, which says one word.
pub(super) fn probed(is_so: bool) -> HttpResponse {
    let (mut response, word) = match is_so {
        true => (HttpResponse::Ok(), "ok\n"),
        false => (HttpResponse::ServiceUnavailable(), "no\n"),
    };
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    response.content_type("text/plain").body(word)
}
