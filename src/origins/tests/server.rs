//! An origin on 127.0.0.1 that does what a test tells it, and the fetcher that asks it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::super::{
    Access, Ambient, Credentials, Fetched, Fetcher, HostKeys, Limits, OriginError, Pinning,
    Strategy,
};

/// Answers one request a connection, then ends the connection.
pub struct Origin {
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Origin {
    /// `answer` is given the path that is asked for.
    pub fn acting(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, answer, log) = (stream.unwrap(), answer.clone(), log.clone());
                thread::spawn(move || {
                    let request = head(&mut stream);
                    log.lock().unwrap().push(request.clone());
                    answer(request.split(' ').nth(1).unwrap_or_default(), &mut stream);
                });
            }
        });
        Self { port, asked }
    }

    /// Answers every request with the same bytes.
    pub fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::acting(move |_, stream| send(stream, &answer))
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Returns the heads of all requests so far, in lower case.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).to_ascii_lowercase()
}

/// A client that has seen enough hangs up; that is no failure of the origin's.
pub fn send(stream: &mut TcpStream, bytes: impl AsRef<[u8]>) {
    drop(stream.write_all(bytes.as_ref()));
}

/// Returns a whole answer: `headers` each end in CR LF.
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("content-length: {length}\r\nconnection: close\r\n{headers}");
    format!("HTTP/1.1 {status}\r\n{head}\r\n{body}")
}

pub fn redirect(to: &str) -> String {
    answer("302 Found", &format!("location: {to}\r\n"), "")
}

/// Knows every host, whatever it shows.
pub struct NoKeys;

impl HostKeys for NoKeys {
    fn pin<'a>(&'a self, _host: &'a str, key: &'a str) -> Pinning<'a> {
        Box::pin(async move { Ok(key.to_owned()) })
    }
}

/// Small enough for every failure to come within a second.
pub fn limits() -> Limits {
    Limits {
        max_bytes: 100_000,
        connect: Duration::from_millis(300),
        idle: Duration::from_millis(150),
        total: Duration::from_secs(5),
        redirects: 8,
        bytes_per_second: 1024,
    }
}

pub fn fetch_with(
    limits: Limits,
    allowed: &str,
    origin: &str,
    credentials: Option<&Credentials>,
) -> Result<Fetched, OriginError> {
    let strategy = match credentials {
        Some(_) => Strategy::parse("basic-http-authentication").unwrap(),
        None => Strategy::DEFAULT,
    };
    let access = Access { customer: 1, strategy, credentials: credentials.cloned() };
    fetch_through(limits, allowed, origin, &access)
}

/// Fetches by a strategy, from where this machine is allowed.
pub fn fetch_by(
    strategy: Strategy,
    credentials: Option<Credentials>,
    origin: &str,
) -> Result<Fetched, OriginError> {
    let access = Access { customer: 1, strategy, credentials };
    fetch_through(limits(), "127.0.0.1,::1", origin, &access)
}

fn fetch_through(
    limits: Limits,
    allowed: &str,
    origin: &str,
    access: &Access,
) -> Result<Fetched, OriginError> {
    let folder = tempfile::tempdir().unwrap();
    let fetcher = Fetcher::new(limits, allowed.parse().unwrap(), Ambient::default())?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let fetching = fetcher.fetch(origin, access, Arc::new(NoKeys), folder.path());
    let outcome = runtime.block_on(fetching);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "files have no names");
    outcome
}

/// Fetches from where 127.0.0.1 is allowed.
pub fn fetch(origin: &str) -> Result<Fetched, OriginError> {
    fetch_with(limits(), "127.0.0.1", origin, None)
}
