//! The console in a browser: each script beside this file drives a headless Chromium through a service.
//!
//! `script/browser` installs what they need, and says so loudly where there is no browser.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use hydria::cli::serve::Options;
use imaging::Format;
use serde_json::json;

use crate::support::{App, Library, Origin, Owner, pictures, rows};

const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/console");

const PASSWORD: &str = "open sesame";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Sees that what drives the browser is installed; returns whether there is a browser.
fn install() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("script/browser");
        let output = Command::new(script).arg(FOLDER).output().expect("bash runs");
        assert!(output.status.success(), "script/browser: {}", said(&output));
        let chromium = std::fs::read_to_string(Path::new(FOLDER).join("chromium")).expect("a file");
        let is_there = !chromium.trim().is_empty();
        if !is_there {
            eprintln!("NO BROWSER: THE CONSOLE IS NOT TESTED");
        }
        is_there
    })
}

/// Runs a script to its end; the test fails where the script does.
///
/// With `HYDRIA_CONSOLE_PICTURES` set to a folder, such as `docs/console`, it keeps pictures of pages there.
#[track_caller]
fn run(script: &str, app: &App, (key, secret): (&str, &str), more: &[&str]) {
    if !install() {
        return;
    }
    let mut command = Command::new("node");
    // The service listens on 127.0.0.1; Node.js 18 tries nothing but the first address of localhost.
    command.arg("--dns-result-order=ipv4first").arg(Path::new(FOLDER).join(script));
    command.args([&*app.base, &format!("{key}:{secret}")]).args(more);
    if let Some(folder) = std::env::var_os("HYDRIA_CONSOLE_PICTURES") {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        command.env("HYDRIA_CONSOLE_PICTURES", folder);
    }
    let output = command.env("NO_PROXY", "*").output().expect("Node.js runs");
    assert!(output.status.success(), "{script}: {}", said(&output));
}

/// An account of a person who logs in with [`PASSWORD`].
fn person(owner: &Owner, id: &str, role: &str) {
    let path = owner.path(&format!("/portalUsers/{id}"));
    let body = json!({ "email": format!("{id}@example.org"), "password": PASSWORD });
    owner.client.put(&path, &body).expect(201);
    owner.client.post(&format!("{path}/roles"), &json!([role])).expect(200);
}

/// The token of a link that logs in with the administrator's key, as the program prints it.
fn link(app: &App) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hydria"));
    command.args(["key", "link", "administrator"]).env("HYDRIA_PUBLIC_URL", &app.base);
    command.env("DATABASE_URL", &app.database_url).env("HYDRIA_DATA", app.data.path());
    let printed = said(&command.output().expect("the program runs"));
    let token = printed.split_once("/#log-in=").and_then(|(_, rest)| rest.split(' ').next());
    token.unwrap_or_else(|| panic!("no token in {printed}")).to_owned()
}

/// A customer with a space of images, two of which have no original; returns the address of its images.
fn maps(app: &App, owner: &Owner, origin: &Origin) -> String {
    many_maps(app, owner, origin, 24)
}

/// The same with so many images.
fn many_maps(app: &App, owner: &Owner, origin: &Origin, count: u32) -> String {
    let space = owner.space("Maps of the city");
    let labels = [
        "Plan of the harbour",
        "خريطة المدينة القديمة",
        "The northern suburbs with gardens, ponds and the new road",
    ];
    let members = (0..count).zip(labels.iter().cycle()).map(|(n, label)| {
        let original = match n {
            7 | 20 => origin.url("/missing/x.jpg"),
            _ => origin.image(300 + 20 * (n % 24), 400),
        };
        json!({
            "space": space, "id": format!("sheet-{n:02}"), "origin": original, "label": label,
            "string1": format!("shelf {}", n / 10), "number1": n, "tags": ["map"],
        })
    });
    let members: Vec<_> = members.collect();
    let batch = owner.submit(&members).expect(201).id();
    owner.finished(&batch);
    format!("{}{}", app.base, owner.path(&format!("/spaces/{space}/images")))
}

