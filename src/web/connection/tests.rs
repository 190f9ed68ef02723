//! A server of its own, with time limits of a second, and clients that do not do their part.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream as Client};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_http::error::DispatchError;
use actix_http::{HttpService, Request, Response};
use actix_server::{Server, ServerHandle};
use actix_service::{ServiceFactoryExt as _, fn_service};
use actix_web::body::BoxBody;
use actix_web::rt::net::TcpStream;
use bytes::Bytes;

use super::*;

const LIMITS: Limits = Limits {
    connections: 3,
    large_heads: 1,
    head: Duration::from_secs(1),
    linger: Duration::from_secs(1),
    stalled: Duration::from_secs(1),
    least_rate: 1 << 30,
};

/// A server that answers `/large` with much, `/headers` with much and no body, and all else with little.
struct Running {
    address: SocketAddr,
    /// Answers that were made.
    made: Arc<AtomicUsize>,
    /// Answers that are made and not yet sent or dropped.
    held: Arc<AtomicUsize>,
    handle: ServerHandle,
}

/// Counts an answer for as long as its body is there.
struct CountedBuffer(Arc<AtomicUsize>, Bytes);

impl AsRef<[u8]> for CountedBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.1
    }
}

impl Drop for CountedBuffer {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Two segments of a file.
struct TwoSegments(Vec<Segment>);

impl Source for TwoSegments {
    fn poll_next(&mut self, _cx: &mut Context<'_>) -> Poll<Option<std::io::Result<Segment>>> {
        Poll::Ready(self.0.pop().map(Ok))
    }
}

/// Bytes of the file that `/file` and `/shorter` answer with.
const FILE: usize = 8 << 20;

fn content() -> Vec<u8> {
    (0..FILE).map(|at| u8::try_from(at % 251).unwrap_or_default()).collect()
}

/// Returns an answer of so many zeros, as one segment.
fn sized_answer(request: &Request, bytes: usize) -> Response<BoxBody> {
    let connection = request.conn_data::<Connection>().expect("a connection").clone();
    let zeros = TwoSegments(vec![Segment::Bytes(Bytes::from(vec![0; bytes]))]);
    Response::build(actix_http::StatusCode::OK)
        .no_chunking(bytes as u64)
        .body(PartsBody::new(zeros, connection, true))
        .map_into_boxed_body()
}

fn file_answer(request: &Request, length: u64) -> Response<BoxBody> {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&content()).expect("a file");
    let connection = request.conn_data::<Connection>().expect("a connection").clone();
    let last = Segment::File(Arc::new(file), FILE as u64 / 2..length);
    let first = Segment::Bytes(Bytes::from(content()[100..FILE / 2].to_vec()));
    let body = PartsBody::new(TwoSegments(vec![last, first]), connection, true);
    Response::build(actix_http::StatusCode::OK)
        .no_chunking(length - 100)
        .body(body)
        .map_into_boxed_body()
}

fn answer(request: &Request, held: &Arc<AtomicUsize>) -> Response<BoxBody> {
    if let Some(bytes) = request.path().strip_prefix("/sized/") {
        return sized_answer(request, bytes.parse().expect("a number"));
    }
    match request.path() {
        "/file" => file_answer(request, FILE as u64),
        "/shorter" => file_answer(request, FILE as u64 + 1),
        "/large" => {
            held.fetch_add(1, Ordering::SeqCst);
            let large = CountedBuffer(Arc::clone(held), Bytes::from(vec![0; 32 << 20]));
            Response::ok().set_body(BoxBody::new(Bytes::from_owner(large)))
        }
        "/headers" => {
            let mut answer = Response::new(actix_http::StatusCode::NO_CONTENT);
            let value = "x".repeat(8000).parse().expect("a header");
            answer.headers_mut().insert(actix_http::header::SERVER, value);
            answer
        }
        _ => Response::ok().set_body(BoxBody::new("little")),
    }
}

impl Running {
    fn start() -> Self {
        Self::start_with(LIMITS)
    }

