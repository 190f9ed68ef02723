//! FTP over TLS, by a certificate that this machine trusts.

use serde_json::json;

use super::home::Home;
use crate::support::file_server::Folders;
use crate::support::pictures;

#[test]
fn a_file_is_fetched_over_tls_where_the_certificate_is_trusted() {
    let folders = Folders::of(&[("a.png", &pictures::smooth("40x30"))]);
    let server = folders.ftp("tls", "127.0.0.1");
    let home = Home::new();
    let certificate = folders.key("certificate");
    let service = home.serve(&[("SSL_CERT_FILE", certificate.to_str().expect("UTF-8"))]);
    let client = service.administrator();
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let credentials = json!({ "user": "reader", "password": "secret" });
    let body = json!({ "regex": "^ftps?:", "originStrategy": "ftps", "credentials": credentials });
    client.post("/customers/1/originStrategies", &body).expect(201);
    for (id, scheme) in [("a", "ftps"), ("b", "ftp")] {
        let origin = format!("{scheme}://127.0.0.1:{}/a.png", server.port);
        let image = format!("/customers/1/spaces/1/images/{id}");
        let answer = client.put(&image, &json!({ "origin": origin })).expect(201);
        assert_eq!((answer.text("error").as_str(), answer.number("width")), ("", 40), "{origin}");
    }
    service.stop();
}
