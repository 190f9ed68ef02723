//! A data folder, its secret, its database and its storage belong together; what does not is refused in words.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use diesel::{Connection, PgConnection};
use hydria::database::migrate;
use serde_json::json;

use super::home::{BASE, Home, Running};
use crate::support::{Client, Origin, database, rows};

/// What a command says that is refused.
#[track_caller]
fn refused(mut command: Command) -> String {
    let output = command.output().expect("the binary runs");
    words_of(&output)
}

#[track_caller]
fn words_of(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{words}{}", String::from_utf8_lossy(&output.stdout));
    assert!(words.contains("hydria: "), "{words}");
    words
}

#[track_caller]
fn says(words: &str, parts: &[&str]) {
    for part in parts {
        assert!(words.contains(part), "no {part} in {words}");
    }
}

fn with(home: &Home, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = home.command(arguments);
    command.envs(settings.iter().copied());
    command
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Makes a space and processes an image in it.
fn one_image(client: &Client, origin: &Origin) {
    client.put("/customers/1/spaces/1", &json!({ "name": "maps" })).expect(201);
    let body = json!({ "origin": origin.image(450, 300) });
    client.put("/customers/1/spaces/1/images/a", &body).expect(201);
}

#[test]
fn no_secret_is_made_over_a_database_and_no_other_is_taken() {
    let home = Home::new();
    home.serve(&[]).stop();
    let (file, kept) = (home.data().join("secret"), home.data().join("kept"));
    std::fs::rename(&file, &kept).expect("a secret");
    says(&refused(home.command(&["serve"])), &["secret", "missing", "backup", "adopt --secret"]);
    says(&refused(home.command(&["key", "make", "1"])), &["secret", "missing"]);
    assert!(!file.exists(), "a new one was made");
    // To look, none is needed.
    assert!(home.says(&["key", "list"]).contains("administrator"));
    for arguments in [["serve"].as_slice(), &["worker"], &["key", "list"], &["migrate"]] {
        let other = with(&home, arguments, &[("HYDRIA_SECRET", "sixteen or more characters")]);
        says(&refused(other), &["HYDRIA_SECRET", "not the one"]);
    }
    std::fs::rename(&kept, &file).expect("a secret");
    let service = home.serve(&[]);
    service.administrator().get("/customers").expect(200);
    service.stop();
}

#[test]
fn a_secret_that_is_lost_for_good_can_be_replaced() {
    let home = Home::new();
    home.serve(&[]).stop();
    std::fs::remove_file(home.data().join("secret")).expect("a secret");
    says(&home.says(&["adopt", "--secret"]), &["void", "hydria key make"]);
    let made = home.says(&["key", "make", "Administrator"]);
    let after = |label: &str| {
        let rest = made.split_once(label).expect(label).1;
        rest.split_whitespace().next().expect("a word").to_owned()
    };
    let service = home.serve(&[]);
    service.administrator().get("/customers").expect(401);
    let client = Client::new(BASE, &service.root(), Some((&after("key:"), &after("secret:"))));
    client.get("/customers").expect(200);
    service.stop();
}

#[test]
fn no_database_is_made_where_keys_tell_of_another() {
    let home = Home::new();
    home.serve(&[]).stop();
    let (cluster, kept) = (home.data().join("postgres"), home.data().join("kept"));
    std::fs::rename(&cluster, &kept).expect("a cluster");
    for arguments in [["serve"].as_slice(), &["worker"], &["migrate"], &["customer", "list"]] {
        let words = refused(home.command(arguments));
        says(&words, &["the database is not there", text(&cluster), "backup"]);
    }
    // Of a version before there is no file that says where it was.
    let location = home.data().join("database.json");
    std::fs::rename(&location, home.data().join("location")).expect("a file");
    says(&refused(home.command(&["serve"])), &["the database is not there", text(&cluster)]);
    assert!(!cluster.exists(), "a new one was made");
    let empty = database::empty();
    let words = refused(with(&home, &["serve"], &[("DATABASE_URL", &empty)]));
    says(&words, &["the database is empty", "DATABASE_URL"]);
    let tables = "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'";
    let mut conn = PgConnection::establish(&empty).expect("a database");
    assert_eq!(rows::number(&mut conn, tables), 0);
    std::fs::rename(&kept, &cluster).expect("a cluster");
    let service = home.serve(&[]);
    service.administrator().get("/customers").expect(200);
    assert!(location.exists(), "it is written again");
    service.stop();
    // What is said in words is done: the keys moved away, a new one is begun with.
    std::fs::remove_dir_all(&cluster).expect("a cluster");
    for name in ["secret", "admin-key", "database.json"] {
        std::fs::remove_file(home.data().join(name)).expect(name);
    }
    std::fs::remove_dir_all(home.objects()).expect("a storage");
    home.serve(&[]).stop();
}

#[test]
fn a_folder_of_one_database_is_not_used_with_another() {
    let (home, other) = (Home::new(), Home::new());
    let (first, second) = (database::empty(), database::empty());
    home.serve(&[("DATABASE_URL", &first)]).stop();
    other.serve(&[("DATABASE_URL", &second)]).stop();
    let words = refused(with(&home, &["serve"], &[("DATABASE_URL", &second)]));
    says(&words, &["belongs to another database", "DATABASE_URL"]);
    says(&refused(home.command(&["serve"])), &["the database is not there", "DATABASE_URL"]);
    assert!(!home.data().join("postgres").exists());
    let kept = std::fs::read_to_string(home.data().join("database.json")).expect("a file");
    assert!(!kept.contains("password") && kept.contains("cluster"), "{kept}");
    home.serve(&[("DATABASE_URL", &first)]).stop();
}

#[test]
fn two_services_on_one_database_need_one_secret_and_one_storage() {
    let (home, other, origin) = (Home::new(), Home::new(), Origin::start());
    let url = database::empty();
    let service = home.serve(&[("DATABASE_URL", &url)]);
    one_image(&service.administrator(), &origin);
    let words = refused(with(&other, &["serve"], &[("DATABASE_URL", &url)]));
    says(&words, &["secret", "missing", "copy it from another data folder"]);
    let secret = std::fs::read_to_string(home.data().join("secret")).expect("a secret");
    let shared = [("DATABASE_URL", url.as_str()), ("HYDRIA_SECRET", secret.trim())];
    for arguments in [["serve"].as_slice(), &["worker"]] {
        let words = refused(with(&other, arguments, &shared));
        says(&words, &["storage", "HYDRIA_STORAGE", "adopt --storage"]);
    }
    assert!(!other.objects().exists(), "a storage was made");
    // One that carries another marker is no better.
    std::fs::create_dir_all(other.objects()).expect("a folder");
    let marker = r#"{"cluster": "another", "storage": "another"}"#;
    std::fs::write(other.objects().join("hydria.json"), marker).expect("a marker");
    says(&refused(with(&other, &["serve"], &shared)), &["storage", "belongs to another"]);
    let objects = home.objects();
    let mut command = with(&other, &["serve"], &shared);
    let second = Running::start(
        {
            command.env("HYDRIA_STORAGE", &objects);
            command
        },
        "ready at ",
    );
    let image = second.administrator().get("/customers/1/spaces/1/images/a").expect(200);
    let client = Client::new(BASE, &second.root(), None);
    client.get(&image.text("thumbnail400")).expect(200);
    second.stop();
    service.stop();
}

#[test]
fn a_storage_that_is_lost_for_good_can_be_replaced() {
    let (home, origin) = (Home::new(), Origin::start());
    let service = home.serve(&[]);
    one_image(&service.administrator(), &origin);
    service.stop();
    std::fs::remove_dir_all(home.objects()).expect("a storage");
    says(&refused(home.command(&["serve"])), &["storage", "adopt --storage"]);
    says(&refused(home.command(&["check", "--repair"])), &["storage", "adopt --storage"]);
    home.says(&["adopt", "--storage"]);
    says(&home.says(&["check", "--repair"]), &["lost its thumbnails"]);
    home.serve(&[]).stop();
}

#[test]
fn what_a_version_before_has_left_is_taken_over_with_care() {
    let (home, origin) = (Home::new(), Origin::start());
    let service = home.serve(&[]);
    one_image(&service.administrator(), &origin);
    service.stop();
    let file = |name: &str| home.data().join(name);
    let open = std::fs::Permissions::from_mode(0o755);
    let before = || {
        let (private, mut conn) = home.database();
        rows::execute(&mut conn, "DELETE FROM deployment");
        drop(conn);
        drop(private);
        let marker = home.objects().join("hydria.json");
        for file in [file("database.json"), marker] {
            if file.exists() {
                std::fs::remove_file(file).expect("a file");
            }
        }
    };
    before();
    // Its secret is not the one of its keys.
    std::fs::rename(file("secret"), file("kept")).expect("a secret");
    says(&refused(home.command(&["serve"])), &["secret", "missing"]);
    std::fs::write(file("secret"), "of quite another installation\n").expect("a secret");
    says(&refused(home.command(&["serve"])), &["secret", "not the one"]);
    std::fs::rename(file("kept"), file("secret")).expect("a secret");
    // Its objects are not where they were.
    std::fs::rename(home.objects(), file("kept")).expect("a storage");
    says(&refused(home.command(&["serve"])), &["has none of the objects", "HYDRIA_STORAGE"]);
    std::fs::remove_dir_all(home.objects()).expect("an empty storage");
    std::fs::rename(file("kept"), home.objects()).expect("a storage");
    before();
    std::fs::set_permissions(home.objects(), open.clone()).expect("a mode");
    std::fs::set_permissions(file("originals"), open).expect("a mode");
    let service = home.serve(&[]);
    service.administrator().get("/customers").expect(200);
    for folder in [home.objects(), file("originals")] {
        let mode = folder.metadata().expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
    }
    assert!(home.objects().join("hydria.json").exists() && file("database.json").exists());
    assert!(home.says(&["check"]).contains("agree"));
    service.stop();
}

#[test]
fn a_moved_folder_whose_database_lies_elsewhere_says_how_it_follows() {
    if effective_user() != 0 {
        // Only root's databases lie elsewhere.
        return;
    }
    let home = Home::new();
    let closed = home.data().parent().expect("a folder").join("closed");
    std::fs::create_dir(&closed).expect("a folder");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).expect("a mode");
    let (old, new) = (closed.join("old"), closed.join("new"));
    let at = |folder: &Path, arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("HYDRIA_DATA", folder);
        command
    };
    let first = Running::start(at(&old, &["serve"]), "ready at ");
    let said = first.said();
    first.stop();
    says(&said, &["/var/lib/hydria/"]);
    let shown = at(&old, &["config"]).output().expect("the binary runs");
    says(&String::from_utf8_lossy(&shown.stdout), &["PostgreSQL in /var/lib/hydria/"]);
    std::fs::rename(&old, &new).expect("a folder");
    let words = refused(at(&new, &["serve"]));
    says(&words, &["the database is not there", "It is still there", "/var/lib/hydria/"]);
    says(&refused(at(&new, &["key", "list"])), &["It is still there"]);
    let (_, command) = words.split_once("while nothing runs: ").expect("a command");
    let (command, _) = command.split_once(". If").expect("its end");
    let done = Command::new("sh").args(["-c", command]).status().expect("a shell");
    assert!(done.success(), "{command}");
    let again = Running::start(at(&new, &["serve"]), "ready at ");
    again.administrator().get("/customers").expect(200);
    again.stop();
    // Both homes are of this test alone, named by the folder's path.
    for part in command.split_whitespace().filter(|part| part.starts_with("/var/lib/hydria/")) {
        let home = part.trim_end_matches('/').trim_end_matches("/postgres");
        let _ = std::fs::remove_dir_all(home);
    }
}

