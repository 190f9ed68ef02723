//! A server of S3 on this machine, in the process of the tests: buckets are folders, and requests have to be signed.
//!
//! Buckets are addressed by path (`http://127.0.0.1:PORT/bucket/key`), or by a header `Host: bucket.s3.test`, as addresses of
//! the virtual-host style have it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{ObjectStore as _, ObjectStoreExt as _, path};
use s3s::auth::SimpleAuth;
use s3s::host::{S3Host, VirtualHost};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError, S3Result};
use s3s_fs::FileSystem;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// The access key that the server knows.
pub const ACCESS_KEY: &str = "AKIAHYDRIATESTS";

/// The secret of [`ACCESS_KEY`].
pub const SECRET_KEY: &str = "the/secret+of=the tests";

/// The region that requests are signed for.
pub const REGION: &str = "eu-central-1";

/// The domain below which buckets are hosts.
pub const DOMAIN: &str = "s3.test";

/// A server with its buckets; it ends when it is dropped.
pub struct S3 {
    address: SocketAddr,
    folder: tempfile::TempDir,
    state: Arc<State>,
    runtime: Runtime,
}

/// The answer of the server to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    Works,
    /// It closes every connection without an answer.
    HangsUp,
    /// It answers 503 to every request.
    Refuses,
    /// Requests that write are refused with 403, and others answered.
    IsReadOnly,
    /// It takes requests, and does not answer until it behaves in another way.
    IsSilent,
}

struct State {
    behaviour: watch::Sender<Behaviour>,
    /// Method, path and query, and range of each request, in order.
    asked: Mutex<Vec<String>>,
}

/// Reads `bucket.s3.test`; every other host has the bucket in the path.
struct Hosts;

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let name = host.rsplit_once(':').map_or(host, |(name, _port)| name);
        let bucket = name.strip_suffix(DOMAIN).and_then(|bucket| bucket.strip_suffix('.'));
        Ok(match bucket {
            Some(bucket) => VirtualHost::new(DOMAIN).with_bucket(bucket),
            None => VirtualHost::new(host),
        })
    }
}

