//! A small generator of load, and the static server that is the ceiling of what it can measure.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, web};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Failure;

/// What is asked: the path for one random number.
pub type Path = Arc<dyn Fn(u64) -> String + Send + Sync>;

/// Asks for random paths over so many connections, one request at a time on each; answers requests a second.
///
/// Two threads, as pgbench is given, each with half of the connections.
pub fn drive(
    address: SocketAddr,
    authorization: &str,
    path: &Path,
    connections: u64,
    time: Duration,
) -> Result<f64, Failure> {
    const THREADS: u64 = 2;
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (path, authorization) = (Arc::clone(path), authorization.to_owned());
            let own = (thread..connections).step_by(2);
            std::thread::spawn(move || -> Result<f64, Failure> {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(async {
                    let mut streams = Vec::new();
                    for number in own {
                        streams.push((number, TcpStream::connect(address).await?));
                    }
                    let began = Instant::now();
                    let asking = streams.into_iter().map(|(number, stream)| {
                        ask_on(stream, &authorization, &path, number, began + time)
                    });
                    let counts = futures_util::future::try_join_all(asking).await?;
                    let requests: u32 = counts.iter().sum();
                    Ok(f64::from(requests) / began.elapsed().as_secs_f64())
                })
            })
        })
        .collect();
    let mut rate = 0.0;
    for thread in threads {
        rate += thread.join().map_err(|_panic| "a thread of the generator broke off")??;
    }
    Ok(rate)
}

/// Asks on one connection until time is out; answers how often.
async fn ask_on(
    mut stream: TcpStream,
    authorization: &str,
    path: &Path,
    seed: u64,
    until: Instant,
) -> Result<u32, Failure> {
    stream.set_nodelay(true)?;
    let mut random = Random(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut buffer = Vec::with_capacity(1 << 17);
    let mut count = 0;
    while Instant::now() < until {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n",
            path(random.next())
        );
        stream.write_all(request.as_bytes()).await?;
        buffer.clear();
        let wanted = loop {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err("the server closed a connection".into());
            }
            if let Some(wanted) = length(&buffer)? {
                break wanted;
            }
        };
        while buffer.len() < wanted {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err("the server closed a connection".into());
            }
        }
        count += 1;
    }
    Ok(count)
}

/// Length of a whole answer, once its head is there; anything but a 200 or a 304 ends the run.
fn length(answer: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(answer.get(..head).unwrap_or_default())?;
    if text.starts_with("HTTP/1.1 304") {
        return Ok(Some(head + 4));
    }
    if !text.starts_with("HTTP/1.1 200") {
        return Err(format!("not the answer that was expected: {text}").into());
    }
    let body = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .ok_or("an answer without its length")?;
    Ok(Some(head + 4 + body.parse::<usize>()?))
}

/// An answer: its status, its headers, its body.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// One request on a connection of its own.
pub fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    authorization: Option<&str>,
    body: &str,
) -> Result<Answer, Failure> {
    let mut stream = std::net::TcpStream::connect(address)?;
    let authorization = authorization.map(|value| format!("Authorization: {value}\r\n"));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         {}Content-Type: application/ld+json\r\nContent-Length: {}\r\n\r\n",
        authorization.unwrap_or_default(),
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no answer")?;
    let body = answer.split_off(end + 4);
    let head = String::from_utf8(answer)?;
    let (first, rest) = head.split_once("\r\n").ok_or("no answer")?;
    let status = first.split(' ').nth(1).ok_or("an answer without a status")?.parse()?;
    let headers = rest.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Answer { status, headers, body })
}

/// Numbers that differ from one another, and are the same in every run (xorshift64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Serves one answer, its head and body given, at every path: what actix can do at most on this machine.
///
/// Set up as the service is: as many workers as cores, one handler, no middleware.
pub fn serve_static(headers: Vec<(String, String)>, body: Vec<u8>) -> Result<(), Failure> {
    let headers: HeaderMap = headers
        .into_iter()
        .map(|(name, value)| Ok((HeaderName::try_from(name)?, HeaderValue::try_from(value)?)))
        .collect::<Result<_, Failure>>()?;
    let answer = web::Data::new((headers, web::Bytes::from(body)));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            App::new().app_data(answer.clone()).default_service(web::to(
                |answer: web::Data<(HeaderMap, web::Bytes)>| async move {
                    let mut response = HttpResponse::Ok();
                    for (name, value) in &answer.0 {
                        response.append_header((name.clone(), value.clone()));
                    }
                    response.body(answer.1.clone())
                },
            ))
        })
        .workers(workers)
        .bind("127.0.0.1:0")?;
        for address in server.addrs() {
            println!("{address}");
        }
        Ok(server.run().await?)
    })
}
