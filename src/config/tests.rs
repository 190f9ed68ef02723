//! Settings that are read, refused, or left out.

use super::*;

fn read(values: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let find = |name: &str| values.iter().find(|(n, _)| *n == name);
    Config::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
}

#[test]
fn without_any_setting_the_defaults_hold() {
    let config = read(&[]).expect("defaults");
    assert_eq!(config.listen, "127.0.0.1:8080");
    assert_eq!(config.storage, Place::Folder(PathBuf::from("./data/objects")));
    assert_eq!((config.batch_limit, config.max_pixels), (1000, 500_000_000));
    assert_eq!(config.origin_limits.max_bytes, 2 << 30);
    assert_eq!(config.retries, RetryLimits::default());
    assert!(!config.patch_returns_representation);
    assert_eq!(config.robots, Robots::Descriptions);
}

#[test]
fn every_setting_that_cannot_be_read_is_named_at_once() {
    let error = read(&[
        ("HYDRIA_LISTEN", "nowhere"),
        ("HYDRIA_BATCH_LIMIT", "many"),
        ("HYDRIA_ORIGIN_ALLOW", "10.0.0.0/99"),
        ("HYDRIA_PUBLIC_URL", "ftp://here"),
        ("HYDRIA_SECRET", "short"),
    ])
    .expect_err("five faults")
    .to_string();
    for name in ["LISTEN", "BATCH_LIMIT", "ORIGIN_ALLOW", "PUBLIC_URL", "SECRET"] {
        assert!(error.contains(&format!("HYDRIA_{name} ")), "{name} missing: {error}");
    }
}

#[test]
fn what_would_be_taken_for_something_else_is_refused() {
    for (name, value) in [
        ("HYDRIA_STORAGE", "s3://Bucket"),
        ("HYDRIA_STORAGE", "s3://bucket/a//b"),
        ("HYDRIA_S3_ADDRESSING", "virtual"),
        ("HYDRIA_STORAGE", "file:///srv/objects"),
        ("HYDRIA_STORAGE", "gs:/bucket"),
        ("HYDRIA_LOG", "loud"),
        ("HYDRIA_LOG", "info,hydria::access=loud"),
        ("HYDRIA_LOG", "hydria"),
        ("HYDRIA_LOG_FORMAT", "xml"),
        ("DATABASE_URL", "hydria"),
        ("DATABASE_READ_URL", "mysql://me:hush@db/x"),
        ("DATABASE_URL", "mysql://me:hush@db/x"),
        ("HYDRIA_PUBLIC_URL", "http://:80"),
    ] {
        let error = read(&[(name, value)]).expect_err(value).to_string();
        assert!(error.starts_with(&format!("{name} ")) && !error.contains("hush"), "{error}");
    }
}

#[test]
fn the_storage_of_the_service_is_assigned_to_nobody() {
    let error = |storage| {
        let read = read(&[("HYDRIA_S3_AMBIENT", "2=s3://maps/scans"), ("HYDRIA_STORAGE", storage)]);
        read.map_or_else(|error| error.to_string(), |_| String::new())
    };
    for overlapping in ["s3://maps", " s3://maps/scans/objects\n", "s3://maps "] {
        assert!(error(overlapping).contains("HYDRIA_S3_AMBIENT must not assign"), "{overlapping}");
    }
    for apart in ["s3://maps/objects", "s3://objects", "/srv/objects"] {
        assert!(!error(apart).contains("HYDRIA_S3_AMBIENT"), "{apart}");
    }
    let error = read(&[("HYDRIA_S3_AMBIENT", "maps=s3://maps")]).expect_err("no number");
    assert!(error.to_string().starts_with("HYDRIA_S3_AMBIENT must have parts"), "{error}");
}

#[test]
fn a_log_by_module_alone_leaves_the_rest_at_info() {
    let log = |text| read(&[("HYDRIA_LOG", text)]).expect(text).log;
    assert_eq!(log("hydria::access=warn"), "info,hydria::access=warn");
    assert_eq!(log("WARN, hydria::web=debug"), "WARN, hydria::web=debug");
    assert_eq!(
        read(&[("HYDRIA_STORAGE", "./a:b")]).expect("a path").storage,
        Place::Folder(PathBuf::from("./a:b"))
    );
}

#[test]
fn a_public_url_loses_its_final_slash_and_ipv6_is_listened_on() {
    let config = read(&[
        ("HYDRIA_PUBLIC_URL", "https://images.example.org/iiif/"),
        ("HYDRIA_LISTEN", "[::1]:0"),
    ])
    .expect("both are fine");
    assert_eq!(config.public_url.as_deref(), Some("https://images.example.org/iiif"));
    assert_eq!(config.listen, "[::1]:0");
}
