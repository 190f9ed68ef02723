//! The protocol: what each request is answered with, and who may send it.

use chrono::{DateTime, Duration, Utc};
use reqwest::Method;
use serde_json::json;

use super::{PART, append, create, encoded, head, noise, offset, place, terminate, tus};
use crate::support::{Answer, App, Browser, rows};

/// The moment from which an upload is removed, as an answer tells it.
#[track_caller]
fn expires(answer: &Answer) -> DateTime<Utc> {
    let text = answer.header("upload-expires").expect("a moment");
    DateTime::parse_from_rfc2822(text).expect("a date of HTTP").to_utc()
}

#[track_caller]
fn expires_in_a_day(answer: &Answer) {
    let expires = expires(answer);
    let day = Utc::now() + Duration::days(1);
    assert!(expires > day - Duration::minutes(2) && expires <= day, "{expires}");
}

#[test]
fn what_is_spoken_is_told_to_whoever_asks_and_to_scripts_of_other_sites() {
    let app = App::start_with(
        &[("HYDRIA_ORIGIN_MAX_BYTES", "5000")],
        hydria::cli::serve::Options { no_worker: true, ..Default::default() },
    );
    let owner = app.customer("library");
    let told = owner.client.get(&owner.path("")).expect(200).text("uploads");
    assert_eq!(told, format!("{}{}", app.base, owner.uploads()));
    let options = app.visitor.send(app.visitor.request(Method::OPTIONS, &told)).expect(204);
    assert_eq!(options.header("tus-resumable"), Some("1.0.0"));
    assert_eq!(options.header("tus-version"), Some("1.0.0"));
    assert_eq!(options.header("tus-extension"), Some("creation,expiration,termination"));
    assert_eq!(options.header("tus-max-size"), Some("5000"));
    assert_eq!(options.header("allow"), Some("POST, OPTIONS"));
    assert_eq!(options.header("accept-post"), None);
    let upload = place(&create(&owner.client, &told, 5000).expect(201));
    let options = app.visitor.send(app.visitor.request(Method::OPTIONS, &upload)).expect(204);
    assert_eq!(options.header("allow"), Some("GET, PATCH, DELETE, HEAD, OPTIONS"));
    assert_eq!(options.header("accept-patch"), Some(PART));
    create(&owner.client, &told, 5001).expect(413);

    let preflight = app.visitor.request(Method::OPTIONS, &upload);
    let preflight = preflight.header("Origin", "https://elsewhere.example");
    let preflight = preflight.header("Access-Control-Request-Method", "PATCH");
    let preflight = app.visitor.send(preflight).expect(204);
    let allowed = preflight.header("access-control-allow-headers").expect("headers");
    for header in ["Tus-Resumable", "Upload-Length", "Upload-Offset", "Upload-Metadata"] {
        assert!(allowed.contains(header), "{allowed}");
    }
    assert!(preflight.header("access-control-allow-methods").expect("methods").contains("PATCH"));
    let answer = head(&owner.client, &upload).expect(200);
    let exposed = answer.header("access-control-expose-headers").expect("headers");
    for header in ["Location", "Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Expires"]
    {
        assert!(exposed.contains(header), "{exposed}");
    }
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[test]
fn an_upload_is_made_sent_in_parts_read_and_removed() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let bytes = noise(100_000);
    let metadata = format!("filename {},filetype aW1hZ2UvcG5n,own", encoded("Karte \u{fc}, 2.png"));
    let request = tus(&owner.client, Method::POST, &owner.uploads())
        .header("Upload-Length", bytes.len())
        .header("Upload-Metadata", &metadata);
    let created = owner.client.send(request).expect(201);
    assert_eq!(created.header("tus-resumable"), Some("1.0.0"));
    assert!(created.bytes.is_empty());
    expires_in_a_day(&created);
    let upload = place(&created);
    let id = upload.strip_prefix(&format!("{}{}/", app.base, owner.uploads())).expect("an id");
    assert!(id.len() >= 32, "nobody guesses {id}");

    let begun = head(&owner.client, &upload).expect(200);
    assert_eq!(begun.header("upload-offset"), Some("0"));
    assert_eq!(begun.header("upload-length"), Some("100000"));
    assert_eq!(begun.header("upload-metadata"), Some(metadata.as_str()));
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    assert_eq!(begun.header("tus-resumable"), Some("1.0.0"));
    owner.client.get(&upload).expect(404);

    let first = append(&owner.client, &upload, 0, &bytes[..30_000]).expect(204);
    assert_eq!(first.header("upload-offset"), Some("30000"));
    assert_eq!(first.header("tus-resumable"), Some("1.0.0"));
    expires_in_a_day(&first);
    let none = append(&owner.client, &upload, 30_000, &[]).expect(204);
    assert_eq!(none.header("upload-offset"), Some("30000"));
    for wrong in [0, 29_999, 30_001, 100_000] {
        let refused = append(&owner.client, &upload, wrong, &bytes[30_000..]).expect(409);
        assert!(refused.text("type").ends_with("OffsetConflict"), "{}", refused.body);
        assert_eq!(refused.header("tus-resumable"), Some("1.0.0"));
    }
    assert_eq!(offset(&owner.client, &upload), 30_000);
    append(&owner.client, &upload, 30_000, &bytes[30_000..]).expect(204);
    assert_eq!(offset(&owner.client, &upload), 100_000);
    append(&owner.client, &upload, 100_000, &[]).expect(204);
    let refused = append(&owner.client, &upload, 100_000, b"x").expect(413);
    assert!(refused.text("detail").contains("ends at byte 100000"), "{}", refused.body);

    let read = owner.client.get(&upload).expect(200);
    assert!(read.bytes == bytes, "{} bytes", read.bytes.len());
    assert_eq!(read.header("content-length"), Some("100000"));
    assert_eq!(read.header("content-type"), Some("application/octet-stream"));
    let disposition = "attachment; filename*=UTF-8''Karte%20%C3%BC%2C%202%2Epng";
    assert_eq!(read.header("content-disposition"), Some(disposition));
    assert_eq!(read.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(read.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    assert!(read.header("cache-control").is_some_and(|c| c.contains("private")), "{read:?}");

    let removed = terminate(&owner.client, &upload).expect(204);
    assert_eq!(removed.header("tus-resumable"), Some("1.0.0"));
    head(&owner.client, &upload).expect(404);
    owner.client.get(&upload).expect(404);
    append(&owner.client, &upload, 0, b"x").expect(404);
    terminate(&owner.client, &upload).expect(404);
}

#[test]
fn the_type_is_told_by_the_content_and_by_nothing_that_the_client_says() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let page = b"<html><script>alert(1)</script></html>";
    let picture = crate::support::pictures::smooth("4x4");
    for (bytes, media_type) in [(&page[..], "application/octet-stream"), (&picture, "image/png")] {
        let request = tus(&owner.client, Method::POST, &owner.uploads())
            .header("Upload-Length", bytes.len())
            .header("Upload-Metadata", format!("filetype {}", encoded("text/html")));
        let upload = place(&owner.client.send(request).expect(201));
        // By one byte at first, so that it is told again when more is there.
        append(&owner.client, &upload, 0, &bytes[..1]).expect(204);
        append(&owner.client, &upload, 1, &bytes[1..]).expect(204);
        let read = owner.client.get(&upload).expect(200);
        assert_eq!(read.header("content-type"), Some(media_type));
        assert_eq!(read.header("content-disposition"), Some("attachment"));
        assert_eq!(read.bytes, bytes);
    }
}

#[test]
fn a_finished_upload_is_read_by_ranges_and_not_again_by_who_has_it() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let bytes = noise(5 << 20);
    // In parts of several sizes.
    let upload = place(&create(&owner.client, &owner.uploads(), bytes.len()).expect(201));
    append(&owner.client, &upload, 0, &bytes[..2 << 20]).expect(204);
    append(&owner.client, &upload, 2 << 20, &bytes[2 << 20..]).expect(204);
    let read = owner.client.get(&upload).expect(200);
    assert!(read.bytes == bytes);
    assert_eq!(read.header("accept-ranges"), Some("bytes"));
    let tag = read.header("etag").expect("a tag").to_owned();
    let ask = |name: &'static str, value: &str| {
        owner.client.send(owner.client.request(Method::GET, &upload).header(name, value))
    };
    for range in [0..1, 2_097_100..2_097_200, 1_000_000..5_000_000, bytes.len() - 3..bytes.len()] {
        let asked = format!("bytes={}-{}", range.start, range.end - 1);
        let part = ask("Range", &asked).expect(206);
        let told = format!("bytes {}-{}/{}", range.start, range.end - 1, bytes.len());
        assert_eq!(part.header("content-range"), Some(told.as_str()));
        assert!(part.bytes == bytes[range], "{asked}: {} bytes", part.bytes.len());
    }
    assert_eq!(ask("Range", "bytes=-5").expect(206).bytes, bytes[bytes.len() - 5..]);
    let beyond = ask("Range", "bytes=5242880-").expect(416);
    assert_eq!(beyond.header("content-range"), Some("bytes */5242880"));
    assert!(ask("If-None-Match", &tag).expect(304).bytes.is_empty());
    ask("If-None-Match", "\"other\"").expect(200);
    ask("If-Match", "\"other\"").expect(412);
    let other = owner.upload(&bytes[..10]);
    assert_ne!(owner.client.get(&other).expect(200).header("etag"), Some(tag.as_str()));
    // HEAD is that of tus.
    let head = tus(&owner.client, Method::HEAD, &upload).header("If-None-Match", &tag);
    let head = owner.client.send(head.header("Range", "bytes=0-1")).expect(200);
    assert_eq!(head.header("upload-offset"), Some("5242880"));
}

