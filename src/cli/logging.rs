//! The log: text for people, or a JSON object a line for programs.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;

use log::kv::{Key, VisitSource};
use log::{Level, LevelFilter, Record};
use serde_json::{Map, Value};

use crate::config::Config;

/// Starts the log, and sees that panics go to it.
pub fn start(config: &Config) {
    let mut builder = env_logger::Builder::new();
    builder
        .filter_module("actix_server", LevelFilter::Warn)
        // Tells of each request that is no HTTP, as errors.
        .filter_module("actix_http", LevelFilter::Off)
        .parse_filters(&config.log);
    if config.log_json {
        builder.format(|out, record| writeln!(out, "{}", json(record)));
    }
    // A second logger in the same process, as tests have it, is no fault.
    if builder.try_init().is_ok() && config.log_json {
        std::panic::set_hook(Box::new(|panic| log::error!(target: "panic", "{}", panicked(panic))));
    }
}

/// Returns what a panic says, in one line, with its backtrace where `RUST_BACKTRACE` asks for one.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) -> String {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("without a name");
    let backtrace = Backtrace::capture();
    let trace = match backtrace.status() {
        BacktraceStatus::Captured => format!("\n{backtrace}"),
        _ => String::new(),
    };
    format!("thread {thread} {panic}{trace}")
}

/// One line of the log: time, level, target, message, and the values that it was given, such as the request.
fn json(record: &Record<'_>) -> Value {
    let mut line = Map::new();
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    line.insert("time".into(), now.into());
    line.insert("level".into(), record.level().as_str().to_ascii_lowercase().into());
    line.insert("target".into(), record.target().into());
    line.insert("message".into(), record.args().to_string().into());
    // Fails only where a visitor does, and ours does not.
    let _ = record.key_values().visit(&mut Values(&mut line));
    Value::Object(line)
}

struct Values<'a>(&'a mut Map<String, Value>);

impl<'kvs> VisitSource<'kvs> for Values<'_> {
    fn visit_pair(
        &mut self,
        key: Key<'kvs>,
        value: log::kv::Value<'kvs>,
    ) -> Result<(), log::kv::Error> {
        self.0.insert(key.as_str().to_owned(), value.to_string().into());
        Ok(())
    }
}

/// Says why a command failed: on the terminal, or as a line of the log where that is JSON.
pub fn failed(error: &(dyn std::error::Error + 'static), is_json: bool) {
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    if is_json && log::log_enabled!(Level::Error) {
        log::error!("{}", causes.join("; because: "));
        return;
    }
    for (number, cause) in causes.iter().enumerate() {
        eprintln!("{}{cause}", if number == 0 { "hydria: " } else { "  because: " });
    }
}

#[cfg(test)]
mod tests {
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
        assert!(message.contains("logging.rs"), "where it was: {message}");
    }
}
