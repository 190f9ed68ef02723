//! What breaks off: connections, processes, two requests at once, and uploads that nobody finishes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;

use super::{
    Slow, append, append_in_chunks, create, encoded, head, noise, offset, place, terminate,
};
use crate::engine::scene::{Hands, Scene};
use crate::process::home::Home;
use crate::support::{App, Owner, rows, until};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_came_before_a_connection_broke_off_is_kept_and_the_rest_is_sent_after_it() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let bytes = noise(6 << 20);
    let upload = place(&create(&owner.client, &owner.uploads(), bytes.len()).expect(201));
    let mut slow = Slow::begin(&owner, &upload, 0, bytes.len());
    slow.send(&bytes[..5_000_000]);
    drop(slow);
    // All but what this process had read and not passed on yet.
    until("the last part to be stored", || offset(&owner.client, &upload) > 4 << 20);
    let at = offset(&owner.client, &upload);
    assert!((4_800_000..=5_000_000).contains(&at), "{at}");
    append(&owner.client, &upload, at, &bytes[at..]).expect(204);
    let read = owner.client.get(&upload).expect(200);
    assert!(read.bytes == bytes, "{} bytes", read.bytes.len());
    app.visitor.get(&upload).expect(401);
    let hands = Hands::of(&app);
    hands.tidy();
    assert_eq!(hands.check(), Vec::<String>::new());
}

#[test]
fn pieces_however_small_make_few_objects_and_the_bytes_are_what_was_sent() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let bytes = noise(40_000);
    let upload = place(&create(&owner.client, &owner.uploads(), bytes.len()).expect(201));
    let mut at = 0;
    for length in [1, 2, 3, 500, 1, 10_000, 29_493] {
        append(&owner.client, &upload, at, &bytes[at..at + length]).expect(204);
        at += length;
    }
    assert!(owner.client.get(&upload).expect(200).bytes == bytes);
    let hands = Hands::of(&app);
    hands.tidy();
    assert_eq!(rows::files(&app.data.path().join("objects")).len(), 1);
    assert_eq!(hands.check(), Vec::<String>::new());
    // Larger ones stay as they are.
    let bytes = noise(9 << 20);
    let upload = owner.upload(&bytes);
    assert!(owner.client.get(&upload).expect(200).bytes == bytes);
    hands.tidy();
    assert_eq!(rows::files(&app.data.path().join("objects")).len(), 4);
    assert_eq!(rows::files(&app.data.path().join("originals")), Vec::<std::path::PathBuf>::new());
}

#[test]
fn of_two_requests_at_once_the_later_goes_on_and_the_earlier_adds_nothing() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let bytes = noise(200_000);
    let upload = place(&create(&owner.client, &owner.uploads(), bytes.len()).expect(201));
    let mut earlier = Slow::begin(&owner, &upload, 0, bytes.len());
    earlier.send(&vec![0; 100_000]);
    let mut conn = app.database();
    until("the earlier to begin", || {
        rows::number(&mut conn, "SELECT count(writer) AS n FROM uploads") == 1
    });
    append(&owner.client, &upload, 0, &bytes[..150_000]).expect(204);
    earlier.send(&vec![0; 100_000]);
    assert_eq!(earlier.answer().0, 409);
    assert_eq!(offset(&owner.client, &upload), 150_000);
    append(&owner.client, &upload, 150_000, &bytes[150_000..]).expect(204);
    assert!(owner.client.get(&upload).expect(200).bytes == bytes);
}

#[test]
fn a_request_that_was_displaced_stores_nothing() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let upload = place(&create(&owner.client, &owner.uploads(), 200_000).expect(201));
    let mut earlier = Slow::begin(&owner, &upload, 0, 200_000);
    earlier.send(&vec![0; 100_000]);
    let mut conn = app.database();
    until("the earlier to begin", || {
        rows::number(&mut conn, "SELECT count(writer) AS n FROM uploads") == 1
    });
    append(&owner.client, &upload, 0, &[1; 1000]).expect(204);
    earlier.send(&vec![0; 100_000]);
    assert_eq!(earlier.answer().0, 409);
    assert_eq!(rows::files(&app.data.path().join("objects/uploads")).len(), 1);
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM discards"), 0);
}

