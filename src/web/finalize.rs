//! Turns the outcome of a handler, or its panic, into the response and a line of the access log.

use std::any::Any;
use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt as _;
use log::Level;

use super::documents::Documents;
use super::endpoint::{Audience, Endpoint};
use super::negotiate::{self, Kind, Representation};
use super::respond::About;
use super::{lines, request, respond};
use crate::hydra::Problem;
use crate::resource::Caller;

/// Returns the response of an attempt at a request; a panic becomes a problem, too.
pub async fn finalize(
    documents: &Documents,
    request: &HttpRequest,
    endpoint: Option<&Endpoint>,
    caller: &Cell<Caller>,
    attempt: impl Future<Output = Result<HttpResponse, Problem>>,
) -> HttpResponse {
    let began = Instant::now();
    let id = request::new_id();
    let (method, path) = (request.method(), request.uri().path());
    let is_of_api = endpoint.is_none_or(|endpoint| endpoint.audience == Audience::Clients);
    // Nothing of what it worked with is looked at afterwards.
    let attempted = AssertUnwindSafe(attempt).catch_unwind().await;
    let result = attempted.unwrap_or_else(|panic| Err(broken_off(&*panic)));
    let mut response = result.unwrap_or_else(|problem| {
        // What accepts nothing that is offered is told so all the same.
        let wanted = match is_of_api {
            true => negotiate::wanted(request, Kind::Problem),
            false => negotiate::accepted(request, Kind::Problem),
        };
        let wanted = wanted.unwrap_or_default();
        let session =
            wanted == Representation::Html || request::is_from_page(request) || !is_of_api;
        let about = About { wanted, path, method: method.as_str(), request_id: &id, session };
        respond::problem(&problem, documents, &about)
    });
    if path == "/" {
        respond::describe(&mut response, &documents.base);
    }
    let is_good = response.status().is_success() || response.status().is_redirection();
    if is_of_api && request::is_strict(request) {
        respond::applied(&mut response, "handling=strict");
    }
    let is_shared = is_good && endpoint.is_some_and(Endpoint::is_shared);
    let is_cross_origin = endpoint.is_none_or(|endpoint| endpoint.cross_origin);
    respond::finish(
        &mut response,
        documents.documentation.as_ref(),
        &id,
        (is_shared, is_cross_origin),
    );
    // What strangers ask for, as often as they like, is not what fills the disk.
    let level = if caller.get() == Caller::Visitor { Level::Debug } else { Level::Info };
    log::log!(
        target: "hydria::access",
        level,
        request = id;
        "{} {} {} {:.1} ms {} {id}",
        lines::excerpt(method.as_str()),
        lines::excerpt(&request.uri().to_string()),
        response.status().as_u16(),
        began.elapsed().as_secs_f64() * 1000.0,
        caller.get().customer().map_or_else(|| "-".to_owned(), |c| c.to_string()),
    );
    response
}

/// Returns a panic as a problem; the panic has logged its place itself.
fn broken_off(panic: &(dyn Any + Send)) -> Problem {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::internal(format!("broke off: {}", words.unwrap_or("without a word")))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;

    use actix_web::{App, HttpServer, web};

    use super::*;
    use crate::web::scheduler::{Holder, Scheduler};

    /// Breaks off in its own thread, or in one that may wait, or answers.
    async fn answer_or_break(
        request: HttpRequest,
        documents: web::Data<Documents>,
    ) -> HttpResponse {
        let attempt = async {
            match request.path() {
                "/here" => panic!("on purpose"),
                "/there" => {
                    let broken = || -> Result<(), Problem> { panic!("on purpose") };
                    Scheduler::default().run(Holder::Service, broken).await?;
                }
                _ => {}
            }
            Ok(HttpResponse::Ok().body("fine"))
        };
        finalize(&documents, &request, None, &Cell::new(Caller::Visitor), attempt).await
    }

    /// Returns the head and the body of the answer to a request on a connection that is kept.
    fn asked(stream: &mut TcpStream, path: &str) -> (String, String) {
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").expect("it is sent");
        let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let count = stream.read(&mut piece).expect("an answer");
            assert!(count > 0, "the connection was dropped");
            bytes.extend_from_slice(&piece[..count]);
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if length.expect("a length").parse() == Ok(body.len()) {
                return (head.to_ascii_lowercase(), body.to_owned());
            }
        }
    }

    #[test]
    fn a_panic_is_a_problem_of_its_request_and_of_no_other() {
        let documents = web::Data::new(Documents::new("http://localhost"));
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    let app = App::new().app_data(documents.clone());
                    app.default_service(web::to(answer_or_break))
                };
                let server = HttpServer::new(app).workers(1).bind("127.0.0.1:0").expect("a port");
                let address = server.addrs()[0];
                let server = server.run();
                sender.send((address, server.handle())).expect("who waits for it");
                server.await
            })
        });
        let (address, handle) = receiver.recv().expect("a server");
        let mut stream = TcpStream::connect(address).expect("it listens");
        for path in ["/here", "/fine", "/there", "/fine"] {
            let (head, body) = asked(&mut stream, path);
            if path == "/fine" {
                assert!(head.starts_with("http/1.1 200") && body == "fine", "{head}");
                continue;
            }
            assert!(head.starts_with("http/1.1 500 internal server error\r\n"), "{head}");
            assert!(head.contains("content-type: application/problem+json"), "{head}");
            assert!(head.contains("access-control-allow-origin: *"), "{head}");
            assert!(head.contains("link: <http://localhost/vocab>; rel="), "{head}");
            let problem: serde_json::Value = serde_json::from_str(&body).expect("JSON");
            assert_eq!(problem["type"], "http://localhost/vocab#InternalError");
            let id = problem["requestId"].as_str().expect("a name");
            assert!(head.contains(&format!("x-request-id: {id}")), "{head}");
            assert!(!body.contains("on purpose"), "what broke off is for the log only: {body}");
        }
        drop(stream);
        let stop = handle.stop(false);
        actix_web::rt::System::new().block_on(stop);
        thread.join().expect("no panic").expect("it stops");
    }
}
