//! An origin that behaves as a test wants: images of any size, and every way to fail.
//!
//! | path | answer |
//! |---|---|
//! | `/image/{w}x{h}/…` | a PNG of that size |
//! | `/noise/{w}x{h}/…` | a PNG of that size whose copies are long |
//! | `/photo/…` | a real JPEG |
//! | `/missing/…`, `/broken/…` | 404, 500 |
//! | `/format/{format}/{w}x{h}/…` | an image of that size, as JPEG, PNG, TIFF, WebP or GIF; the type lies |
//! | `/text/…`, `/empty/…` | not an image, nothing at all |
//! | `/truncated/…` | half of a JPEG, its whole length announced |
//! | `/cut/…` | half of a JPEG as if it were all |
//! | `/basic/{user}/{password}/{w}x{h}/…` | the PNG for those who send these credentials, else 401 |
//! | `/held/{w}x{h}/…` | the PNG, once [`Origin::release`] was called |
//! | `/failing/{how}/{times}/{w}x{h}/…` | so often a status, one with `Retry-After` (`503-60`), or a closed connection (`close`); then the PNG |
//! | `/held-then-broken/…` | 500, once [`Origin::release`] was called |
//! | `/redirect/…` | 302 to the path that follows |
//! | `/stalled/…` | half of a JPEG, and silence until then |

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use base64::Engine as _;

use super::server::serve;

/// A server on this machine that plays the origin.
pub struct Origin {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Paths asked for, in order.
    asked: Mutex<Vec<String>>,
    released: Mutex<bool>,
    release: Condvar,
}

impl Origin {
    pub fn start() -> Self {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        Self { address: serve(move |stream| shared.answer(stream)), state }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// An image of this size, in pixels.
    pub fn image(&self, width: u32, height: u32) -> String {
        self.url(&format!("/image/{width}x{height}/page.png"))
    }

    /// An image of this size, in pixels, whose colours tell where in it they stand.
    pub fn smooth(&self, width: u32, height: u32) -> String {
        self.url(&format!("/smooth/{width}x{height}/page.png"))
    }

    /// Paths asked for so far, in order.
    pub fn asked(&self) -> Vec<String> {
        self.state.asked.lock().expect("no panic").clone()
    }

    /// Waits until so many paths that begin like this were asked for.
    #[track_caller]
    pub fn wait_for(&self, start: &str, count: usize) {
        super::until(&format!("{count} requests for {start}"), || {
            self.asked().iter().filter(|path| path.starts_with(start)).count() >= count
        });
    }

    /// Lets everything that is held go, now and from now on.
    pub fn release(&self) {
        *self.state.released.lock().expect("no panic") = true;
        self.state.release.notify_all();
    }
}

impl State {
    fn answer(&self, stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut request = String::new();
        reader.read_line(&mut request)?;
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut authorization = String::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("authorization:") {
                line[line.len() - value.len()..].trim().clone_into(&mut authorization);
            }
        }
        let before = {
            let mut asked = self.asked.lock().expect("no panic");
            asked.push(path.clone());
            asked.iter().filter(|other| **other == path).count() - 1
        };
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts.as_slice() {
            ["image", size, ..] => send(stream, "200 OK", &png(size)),
            ["smooth", size, ..] => send(stream, "200 OK", &super::pictures::smooth(size)),
            ["noise", size, ..] => send(stream, "200 OK", &super::pictures::noise(size)),
            ["photo", ..] => send(stream, "200 OK", &photo()),
            ["awkward", file] => {
                let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/imaging/tests-data");
                let bytes = std::fs::read(format!("{folder}/{file}")).expect("a file");
                send(stream, "200 OK", &bytes)
            }
            ["format", format, size, ..] => {
                let bytes = super::pictures::encoded(format, size);
                send(stream, "200 OK\r\nContent-Type: text/html", &bytes)
            }
            ["broken", format, how, number] => {
                send(stream, "200 OK", &super::pictures::broken(format, how, number))
            }
            ["bomb", format] => send(stream, "200 OK", &super::pictures::bomb(format)),
            ["redirect", ..] => {
                let to = &path["/redirect".len()..];
                send(stream, &format!("302 Found\r\nLocation: {to}"), b"")
            }
            ["missing", ..] => send(stream, "404 Not Found", b"no such thing"),
            ["text", ..] => send(stream, "200 OK", b"<html>this is no image</html>"),
            ["empty", ..] => send(stream, "200 OK", b""),
            ["truncated", ..] => {
                let photo = photo();
                head(stream, "200 OK", photo.len())?;
                (&*stream).write_all(&photo[..photo.len() / 2])
            }
            ["cut", ..] => {
                let photo = photo();
                send(stream, "200 OK", &photo[..photo.len() / 2])
            }
            ["basic", user, password, size, ..] => {
                let credentials = format!("{user}:{password}");
                let wanted = base64::engine::general_purpose::STANDARD.encode(credentials);
                if authorization == format!("Basic {wanted}") {
                    send(stream, "200 OK", &png(size))
                } else {
                    send(stream, "401 Unauthorized", b"who are you?")
                }
            }
            ["failing", how, times, size, ..] => {
                let times: usize = times.parse().expect("a number");
                match (before < times, *how) {
                    (false, _) => send(stream, "200 OK", &png(size)),
                    (true, "close") => Ok(()),
                    (true, status) => {
                        let (status, after) = status.split_once('-').unwrap_or((status, ""));
                        let line = match after {
                            "" => format!("{status} X"),
                            after => format!("{status} X\r\nRetry-After: {after}"),
                        };
                        send(stream, &line, b"not now")
                    }
                }
            }
            ["held-then-broken", ..] => {
                self.hold();
                send(stream, "500 Internal Server Error", b"broken")
            }
            ["held", size, ..] => {
                self.hold();
                send(stream, "200 OK", &png(size))
            }
            ["stalled", ..] => {
                let photo = photo();
                head(stream, "200 OK", photo.len())?;
                (&*stream).write_all(&photo[..photo.len() / 2])?;
                self.hold();
                Ok(())
            }
            _ => send(stream, "500 Internal Server Error", b"broken"),
        }
    }
}

impl State {
    fn hold(&self) {
        let mut released = self.released.lock().expect("no panic");
        while !*released {
            released = self.release.wait(released).expect("no panic");
        }
    }
}

fn head(mut stream: &TcpStream, status: &str, length: usize) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
}

fn send(mut stream: &TcpStream, status: &str, body: &[u8]) -> std::io::Result<()> {
    head(stream, status, body.len())?;
    stream.write_all(body)
}

/// A PNG of a size given as `{width}x{height}`.
fn png(size: &str) -> Vec<u8> {
    super::pictures::encoded("png", size)
}

/// A real photograph, 640 x 427.
pub fn photo() -> Vec<u8> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/rocket.jpg");
    std::fs::read(file).expect("a sample")
}
