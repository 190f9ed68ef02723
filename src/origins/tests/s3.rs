//! Requests to S3: what is signed, for which region, and who is not told.

use serde_json::json;

use super::super::{CredentialUse, Strategy};
use super::server::{Origin, answer, fetch_by, redirect, send};

/// Fetches with keys whose `s3://` URLs lead to an origin.
fn fetch(origin: &Origin, url: &str) -> Result<u64, String> {
    let strategy = Strategy::parse("s3").unwrap();
    let CredentialUse::Required(shape) = strategy.credentials() else { panic!("no keys") };
    let given = json!({
        "accessKeyId": "AKIAEXAMPLE", "secretAccessKey": "a secret", "endpoint": origin.url(""),
    });
    let credentials = shape.read(given.as_object().unwrap()).unwrap();
    let fetched = fetch_by(strategy, Some(credentials), url);
    fetched.map(|fetched| fetched.bytes).map_err(|error| error.to_string())
}

fn authorization(asked: &str) -> &str {
    asked.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default()
}

#[test]
fn a_request_is_signed_once_more_for_the_region_that_the_answer_names() {
    let told = |region: &'static str| {
        Origin::acting(move |_, stream| {
            let headers = format!("x-amz-bucket-region: {region}\r\n");
            send(stream, answer("400 Bad Request", &headers, ""));
        })
    };
    let origin = told("eu-west-3");
    let error = fetch(&origin, "s3://maps/a (1).png").unwrap_err();
    assert_eq!(error, "the origin answered 400 Bad Request");
    let asked = origin.asked();
    let scopes: Vec<bool> = ["/us-east-1/s3/aws4_request", "/eu-west-3/s3/aws4_request"]
        .into_iter()
        .zip(&asked)
        .map(|(scope, asked)| authorization(asked).contains(scope))
        .collect();
    assert_eq!((scopes, asked.len()), (vec![true, true], 2));
    assert!(asked[0].starts_with("get /maps/a%20%281%29.png http"), "{}", asked[0]);
    assert!(!asked.concat().contains("a secret"));
    for odd in ["us-east-1", "evil.example.org", ""] {
        let origin = told(odd);
        assert!(fetch(&origin, "s3://maps/a.png").is_err());
        assert_eq!(origin.asked().len(), 1, "{odd}");
    }
}

#[test]
fn nobody_else_is_shown_a_signature() {
    let elsewhere = Origin::saying(answer("200 OK", "", "image"));
    let to = elsewhere.url("/maps/a.png").replace("127.0.0.1", "localhost");
    let origin = Origin::saying(redirect(&to));
    assert_eq!(fetch(&origin, "s3://maps/a.png"), Ok(5));
    assert!(authorization(&origin.asked()[0]).starts_with("aws4-hmac-sha256"));
    assert_eq!(authorization(&elsewhere.asked()[0]), "");
}