#[test]
fn a_request_that_is_refused_or_adds_nothing_displaces_nobody_and_keeps_nothing_longer() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let bytes = noise(2000);
    let upload = place(&create(&owner.client, &owner.uploads(), bytes.len()).expect(201));
    let mut conn = app.database();
    rows::execute(&mut conn, "UPDATE uploads SET expires = now() + interval '1 hour'");
    let mut slow = Slow::begin(&owner, &upload, 0, bytes.len());
    slow.send(&bytes[..1000]);
    until("it to begin", || rows::number(&mut conn, "SELECT count(writer) AS n FROM uploads") == 1);
    let refused = append(&owner.client, &upload, 0, &[1; 2001]).expect(413);
    assert!(refused.text("detail").contains("ends at byte 2000"), "{}", refused.body);
    append(&owner.client, &upload, 1, b"x").expect(409);
    append(&owner.client, &upload, 0, b"").expect(204);
    append_in_chunks(&owner.client, &upload, 0, b"").expect(204);
    let late = "SELECT count(*) AS n FROM uploads WHERE expires > now() + interval '1 hour'";
    assert_eq!(rows::number(&mut conn, late), 0);
    slow.send(&bytes[1000..]);
    assert_eq!(slow.answer().0, 204);
    assert!(owner.client.get(&upload).expect(200).bytes == bytes);
    assert_eq!(rows::number(&mut conn, late), 1);
}

#[test]
fn a_customer_sends_so_many_requests_at_once_and_all_else_goes_on() {
    let app = App::without_workers();
    let (owner, other) = (app.customer("library"), app.customer("other"));
    let upload = place(&create(&owner.client, &owner.uploads(), 1000).expect(201));
    let mut slow: Vec<Slow> = (0..32).map(|_| Slow::begin(&owner, &upload, 0, 1000)).collect();
    let mut refused = None;
    until("all places to be taken", || {
        let answer = append(&owner.client, &upload, 0, b"");
        if answer.status == 503 {
            refused = answer.header("retry-after").map(str::to_owned);
            return true;
        }
        // The question itself may have had a place that one of them wanted.
        slow.push(Slow::begin(&owner, &upload, 0, 1000));
        false
    });
    assert_eq!(refused.as_deref(), Some("2"));
    let theirs = other.upload(b"theirs");
    assert_eq!(other.client.get(&theirs).expect(200).bytes, b"theirs");
    create(&owner.client, &owner.uploads(), 1).expect(201);
    drop(slow);
    until("their ends to be seen", || append(&owner.client, &upload, 0, &[1; 1000]).status == 204);
}

#[test]
fn what_follows_a_part_that_is_lost_is_refused_in_words() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let upload = place(&create(&owner.client, &owner.uploads(), 1000).expect(201));
    append(&owner.client, &upload, 0, &[1; 100]).expect(204);
    let objects = app.data.path().join("objects");
    let away = app.data.path().join("away");
    // A store that is not there is none of which something is lost.
    std::fs::rename(&objects, &away).expect("a folder");
    std::fs::create_dir(&objects).expect("a folder");
    append(&owner.client, &upload, 100, &[1; 900]).expect(503);
    std::fs::remove_dir_all(&objects).expect("a folder");
    std::fs::rename(&away, &objects).expect("a folder");
    for file in rows::files(&objects.join("uploads")) {
        std::fs::remove_file(file).expect("a file");
    }
    let refused = append(&owner.client, &upload, 100, &[1; 900]).expect(409);
    assert!(refused.text("detail").contains("send the file anew"), "{}", refused.body);
    assert_eq!(offset(&owner.client, &upload), 100);
}

#[test]
fn an_upload_whose_bytes_are_away_or_lost_is_told_so_before_any_is_sent() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let upload = owner.upload(&noise(1000));
    let part = || owner.client.request(Method::GET, &upload).header("Range", "bytes=10-19");
    let objects = app.data.path().join("objects");
    let away = app.data.path().join("away");
    std::fs::rename(&objects, &away).expect("a folder");
    std::fs::create_dir(&objects).expect("a folder");
    for refused in [owner.client.get(&upload), owner.client.send(part())] {
        let refused = refused.expect(503);
        assert!(refused.text("detail").contains("try again"), "{}", refused.body);
    }
    std::fs::remove_dir_all(&objects).expect("a folder");
    std::fs::rename(&away, &objects).expect("a folder");
    assert_eq!(owner.client.send(part()).expect(206).bytes, noise(1000)[10..20]);
    for file in rows::files(&objects.join("uploads")) {
        std::fs::remove_file(file).expect("a file");
    }
    for refused in [owner.client.get(&upload), owner.client.send(part())] {
        let refused = refused.expect(404);
        assert!(refused.text("detail").contains("send the file anew"), "{}", refused.body);
    }
}

