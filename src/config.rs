//! Settings, read by one table of names, defaults and meanings; all at once, and all faults are told at once.

mod proxies;
mod robots;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub use proxies::{ForwardedHeader, TrustedProxies};
pub use robots::Robots;
pub use table::{SETTINGS, Setting};

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::database::address::Address;
use crate::origins::{Allowed, Ambient, Endpoint, Limits, RetryLimits, read_purge_urls};
use crate::secrets::Secret;
use crate::storage::{BucketAccess, Place};
use values::{bootstrap_key, collector, is_in_host, listen, log_filter, public_url, ratio, secret};

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: String,
    /// Proxies that are believed who the client is.
    pub proxies: TrustedProxies,
    /// URL of a collector of traces; `None`: nothing is traced.
    pub collector: Option<String>,
    /// Part of requests and jobs that are traced, from 0 to 1.
    pub trace_ratio: f64,
    /// Address of metrics and probes; `None`: there is no such listener.
    pub admin_listen: Option<String>,
    /// Without a final slash; `None`: made of the port that is listened on.
    pub public_url: Option<String>,
    pub data: PathBuf,
    /// `None`: the private server.
    pub database_url: Option<Secret>,
    /// A replica of the database for reading.
    pub read_url: Option<Secret>,
    /// Time that a replica may be behind.
    pub replica_behind: Duration,
    pub storage: Place,
    pub bootstrap_key: Option<(String, Secret)>,
    /// The key with which commands call the API.
    pub api_key: Option<(String, Secret)>,
    pub origin_allow: Allowed,
    /// Buckets that customers may have fetched with the service's own identity in S3.
    pub s3_ambient: Ambient,
    /// Networks that webhooks may be in, by http as well.
    pub webhook_allow: Allowed,
    /// Addresses of caches that are told which images were changed.
    pub purge_urls: Vec<String>,
    /// `None`: kept in the data folder.
    pub secret: Option<Secret>,
    /// The secret before, while it is being replaced.
    pub secret_old: Option<Secret>,
    pub patch_returns_representation: bool,
    pub robots: Robots,
    /// Longest delay of the answer to wrong credentials.
    pub auth_delay: Duration,
    pub batch_limit: usize,
    pub max_pixels: u64,
    /// Bytes that reading images may take in all.
    pub memory_bytes: u64,
    /// Bytes of images and of rendered answers that are kept in memory.
    pub cache_bytes: u64,
    /// Bytes of rendered answers that are kept on disk.
    pub rendered_bytes: u64,
    /// The longest edge of an answer of an image, in pixels; `None`: that of the image.
    pub max_edge: Option<u32>,
    /// Seconds for which caches may show an open image without asking.
    pub cache_seconds: u32,
    /// Tells whether large renderings for which there is no room are refused, and not only counted.
    pub refuses_renderings: bool,
    /// Bytes that reading one image may take.
    pub ingest_memory_bytes: u64,
    /// Processor time that reading one image may take.
    pub ingest_time: Duration,
    /// Bytes that bodies and answers under way may take, half each.
    pub request_bytes: usize,
    /// Connections of clients at once.
    pub connections: usize,
    pub fetches: usize,
    pub host_fetches: usize,
    pub lease: Duration,
    /// Days for which changes are kept.
    pub journal_days: i32,
    pub wait: Duration,
    pub origin_limits: Limits,
    pub retries: RetryLimits,
    /// This program, of which a process is started for each image; no setting, because it is the one that runs, even
    /// after another version took its place on the disk.
    pub program: PathBuf,
    pub log: String,
    /// Tells whether log lines are JSON objects.
    pub log_json: bool,
}