#[test]
fn every_link_from_the_root_leads_to_a_page_on_which_nothing_goes_wrong() {
    let library = Library::new();
    let Library { app, owner, .. } = &library;
    run("crawl.mjs", app, (&owner.key, &owner.secret), &[]);
}

#[test]
fn what_strangers_wrote_is_text_in_every_view_and_form() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let client = &owner.client;
    let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let space = json!({ "name": evil, "defaultTags": [evil], "defaultRequiredStatement": evil });
    let space = client.post(&owner.path("/spaces"), &space).expect(201).id();
    let number: i64 = space.rsplit('/').next().and_then(|n| n.parse().ok()).expect("a number");
    let image = json!({
        "space": number, "id": "x", "origin": "https://example.org/a.jpg?'\"><script>", "label": evil, "string1": evil, "string2": "javascript:alert(3)",
        "tags": [evil, "javascript:alert(4)", "http://["], "string3": "http://[", "roles": ["javascript:alert(5)", "data:text/html,hello"], "requiredStatement": evil,
    });
    owner.submit(&[image]).expect(201);
    let role = json!({ "name": "r", "label": evil, "aliases": [evil] });
    let role = client.post(&owner.path("/roles"), &role).expect(201).id();
    let service = json!({
        "name": "x", "label": evil, "description": evil, "pageLabel": evil, "profile": "JavaScript:alert(6)", "callToAction": evil,
    });
    let service = client.post(&owner.path("/authServices"), &service).expect(201).id();
    let pages = [
        owner.path(""),
        owner.path("/spaces"),
        owner.path("/spaces?name=%22%3E%3Cscript%3Ealert(7)%3C/script%3E"),
        owner.path("/%3Cscript%3Ealert(8)%3C%2Fscript%3E"),
        format!("{space}/images"),
        format!("{space}/images/x"),
        format!("{space}/images?string1=%3Cscript%3Ealert(9)%3C/script%3E"),
        space,
        role,
        service,
        owner.path("/queue/images"),
        owner.path("/changes"),
    ];
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    run("strangers.mjs", &app, (&owner.key, &owner.secret), &pages);
}

#[test]
fn without_script_links_paging_and_json_work() {
    let app = App::without_workers();
    let owner = app.customer("library");
    for name in ["maps", "letters", "prints", "photographs", "drawings"] {
        owner.space(name);
    }
    run("plain.mjs", &app, (&owner.key, &owner.secret), &[]);
}

#[test]
fn collections_show_pictures_and_tables_and_what_is_under_way_moves() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let images = maps(&app, &owner, &origin);
    run("collections.mjs", &app, (&owner.key, &owner.secret), &[&images, &origin.image(320, 240)]);
}

#[test]
fn each_class_is_made_changed_and_deleted_by_keyboard_alone() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let customer = format!("{}{}", app.base, owner.path(""));
    run("forms.mjs", &app, (&owner.key, &owner.secret), &[&customer, &origin.image(320, 240)]);
}

#[test]
fn nothing_that_was_entered_gets_lost_and_focus_stays_where_it_was() {
    let app = App::without_workers();
    let owner = app.customer("library");
    let images = (0..3)
        .map(|n| json!({ "id": format!("sheet-{n}"), "origin": "https://example.org/a.jpg" }));
    let space = owner.space("Maps");
    let images = images.map(|mut image| {
        image["space"] = json!(space);
        image
    });
    owner.submit(&images.collect::<Vec<_>>()).expect(201);
    let customer = format!("{}{}", app.base, owner.path(""));
    let space = format!("{customer}/spaces/{space}");
    run("kept.mjs", &app, (&owner.key, &owner.secret), &[&customer, &space]);
}

#[test]
fn several_images_are_tagged_protected_and_deleted_at_once() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let images = maps(&app, &owner, &origin);
    run("select.mjs", &app, (&owner.key, &owner.secret), &[&images]);
}

