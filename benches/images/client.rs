//! A generator of load that throws away what it gets: one thread that waits for each connection.
//!
//! The kernel discards bodies without copying them, so that the generator takes little of the machine.

use std::io::{self, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use socket2::SockRef;

use crate::Failure;

/// Bytes of a head at most.
const HEAD: usize = 8 << 10;

/// Bytes that are discarded at once.
const DISCARDED: usize = 1 << 20;

/// The end of a body in chunks.
const LAST_CHUNK: &[u8; 7] = b"\r\n0\r\n\r\n";

/// Returns a request for a path, as it is sent.
pub fn request(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// A connection that is kept for one request after another.
pub struct Connection {
    stream: TcpStream,
    head: Box<[u8]>,
    discarded: Box<[MaybeUninit<u8>]>,
}

/// What came back.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    pub status: u16,
    /// Bytes of the body.
    pub length: usize,
}

impl Connection {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let discarded = Box::new_uninit_slice(DISCARDED);
        Ok(Self { stream, head: vec![0; HEAD].into_boxed_slice(), discarded })
    }

    /// Sends a request, and waits until the answer is there whole.
    pub fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request)?;
        let mut read = 0;
        let head_length = loop {
            let free = self.head.get_mut(read..).unwrap_or_default();
            let more = self.stream.read(free)?;
            if more == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            read += more;
            let so_far = self.head.get(..read).unwrap_or_default();
            if let Some(end) = so_far.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let (head, body) = self.head.get(..read).unwrap_or_default().split_at(head_length);
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let text = std::str::from_utf8(head).or(Err(invalid()))?;
        let status = text.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(invalid)?;
        let length = match value(text, "content-length") {
            _ if status == 304 => 0,
            Some(length) => length.parse().or(Err(invalid()))?,
            None if value(text, "transfer-encoding").is_some() => {
                let body = body.to_vec();
                return Ok(Answer { status, length: self.read_chunks(body)? });
            }
            None => return Err(invalid()),
        };
        let mut left: usize = length - body.len().min(length);
        let socket = SockRef::from(&self.stream);
        while left > 0 {
            let wanted = self.discarded.get_mut(..left.min(DISCARDED)).unwrap_or_default();
            match socket.recv_with_flags(wanted, libc::MSG_TRUNC | libc::MSG_WAITALL)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                gone => left -= gone,
            }
        }
        Ok(Answer { status, length })
    }

    /// Reads a body in chunks; answers its length, with that of the chunks' heads.
    fn read_chunks(&mut self, mut tail: Vec<u8>) -> io::Result<usize> {
        let mut length = tail.len();
        while !tail.ends_with(LAST_CHUNK) {
            let more = self.stream.read(&mut self.head)?;
            if more == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            length += more;
            tail.extend_from_slice(self.head.get(..more).unwrap_or_default());
            tail.drain(..tail.len().saturating_sub(LAST_CHUNK.len()));
        }
        Ok(length)
    }
}

/// Returns the value of a header.
fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut named = lines.filter(|(given, _)| given.eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.trim())
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Run {
    pub requests: usize,
    pub seconds: f64,
    /// Mean length of a body in bytes.
    pub length: f64,
}

impl Run {
    pub fn rate(&self) -> f64 {
        count(self.requests) / self.seconds
    }
}

/// Asks for these in turn over so many connections, each of which always waits for an answer; all must be 200.
pub fn saturate(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    time: Duration,
) -> Result<Run, Failure> {
    let next = AtomicUsize::new(0);
    let streams = (0..connections).map(|_| Connection::open(address));
    let streams: Vec<Connection> = streams.collect::<io::Result<_>>()?;
    let began = Instant::now();
    let done = std::thread::scope(|scope| {
        let threads: Vec<_> = streams
            .into_iter()
            .map(|mut stream| {
                let next = &next;
                scope.spawn(move || -> Result<(usize, usize), Failure> {
                    let (mut asked, mut bytes) = (0, 0);
                    while began.elapsed() < time {
                        let number = next.fetch_add(1, Ordering::Relaxed) % requests.len();
                        let request = requests.get(number).ok_or("no requests")?;
                        let answer = stream.ask(request)?;
                        if answer.status != 200 {
                            let request = String::from_utf8_lossy(request);
                            return Err(format!("{} for {request}", answer.status).into());
                        }
                        asked += 1;
                        bytes += answer.length;
                    }
                    Ok((asked, bytes))
                })
            })
            .collect();
        let ended = threads.into_iter().map(|thread| {
            thread.join().map_err(|_panic| Failure::from("a thread of the generator broke off"))?
        });
        ended.collect::<Result<Vec<_>, Failure>>()
    })?;
    let requests = done.iter().map(|(asked, _)| asked).sum();
    let bytes: usize = done.iter().map(|(_, bytes)| bytes).sum();
    let length = count(bytes) / count(requests).max(1.0);
    Ok(Run { requests, seconds: began.elapsed().as_secs_f64(), length })
}

/// A count as a number to reckon with.
pub fn count(number: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a bench counts no further than 2^52")]
    let number = number as f64;
    number
}

/// The value that so many percent of the values do not exceed; they are sorted by that.
pub fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(place).copied().unwrap_or(f64::NAN)
}
