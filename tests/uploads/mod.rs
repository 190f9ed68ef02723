//! Uploads: originals that are sent in parts, by a client of tus, and images that are made of them.

mod broken;
mod origins;
mod places;
mod tus;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::blocking::{Body, RequestBuilder};

use crate::support::{Answer, Client, Owner};

/// The media type of a part.
const PART: &str = "application/offset+octet-stream";

/// A request of a client of tus.
fn tus(client: &Client, method: Method, address: &str) -> RequestBuilder {
    client.request(method, address).header("Tus-Resumable", "1.0.0")
}

/// Makes an upload of so many bytes; answers with what came back.
fn create(client: &Client, uploads: &str, length: usize) -> Answer {
    client.send(tus(client, Method::POST, uploads).header("Upload-Length", length))
}

/// Sends bytes from an offset on.
fn append(client: &Client, upload: &str, offset: usize, bytes: &[u8]) -> Answer {
    let request = tus(client, Method::PATCH, upload).header("Upload-Offset", offset);
    client.send(request.header("Content-Type", PART).body(bytes.to_vec()))
}

/// Sends bytes from an offset on, in chunks, so that nothing tells before how many there are.
fn append_in_chunks(client: &Client, upload: &str, offset: usize, bytes: &[u8]) -> Answer {
    let request = tus(client, Method::PATCH, upload).header("Upload-Offset", offset);
    let body = Body::new(std::io::Cursor::new(bytes.to_vec()));
    client.send(request.header("Content-Type", PART).body(body))
}

fn head(client: &Client, upload: &str) -> Answer {
    client.send(tus(client, Method::HEAD, upload))
}

fn terminate(client: &Client, upload: &str) -> Answer {
    client.send(tus(client, Method::DELETE, upload))
}

/// How many bytes of an upload are there.
#[track_caller]
fn offset(client: &Client, upload: &str) -> usize {
    let answer = head(client, upload).expect(200);
    answer.header("upload-offset").expect("an offset").parse().expect("a number")
}

/// Where an upload is that was made.
#[track_caller]
fn place(created: &Answer) -> String {
    created.header("location").expect("a location").to_owned()
}

/// The value of a key of metadata.
fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

impl Owner {
    fn uploads(&self) -> String {
        self.path("/uploads")
    }

    /// Makes an upload, and sends all of it at once; answers where it is.
    #[track_caller]
    fn upload(&self, bytes: &[u8]) -> String {
        let upload = place(&create(&self.client, &self.uploads(), bytes.len()).expect(201));
        append(&self.client, &upload, 0, bytes).expect(204);
        upload
    }

    /// Bytes that count against its storage policy.
    #[track_caller]
    fn stored(&self) -> i64 {
        let storage = self.client.get(&self.path("/storage")).expect(200);
        storage.number("totalSizeOfStoredImages")
    }
}

/// Bytes that differ at each place.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A PATCH that sends its head and as much of its body as it is told to.
struct Slow(TcpStream);

impl Slow {
    /// Announces a body of so many bytes, or one in chunks.
    fn begin(owner: &Owner, upload: &str, offset: usize, length: usize) -> Self {
        let host = owner.client.root.trim_start_matches("http://").to_owned();
        let path = upload.strip_prefix(&owner.client.base).unwrap_or(upload);
        let credentials = encoded(&format!("{}:{}", owner.key, owner.secret));
        let mut stream = TcpStream::connect(&host).expect("a connection");
        write!(
            stream,
            "PATCH {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {credentials}\r\n\
             Tus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\nContent-Type: {PART}\r\n\
             Content-Length: {length}\r\n\r\n"
        )
        .expect("it is sent");
        Self(stream)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("it is sent");
    }

    /// The status of the answer, and what follows it.
    #[track_caller]
    fn answer(mut self) -> (u16, String) {
        let mut text = Vec::new();
        let mut piece = [0; 4096];
        while !text.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = self.0.read(&mut piece).expect("an answer");
            assert!(read > 0, "the connection was closed without an answer");
            text.extend_from_slice(&piece[..read]);
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        let status = text.split(' ').nth(1).expect("a status").parse().expect("a number");
        (status, text)
    }
}