    fn start_with(limits: Limits) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("an address");
        let (made, held) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counts, holds) = (Arc::clone(&made), Arc::clone(&held));
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = Server::build().workers(1).disable_signals();
                let server = server.listen("test", socket, move || {
                    let (counts, holds) = (Arc::clone(&counts), Arc::clone(&holds));
                    let registry = Registry::new(limits);
                    actix_web::rt::spawn(Registry::watch(Rc::downgrade(&registry)));
                    let handle = move |request: Request| {
                        let _at_work = request.conn_data::<Connection>().map(Connection::answering);
                        counts.fetch_add(1, Ordering::SeqCst);
                        std::future::ready(Ok::<_, actix_http::Error>(answer(&request, &holds)))
                    };
                    let http = HttpService::build()
                        .client_request_timeout(Duration::ZERO)
                        .on_connect_ext(|stream: &Stream, data| {
                            data.insert(stream.connection());
                        })
                        .h1(fn_service(handle));
                    let accept = move |io: TcpStream| {
                        let stream = Stream::accept(io, &registry).map(|stream| (stream, None));
                        let full =
                            || DispatchError::Io(std::io::ErrorKind::ConnectionRefused.into());
                        std::future::ready(stream.ok_or_else(full))
                    };
                    fn_service(accept).and_then(http)
                });
                let server = server.expect("it listens").run();
                sender.send(server.handle()).expect("who waits for it");
                server.await
            })
        });
        let handle = receiver.recv().expect("a server");
        Self { address, made, held, handle }
    }

    fn connect(&self) -> Client {
        let client = Client::connect(self.address).expect("it listens");
        client.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        client
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

fn ask(client: &mut Client, path: &str) {
    write!(client, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("it is sent");
}

/// Returns whether the server has closed a connection, with or without an answer; waits for it.
fn is_closed(client: &mut Client) -> bool {
    let mut part = [0; 4096];
    loop {
        match client.read(&mut part) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

fn is_answered(client: &mut Client) -> bool {
    ask(client, "/");
    let mut part = [0; 4096];
    client.read(&mut part).is_ok_and(|count| part[..count].ends_with(b"little"))
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "waited for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_answer_that_is_not_taken_is_given_up_and_those_behind_it_are_not_made() {
    let server = Running::start();
    let mut client = server.connect();
    (0..5).for_each(|_| ask(&mut client, "/large"));
    until("an answer", || server.held.load(Ordering::SeqCst) > 0);
    // The client never reads; its kernel acknowledges whatever fits.
    until("the answer to be dropped", || server.held.load(Ordering::SeqCst) == 0);
    assert_eq!(server.made.load(Ordering::SeqCst), 1);
    assert!(is_closed(&mut client));
    assert!(is_answered(&mut server.connect()));
}

/// Limits whose times do not matter.
fn patient() -> Limits {
    let long = Duration::from_mins(1);
    Limits { head: long, stalled: long, ..LIMITS }
}

#[test]
fn answers_without_bodies_wait_for_the_client_too() {
    let server = Running::start_with(patient());
    let mut client = server.connect();
    client.set_nonblocking(true).expect("a socket");
    // HTTP/1.1 without a Host is answered 400, and the connection closed.
    let asked = "GET /headers HTTP/1.1\r\nHost: x\r\n\r\n".repeat(4000);
    // As much as is taken: the server does not read on.
    let _ = client.write(asked.as_bytes());
    client.set_nonblocking(false).expect("a socket");
    assert!(is_answered(&mut server.connect()));
    let made = server.made.load(Ordering::SeqCst);
    assert!(made < 2000, "{made} answers of 8 KB were made for a client that reads nothing");
    // Once it reads, those that were asked for are answered.
    let mut part = vec![0; 65536];
    until("more answers", || {
        client.read(&mut part).is_ok_and(|count| count > 0)
            && server.made.load(Ordering::SeqCst) > made + 100
    });
}

#[test]
fn a_head_comes_in_pieces_and_a_large_one_whole() {
    let server = Running::start_with(patient());
    let mut client = server.connect();
    let large = "y".repeat(60_000);
    for piece in ["GET / HTTP/1.1\r\nHos", "t: x\r\nX: ", &large, "\r\nA: b", "\r", "\n\r", "\n"] {
        client.write_all(piece.as_bytes()).expect("it is sent");
    }
    let mut part = [0; 4096];
    let count = client.read(&mut part).expect("an answer");
    assert!(part[..count].ends_with(b"little"));
    assert!(is_answered(&mut client), "and the connection is kept");
}

#[test]
fn of_many_large_heads_at_once_as_many_are_read_as_are_allowed() {
    let server = Running::start_with(patient());
    let large = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}", "y".repeat(50_000));
    let mut first = server.connect();
    first.write_all(large.as_bytes()).expect("it is sent");
    let mut second = server.connect();
    // Of the two, one is closed: whichever became large last.
    let _ = second.write_all(large.as_bytes());
    for client in [&first, &second] {
        client.set_nonblocking(true).expect("a socket");
    }
    let gone = |client: &mut Client| match client.read(&mut [0; 64]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    };
    let mut closed = [false; 2];
    until("one to be closed", || {
        closed = [gone(&mut first), gone(&mut second)];
        closed[0] || closed[1]
    });
    assert_ne!(closed[0], closed[1]);
    let mut kept = if closed[0] { second } else { first };
    kept.set_nonblocking(false).expect("a socket");
    kept.write_all(b"\r\n\r\n").expect("it is sent");
    let mut part = [0; 4096];
    let count = kept.read(&mut part).expect("an answer");
    assert!(part[..count].ends_with(b"little"));
    // What it held is free for the next one.
    let mut third = server.connect();
    third.write_all(large.as_bytes()).expect("it is sent");
    third.write_all(b"\r\n\r\n").expect("it is sent");
    let count = third.read(&mut part).expect("an answer");
    assert!(part[..count].ends_with(b"little"));
}

#[test]
fn the_head_of_every_request_has_its_time() {
    let server = Running::start();
    let mut first = server.connect();
    write!(first, "GET / HTTP/1.1\r\nX: ").expect("it is sent");
    let mut second = server.connect();
    assert!(is_answered(&mut second));
    write!(second, "GET / HTTP/1.1\r\nX: ").expect("it is sent");
    assert!(is_closed(&mut first));
    assert!(is_closed(&mut second));
}

#[test]
fn where_there_are_too_many_the_one_that_idles_longest_gives_way() {
    let server = Running::start();
    let mut clients: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for client in &mut clients {
        assert!(is_answered(client));
    }
    let mut new = server.connect();
    assert!(is_answered(&mut new));
    assert!(is_closed(&mut clients[0]), "the oldest");
    assert!(is_answered(&mut clients[1]) && is_answered(&mut clients[2]));
}

/// Reads the head of an answer, and so many bytes of its body.
fn read_answer(client: &mut Client, length: usize) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).expect("a head");
        head.extend(byte);
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body).expect("a body");
    (String::from_utf8(head).expect("text"), body)
}

