//! Images of which uploads are the origins.

use hydria::engine::bulk::Turn;
use serde_json::{Value, json};

use super::{append, create, encoded, head, noise, place, terminate, tus};
use crate::engine::scene::{Hands, Scene};
use crate::support::{Answer, App, Owner, pictures, rows, until};

/// The one fault of an answer: where, and why.
#[track_caller]
fn fault(answer: Answer) -> (String, String) {
    let answer = answer.expect(400);
    let violations = answer.body["violations"].as_array().expect("violations");
    assert_eq!(violations.len(), 1, "{}", answer.body);
    let text = |name: &str| violations[0][name].as_str().unwrap_or_default().to_owned();
    (text("pointer"), text("message"))
}

/// Whether an upload is there that no image names any more, once what is due is done.
fn is_there(scene: &Scene, upload: &str) -> bool {
    Hands::of(&scene.app).tidy();
    head(&scene.owner.client, upload).status == 200
}

#[test]
fn an_image_of_an_upload_is_read_from_the_store_and_never_fetched() {
    // Nothing may be fetched from this machine, where the service itself is.
    let scene = Scene::with(&[("HYDRIA_ORIGIN_ALLOW", "")]);
    let owner = &scene.owner;
    // One pattern matches every origin, and its strategy fails at each.
    let strategy = json!({ "regex": ".", "originStrategy": "basic-http-authentication" });
    owner.client.post(&owner.path("/originStrategies"), &strategy).expect(201);
    let upload = owner.upload(&pictures::noise("600x400"));
    let made = scene.put("page", &upload).expect(201);
    assert_eq!(made.text("error"), "", "{}", made.body);
    assert_eq!((made.number("width"), made.number("height")), (600, 400));
    assert_eq!(made.text("origin"), upload);
    assert_eq!(made.text("mediaType"), "image/png");
    let listed =
        owner.client.get(&owner.path(&format!("/spaces/{}/images", scene.space))).expect(200);
    assert_eq!(listed.each("origin"), std::slice::from_ref(&upload));
    assert_eq!(head(&owner.client, &upload).expect(200).header("upload-expires"), None);
    let refused = terminate(&owner.client, &upload).expect(409);
    assert!(refused.text("detail").contains("an image has this upload"), "{}", refused.body);
    // What is written back as it was read changes nothing.
    let again = owner.client.put(&scene.path("page"), &made.body).expect(200);
    assert_eq!(again.text("origin"), upload);
    let reingest = owner.client.post(&format!("{}/reingest", scene.path("page")), &json!({}));
    assert_eq!(reingest.expect(200).number("width"), 600);
    // One in a batch, and one of which it is the initial origin alone.
    let other = json!({ "id": "initial", "space": scene.space, "origin": scene.origin.image(5, 5), "initialOrigin": upload });
    let batch = owner.submit(&[scene.image("batch", &upload), other]).expect(201).id();
    owner.finished(&batch);
    assert_eq!(scene.counts(&batch), (2, 0));
    assert_eq!(scene.read("initial").number("width"), 600);
    assert_eq!(scene.origin.asked(), Vec::<String>::new());
    scene.agrees();
}