fn effective_user() -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").expect("a process").uid()
}

#[test]
fn a_command_that_looks_makes_nothing() {
    let home = Home::new();
    let commands: [&[&str]; 4] =
        [&["key", "list"], &["customer", "list"], &["check"], &["key", "make", "1"]];
    for arguments in commands {
        says(&refused(home.command(arguments)), &["there is no database", "HYDRIA_DATA"]);
    }
    let url = database::empty();
    let mut conn = PgConnection::establish(&url).expect("a database");
    for arguments in commands {
        let words = refused(with(&home, arguments, &[("DATABASE_URL", &url)]));
        says(&words, &["the database is empty", "hydria migrate"]);
    }
    let relations = "SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(rows::number(&mut conn, relations), 0);
    migrate::migrate(&mut conn).expect("migrations pass");
    let words = refused(with(&home, &["key", "list"], &[("DATABASE_URL", &url)]));
    says(&words, &["nobody has started on this database"]);
    assert_eq!(rows::number(&mut conn, "SELECT count(*) AS n FROM deployment"), 0);
    assert!(!home.data().exists(), "to look is to leave things as they are");
}

#[test]
fn a_command_that_looks_does_not_migrate() {
    let home = Home::new();
    home.serve(&[]).stop();
    let change = |sql: &str| {
        let (private, mut conn) = home.database();
        let changed = rows::execute(&mut conn, sql);
        drop(conn);
        drop(private);
        changed
    };
    assert_eq!(change("INSERT INTO __diesel_schema_migrations VALUES ('29991231000000')"), 1);
    for arguments in [["key", "list"].as_slice(), &["customer", "list"], &["check"]] {
        says(&refused(home.command(arguments)), &["later version", "use that version"]);
    }
    let service = home.serve(&[]);
    assert!(service.said().contains("later version"), "{}", service.said());
    service.stop();
    assert_eq!(
        change("DELETE FROM __diesel_schema_migrations WHERE version = '29991231000000'"),
        1
    );
    let newest = "DELETE FROM __diesel_schema_migrations \
        WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)";
    assert_eq!(change(newest), 1);
    for arguments in [["key", "list"].as_slice(), &["check"], &["key", "remove", "administrator"]] {
        says(&refused(home.command(arguments)), &["not up to date", "hydria migrate"]);
    }
}

#[test]
fn what_is_kept_is_readable_by_its_user_alone() {
    let (home, origin) = (Home::new(), Origin::start());
    let service = home.serve(&[]);
    one_image(&service.administrator(), &origin);
    let mut seen = 0;
    let mut folders = vec![home.data()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let (path, found) = (entry.path(), entry.metadata().expect("an entry"));
            // PostgreSQL sees to its own.
            if entry.file_name().to_string_lossy().starts_with("postgres") && found.is_dir() {
                continue;
            }
            let mode = found.permissions().mode() & 0o777;
            assert_eq!(mode, if found.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
            seen += 1;
            if found.is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(seen > 8, "only {seen} files");
    service.stop();
}