#[test]
fn a_space_of_very_many_images_opens_as_one_of_ten_and_what_matches_is_changed_as_one() {
    let app = App::start();
    let owner = app.customer("library");
    let [few, many] = [("Few", 10), ("Many", 20_000)].map(|(name, count)| {
        let space = owner.space(name);
        rows::fill(&mut app.database(), owner.id, space, count);
        space
    });
    for (space, value, count) in [(few, "gone", 4), (many, "some", 300), (many, "more", 1300)] {
        let first = if value == "more" { 300 } else { 0 };
        let sql = format!(
            "UPDATE images SET string1 = '{value}' WHERE space = {space} AND customer = {} AND \
             substr(id, 8)::int BETWEEN {first} + 1 AND {first} + {count}",
            owner.id
        );
        assert_eq!(rows::execute(&mut app.database(), &sql), count);
    }
    let images = |space| format!("{}{}", app.base, owner.path(&format!("/spaces/{space}/images")));
    run("large.mjs", &app, (&owner.key, &owner.secret), &[&*images(few), &*images(many)]);
}

#[test]
fn what_administrators_make_is_made_changed_and_deleted_by_keyboard_alone() {
    let app = App::without_workers();
    run("administrator.mjs", &app, ("administrator", "its-secret"), &[]);
}

#[test]
fn a_table_of_images_is_read_shown_and_registered_line_by_line() {
    // Fewer in a batch than the console sends at first.
    let settings = [("HYDRIA_BATCH_LIMIT", "700")];
    let app = App::start_with(&settings, Options { no_worker: true, ..Options::default() });
    let (owner, origin) = (app.customer("library"), Origin::start());
    let space = owner.space("Maps of the city");
    let space = format!("{}{}", app.base, owner.path(&format!("/spaces/{space}")));
    run("register.mjs", &app, (&owner.key, &owner.secret), &[&space, &origin.image(320, 240)]);
}

/// Keeps a file in a folder and returns its path.
fn file(folder: &tempfile::TempDir, name: &str, bytes: Vec<u8>) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Runs a script about files that are sent to a space, with a large file, a small one and a folder for others.
#[track_caller]
fn run_with_files(script: &str) {
    let app = App::start();
    let owner = app.customer("library");
    let space = owner.space("Glass plates");
    let space = format!("{}{}", app.base, owner.path(&format!("/spaces/{space}")));
    let folder = tempfile::tempdir().expect("a folder");
    let large = file(&folder, "Large plate.png", pictures::noise("2400x1800"));
    let small = file(&folder, "small.png", pictures::smooth("120x80"));
    let others = folder.path().to_str().expect("a path in UTF-8");
    run(script, &app, (&owner.key, &owner.secret), &[&space, &large, &small, others]);
}

#[test]
fn files_are_sent_from_the_browser_and_images_made_of_them() {
    run_with_files("uploads.mjs");
}

/// Returns what people call a format. Another one has to be named here, to have its first bytes below, and to be known to the browser.
fn called(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "JPEG",
        Format::Png => "PNG",
        Format::Tiff => "TIFF",
        Format::Webp => "WebP",
        Format::Gif => "GIF",
        Format::Jpeg2000 => "JPEG 2000",
    }
}

#[test]
fn the_browser_knows_the_formats_that_are_read_and_no_others() {
    if !install() {
        return;
    }
    let heads: [&[u8]; 12] = [
        b"\xFF\xD8\xFF\xE0\0\x10JFIF",
        b"\x89PNG\r\n\x1a\n\0\0\0\r",
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
        b"II+\0\x08\0\0\0",
        b"MM\0+\0\x08\0\0",
        b"RIFF\x24\0\0\0WEBPVP8 ",
        b"GIF87a\x01\0\x01\0",
        b"GIF89a\x01\0\x01\0",
        b"\0\0\0\x0CjP  \r\n\x87\n",
        b"\xFF\x4F\xFF\x51\0\x2F",
        b"\xFF\xD8\xFF\xDB",
    ];
    let samples = heads.map(|head| {
        let format = Format::recognise(head).expect("a format that is read");
        let digits: Vec<String> = head.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}={}", called(format), digits.concat())
    });
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/console/assets/recognise.js");
    let script = Path::new(FOLDER).join("recognise.mjs");
    let output = Command::new("node").arg(script).arg(file).args(samples).output();
    let output = output.expect("Node.js runs");
    assert!(output.status.success(), "recognise.mjs: {}", said(&output));
}

