//! The log: text for people, or a JSON object a line for programs.

#[cfg(test)]
mod tests;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;

use log::kv::{Key, VisitSource};
use log::{Level, LevelFilter, Log, Metadata, Record};
use serde_json::{Map, Value};

use crate::config::Config;

/// Starts the log, and sees that panics go to it.
pub fn start(config: &Config) {
    let mut builder = env_logger::Builder::new();
    builder
        .filter_module("actix_server", LevelFilter::Warn)
        // Tells of each request that is no HTTP, as errors.
        .filter_module("actix_http", LevelFilter::Off)
        // What a server of SFTP says wrongly is told with the image.
        .filter_module("russh", LevelFilter::Error)
        .parse_filters(&config.log);
    if config.log_json {
        builder.format(|out, record| writeln!(out, "{}", json(record)));
    }
    // A second logger in the same process, as tests have it, is no fault.
    let logger = builder.build();
    let level = logger.filter();
    let is_first = log::set_boxed_logger(Box::new(Discreet(logger))).is_ok();
    if is_first {
        log::set_max_level(level);
    }
    if is_first && config.log_json {
        std::panic::set_hook(Box::new(|panic| log::error!(target: "panic", "{}", panicked(panic))));
    }
}

/// Passes on what is said, whatever the levels in force, but for passwords.
struct Discreet(env_logger::Logger);

impl Log for Discreet {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        !is_secret(about) && self.0.enabled(about)
    }

    fn log(&self, record: &Record<'_>) {
        if !is_secret(record.metadata()) {
            self.0.log(record);
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

/// Returns whether a line may hold a password: the client of FTP writes its commands so.
fn is_secret(about: &Metadata<'_>) -> bool {
    about.target().starts_with("suppaftp") && about.level() > Level::Info
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