#[test]
fn an_upload_stays_as_long_as_an_image_names_it_and_goes_with_the_last() {
    let scene = Scene::start();
    let owner = &scene.owner;
    let client = &owner.client;
    let bytes = pictures::smooth("60x40");
    let length = i64::try_from(bytes.len()).expect("few");
    let other = scene.origin.image(30, 20);
    let upload = owner.upload(&bytes);
    scene.put("a", &upload).expect(201);
    scene.put("b", &upload).expect(201);
    let mut conn = scene.app.database();
    rows::execute(&mut conn, "UPDATE uploads SET created = created - interval '1 month'");
    assert!(is_there(&scene, &upload));
    client.delete(&scene.path("a")).expect(205);
    assert!(is_there(&scene, &upload), "another names it");
    client.patch(&scene.path("b"), &json!({ "tags": ["x"] })).expect(205);
    assert!(is_there(&scene, &upload));
    client.patch(&scene.path("b"), &json!({ "origin": other })).expect(205);
    assert!(!is_there(&scene, &upload), "a change of origin");

    let many: Vec<String> = (0..3).map(|_| owner.upload(&bytes)).collect();
    let images: Vec<Value> = (0..6).map(|n| scene.image(&format!("m{n}"), &many[n % 3])).collect();
    owner.finished(&owner.submit(&images).expect(201).id());
    let space = owner.path(&format!("/spaces/{}/images", scene.space));
    let patch = json!({ "@type": "Collection", "member": [{ "id": "m0", "origin": other }, { "id": "m3", "origin": other }] });
    client.patch(&space, &patch).expect(205);
    assert!(!is_there(&scene, &many[0]), "named images");
    let ids = json!({ "member": [{ "id": "m1", "space": scene.space }, { "id": "m4", "space": scene.space }] });
    client.post(&owner.path("/deleteImages"), &ids).expect(200);
    assert!(!is_there(&scene, &many[1]), "images deleted by their ids");
    assert!(is_there(&scene, &many[2]));
    client.delete(&format!("{space}?all=true")).expect(205);
    assert!(!is_there(&scene, &many[2]), "all images of a space");

    // An initial origin is used up by the first attempt.
    let upload = owner.upload(&bytes);
    let body = json!({ "origin": other, "initialOrigin": upload });
    client.put(&scene.path("c"), &body).expect(201);
    assert!(!is_there(&scene, &upload), "an initial origin");
    assert_eq!(owner.stored(), {
        let c = rows::number(&mut conn, "SELECT total(size) AS n FROM derivatives");
        assert!(c >= length);
        c
    });
    scene.agrees();
}

#[test]
fn an_upload_that_one_image_lets_go_is_there_for_another_that_names_it() {
    let scene = Scene::without_workers();
    let owner = &scene.owner;
    let upload = owner.upload(b"a page");
    owner.submit(&[scene.image("a", &upload), scene.image("b", &upload)]).expect(201);
    owner.client.delete(&scene.path("a")).expect(205);
    // Before anybody has looked whether another names it.
    assert_eq!(head(&owner.client, &upload).expect(200).header("upload-expires"), None);
    assert_eq!(owner.client.get(&upload).expect(200).bytes, b"a page");
    owner.client.delete(&scene.path("b")).expect(205);
    head(&owner.client, &upload).expect(404);
    assert!(!is_there(&scene, &upload));
}

#[test]
fn an_image_of_an_upload_waits_while_the_folder_of_the_store_is_away() {
    let scene = Scene::without_workers();
    let owner = &scene.owner;
    let upload = owner.upload(&pictures::smooth("20x20"));
    let batch = owner.submit(&[scene.image("page", &upload)]).expect(201).id();
    let hands = Hands::of(&scene.app);
    let objects = scene.app.data.path().join("objects");
    let away = scene.app.data.path().join("away");
    // As where a disk is not mounted: there is an empty folder.
    std::fs::rename(&objects, &away).expect("a folder");
    std::fs::create_dir(&objects).expect("a folder");
    hands.work_one();
    assert_eq!(scene.read("page").text("error"), "");
    std::fs::remove_dir(&objects).expect("nothing was written");
    std::fs::rename(&away, &objects).expect("a folder");
    hands.work_next();
    owner.finished(&batch);
    assert_eq!(scene.counts(&batch), (1, 0));
    assert_eq!(scene.read("page").number("width"), 20);
}

#[test]
fn a_job_that_writes_an_upload_to_no_image_does_not_keep_it() {
    let scene = Scene::without_workers();
    let owner = &scene.owner;
    let space = owner.path(&format!("/spaces/{}/images", scene.space));
    let mut conn = scene.app.database();
    rows::fill(&mut conn, owner.id, scene.space, 1200);
    let (upload, gone) = (owner.upload(b"a page"), owner.upload(b"gone"));
    let body = json!({ "origin": upload, "initialOrigin": gone });
    owner.client.patch(&format!("{space}?all=true"), &body).expect(202);
    terminate(&owner.client, &gone).expect(204);
    let hands = Hands::of(&scene.app);
    while hands.bulk_turn() == Turn::Worked {}
    let named = "SELECT count(*) AS n FROM images WHERE origin LIKE '/uploads/%'";
    assert_eq!(rows::number(&mut conn, named), 0);
    assert!(head(&owner.client, &upload).expect(200).header("upload-expires").is_some());
    assert!(hands.check().is_empty());
}