#[test]
fn an_upload_that_is_made_with_a_key_is_made_once() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let client = &owner.client;
    let make = |key: &str, length: usize, name: &str| {
        let request = tus(client, Method::POST, &owner.uploads()).header("Upload-Length", length);
        let request = request.header("Upload-Metadata", format!("filename {}", encoded(name)));
        client.send(request.header("Idempotency-Key", key))
    };
    let first = make("\"a\"", 10, "page.tif").expect(201);
    append(client, &place(&first), 0, b"0123456789").expect(204);
    let again = make("\"a\"", 10, "page.tif").expect(201);
    for name in ["location", "upload-offset", "upload-expires", "tus-resumable", "content-length"] {
        assert!(first.header(name).is_some(), "{name}");
        assert_eq!(first.header(name), again.header(name), "{name}");
    }
    for (length, name) in [(11, "page.tif"), (10, "other.tif")] {
        let refused = make("\"a\"", length, name).expect(400);
        assert!(refused.text("detail").contains("Idempotency-Key"), "{}", refused.body);
    }
    assert_ne!(
        make("\"b\"", 10, "page.tif").expect(201).header("location"),
        first.header("location")
    );
    // Refusals are answers too, and what is no key is told.
    make("\"c\"", 0, "page.tif").expect(400);
    let refused = make("\"c\"", 10, "page.tif").expect(400);
    assert!(refused.text("detail").contains("was used for another request"), "{}", refused.body);
    make("c", 10, "page.tif").expect(400);
    let mut conn = app.database();
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM uploads"), 2);
    // At once.
    let places: Vec<String> = std::thread::scope(|scope| {
        let all: Vec<_> =
            (0..6).map(|_| scope.spawn(|| place(&make("\"d\"", 5, "d").expect(201)))).collect();
        all.into_iter().map(|one| one.join().expect("no panic")).collect()
    });
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM uploads"), 3);
}

