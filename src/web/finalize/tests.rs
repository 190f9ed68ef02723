use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use actix_web::{App, HttpServer, web};

use super::*;
use crate::web::scheduler::{Holder, Scheduler};

/// Breaks off in its own thread, or in one that may wait, or answers.
async fn answer_or_break(request: HttpRequest, documents: web::Data<Documents>) -> HttpResponse {
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
    finalize(&documents, &request, None, &RequestContext::new(&request), attempt).await
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