/// Every setting that cannot be read, with the reason.
#[derive(Debug)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the settings off the environment.
    ///
    /// # Errors
    /// Where one or several cannot be read; all are told.
    pub fn from_env() -> Result<Self, ConfigError> {
        let unreadable: Vec<String> = SETTINGS
            .iter()
            .filter(|s| std::env::var_os(s.name).is_some_and(|value| value.to_str().is_none()))
            .map(|s| format!("{} must be text in UTF-8", s.name))
            .collect();
        if !unreadable.is_empty() {
            return Err(ConfigError(unreadable));
        }
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads the settings from `get`; what is empty counts as unset.
    ///
    /// # Errors
    /// Where one or several cannot be read; all are told.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut reader = Reader { get, faults: Vec::new() };
        let data = PathBuf::from(reader.text("HYDRIA_DATA"));
        let storage = reader.storage().unwrap_or_else(|| Place::Folder(data.join("objects")));
        let endpoint = match reader.given("HYDRIA_S3_AMBIENT") {
            Some(_) => reader.s3_endpoint(),
            None => Endpoint::default(),
        };
        let seconds = Duration::from_secs;
        let number32 = |number| u32::try_from(number).unwrap_or(u32::MAX);
        let config = Self {
            listen: reader.parsed("HYDRIA_LISTEN", listen),
            proxies: reader.proxies(),
            collector: reader.optional("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
            trace_ratio: reader.parsed("HYDRIA_TRACE_RATIO", ratio),
            admin_listen: reader.optional("HYDRIA_ADMIN_LISTEN", listen),
            public_url: reader.optional("HYDRIA_PUBLIC_URL", public_url),
            database_url: reader.database("DATABASE_URL"),
            read_url: reader.database("DATABASE_READ_URL"),
            replica_behind: seconds(reader.number("HYDRIA_REPLICA_SECONDS", 1, 3600)),
            bootstrap_key: reader.optional("HYDRIA_BOOTSTRAP_KEY", bootstrap_key),
            api_key: reader.optional("HYDRIA_KEY", bootstrap_key),
            origin_allow: reader
                .parsed("HYDRIA_ORIGIN_ALLOW", |text| text.parse().map_err(|e| format!("{e}"))),
            s3_ambient: reader
                .parsed("HYDRIA_S3_AMBIENT", |text| Ambient::read(text, endpoint.clone())),
            webhook_allow: reader
                .parsed("HYDRIA_WEBHOOK_ALLOW", |text| text.parse().map_err(|e| format!("{e}"))),
            purge_urls: reader.parsed("HYDRIA_PURGE_URLS", read_purge_urls),
            secret: reader.optional("HYDRIA_SECRET", secret),
            secret_old: reader.optional("HYDRIA_SECRET_OLD", secret),
            patch_returns_representation: reader.parsed(
                "HYDRIA_PATCH_RETURNS",
                |text| match text {
                    "representation" => Ok(true),
                    "minimal" => Ok(false),
                    _ => Err("must be minimal or representation".into()),
                },
            ),
            robots: reader.parsed("HYDRIA_ROBOTS", |text| Ok(Robots::parse(text))),
            batch_limit: usize::try_from(reader.number("HYDRIA_BATCH_LIMIT", 1, 50_000))
                .unwrap_or(usize::MAX),
            max_pixels: reader.number("HYDRIA_MAX_PIXELS", 1, 1 << 40),
            memory_bytes: reader.number("HYDRIA_MEMORY_MB", 16, 1 << 20) << 20,
            cache_bytes: reader.number("HYDRIA_CACHE_MB", 1, 1 << 20) << 20,
            rendered_bytes: reader.number("HYDRIA_RENDERED_MB", 0, 1 << 30) << 20,
            max_edge: match number32(reader.number("HYDRIA_MAX_WIDTH", 0, u32::MAX.into())) {
                0 => None,
                pixels => Some(pixels),
            },
            cache_seconds: number32(reader.number("HYDRIA_CACHE_SECONDS", 0, 31_536_000)),
            refuses_renderings: reader.parsed("HYDRIA_ADMISSION", |text| match text {
                "enforce" => Ok(true),
                "observe" => Ok(false),
                _ => Err("must be enforce or observe".into()),
            }),
            ingest_memory_bytes: reader.number("HYDRIA_INGEST_MEMORY_MB", 16, 1 << 20) << 20,
            ingest_time: seconds(reader.number("HYDRIA_INGEST_SECONDS", 1, 86_400)),
            request_bytes: usize::try_from(reader.number("HYDRIA_REQUESTS_MB", 16, 1 << 20) << 20)
                .unwrap_or(usize::MAX),
            connections: usize::try_from(reader.number("HYDRIA_CONNECTIONS", 16, 1 << 20))
                .unwrap_or(usize::MAX),
            fetches: usize::try_from(reader.number("HYDRIA_FETCHES", 1, 1000)).unwrap_or(1),
            host_fetches: usize::try_from(reader.number("HYDRIA_HOST_FETCHES", 1, 1000))
                .unwrap_or(1),
            lease: seconds(reader.number("HYDRIA_LEASE_SECONDS", 1, 3600)),
            journal_days: i32::try_from(reader.number("HYDRIA_JOURNAL_DAYS", 1, 400))
                .unwrap_or(400),
            auth_delay: Duration::from_millis(reader.number("HYDRIA_AUTH_DELAY_MS", 0, 60_000)),
            wait: seconds(reader.number("HYDRIA_WAIT_SECONDS", 0, 600)),
            origin_limits: Limits {
                max_bytes: reader.number("HYDRIA_ORIGIN_MAX_BYTES", 1, 1 << 50),
                connect: seconds(reader.number("HYDRIA_ORIGIN_CONNECT_SECONDS", 1, 3600)),
                idle: seconds(reader.number("HYDRIA_ORIGIN_IDLE_SECONDS", 1, 3600)),
                total: seconds(reader.number("HYDRIA_ORIGIN_TOTAL_SECONDS", 1, 86_400)),
                ..Limits::default()
            },
            retries: RetryLimits {
                attempts: number32(reader.number("HYDRIA_RETRIES", 1, 1000)),
                first: seconds(reader.number("HYDRIA_RETRY_SECONDS", 1, 1800)),
                within: Duration::from_hours(reader.number("HYDRIA_RETRY_HOURS", 1, 720)),
            },
            log: reader.parsed("HYDRIA_LOG", log_filter),
            log_json: reader.parsed("HYDRIA_LOG_FORMAT", |text| match text {
                "json" => Ok(true),
                "text" => Ok(false),
                _ => Err("must be text or json".into()),
            }),
            program: PathBuf::from("/proc/self/exe"),
            data,
            storage,
        };
        // The objects of the service are nobody's to fetch.
        if config.s3_ambient.overlaps(&config.storage) {
            let reason =
                "HYDRIA_S3_AMBIENT must not assign anything of HYDRIA_STORAGE to a customer";
            reader.faults.push(reason.to_owned());
        }
        if reader.faults.is_empty() { Ok(config) } else { Err(ConfigError(reader.faults)) }
    }

    /// Names that begin like ours and mean nothing: most likely misspelt.
    pub fn unknown_names() -> Vec<String> {
        let known = |name: &str| SETTINGS.iter().any(|s| s.name == name);
        let mut unknown: Vec<String> = std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .filter(|name| name.starts_with("HYDRIA_") && !known(name))
            .collect();
        unknown.sort();
        unknown
    }
}

