use super::*;

#[test]
fn a_line_is_one_object_whatever_it_says() {
    let values = [("request", "4f")];
    let line = json(
        &Record::builder()
            .args(format_args!("two\nlines, \"quoted\""))
            .level(Level::Warn)
            .target("hydria::web")
            .key_values(&values)
            .build(),
    );
    assert!(!line.to_string().contains('\n'));
    assert_eq!(line["level"], "warn");
    assert_eq!(line["target"], "hydria::web");
    assert_eq!(line["message"], "two\nlines, \"quoted\"");
    assert_eq!(line["request"], "4f");
    let time = line["time"].as_str().expect("a time");
    chrono::DateTime::parse_from_rfc3339(time).expect("RFC 3339");
}
/// Set where this very program is run again, to panic.
const PANICS: &str = "HYDRIA_TRIAL_PANICS";

/// Not a test of its own: what the next one runs.
#[test]
fn a_process_that_panics() {
    if std::env::var_os(PANICS).is_none() {
        return;
    }
    let format = |name: &str| (name == "HYDRIA_LOG_FORMAT").then(|| "json".to_owned());
    start(&Config::read(format).expect("settings"));
    let thread = std::thread::Builder::new().name("worker".into());
    let panicked = thread.spawn(|| panic!("two\nlines")).expect("a thread").join();
    assert!(panicked.is_err());
}

#[test]
fn a_panic_is_a_line_of_the_log() {
    let (_, here) = module_path!().split_once("::").expect("a module");
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", &format!("{here}::a_process_that_panics"), "--nocapture"])
        .env(PANICS, "1")
        .env_remove("RUST_BACKTRACE")
        .output()
        .expect("it runs");
    let words = String::from_utf8(output.stderr).expect("UTF-8");
    let lines: Vec<Value> =
        words.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let [line] = lines.as_slice() else { panic!("one line: {words}") };
    assert_eq!((&line["level"], &line["target"]), (&"error".into(), &"panic".into()));
    let message = line["message"].as_str().expect("a message");
    assert!(message.contains("worker") && message.contains("two\nlines"), "{message}");
    assert!(message.contains("logging/tests.rs"), "where it was: {message}");
}

#[test]
fn what_the_client_of_ftp_sends_is_never_written() {
    let is_secret =
        |target: &str, level| is_secret(&Metadata::builder().target(target).level(level).build());
    for level in [Level::Debug, Level::Trace] {
        assert!(is_secret(&["suppaftp", "async_ftp", "control"].join("::"), level));
        assert!(!is_secret("hydria::origins", level));
    }
    assert!(!is_secret("suppaftp", Level::Warn));
}