impl S3 {
    /// Starts a server without buckets.
    pub fn start() -> Self {
        let folder = tempfile::tempdir_in(super::database::folder()).expect("a folder");
        let files = FileSystem::new(folder.path()).expect("a folder of buckets");
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        builder.set_host(Hosts);
        let service = builder.build();
        let state = Arc::new(State {
            behaviour: watch::Sender::new(Behaviour::Works),
            asked: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("s3")
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(accept(listener, service, Arc::clone(&state)));
        Self { address, folder, state, runtime }
    }

    /// Address of the server, without a bucket.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Settings with which a process of the service keeps its objects in a bucket of this server.
    pub fn settings(&self, storage: &str) -> [(&'static str, String); 5] {
        [
            ("HYDRIA_STORAGE", storage.to_owned()),
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
        ]
    }

    /// Makes a bucket.
    pub fn make_bucket(&self, bucket: &str) {
        std::fs::create_dir(self.folder.path().join(bucket)).expect("a folder for the bucket");
    }

    /// Writes an object.
    pub fn put(&self, bucket: &str, key: &str, bytes: &[u8]) {
        let (store, key) = (self.client(bucket), path::Path::from(key));
        let put = async { store.put(&key, bytes.to_vec().into()).await };
        self.runtime.block_on(put).expect("the server takes the object");
    }

    /// Writes an object under a key as it is, of which [`S3::put`] escapes some characters.
    pub fn write(&self, bucket: &str, key: &str, bytes: &[u8]) {
        let file = self.folder.path().join(bucket).join(key);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, bytes).expect("a file");
    }

    /// Removes what [`S3::write`] has written.
    pub fn take_away(&self, bucket: &str, key: &str) {
        std::fs::remove_file(self.folder.path().join(bucket).join(key)).expect("a file");
    }

    /// Bytes of an object; none where there is no such object.
    pub fn get(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let (store, key) = (self.client(bucket), path::Path::from(key));
        match self.runtime.block_on(async { store.get(&key).await?.bytes().await }) {
            Ok(bytes) => Some(bytes.to_vec()),
            Err(object_store::Error::NotFound { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Removes an object.
    pub fn remove(&self, bucket: &str, key: &str) {
        let (store, key) = (self.client(bucket), path::Path::from(key));
        let removed = self.runtime.block_on(async { store.delete(&key).await });
        removed.expect("the server removes the object");
    }

    /// Keys of all objects of a bucket, in order.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let store = self.client(bucket);
        let listed =
            self.runtime.block_on(async { store.list(None).try_collect::<Vec<_>>().await });
        let mut keys: Vec<String> =
            listed.expect("a list").iter().map(|object| object.location.to_string()).collect();
        keys.sort();
        keys
    }

    /// Lets the server behave in another way from now on, on open connections as well.
    pub fn behave(&self, behaviour: Behaviour) {
        self.state.behaviour.send_replace(behaviour);
    }

    /// Requests so far, in order: method, path with query, and range, as `GET /bucket/key bytes=0-99`.
    pub fn asked(&self) -> Vec<String> {
        self.state.asked.lock().expect("no panic").clone()
    }

    fn client(&self, bucket: &str) -> AmazonS3 {
        AmazonS3Builder::new()
            .with_endpoint(self.endpoint())
            .with_allow_http(true)
            .with_bucket_name(bucket)
            .with_region(REGION)
            .with_access_key_id(ACCESS_KEY)
            .with_secret_access_key(SECRET_KEY)
            .with_crypto_provider(hydria::storage::digests::provider())
            .build()
            .expect("a client")
    }
}

async fn accept(listener: TcpListener, service: S3Service, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        tokio::spawn(serve(stream, service.clone(), Arc::clone(&state)));
    }
}

/// Serves a connection until its end, or until the server hangs up.
async fn serve(stream: TcpStream, service: S3Service, state: Arc<State>) {
    let mut behaviour = state.behaviour.subscribe();
    let answering = service_fn(move |request| answer(request, service.clone(), Arc::clone(&state)));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answering);
    tokio::select! {
        // A client that hangs up in the middle is part of the tests.
        _ = connection => {}
        _ = behaviour.wait_for(|behaviour| *behaviour == Behaviour::HangsUp) => {}
    }
}

async fn answer(
    request: Request<Incoming>,
    service: S3Service,
    state: Arc<State>,
) -> Result<Response<Body>, HttpError> {
    let range = request.headers().get("range").and_then(|range| range.to_str().ok());
    let asked = format!("{} {} {}", request.method(), request.uri(), range.unwrap_or_default());
    state.asked.lock().expect("no panic").push(asked.trim_end().to_owned());
    let mut behaviour = state.behaviour.subscribe();
    let decided = behaviour.wait_for(|behaviour| *behaviour != Behaviour::IsSilent).await;
    // The sender lives as long as the state.
    let decided = decided.map_or(Behaviour::Works, |behaviour| *behaviour);
    match decided {
        Behaviour::IsReadOnly if ["PUT", "POST"].contains(&request.method().as_str()) => {
            let mut refused = Response::new(Body::from(Vec::new()));
            *refused.status_mut() = StatusCode::FORBIDDEN;
            return Ok(refused);
        }
        Behaviour::Works | Behaviour::IsSilent | Behaviour::IsReadOnly => {}
        // The connection is closed meanwhile.
        Behaviour::HangsUp => std::future::pending().await,
        Behaviour::Refuses => {
            let mut refused = Response::new(Body::from(Vec::new()));
            *refused.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(refused);
        }
    }
    service.call(request.map(Body::from)).await
}

mod tests {
    use super::*;

    #[test]
    fn buckets_keep_what_is_put_into_them_and_want_signed_requests() {
        let s3 = S3::start();
        s3.make_bucket("books");
        s3.put("books", "maps/a b.jpg", b"0123456789");
        assert_eq!(s3.get("books", "maps/a b.jpg").as_deref(), Some(&b"0123456789"[..]));
        assert_eq!(s3.keys("books"), ["maps/a b.jpg"]);
        let http = reqwest::blocking::Client::builder().no_proxy().build().expect("a client");
        let unsigned = |host: &str, path: &str| {
            let request = http.get(format!("{}{path}", s3.endpoint()));
            request.header("Host", host).send().expect("an answer").text().expect("a body")
        };
        let by_path = unsigned("127.0.0.1", "/books/maps/a%20b.jpg");
        assert!(by_path.contains("AccessDenied"), "{by_path}");
        let by_host = unsigned("books.s3.test", "/maps/a%20b.jpg");
        assert!(by_host.contains("AccessDenied"), "{by_host}");
        s3.remove("books", "maps/a b.jpg");
        assert_eq!(s3.get("books", "maps/a b.jpg"), None);
    }

    #[test]
    fn the_server_fails_as_it_is_told() {
        let s3 = S3::start();
        s3.make_bucket("books");
        let http = reqwest::blocking::Client::builder().no_proxy().build().expect("a client");
        let get = || http.get(s3.endpoint()).send().map(|answer| answer.status().as_u16());
        assert_eq!(get().expect("an answer"), 403);
        s3.behave(Behaviour::Refuses);
        assert_eq!(get().expect("an answer"), 503);
        s3.behave(Behaviour::HangsUp);
        assert!(get().is_err());
        s3.behave(Behaviour::IsSilent);
        let before = s3.asked().len();
        std::thread::scope(|scope| {
            let silent = scope.spawn(get);
            super::super::until("a request that waits", || s3.asked().len() > before);
            s3.behave(Behaviour::Works);
            assert_eq!(silent.join().expect("no panic").expect("an answer"), 403);
        });
    }
}