#[test]
fn an_upload_that_is_larger_than_originals_may_be_by_now_is_not_read() {
    let scene = Scene::start();
    let upload = scene.owner.upload(&pictures::smooth("20x20"));
    let mut conn = scene.app.database();
    rows::execute(&mut conn, "UPDATE upload_parts SET length = 3::bigint << 30");
    let made = scene.put("page", &upload).expect(201);
    assert!(made.text("error").contains("larger than 2147483648 bytes"), "{}", made.body);
}

#[test]
fn an_upload_that_cannot_be_an_origin_is_refused_where_it_is_written() {
    let scene = Scene::without_workers();
    let owner = &scene.owner;
    let client = &owner.client;
    let other = scene.app.customer("other");
    let theirs = other.upload(b"theirs");
    let unfinished = place(&create(client, &owner.uploads(), 10).expect(201));
    append(client, &unfinished, 0, b"some").expect(204);
    let gone = owner.upload(b"gone");
    terminate(client, &gone).expect(204);
    let right = owner.upload(b"right");
    owner.submit(&[scene.image("held", &right)]).expect(201);
    let space = owner.path(&format!("/spaces/{}/images", scene.space));
    let id = theirs.rsplit('/').next().expect("an id");
    let wrong = [
        (theirs.clone(), "another customer"),
        (format!("{}{}/{id}", scene.app.base, owner.uploads()), "not there"),
        (unfinished.clone(), "not finished"),
        (gone, "not there"),
        (format!("{right}?x=1"), "not there"),
        (format!("{right}/"), "not there"),
        (
            right
                .to_uppercase()
                .replace("HTTP:", "http:")
                .replace("/CUSTOMERS/", "/customers/")
                .replace("/UPLOADS/", "/uploads/"),
            "not there",
        ),
    ];
    for (origin, reason) in &wrong {
        let is_told = |answer: Answer, pointer: &str| {
            let told = fault(answer);
            assert_eq!(told.0, pointer, "{told:?}");
            assert!(told.1.contains(reason), "{origin}: {told:?}");
        };
        is_told(
            owner.submit(&[scene.image("a", &right), scene.image("b", origin)]),
            "#/member/1/origin",
        );
        is_told(scene.put("new", origin), "#/origin");
        is_told(scene.put("held", origin), "#/origin");
        is_told(client.post(&space, &json!({ "id": "new", "origin": origin })), "#/origin");
        is_told(client.patch(&scene.path("held"), &json!({ "origin": origin })), "#/origin");
        let body = json!({ "origin": right, "initialOrigin": origin });
        is_told(client.put(&scene.path("new"), &body), "#/initialOrigin");
        let named =
            json!({ "@type": "Collection", "member": [{ "id": "held", "origin": origin }] });
        is_told(client.patch(&space, &named), "#/member/0/origin");
        let all = format!("{space}?all=true");
        is_told(client.patch(&all, &json!({ "origin": origin })), "#/origin");
    }
    assert_eq!(scene.read("held").text("origin"), right);
    assert_eq!(client.get(&space).expect(200).number("totalItems"), 1);
    // At another address than the service's own it is an origin like any other.
    let elsewhere = right.replace(&scene.app.base, "https://images.example.org");
    let made = owner.submit(&[scene.image("elsewhere", &elsewhere)]);
    made.expect(201);
    assert_eq!(scene.read("elsewhere").text("origin"), elsewhere);
    scene.agrees();
}