#[test]
fn requests_that_are_no_tus_are_refused_before_anything_is_made() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let client = &owner.client;
    let upload = place(&create(client, &owner.uploads(), 10).expect(201));
    for (method, address) in [
        (Method::POST, owner.uploads()),
        (Method::HEAD, upload.clone()),
        (Method::PATCH, upload.clone()),
        (Method::DELETE, upload.clone()),
    ] {
        for version in [None, Some("0.2.2"), Some("")] {
            let mut request = client.request(method.clone(), &address).header("Upload-Length", 1);
            request = request.header("Upload-Offset", 0).header("Content-Type", PART);
            if let Some(version) = version {
                request = request.header("Tus-Resumable", version);
            }
            let refused = client.send(request).expect(412);
            assert_eq!(refused.header("tus-version"), Some("1.0.0"), "{method}");
        }
    }
    let post = |name: &'static str, value: &str| {
        client.send(tus(client, Method::POST, &owner.uploads()).header(name, value))
    };
    client.send(tus(client, Method::POST, &owner.uploads())).expect(400);
    for length in ["0", "-1", "1.5", "x", "", "99999999999999999999"] {
        post("Upload-Length", length).expect(400);
    }
    post("Upload-Length", "9223372036854775808").expect(413);
    let request = tus(client, Method::POST, &owner.uploads()).header("Upload-Length", 1_u64 << 60);
    client.send(request.header("Upload-Metadata", "a b c")).expect(413);
    post("Upload-Defer-Length", "1").expect(400);
    let concatenated = tus(client, Method::POST, &owner.uploads()).header("Upload-Length", 1);
    client.send(concatenated.header("Upload-Concat", "partial")).expect(400);
    for metadata in ["filename x", "filename YQ==,filename YQ==", "a b c", "filename YQpi"] {
        let request = tus(client, Method::POST, &owner.uploads()).header("Upload-Length", 1);
        client.send(request.header("Upload-Metadata", metadata)).expect(400);
    }
    let patch = |media_type: &'static str, offset: &str| {
        let request = tus(client, Method::PATCH, &upload).header("Upload-Offset", offset);
        client.send(request.header("Content-Type", media_type).body("x"))
    };
    let refused = patch("application/octet-stream", "0").expect(415);
    assert_eq!(refused.header("accept-patch"), Some(PART));
    for offset in ["", "-1", "x", "99999999999999999999"] {
        patch(PART, offset).expect(400);
    }
    let packed = tus(client, Method::PATCH, &upload).header("Upload-Offset", 0);
    let packed = packed.header("Content-Type", PART).header("Content-Encoding", "gzip").body("x");
    client.send(packed).expect(415);
    client.send(tus(client, Method::PUT, &upload)).expect(405);
    client.get(&owner.uploads()).expect(405);
    append(client, &upload, 0, &[1; 11]).expect(413);
    assert_eq!(offset(client, &upload), 0);
    let mut conn = app.database();
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM uploads"), 1);
}

