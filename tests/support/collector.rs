//! A collector of traces on this machine, which takes what is sent to it by OTLP over HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use super::server::serve;

/// A server that takes traces.
pub struct Collector {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Request lines with content types, and bodies, which are messages of Protocol Buffers.
    received: Mutex<Vec<(String, Vec<u8>)>>,
    is_broken: Mutex<bool>,
}

impl Collector {
    pub fn start() -> Self {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        Self { address: serve(move |stream| shared.take(stream)), state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers 500 from now on.
    pub fn breaks(&self) {
        *self.state.is_broken.lock().expect("no panic") = true;
    }

    /// The request lines so far, each with its content type.
    pub fn requests(&self) -> Vec<String> {
        let received = self.state.received.lock().expect("no panic");
        received.iter().map(|(line, _)| line.clone()).collect()
    }

    /// Tells whether something was received, such as the name of a span, or a number in bytes.
    pub fn has(&self, bytes: &[u8]) -> bool {
        self.count(bytes) > 0
    }

    /// Counts how often something was received.
    pub fn count(&self, bytes: &[u8]) -> usize {
        let received = self.state.received.lock().expect("no panic");
        let count = |body: &[u8]| body.windows(bytes.len()).filter(|part| *part == bytes).count();
        received.iter().map(|(_, body)| count(body)).sum()
    }
}

impl State {
    fn take(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        loop {
            let mut request = String::new();
            if reader.read_line(&mut request)? == 0 {
                return Ok(());
            }
            let (mut length, mut kind) = (0, String::new());
            loop {
                let mut line = String::new();
                reader.read_line(&mut line)?;
                let Some((name, value)) = line.split_once(':') else { break };
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().expect("a number"),
                    "content-type" => value.trim().clone_into(&mut kind),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            let line = format!("{} {kind}", request.trim());
            self.received.lock().expect("no panic").push((line, body));
            let status = match *self.is_broken.lock().expect("no panic") {
                true => "500 Broken",
                false => "200 OK",
            };
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")?;
        }
    }
}
