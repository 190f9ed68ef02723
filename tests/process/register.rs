//! `hydria register`, and the recipes that do the same without it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::json;

use crate::support::{App, Origin, Owner, database, rows, until};

/// A service, and a folder with what is to be registered.
struct Desk {
    app: App,
    owner: Owner,
    origin: Origin,
    folder: tempfile::TempDir,
}

impl Desk {
    fn of(app: App) -> Self {
        let owner = app.customer("library");
        owner.space("maps");
        let folder = tempfile::tempdir_in(database::folder()).expect("a folder");
        Self { app, owner, origin: Origin::start(), folder }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// A program with the key, and without other settings.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HYDRIA_") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        let Owner { key, secret, .. } = &self.owner;
        command.env("HYDRIA_KEY", format!("{key}:{secret}")).env("HYDRIA_API", &self.app.base);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    fn register(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_hydria"));
        command.arg("register").args(["--api", &self.app.base]).args(arguments);
        command
    }

    /// The numbers of batches, and of the images that they were submitted with.
    fn batches(&self) -> (i64, i64) {
        let mut conn = self.app.database();
        let all = "SELECT count(*) AS n FROM batches";
        let images = "SELECT coalesce(sum(count), 0)::bigint AS n FROM batches";
        (rows::number(&mut conn, all), rows::number(&mut conn, images))
    }
}

/// Runs a program; returns its output, its errors, and whether it succeeded.
fn said(command: &mut Command) -> (String, String, bool) {
    let Output { stdout, stderr, status } = command.output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(stdout), text(stderr), status.success())
}

#[test]
fn a_csv_file_is_registered_and_what_failed_is_told_by_line_until_it_is_right() {
    let desk = Desk::of(App::start());
    let origin = &desk.origin;
    let mut lines: Vec<String> =
        (0..25).map(|n| format!("{n},1,{},\"map, {n}\",{n}", origin.image(40 + n, 30))).collect();
    lines[3] = format!("3,1,{},,three", origin.image(9, 9));
    lines[8] = format!("8,1,{},,-8", origin.image(9, 9));
    lines[12] = format!("12,1,{},,12", origin.url("/missing/x.png"));
    let write = |lines: &[String]| {
        desk.write("images.csv", &format!("id,space,origin,tags,number1\n{}\n", lines.join("\n")))
    };
    write(&lines);
    let register = || said(&mut desk.register(&["images.csv", "--batch-size", "10"]));
    let told = |out: &str| -> Vec<String> {
        let lines =
            out.lines().map(|line| line.splitn(3, ':').take(2).collect::<Vec<_>>().join(":"));
        lines.collect()
    };
    let (out, err, success) = register();
    assert!(!success, "{out}{err}");
    assert_eq!(told(&out), ["images.csv:5", "images.csv:10", "images.csv:14"], "{out}");
    for words in ["number1 is no whole number: three", "number1 must", "404"] {
        assert!(out.contains(words), "{words} in {out}");
    }
    assert!(err.contains("25 lines: 23 images registered now, 0 before"), "{err}");
    assert!(err.contains("3 failed") && !err.contains('\r'), "{err}");
    assert_eq!(desk.batches(), (3, 23));
    let image = desk.owner.client.get(&desk.owner.path("/spaces/1/images/4")).expect(200);
    assert_eq!((image.number("width"), image.number("number1")), (44, 4));
    assert_eq!(image.body["tags"], json!(["map", "4"]));

    let (again, err, success) = register();
    assert_eq!((told(&again), success), (told(&out), false), "{err}");
    assert_eq!(desk.batches(), (3, 23), "nothing is registered twice");
    for (line, text) in [(3, "3"), (8, "8"), (12, "12")] {
        lines[line] = format!("{text},1,{},,{line}", origin.image(90, 60));
    }
    write(&lines);
    let (out, err, success) = register();
    assert!(success && out.is_empty(), "{out}{err}");
    assert!(err.contains("25 lines: 3 images registered now, 22 before"), "{err}");
    assert_eq!(desk.batches(), (4, 26));
    let all = desk.owner.client.get(&desk.owner.path("/allImages?pageSize=500")).expect(200);
    assert_eq!(all.each("error").concat(), "");
    assert_eq!(all.number("totalItems"), 25);
}