#[test]
fn files_are_sent_whole_to_many_and_their_connections_stay_in_use() {
    let server = Running::start_with(Limits { connections: 8, ..patient() });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = server.connect();
                for _ in 0..3 {
                    ask(&mut client, "/file");
                    let (head, body) = read_answer(&mut client, FILE - 100);
                    assert!(
                        head.contains(&format!("content-length: {}\r\n", FILE - 100)),
                        "{head}"
                    );
                    assert!(body == content()[100..], "the bytes of the file");
                    assert!(is_answered(&mut client));
                }
            });
        }
    });
}

#[test]
fn an_answer_whose_file_ends_early_is_broken_off() {
    let server = Running::start_with(patient());
    let mut client = server.connect();
    ask(&mut client, "/shorter");
    read_answer(&mut client, FILE - 100);
    assert!(is_closed(&mut client), "a byte was promised that is not there");
}

#[test]
fn who_reads_nothing_keeps_no_turn_from_others() {
    let server = Running::start_with(Limits { connections: 200, ..patient() });
    // The first answer ends where the kernel takes nothing more for some of them: the second waits for a turn by then, and
    // cannot use it.
    let deaf: Vec<Client> = (0..100)
        .map(|step| {
            let mut client = server.connect();
            ask(&mut client, &format!("/sized/{}", (64 + step * 8) << 10));
            ask(&mut client, "/file");
            client
        })
        .collect();
    until("the first answers to be begun", || server.made.load(Ordering::SeqCst) >= 100);
    for _ in 0..3 {
        let mut client = server.connect();
        ask(&mut client, "/file");
        let (_head, body) = read_answer(&mut client, FILE - 100);
        assert!(body == content()[100..], "the bytes of the file");
    }
    drop(deaf);
}
