//! A receiver of webhooks on this machine, which answers as a test wants.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::Value;

use super::server::serve;

/// A server that takes what is posted to it.
pub struct Receiver {
    pub address: SocketAddr,
    state: Arc<State>,
}

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub method: String,
    pub path: String,
    /// By names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    /// Heads of the answers to come; then 204 to all.
    answers: Mutex<VecDeque<String>>,
    held: Mutex<bool>,
    release: Condvar,
}

impl Received {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Kinds and last segments of the addresses of its changes.
    pub fn words(&self) -> Vec<String> {
        let json = self.json();
        let changes = json["data"].as_array().expect("changes").iter();
        let words = changes.map(|change| {
            let address = change["address"].as_str().expect("an address");
            let kind = change["kind"].as_str().expect("a kind");
            format!("{kind} {}", address.rsplit('/').next().unwrap_or_default())
        });
        words.collect()
    }
}

impl Receiver {
    pub fn start() -> Self {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        Self { address: serve(move |stream| shared.answer(stream)), state }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next messages with these heads, such as `500 Broken`.
    pub fn answers(&self, heads: &[&str]) {
        let heads = heads.iter().map(|head| (*head).to_owned());
        self.state.answers.lock().expect("no panic").extend(heads);
    }

    /// Answers nothing until [`Receiver::release`] is called.
    pub fn hold(&self) {
        *self.state.held.lock().expect("no panic") = true;
    }

    pub fn release(&self) {
        *self.state.held.lock().expect("no panic") = false;
        self.state.release.notify_all();
    }

    /// Returns all messages so far, in order.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().expect("no panic").clone()
    }

    /// Returns all messages, once there are so many.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        super::until(&format!("{count} messages"), || self.received().len() >= count);
        self.received()
    }
}

impl State {
    fn answer(&self, mut stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut request = String::new();
        reader.read_line(&mut request)?;
        let method = request.split(' ').next().unwrap_or_default().to_owned();
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or_default()];
        reader.read_exact(&mut body)?;
        let body = String::from_utf8(body).expect("text");
        self.received.lock().expect("no panic").push(Received { method, path, headers, body });
        let mut held = self.held.lock().expect("no panic");
        while *held {
            held = self.release.wait(held).expect("no panic");
        }
        drop(held);
        let answer = self.answers.lock().expect("no panic").pop_front();
        let answer = answer.unwrap_or_else(|| "204 No Content".to_owned());
        write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    }
}
