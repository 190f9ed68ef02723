//! Buckets that are fetched with the identity of the service.

use serde_json::json;

use super::home::Home;
use crate::support::pictures;
use crate::support::s3::{ACCESS_KEY, REGION, S3, SECRET_KEY};

#[test]
fn the_identity_of_the_service_fetches_what_is_assigned_to_a_customer_and_nothing_else() {
    let (home, s3) = (Home::new(), S3::start());
    let picture = pictures::smooth("40x30");
    s3.make_bucket("maps");
    for key in ["scans/a.png", "scans-of-others/a.png", "a.png"] {
        s3.put("maps", key, &picture);
    }
    let endpoint = s3.endpoint();
    let service = home.serve(&[
        ("HYDRIA_S3_AMBIENT", "1=s3://maps/scans, 7=s3://maps/scans-of-others"),
        ("AWS_ENDPOINT_URL", &endpoint),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_REGION", REGION),
    ]);
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let put = |id: &str, origin: &str| {
        client.put(&format!("/customers/1/spaces/1/images/{id}"), &json!({ "origin": origin }))
    };
    let by_path = format!("{endpoint}/maps/scans/a.png");
    assert_eq!(put("a", "s3://maps/scans/a.png").expect(400).faults(), ["origin"], "no strategy");
    let anonymous = put("open", &by_path).expect(201).text("error");
    assert!(anonymous.contains("403"), "without a strategy nothing is signed: {anonymous}");

    let body = json!({ "regex": "^s3:|/maps/", "originStrategy": "s3-ambient" });
    client.post("/customers/1/originStrategies", &body).expect(201);
    for (id, origin) in [("a", "s3://maps/scans/a.png"), ("b", &by_path)] {
        let answer = put(id, origin).expect(201);
        assert_eq!((answer.text("error").as_str(), answer.number("width")), ("", 40), "{origin}");
    }
    for origin in [
        "s3://maps/a.png",
        "s3://maps/scans-of-others/a.png",
        "s3://others/scans/a.png",
        "s3://maps/scans/..%2Fa.png",
        &format!("{endpoint}/maps/a.png"),
        &format!("{endpoint}/maps/scans/a.png?acl"),
    ] {
        assert_eq!(put("c", origin).expect(400).faults(), ["origin"], "{origin}");
        let member = json!({ "id": "c", "space": 1, "origin": origin });
        let refused = client.post("/customers/1/queue", &json!({ "member": [member] })).expect(400);
        assert_eq!(refused.faults(), ["member[0].origin"], "{origin}");
    }
    let other = client.post("/customers", &json!({ "name": "other" })).expect(201).number("id");
    let refused = client.post(&format!("/customers/{other}/originStrategies"), &body).expect(400);
    assert_eq!(refused.faults(), ["originStrategy"]);
    let given = json!({ "accessKeyId": "a", "secretAccessKey": "b" });
    let body = json!({ "regex": "x", "originStrategy": "s3-ambient", "credentials": given });
    let refused = client.post("/customers/1/originStrategies", &body).expect(400);
    assert_eq!(refused.faults(), ["credentials"]);
    service.stop();
}
