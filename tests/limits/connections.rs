//! Connections are bounded, below what the process may open; those that do nothing give way.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::process::home::Home;

const ASK: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

fn connect(root: &str) -> TcpStream {
    TcpStream::connect(root.strip_prefix("http://").expect("an address")).expect("it listens")
}

/// Whether a request on a connection is answered; it is not where the service has closed it.
fn is_answered(stream: &mut TcpStream) -> bool {
    let sent = stream.write_all(ASK.as_bytes()).is_ok();
    let mut part = [0; 16];
    sent && stream.read(&mut part).is_ok_and(|count| count > 0)
}

#[test]
fn connections_beyond_the_limit_take_the_place_of_those_that_are_idle() {
    let home = Home::new();
    let service = home.serve(&[("HYDRIA_CONNECTIONS", "16")]);
    let root = service.root();
    let mut idle: Vec<_> = (0..100).map(|_| connect(&root)).collect();
    for stream in idle.iter_mut().rev().take(5) {
        assert!(is_answered(stream), "a new connection is served");
    }
    let kept = idle.iter_mut().filter_map(|stream| is_answered(stream).then_some(())).count();
    // A thread for each core has its part of the 16, rounded up.
    let most = 16 + std::thread::available_parallelism().map_or(2, usize::from);
    assert!(kept <= most, "{kept} connections were kept");
    service.administrator().get("/customers/1").expect(200);
    service.stop();
}

#[test]
fn a_process_that_may_open_few_files_serves_fewer_connections_and_goes_on() {
    let home = Home::new();
    let mut serve = std::process::Command::new("sh");
    let inner = home.command(&["serve"]);
    serve.args(["-c", "ulimit -n 360 && exec \"$0\" serve"]).arg(inner.get_program());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => serve.env(name, value),
            None => serve.env_remove(name),
        };
    }
    let service = crate::process::home::Running::start(serve, "ready at ");
    assert!(service.said().contains("HYDRIA_CONNECTIONS"), "it says so: {}", service.said());
    let root = service.root();
    let crowd: Vec<_> = (0..600).map(|_| connect(&root)).collect();
    service.administrator().get("/customers/1").expect(200);
    let said = service.said();
    assert!(!said.contains("Too many open files"), "{said}");
    drop(crowd);
    service.administrator().get("/customers/1/spaces").expect(200);
    service.stop();
}