#[test]
fn files_are_dropped_on_a_page_and_go_on_after_it_is_loaded_anew() {
    run_with_files("drops.mjs");
}

#[test]
fn an_image_is_zoomed_and_its_colours_are_where_they_belong() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let images = maps(&app, &owner, &origin);
    owner
        .client
        .patch(&format!("{images}/sheet-03"), &json!({ "roles": ["clickthrough"] }))
        .expect(205);
    let image = |id: &str| format!("{images}/sheet-{id}");
    let arguments = [image("12"), image("03"), image("07")];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run("image.mjs", &app, (&owner.key, &owner.secret), &arguments);
}

#[test]
fn people_log_in_go_on_after_a_session_has_ended_and_see_what_they_may_do() {
    let (app, origin) = (App::start(), Origin::start());
    let (owner, other) = (app.customer("library"), app.customer("archive"));
    let images = maps(&app, &owner, &origin);
    person(&owner, "anna", "admin");
    person(&other, "anna", "admin");
    person(&owner, "rea", "readonly");
    let customer = format!("{}{}", app.base, owner.path(""));
    let arguments = [&*customer, &*images, PASSWORD, &*link(&app)];
    run("login.mjs", &app, (&owner.key, &owner.secret), &arguments);
}

#[test]
fn over_http_people_are_told_why_they_cannot_log_in() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let address = port.expect("a port").to_string();
    let settings = [("HYDRIA_LISTEN", &*address), ("HYDRIA_PUBLIC_URL", "http://hydria.test")];
    let app = App::start_with(&settings, Options { no_worker: true, ..Options::default() });
    run("insecure.mjs", &app, ("administrator", "its-secret"), &[&address]);
}

#[test]
fn every_view_is_open_to_everybody_in_both_themes_and_on_narrow_screens() {
    let (app, origin) = (App::start(), Origin::start());
    let owner = app.customer("library");
    let images = many_maps(&app, &owner, &origin, 100);
    person(&owner, "anna", "admin");
    owner.client.post(&owner.path("/roles"), &json!({ "name": "staff" })).expect(201);
    let space = images.trim_end_matches("/images");
    rows::fill(&mut app.database(), owner.id, owner.space("Many"), 1001);
    let many = owner.path("/spaces/2/images?string1=filled");
    owner.client.patch(&many, &json!({ "string2": "seen" })).expect(202);
    let batch = owner.client.get(&owner.path("/queue/batches")).members()[0]["@id"].clone();
    let pages = [
        format!("root={}/", app.base),
        format!("customer={}", owner.path("")),
        format!("spaces={}", owner.path("/spaces")),
        format!("space={space}"),
        format!("images={images}"),
        format!("image={images}/sheet-12"),
        format!("failed={images}/sheet-07"),
        format!("batch={}", batch.as_str().expect("an address")),
        format!("queue={}", owner.path("/queue")),
        format!("roles={}", owner.path("/roles")),
        format!("changes={}", owner.path("/changes")),
        format!("storage={}", owner.path("/storage")),
        format!("user={}", owner.path("/portalUsers/anna")),
        format!("keys={}", owner.path("/keys")),
        format!("job={}", owner.path("/jobs/1")),
        format!("missing={}", owner.path("/spaces/99")),
        "vocabulary=/vocab".to_owned(),
    ];
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    run("access.mjs", &app, (&owner.key, &owner.secret), &pages);
}

#[test]
fn a_day_of_a_librarian_takes_few_clicks() {
    let app = App::start();
    let owner = app.customer("library");
    person(&owner, "anna", "admin");
    let folder = tempfile::tempdir().expect("a folder");
    let whole = file(&folder, "whole.png", pictures::smooth("640x480"));
    let mut bytes = pictures::noise("640x480");
    bytes.truncate(bytes.len() / 2);
    let broken = file(&folder, "broken.png", bytes);
    let plates = folder.path().join("plates");
    std::fs::create_dir(&plates).expect("a folder");
    let arguments = [&*whole, &*broken, plates.to_str().expect("a path in UTF-8"), PASSWORD];
    run("day.mjs", &app, (&owner.key, &owner.secret), &arguments);
}