#[test]
fn uploads_are_their_customers_alone_and_who_only_reads_sends_none() {
    let app = App::without_workers();
    let (owner, other) = (app.customer("library"), app.customer("other"));
    let upload = owner.upload(b"of the library");
    let visitor = &app.visitor;
    for (client, status) in [(&other.client, 403), (visitor, 401)] {
        create(client, &owner.uploads(), 1).expect(status);
        head(client, &upload).expect(status);
        client.get(&upload).expect(status);
        append(client, &upload, 0, b"x").expect(status);
        terminate(client, &upload).expect(status);
    }
    // Nor below the address of another.
    let id = upload.rsplit('/').next().expect("an id");
    head(&other.client, &format!("{}/{id}", other.uploads())).expect(404);
    let key = owner.client.post(&owner.path("/keys"), &json!({ "readOnly": true })).expect(201);
    let reader = app.visitor.with_key(Some((&key.text("key"), &key.text("secret"))));
    assert_eq!(reader.get(&upload).expect(200).bytes, b"of the library");
    head(&reader, &upload).expect(200);
    create(&reader, &owner.uploads(), 1).expect(403);
    append(&reader, &upload, 0, b"x").expect(403);
    terminate(&reader, &upload).expect(403);
    // Whatever else would be wrong.
    reader.send(reader.request(Method::POST, &owner.uploads())).expect(403);
    reader.send(reader.request(Method::DELETE, &format!("{upload}0"))).expect(403);
    append(&reader, &format!("{}/-", owner.uploads()), 0, b"x").expect(403);
    head(&app.administrator, &upload).expect(200);
    head(&app.administrator, &upload.replace("/customers/", "/customers/9")).expect(404);
}

