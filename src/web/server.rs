//! The HTTP server: sockets, threads, connections and their time limits.

use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_server::{Server, ServerHandle};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use actix_web::{App, Error, web};

use super::connection::{Limits, Registry, Stream};
use super::{Service, answer, descriptors, encode, uploads};
use crate::fairness::priority;

/// Time that a client may take to send the head of a request. A script sends it whole; a line that drops
/// packets needs a few repetitions, which take seconds.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Time that a connection without a request is kept: longer than the pauses of a client that works through
/// a list, short enough that clients that went away do not fill the table of sockets.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Time that a connection that is closed before all of a body was read is read on, so that the client
/// sees the answer and not a reset.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Time that requests may go on once the service is told to stop.
const SHUTDOWN_S: u64 = 35;

/// Bytes of answers that are buffered before they are handed to the kernel; with one chunk of a body, all that
/// a connection holds of an answer that is not taken, and keeps until it ends.
const WRITE_BUFFER: usize = 16 << 10;

/// Time that a client may take nothing of an answer.
const STALLED: Duration = Duration::from_secs(30);

/// Bytes a second that a client takes at least, once it has used up that time: 64 kbit/s.
const LEAST_RATE: usize = 8 << 10;

/// Connections of a thread that are in the middle of a head of more than 16 KiB, at once.
const LARGE_HEADS: usize = 32;

/// Threads that each worker has for what blocks: more than may be under way with connections, so that who has a
/// connection, to the database or its replica, never waits for a thread. Compressing and storing uploads have threads beyond them.
const BLOCKING_THREADS: usize = 2 * super::CONNECTIONS as usize + 4;

/// Builds a server on sockets that are bound already.
fn serve(service: &Arc<Service>, sockets: Vec<TcpListener>) -> io::Result<Server> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let connections = descriptors::connections(service.connections);
    let limits = Limits {
        connections: connections.div_ceil(workers),
        large_heads: LARGE_HEADS,
        head: HEAD_TIMEOUT,
        linger: DISCONNECT_TIMEOUT,
        stalled: STALLED,
        least_rate: LEAST_RATE,
    };
    let mut server = Server::build()
        .workers(workers)
        // What comes in above the limits is refused one by one, and counted meanwhile.
        .max_concurrent_connections(limits.connections + workers)
        .worker_max_blocking_threads(BLOCKING_THREADS + encode::turns() + uploads::TURNS)
        .shutdown_timeout(SHUTDOWN_S)
        .disable_signals();
    let stopping = server.graceful_shutdown_signal();
    for socket in sockets {
        let (service, stopping) = (Arc::clone(service), stopping.clone());
        let address = socket.local_addr()?;
        server = server.listen("http", socket, move || {
            let stopping = stopping.clone();
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .keep_alive(KEEP_ALIVE)
                .client_request_timeout(HEAD_TIMEOUT)
                .client_disconnect_timeout(DISCONNECT_TIMEOUT)
                .h1_write_buffer_size(WRITE_BUFFER)
                .local_addr(address)
                .on_connect_ext(|stream: &Stream, data| {
                    data.insert(stream.connection());
                });
            let app = App::new()
                .app_data(web::Data::from(Arc::clone(&service)))
                .default_service(web::to(answer::answer))
                .into_factory()
                .map_err(|error: Error| error.error_response());
            let http = http.h1(map_config(app, |()| AppConfig::default()));
            priority::run_soon();
            let registry = Registry::new(limits);
            actix_web::rt::spawn(Registry::watch(Rc::downgrade(&registry)));
            let accept = move |io: TcpStream| {
                let peer = io.peer_addr().ok();
                let stream = Stream::accept(io, &registry).map(|stream| (stream, peer));
                let full = || DispatchError::Io(io::ErrorKind::ConnectionRefused.into());
                std::future::ready(stream.ok_or_else(full))
            };
            fn_service(accept).and_then(http)
        })?;
    }
    Ok(server.run())
}

/// A server that listens, on a thread of its own.
pub struct Listening {
    handle: ServerHandle,
    thread: JoinHandle<io::Result<()>>,
}

/// Serves requests on sockets that are bound already; it answers when this returns.
///
/// # Errors
/// Fails if a socket cannot be listened on.
pub fn listen(service: Arc<Service>, sockets: Vec<TcpListener>) -> io::Result<Listening> {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::Builder::new().name("http".into()).spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = serve(&service, sockets)?;
            actix_web::rt::spawn(
                async move { service.image_rows.warm_up(&service.database).await },
            );
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
    /// Fails if the server broke off.
    pub fn stop(self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.handle.stop(true));
        let ended = self.thread.join();
        ended.unwrap_or_else(|_panic| Err(io::Error::other("the server broke off")))
    }
}
