//! A bucket as a store of objects: requests with bounds on their time, on a runtime of their own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{ClientOptions, SpawnedReqwestConnector};
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use super::digests;
use super::listing::Listing;
use super::place::BucketPlace;

/// Time that connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// Time that one request may take, its body included, which is a part of an object at most.
const REQUEST: Duration = Duration::from_mins(1);

/// Objects that are written at once.
///
/// They are few, so that each has enough of a slow line to end in time. Parts of uploads have turns of their own, so that neither
/// waits for the other.
const PUTS: usize = 4;

/// Times that a request is repeated that the server could not answer, at most.
const REPEATS: usize = 3;

/// Time within which a request may be repeated.
const REPEATING: Duration = Duration::from_secs(15);

/// A bucket, as far as it is more than a store.
#[derive(Debug)]
pub(super) struct Bucket {
    requests: Requests,
    pub listing: Listing,
    /// The turns of writing objects.
    pub puts: Semaphore,
}

impl Bucket {
    /// Does something to its end, and returns what came of it. Blocks; not to be called in a task.
    pub fn block_on<T>(&self, act: impl Future<Output = T>) -> Option<T> {
        self.requests.0.as_ref().map(|runtime| runtime.block_on(act))
    }
}

/// The threads that send requests and read answers.
///
/// They are those of no other runtime, because connections end with the runtime that opened them.
struct Requests(Option<Runtime>);

impl Drop for Requests {
    fn drop(&mut self) {
        // Waiting for threads is refused in a thread of a runtime, which may be the one that drops this.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Requests")
    }
}

/// Opens a bucket; nothing is asked of it.
///
/// # Errors
/// Fails if a variable is malformed, or the system gives no threads.
pub(super) fn open(
    place: &BucketPlace,
) -> Result<(Arc<dyn ObjectStore>, Arc<Bucket>), Box<dyn std::error::Error + Send + Sync>> {
    let BucketPlace { bucket, prefix, access } = place;
    let runtime =
        Builder::new_multi_thread().worker_threads(1).thread_name("bucket").enable_all().build()?;
    let options = ClientOptions::new().with_connect_timeout(CONNECT).with_timeout(REQUEST);
    let mut builder = AmazonS3Builder::new().with_client_options(options);
    for (name, value) in access.variables() {
        let key: AmazonS3ConfigKey = name.to_ascii_lowercase().parse()?;
        builder = builder.with_config(key, value);
    }
    if let Some(endpoint) = access.endpoint() {
        let endpoint = match endpoint.split_once("://") {
            Some((scheme, host)) if access.is_in_host() => format!("{scheme}://{bucket}.{host}"),
            _ => endpoint.to_owned(),
        };
        builder = builder.with_allow_http(endpoint.starts_with("http://"));
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
    }
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.0,
    };
    let retry = RetryConfig { backoff, max_retries: REPEATS, retry_timeout: REPEATING };
    let store = builder
        .with_bucket_name(bucket)
        // One key is removed at a time, which servers know that do not know lists.
        .with_disable_bulk_delete(true)
        .with_virtual_hosted_style_request(access.is_in_host())
        .with_retry(retry)
        .with_crypto_provider(digests::provider())
        .with_http_connector(SpawnedReqwestConnector::new(runtime.handle().clone()))
        .build()?;
    let listing = Listing { store: Arc::new(store.clone()), prefix: prefix.clone() };
    let bucket =
        Arc::new(Bucket { requests: Requests(Some(runtime)), listing, puts: Semaphore::new(PUTS) });
    Ok(match prefix.as_str() {
        "" => (Arc::new(store), bucket),
        prefix => (Arc::new(PrefixStore::new(store, prefix)), bucket),
    })
}