#[test]
fn a_session_sends_from_pages_of_the_service_alone() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let browser = Browser::new(&app.visitor);
    browser.log_in(&json!({ "key": owner.key, "secret": owner.secret })).expect(204);
    let send = |method: Method, address: &str, site: &str, more: &[(&str, &str)], body: &str| {
        let mut headers = vec![("Tus-Resumable", "1.0.0"), ("Sec-Fetch-Site", site)];
        headers.extend(more);
        browser.send(method, address, &headers, Some(body.to_owned()))
    };
    let length = [("Upload-Length", "4")];
    for site in ["cross-site", "same-site", "none"] {
        send(Method::POST, &owner.uploads(), site, &length, "").expect(403);
    }
    let created = send(Method::POST, &owner.uploads(), "same-origin", &length, "").expect(201);
    let upload = place(&created);
    let part = [("Upload-Offset", "0"), ("Content-Type", PART)];
    send(Method::PATCH, &upload, "cross-site", &part, "page").expect(403);
    send(Method::PATCH, &upload, "same-origin", &part, "page").expect(204);
    assert_eq!(browser.get(&upload).expect(200).bytes, b"page");
    send(Method::DELETE, &upload, "cross-site", &[], "").expect(403);
    send(Method::DELETE, &upload, "same-origin", &[], "").expect(204);
}

#[test]
fn what_is_declared_counts_against_the_quota_until_it_is_gone() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let policy = json!({ "maximumTotalSizeOfStoredImages": 1000 });
    app.administrator.put("/storagePolicies/small", &policy).expect(201);
    let storage = owner.path("/storage");
    app.administrator.patch(&storage, &json!({ "storagePolicy": "small" })).expect(205);
    let first = place(&create(&owner.client, &owner.uploads(), 600).expect(201));
    assert_eq!(owner.stored(), 600);
    let refused = create(&owner.client, &owner.uploads(), 401).expect(507);
    for words in ["600 are stored", "600 bytes are those of uploads that no image names (1)"] {
        assert!(refused.text("detail").contains(words), "{}", refused.body);
    }
    assert_eq!(owner.client.get(&storage).expect(200).number("totalSizeOfUploads"), 600);
    create(&owner.client, &owner.uploads(), 400).expect(201);
    create(&owner.client, &owner.uploads(), 1).expect(507);
    terminate(&owner.client, &first).expect(204);
    assert_eq!(owner.stored(), 400);
    // At once, as many as there is room for.
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let one = || create(&owner.client, &owner.uploads(), 100).status;
        let all: Vec<_> = (0..12).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().expect("no panic")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 6, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 507).count(), 6, "{statuses:?}");
    assert_eq!(owner.stored(), 1000);
}

#[test]
fn a_customer_has_so_many_uploads_that_wait_and_no_more() {
    let app = App::without_workers();
    let (owner, other) = (app.customer("library"), app.customer("other"));
    let mut conn = app.database();
    let most = hydria::uploads::MOST_WAITING;
    let sql = format!(
        "INSERT INTO uploads (customer, id, length, metadata, expires) SELECT {}, 'n' || n, 1, '', \
         now() + interval '1 hour' FROM generate_series(2, {most}) AS n",
        owner.id
    );
    rows::execute(&mut conn, &sql);
    create(&owner.client, &owner.uploads(), 1).expect(201);
    let refused = create(&owner.client, &owner.uploads(), 1).expect(507);
    assert!(refused.text("detail").contains("10000 uploads"), "{}", refused.body);
    create(&other.client, &other.uploads(), 1).expect(201);
    terminate(&owner.client, &format!("{}/n2", owner.uploads())).expect(204);
    create(&owner.client, &owner.uploads(), 1).expect(201);
}