#[test]
fn a_run_that_is_killed_goes_on_and_one_without_its_record_makes_nothing_twice() {
    let desk = Desk::of(App::without_workers());
    let lines: Vec<String> = (0..200).map(|n| format!("https://example.org/{n}")).collect();
    let list = desk.write("urls.txt", &format!("# scans\n\n{}\n", lines.join("\n")));
    let arguments = ["urls.txt", "--space", "maps", "--no-wait", "--batch-size", "10"];
    let mut running = desk.register(&arguments);
    let mut running = running.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    until("some batches", || desk.batches().0 >= 3);
    running.kill().expect("a process");
    running.wait().expect("a process");
    let (out, err, success) = said(&mut desk.register(&arguments));
    assert!(success && out.is_empty(), "{out}{err}");
    assert_eq!(desk.batches(), (20, 200));
    let ids = desk.owner.client.get(&desk.owner.path("/allImages")).expect(200);
    assert_eq!(ids.number("totalItems"), 200);
    let record = list.with_file_name("urls.txt.registered");
    std::fs::remove_file(&record).expect("a record");
    let (out, err, success) = said(&mut desk.register(&arguments));
    assert!(success && out.is_empty(), "{out}{err}");
    assert_eq!(desk.batches(), (20, 200), "the keys of the requests are the same");
    let (_, err, _) = said(&mut desk.register(&arguments));
    assert!(err.contains("0 images registered now, 200 before"), "{err}");
}

#[test]
fn a_folder_is_registered_where_it_is_served() {
    let desk = Desk::of(App::start());
    for name in ["scans/a.jpg", "scans/b/1.JPG", "scans/notes.txt"] {
        desk.write(name, "");
    }
    let base = desk.origin.url("/photo");
    let (out, err, success) = said(&mut desk.register(&["scans", "--space", "1"]));
    assert!(!success && out.is_empty() && err.contains("--base-url"), "{out}{err}");
    let arguments = ["scans", "--space", "1", "--base-url", &base, "--priority"];
    let (out, err, success) = said(&mut desk.register(&arguments));
    assert!(success, "{out}{err}");
    let all = desk.owner.client.get(&desk.owner.path("/allImages")).expect(200);
    assert_eq!(
        (all.each("id"), all.each("label")),
        (vec!["a".to_owned(), "b.1".to_owned()], vec!["a.jpg".to_owned(), "b/1.JPG".to_owned()],)
    );
    assert_eq!(all.each("width"), ["640", "640"]);
}

#[test]
fn what_cannot_be_begun_is_refused_in_words_and_nothing_is_sent() {
    let desk = Desk::of(App::without_workers());
    desk.write("good.csv", "id,space,origin\na,1,https://example.org/a\n");
    desk.write("misspelt.csv", "id,space,orgin\na,1,https://example.org/a\n");
    for (arguments, words) in [
        (["misspelt.csv", "--no-wait"].as_slice(), "orgin is no column"),
        (&["none.csv"], "none.csv"),
        (&["good.csv", "--space", "unknown"], "there is no space unknown"),
        (&["good.csv", "--base-url", "https://example.org"], "--base-url is for folders"),
    ] {
        let (out, err, success) = said(&mut desk.register(arguments));
        assert!(!success && out.is_empty() && err.contains(words), "{arguments:?}: {out}{err}");
    }
    let mut stranger = desk.register(&["good.csv"]);
    let (_, err, success) = said(stranger.env("HYDRIA_KEY", "nobody:nothing"));
    assert!(!success && err.contains("401"), "{err}");
    let mut administrator = desk.register(&["good.csv"]);
    let (_, err, success) = said(administrator.env("HYDRIA_KEY", "administrator:its-secret"));
    assert!(!success && err.contains("--customer"), "{err}");
    assert_eq!(desk.batches(), (0, 0));
    let mut administrator = desk.register(&["good.csv", "--customer", "library", "--no-wait"]);
    let (out, err, success) = said(administrator.env("HYDRIA_KEY", "administrator:its-secret"));
    assert!(success, "{out}{err}");
    assert_eq!(desk.batches(), (1, 1));
}