#[test]
fn whoever_reads_uploads_and_takes_nothing_keeps_no_turn_from_others() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let upload = owner.upload(&noise(16 << 20));
    let host = owner.client.root.trim_start_matches("http://").to_owned();
    let path = upload.strip_prefix(&owner.client.base).unwrap_or(&upload);
    let credentials = encoded(&format!("{}:{}", owner.key, owner.secret));
    let read = || {
        let mut stream = TcpStream::connect(&host).expect("a connection");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {credentials}\r\n\r\n"
        )
        .expect("it is sent");
        // Its answer has begun.
        assert_eq!(stream.read(&mut [0; 100]).expect("an answer"), 100);
        stream
    };
    let held: Vec<TcpStream> = (0..8).map(|_| read()).collect();
    // Longer than it takes to fill what lies between.
    std::thread::sleep(SECOND);
    let bytes = noise(5 << 20);
    let more = owner.upload(&bytes);
    append(&owner.client, &more, bytes.len(), b"").expect(204);
    drop(held);
    until("their ends to be seen", || owner.client.get(&more).status == 200);
}

#[test]
fn what_is_removed_is_still_in_the_store_for_a_while_for_who_reads_it() {
    let app = App::without_workers();
    let owner = app.customer("library");
    terminate(&owner.client, &owner.upload(b"a page")).expect(204);
    let mut conn = app.database();
    let later = "SELECT count(*) AS n FROM discards WHERE due > now() + interval '30 seconds'";
    assert_eq!(rows::number(&mut conn, later), 1);
}

#[test]
fn an_upload_that_is_removed_while_it_is_sent_is_gone() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let upload = place(&create(&owner.client, &owner.uploads(), 1000).expect(201));
    let mut slow = Slow::begin(&owner, &upload, 0, 1000);
    slow.send(&[1; 500]);
    let mut conn = app.database();
    until("it to begin", || rows::number(&mut conn, "SELECT count(writer) AS n FROM uploads") == 1);
    terminate(&owner.client, &upload).expect(204);
    slow.send(&[1; 500]);
    assert_eq!(slow.answer().0, 404);
    let hands = Hands::of(&app);
    hands.tidy();
    assert_eq!(hands.check(), Vec::<String>::new());
    assert_eq!(rows::files(&app.data.path().join("objects")).len(), 0);
}

#[test]
fn a_service_that_stops_keeps_what_it_has_received_and_does_not_wait_for_the_rest() {
    let mut app = App::without_workers();
    let owner = app.customer("library");
    let upload = place(&create(&owner.client, &owner.uploads(), 1000).expect(201));
    let mut slow = Slow::begin(&owner, &upload, 0, 1000);
    slow.send(&[1; 400]);
    let mut conn = app.database();
    until("it to begin", || rows::number(&mut conn, "SELECT count(writer) AS n FROM uploads") == 1);
    // Whether it is read by now is not told before it is stored.
    std::thread::sleep(SECOND / 5);
    app.stop();
    assert_eq!(slow.answer().0, 503);
    assert_eq!(rows::number(&mut conn, "SELECT received AS n FROM uploads"), 400);
}

#[test]
fn a_process_that_is_killed_leaves_an_offset_that_is_true() {
    let home = Home::new();
    let mut service = home.serve(&[]);
    let mut owner = Owner::make(&service.administrator(), "library");
    let bytes = noise(10 << 20);
    let upload = place(&create(&owner.client, &owner.uploads(), bytes.len()).expect(201));
    let mut slow = Slow::begin(&owner, &upload, 0, bytes.len());
    slow.send(&bytes[..9 << 20]);
    until("two parts to be stored", || offset(&owner.client, &upload) == 8 << 20);
    service.kill();
    drop(slow);
    let service = home.serve(&[]);
    owner.client = service.client_of(&owner);
    let at = offset(&owner.client, &upload);
    assert_eq!(at, 8 << 20);
    append(&owner.client, &upload, at, &bytes[at..]).expect(204);
    assert!(owner.client.get(&upload).expect(200).bytes == bytes);
    assert_eq!(rows::files(&home.data().join("originals")), Vec::<std::path::PathBuf>::new());
    assert!(home.says(&["check"]).contains("agree"));
    service.stop();
}

