//! The table of settings: names, defaults and meanings.

/// One setting, an environment variable.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub name: &'static str,
    /// The value in force if it is not set; empty if its meaning says so.
    pub default: &'static str,
    pub doc: &'static str,
    /// Tells whether its value is never shown.
    pub secret: bool,
}

const fn setting(name: &'static str, default: &'static str, doc: &'static str) -> Setting {
    Setting { name, default, doc, secret: false }
}

const fn hidden(name: &'static str, doc: &'static str) -> Setting {
    Setting { name, default: "", doc, secret: true }
}

/// Every setting, in the order in which they are listed.
pub const SETTINGS: &[Setting] = &[
    setting("HYDRIA_LISTEN", "127.0.0.1:8080", "Address and port; IPv6 as [::1]:8080, port 0: any"),
    setting(
        "HYDRIA_ADMIN_LISTEN",
        "",
        "Address and port of /metrics, /livez and /readyz for operators, which is not to be open to others; unset: none",
    ),
    setting(
        "HYDRIA_TRUSTED_PROXIES",
        "",
        "Addresses or CIDRs of proxies that are believed for whom they ask",
    ),
    setting(
        "HYDRIA_FORWARDED",
        "X-Forwarded-For",
        "The header in which these proxies say it: X-Forwarded-For or Forwarded",
    ),
    setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        "URL of a collector of OpenTelemetry, to whose /v1/traces traces are sent; unset: none",
    ),
    setting(
        "HYDRIA_TRACE_RATIO",
        "1",
        "Part of requests and of images that are traced where there is a collector, from 0 to 1",
    ),
    setting(
        "HYDRIA_TRACE_DECISION",
        "own",
        "own: that part alone decides; proxies: the flag of traceparent of requests from trusted proxies, which write it themselves",
    ),
    setting(
        "HYDRIA_PUBLIC_URL",
        "",
        "Address of the root as clients see it; http://localhost:PORT",
    ),
    setting("HYDRIA_DATA", "./data", "Folder of everything that is kept"),
    hidden("DATABASE_URL", "A PostgreSQL server; unset: a private one in the data folder"),
    hidden(
        "DATABASE_READ_URL",
        "A replica of the server, which answers GET where it is close behind",
    ),
    setting(
        "HYDRIA_REPLICA_SECONDS",
        "5",
        "How far the replica may be behind, in seconds; the server itself answers where it is more",
    ),
    setting(
        "HYDRIA_STORAGE",
        "",
        "Folder of the objects, or a bucket as s3://bucket/prefix; unset: objects in the data folder",
    ),
    setting(
        "HYDRIA_S3_ADDRESSING",
        "auto",
        "Where requests name the bucket: path, host, or auto: path where there is an endpoint",
    ),
    setting("AWS_ENDPOINT_URL", "", "Server of the bucket; unset: Amazon's in the region"),
    setting("AWS_REGION", "", "Region of the bucket; unset: us-east-1"),
    setting(
        "AWS_ACCESS_KEY_ID",
        "",
        "Access key of the bucket; unset: the identity of the machine",
    ),
    hidden("AWS_SECRET_ACCESS_KEY", "Secret of the access key"),
    hidden("AWS_SESSION_TOKEN", "Token of an access key that holds for a while"),
    hidden(
        "HYDRIA_BOOTSTRAP_KEY",
        "key:secret of the first administrator; unset: random, shown once",
    ),
    hidden(
        "HYDRIA_KEY",
        "key:secret with which hydria register calls the API; unset: that in the data folder",
    ),
    setting("HYDRIA_ORIGIN_ALLOW", "", "Private networks that origins may be in, as CIDRs"),
    setting(
        "HYDRIA_S3_AMBIENT",
        "",
        "Buckets that customers may have fetched with this service's own identity in S3, such as 2=s3://maps/scans",
    ),
    setting(
        "HYDRIA_WEBHOOK_ALLOW",
        "",
        "Networks that webhooks may be in although they are private, by http as well, as CIDRs",
    ),
    setting(
        "HYDRIA_PURGE_URLS",
        "",
        "URLs of caches that are told by PURGE which images were changed",
    ),
    hidden(
        "HYDRIA_SECRET",
        "Opens the keys that seal and hash; unset: made once, kept in the data folder",
    ),
    hidden("HYDRIA_SECRET_OLD", "The secret before, while hydria secret rotate replaces it"),
    setting(
        "HYDRIA_PATCH_RETURNS",
        "minimal",
        "minimal: 205, representation: 200 with the resource",
    ),
    setting(
        "HYDRIA_ROBOTS",
        "descriptions",
        "What /robots.txt opens to crawlers: descriptions (and thumbnails), allow, disallow, or the path of a file",
    ),
    setting(
        "HYDRIA_AUTH_DELAY_MS",
        "1000",
        "Longest delay of the answer to wrong credentials, in milliseconds; 0: none",
    ),
    setting("HYDRIA_BATCH_LIMIT", "1000", "Images a batch, at most; up to 50000"),
    setting("HYDRIA_MAX_PIXELS", "500000000", "Pixels of an image, at most"),
    setting(
        "HYDRIA_MEMORY_MB",
        "512",
        "Memory that images which are read at once, and answers that are rendered, are expected to take in all, in MiB; a \
         quarter is for the latter, and one image is always read",
    ),
    setting("HYDRIA_INGEST_MEMORY_MB", "1024", "Memory that reading one image may take, in MiB"),
    setting(
        "HYDRIA_INGEST_SECONDS",
        "600",
        "Processor time that reading one image may take, in seconds",
    ),
    setting(
        "HYDRIA_REQUESTS_MB",
        "128",
        "Memory that bodies and answers under way may take, half each, in MiB",
    ),
    setting(
        "HYDRIA_MAX_WIDTH",
        "5000",
        "Longest edge of an answer of an image, in pixels, at least 512; 0: that of the image",
    ),
    setting(
        "HYDRIA_CACHE_SECONDS",
        "60",
        "How long caches may show an open image, or its info.json, without asking",
    ),
    setting(
        "HYDRIA_CACHE_MB",
        "64",
        "Memory for what is known of images, and for rendered answers, half each, in MiB",
    ),
    setting(
        "HYDRIA_RENDERED_MB",
        "1024",
        "Disk space for rendered answers, in MiB; 0: none are kept",
    ),
    setting(
        "HYDRIA_ADMISSION",
        "enforce",
        "enforce: large renderings that find no room are refused; observe: they wait",
    ),
    setting("HYDRIA_CONNECTIONS", "1024", "Connections of clients at once, at most"),
    setting(
        "HYDRIA_FETCHES",
        "8",
        "Images that a process fetches at once, immediate ones apart; one customer two thirds at most",
    ),
    setting(
        "HYDRIA_HOST_FETCHES",
        "8",
        "Images that a process fetches at once from one host; one customer two thirds at most",
    ),
    setting("HYDRIA_LEASE_SECONDS", "30", "How long a worker that is not heard of keeps an image"),
    setting(
        "HYDRIA_JOURNAL_DAYS",
        "90",
        "Days for which changes are kept, at least; a week more at most",
    ),
    setting("HYDRIA_WAIT_SECONDS", "30", "How long a PUT of an image waits for its processing"),
    setting("HYDRIA_ORIGIN_MAX_BYTES", "2147483648", "Size of an original, at most, in bytes"),
    setting("HYDRIA_ORIGIN_CONNECT_SECONDS", "30", "How long an origin may take to connect"),
    setting(
        "HYDRIA_ORIGIN_IDLE_SECONDS",
        "30",
        "How long an origin may be silent, or slower than 1 KiB/s",
    ),
    setting(
        "HYDRIA_ORIGIN_TOTAL_SECONDS",
        "600",
        "Longest fetch; of less: 60 s and 1 s for each 256 KiB",
    ),
    setting(
        "HYDRIA_RETRIES",
        "10",
        "Attempts at an image whose origin fails for a reason that may pass, at most; 1: no second",
    ),
    setting(
        "HYDRIA_RETRY_SECONDS",
        "10",
        "Delay of the second attempt, up to 1800; each further one is twice as long, up to half an hour",
    ),
    setting("HYDRIA_RETRY_HOURS", "6", "Longest time from the first attempt to the last, in hours"),
    setting("HYDRIA_LOG", "info", "off, error, warn, info, debug or trace, also by module"),
    setting("HYDRIA_LOG_FORMAT", "text", "text, or json: one object a line"),
];