/// The blocks of code in a language that a page of the documentation has.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    let text = std::fs::read_to_string(path).expect("a page");
    let start = format!("```{language}\n");
    let blocks =
        text.split(&start).skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    blocks.map(str::to_owned).collect()
}

#[test]
fn the_recipe_in_python_leads_from_a_csv_file_to_images_that_are_right() {
    let desk = Desk::of(App::start());
    let script = blocks("recipes.md", "python").remove(0);
    desk.write("register.py", &script);
    let image = |n: u32| desk.origin.image(40 + n, 30);
    let missing = desk.origin.url("/missing/x.png");
    let csv = format!(
        "id,space,origin,tags,number1\na,1,{},\"map, old\",1\nb,1,{missing},,2\nc,1,{},,-3\n",
        image(1),
        image(3)
    );
    desk.write("images.csv", &csv);
    let run = |from: &str, to: &str| said(desk.command("python3").args(["register.py", from, to]));
    let (out, err, success) = run("images.csv", "failed.csv");
    assert!(!success && out.contains("1 of 3 images came through"), "{out}{err}");
    let failed = std::fs::read_to_string(desk.folder.path().join("failed.csv")).expect("a file");
    assert!(failed.starts_with("id,space,origin,tags,number1,#why"), "{failed}");
    assert!(failed.contains("404") && failed.contains("number1 must"), "{failed}");
    assert_eq!(desk.batches(), (1, 2));
    run("images.csv", "failed.csv");
    assert_eq!(desk.batches(), (1, 2), "it may be run again");
    let fixed = failed.replace(&missing, &image(2)).replace(",-3,", ",3,");
    desk.write("fixed.csv", &fixed);
    let (out, err, success) = run("fixed.csv", "none.csv");
    assert!(success && out.contains("2 of 2 images came through"), "{out}{err}");
    let all = desk.owner.client.get(&desk.owner.path("/allImages")).expect(200);
    assert_eq!(all.each("number1"), ["1", "2", "3"]);
    assert_eq!(
        (all.each("error").concat(), all.members()[0]["tags"].clone()),
        (String::new(), json!(["map", "old"]))
    );
}

#[test]
fn the_recipes_in_shell_lead_from_a_csv_file_to_images_that_are_right() {
    let desk = Desk::of(App::start());
    let scripts = blocks("recipes.md", "sh");
    desk.write("register.sh", &scripts[0]);
    desk.write("again.sh", &scripts[1]);
    let (good, missing) = (desk.origin.image(40, 30), desk.origin.url("/missing/x.png"));
    let failing = desk.origin.url("/failing/404/1/60x40/x.png");
    let write = |second: &str| {
        let csv = format!("id,space,origin\na,1,{good}\nb,{second}\nc,1,{failing}\n");
        desk.write("images.csv", &csv);
    };
    let run = || said(desk.command("sh").args(["register.sh", "images.csv"]));
    write(&format!("99,{missing}"));
    let (out, err, success) = run();
    assert!(!success && out.contains("member[1].space"), "{out}{err}");
    write(&format!("1,{missing}"));
    let (out, err, success) = run();
    let told: Vec<&str> = out.lines().filter_map(|line| line.split(": ").next()).collect();
    assert!(!success && told == ["b", "c"], "{out}{err}");
    assert_eq!(run(), (out, err, success), "it may be run again");
    assert_eq!(desk.batches(), (1, 3));
    write(&format!("1,{good}"));
    let (out, err, success) = run();
    assert!(success && out.is_empty(), "{out}{err}");

    let body =
        json!({ "id": "d", "space": 1, "origin": desk.origin.url("/failing/404/1/60x40/y.png") });
    let batch = desk.owner.submit(&[body]).expect(201).id();
    assert_eq!(desk.owner.finished(&batch).number("errors"), 1);
    let (out, err, success) = said(desk.command("sh").args(["again.sh", &batch]));
    assert!(success, "{out}{err}");
    assert_eq!(desk.owner.finished(out.trim()).number("completed"), 1);
}