#[test]
fn an_object_that_was_written_and_never_named_is_removed_after_an_hour() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let upload = owner.upload(b"named");
    let mut conn = app.database();
    // As a process leaves it that is killed between the object and its row.
    let path = app.data.path().join("objects/uploads/777");
    std::fs::create_dir_all(&path).expect("a folder");
    std::fs::write(path.join("777"), b"left behind").expect("a file");
    let sql = "INSERT INTO discards VALUES ('uploads/777/777', now() + interval '1 hour')";
    rows::execute(&mut conn, sql);
    let hands = Hands::of(&app);
    assert_eq!(hands.check(), Vec::<String>::new(), "it may yet be named");
    hands.tidy();
    assert!(!path.join("777").exists());
    assert_eq!(owner.client.get(&upload).expect(200).bytes, b"named");
    std::fs::create_dir_all(&path).expect("a folder");
    std::fs::write(path.join("1777"), b"of nobody").expect("a file");
    let found = hands.mend();
    assert_eq!(found, ["object uploads/777/1777 belongs to no image and no upload"]);
    assert!(hands.check().is_empty());
}

#[test]
fn an_upload_that_no_image_names_goes_after_a_day_with_its_objects_and_its_bytes() {
    let scene = Scene::without_workers();
    let owner = &scene.owner;
    let finished = owner.upload(&noise(1000));
    let unfinished = place(&create(&owner.client, &owner.uploads(), 500).expect(201));
    append(&owner.client, &unfinished, 0, &[1; 100]).expect(204);
    let fresh = owner.upload(&noise(70));
    assert_eq!(owner.stored(), 1570);
    let mut conn = scene.app.database();
    let id = |upload: &str| upload.rsplit('/').next().expect("an id").to_owned();
    let sql = format!(
        "UPDATE uploads SET created = created - interval '1 day', expires = expires - interval '1 day' \
         WHERE id IN ('{}', '{}')",
        id(&finished),
        id(&unfinished)
    );
    assert_eq!(rows::execute(&mut conn, &sql), 2);
    // Its time is over, whether it is removed yet or not.
    head(&owner.client, &finished).expect(404);
    owner.client.get(&finished).expect(404);
    append(&owner.client, &unfinished, 100, &[1; 400]).expect(404);
    scene.agrees();
    assert_eq!(owner.stored(), 70);
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM uploads"), 1);
    scene.agrees();
    assert_eq!(scene.objects().len(), 1);
    assert_eq!(owner.client.get(&fresh).expect(200).bytes.len(), 70);
}

#[test]
fn a_check_finds_uploads_whose_rows_objects_and_totals_do_not_agree() {
    let scene = Scene::without_workers();
    let owner = &scene.owner;
    let hands = Hands::of(&scene.app);
    let upload = owner.upload(&noise(1000));
    let id = upload.rsplit('/').next().expect("an id");
    let mut conn = scene.app.database();
    rows::execute(&mut conn, "UPDATE uploads SET expires = NULL");
    let kept = format!("upload {}/{id} is kept, though no image names it", owner.id);
    assert_eq!(hands.mend(), [kept]);
    rows::execute(
        &mut conn,
        "INSERT INTO tally_changes (customer, space, images, removals, size, thumbnail_size) \
        SELECT customer, 0, 0, 0, 5, 0 FROM uploads",
    );
    let off = format!(
        "totals of uploads of customer {} are off by 0 images, -5 bytes, 0 bytes of thumbnails",
        owner.id
    );
    assert_eq!(hands.mend(), [off]);
    assert_eq!(owner.stored(), 1000);
    // Totals of a customer of whom there is nothing else.
    let other = scene.app.customer("other");
    let theirs = other.upload(b"theirs");
    rows::execute(&mut conn, &format!("DELETE FROM tally_changes WHERE customer = {}", other.id));
    let off = format!(
        "totals of uploads of customer {} are off by 0 images, 6 bytes, 0 bytes of thumbnails",
        other.id
    );
    assert_eq!(hands.mend(), [off]);
    terminate(&other.client, &theirs).expect(204);
    rows::execute(&mut conn, "UPDATE uploads SET received = 999");
    let found = hands.check();
    assert!(
        found.len() == 1 && found[0].contains("has other parts than its row tells"),
        "{found:?}"
    );
    rows::execute(&mut conn, "UPDATE uploads SET received = 1000");
    for file in rows::files(&scene.app.data.path().join("objects")) {
        std::fs::remove_file(file).expect("a file");
    }
    let found = hands.check();
    assert!(
        found.len() == 1 && found[0].contains(&format!("of upload {}/{id} is missing", owner.id)),
        "{found:?}"
    );
}