#[test]
fn an_upload_that_is_no_image_fails_for_good_and_in_words() {
    let scene = Scene::start();
    let upload = scene.owner.upload(b"<html>no picture</html>");
    let made = scene.put("page", &upload).expect(201);
    let error = made.text("error");
    assert!(error.contains("format") || error.contains("image"), "{error}");
    assert_eq!(made.body.get("nextTry"), None, "it is not tried again");
    assert_eq!(scene.owner.client.get(&upload).expect(200).bytes, b"<html>no picture</html>");
    // What is lost in the store is told as well.
    let upload = scene.owner.upload(&pictures::smooth("20x20"));
    for file in rows::files(&scene.app.data.path().join("objects/uploads")) {
        std::fs::remove_file(file).expect("a file");
    }
    let made = scene.put("lost", &upload).expect(201);
    assert!(made.text("error").contains("send the file again"), "{}", made.body);
}

#[test]
fn images_of_a_whole_space_change_to_an_upload_by_a_job() {
    let scene = Scene::start();
    let owner = &scene.owner;
    let space = owner.path(&format!("/spaces/{}/images", scene.space));
    let mut conn = scene.app.database();
    rows::fill(&mut conn, owner.id, scene.space, 1200);
    let upload = owner.upload(b"no picture, so that nothing is made of it");
    let job =
        owner.client.patch(&format!("{space}?all=true"), &json!({ "origin": upload })).expect(202);
    let address = job.header("location").expect("a job").to_owned();
    until("the job to end", || {
        owner.client.get(&address).expect(200).body.get("finished").is_some()
    });
    let done = owner.client.get(&address).expect(200);
    assert_eq!(done.number("completed"), 1200, "{}", done.body);
    assert_eq!(
        rows::number(&mut conn, "SELECT count(*) AS n FROM images WHERE origin LIKE '/uploads/%'"),
        1200
    );
    assert_eq!(head(&owner.client, &upload).expect(200).header("upload-expires"), None);
}

#[test]
fn whoever_names_an_upload_and_whoever_removes_it_never_both_succeed() {
    let app = App::without_workers();
    let scene = Scene::of(app);
    let owner = &scene.owner;
    let hands = Hands::of(&scene.app);
    for round in 0..12 {
        let upload = owner.upload(&noise(100));
        let id = upload.rsplit('/').next().expect("an id").to_owned();
        let held = format!("r{round}");
        if round % 3 == 2 {
            // The last image that names it goes while another begins to.
            owner.submit(&[scene.image(&held, &upload)]).expect(201);
        }
        let (removed, named) = std::thread::scope(|scope| {
            let remove = scope.spawn(|| match round % 3 {
                0 => terminate(&owner.client, &upload).status,
                1 => {
                    let sql = format!("UPDATE uploads SET expires = now() WHERE id = '{id}' AND expires IS NOT NULL");
                    rows::execute(&mut scene.app.database(), &sql);
                    Hands::of(&scene.app).tidy();
                    0
                }
                _ => {
                    owner.client.delete(&scene.path(&held)).expect(205);
                    Hands::of(&scene.app).tidy();
                    0
                }
            });
            let name = || owner.submit(&[scene.image(&format!("n{round}"), &upload)]).status;
            let named = scope.spawn(name).join().expect("no panic");
            (remove.join().expect("no panic"), named)
        });
        hands.tidy();
        let is_there = head(&owner.client, &upload).status == 200;
        assert!([201, 400].contains(&named), "{named}");
        assert_eq!(is_there, named == 201, "round {round}: {removed} and {named}");
        if is_there {
            assert_eq!(owner.client.get(&upload).expect(200).bytes, noise(100));
        }
        scene.agrees();
    }
}

#[test]
fn a_table_registers_images_of_uploads_as_of_any_other_origin() {
    let scene = Scene::start();
    let owner: &Owner = &scene.owner;
    let request = tus(&owner.client, reqwest::Method::POST, &owner.uploads());
    let bytes = pictures::smooth("16x16");
    let request = request.header("Upload-Length", bytes.len());
    let request = request.header("Upload-Metadata", format!("filename {}", encoded("a.png")));
    let upload = place(&owner.client.send(request).expect(201));
    append(&owner.client, &upload, 0, &bytes).expect(204);
    let images: Vec<Value> = (0..30).map(|n| scene.image(&n.to_string(), &upload)).collect();
    let batch = owner.submit(&images).expect(201).id();
    owner.finished(&batch);
    assert_eq!(scene.counts(&batch), (30, 0));
    scene.agrees();
}