struct Reader<G> {
    get: G,
    faults: Vec<String>,
}

impl<G: Fn(&str) -> Option<String>> Reader<G> {
    fn proxies(&mut self) -> TrustedProxies {
        TrustedProxies {
            networks: self.parsed("HYDRIA_TRUSTED_PROXIES", TrustedProxies::networks),
            header: self.parsed("HYDRIA_FORWARDED", ForwardedHeader::parse),
            decide_traces: self.parsed("HYDRIA_TRACE_DECISION", |text| match text {
                "own" => Ok(false),
                "proxies" => Ok(true),
                _ => Err("must be own or proxies".into()),
            }),
        }
    }

    /// Reads the place of the objects; `None` where none is given.
    fn storage(&mut self) -> Option<Place> {
        let is_in_host = self.parsed("HYDRIA_S3_ADDRESSING", is_in_host);
        let access = BucketAccess::read(|name| self.given(name), is_in_host);
        self.optional("HYDRIA_STORAGE", |text| Place::parse(text, &access))
    }

    /// Reads the address of a database; `None` where none is given.
    fn database(&mut self, name: &str) -> Option<Secret> {
        self.optional(name, |text| Address::parse(text).map(|_| Secret::new(text)))
    }

    fn given(&self, name: &str) -> Option<String> {
        (self.get)(name).filter(|value| !value.trim().is_empty())
    }

    fn text(&self, name: &str) -> String {
        let default = || SETTINGS.iter().find(|s| s.name == name).map_or("", |s| s.default);
        self.given(name).unwrap_or_else(|| default().to_owned())
    }

    fn parsed<T: Default>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        parse(self.text(name).trim()).unwrap_or_else(|reason| {
            self.faults.push(format!("{name} {reason}"));
            T::default()
        })
    }

    fn optional<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let value = self.given(name)?;
        parse(value.trim()).map_err(|reason| self.faults.push(format!("{name} {reason}"))).ok()
    }

    /// Reads where the service's own identity in S3 counts; Amazon where none of the usual variables says so.
    fn s3_endpoint(&mut self) -> Endpoint {
        let names = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
        let given = names.into_iter().find(|name| self.given(name).is_some());
        given.and_then(|name| self.optional(name, Endpoint::read)).unwrap_or_default()
    }

    fn number(&mut self, name: &str, least: u64, most: u64) -> u64 {
        self.parsed(name, |text| match text.replace('_', "").parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(format!("must be a whole number from {least} to {most}, not {text}")),
        })
    }
}
