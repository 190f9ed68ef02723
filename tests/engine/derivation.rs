//! The process in which an image is read: it is confined, and whatever happens to it happens to one image.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hydria::derivation::{Derivation, DerivationError, Limits, WantedDerivatives};
use serde_json::Value;

use super::scene::Scene;
use crate::support::pictures;

const LIMITS: Limits = Limits {
    max_pixels: 1_000_000,
    memory: 256 << 20,
    processor_time: std::time::Duration::from_secs(20),
};

/// A child that nobody but the test is the parent of.
struct Raw {
    child: Child,
    reports: BufReader<UnixStream>,
}

impl Raw {
    /// Starts one on an image, and waits until it has read the header.
    fn start(folder: &Path, format: &str, size: &str) -> Self {
        let original = folder.join("original");
        fs::write(&original, pictures::encoded(format, size)).expect("a file");
        let (ours, of_child) = UnixStream::pair().expect("sockets");
        let child = Command::new(env!("CARGO_BIN_EXE_hydria"))
            .args([
                "derive",
                "--memory=268435456",
                "--seconds=20",
                "--max-pixels=1000000",
                "--nice=3",
            ])
            .stdin(File::open(&original).expect("a file"))
            .stdout(Stdio::from(OwnedFd::from(of_child)))
            .stderr(File::create(folder.join("made")).expect("a file"))
            .env_clear()
            .current_dir(folder)
            .spawn()
            .expect("a process");
        let mut raw = Self { child, reports: BufReader::new(ours) };
        let inspected = raw.report().expect("a report");
        assert_eq!(inspected["message"], "inspected", "{inspected}");
        raw
    }

    fn report(&mut self) -> Option<Value> {
        let mut lines = (&mut self.reports).lines().map_while(Result::ok);
        lines.find_map(|line| serde_json::from_str(&line).ok())
    }

    fn order(&mut self, memory: u64) {
        let order = format!("{{\"edges\":[100],\"rendition\":null,\"memory\":{memory}}}\n");
        self.reports.get_mut().write_all(order.as_bytes()).expect("it listens");
    }

    fn proc(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).expect("it waits")
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns what a process has open, each file once.
fn open_files(process: u32) -> BTreeSet<PathBuf> {
    let open = fs::read_dir(format!("/proc/{process}/fd")).expect("it is there");
    open.map(|entry| fs::read_link(entry.expect("a descriptor").path()).expect("a file")).collect()
}

/// Returns the lowered priority that the `stat` of a process tells.
fn nice(stat: &str) -> i32 {
    let fields = stat.rsplit(')').next().expect("fields");
    fields.split_whitespace().nth(16).and_then(|nice| nice.parse().ok()).expect("a number")
}

#[test]
fn the_process_of_an_image_has_limits_and_its_own_files_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = Raw::start(folder.path(), "jpeg", "60x40");
    let status = raw.proc("status");
    let line = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line");
        line.split_whitespace().nth(1).expect("a value").to_owned()
    };
    assert_eq!(line("Seccomp:"), "2", "system calls are filtered");
    assert_eq!(line("NoNewPrivs:"), "1");
    assert_eq!(raw.proc("environ"), "");
    let limits = raw.proc("limits");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).expect("a line");
        line[name.len()..].split_whitespace().next().expect("a value").to_owned()
    };
    assert_eq!(limit("Max data size"), (320_u64 << 20).to_string());
    assert_eq!(limit("Max cpu time"), "20");
    assert_eq!(limit("Max file size"), "4000000");
    assert_eq!(limit("Max core file size"), "0");
    let own = fs::read_to_string("/proc/self/stat").expect("it is this process");
    assert_eq!(nice(&raw.proc("stat")), nice(&own) + 3);
    let open = open_files(raw.child.id());
    assert_eq!(open.len(), 4, "original, socket, what it makes and a file for rows: {open:?}");
}

#[test]
fn memory_that_an_image_turns_out_to_need_beyond_what_was_expected_is_not_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut raw = Raw::start(folder.path(), "tiff", "900x900");
    raw.order(1 << 20);
    let mut said = String::new();
    std::io::Read::read_to_string(&mut raw.reports, &mut said).expect("it says something");
    let status = raw.child.wait().expect("it ends");
    assert!(!said.contains("\"made\""), "{said}");
    let (ended, reported) = (said.contains("memory allocation of"), said.contains("noMemory"));
    assert!(ended || reported, "{said} {status}");
}

#[test]
fn a_process_whose_parent_has_gone_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut raw = Raw::start(folder.path(), "jpeg", "60x40");
    raw.reports.get_mut().shutdown(std::net::Shutdown::Write).expect("a socket");
    let status = raw.child.wait().expect("it ends");
    assert_eq!(status.signal(), None, "{status}");
    assert_eq!(raw.report().expect("a report")["message"], "failed");
}

fn wanted() -> WantedDerivatives {
    WantedDerivatives { edges: vec![100], rendition: None }
}

/// Starts a derivation in which a shell script takes the place of the child.
fn scripted(script: &str) -> DerivationError {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("child");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    let original = tempfile::tempfile().expect("a file");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let limits = Limits { processor_time: std::time::Duration::from_secs(1), ..LIMITS };
    runtime.block_on(async {
        let started = Derivation::start(&program, folder.path(), original, limits, 0).await;
        match started {
            Ok(started) => started.finish(wanted()).await.expect_err("it makes nothing"),
            Err(error) => error,
        }
    })
}

const INSPECTED: &str =
    r#"echo '{"message":"inspected","mediaType":"image/png","width":9,"height":9,"memory":9}'"#;

#[test]
fn a_decoder_that_breaks_says_so_of_the_image() {
    for (signal, words) in [
        ("SEGV", "breaks the decoder (signal 11)"),
        ("ABRT", "breaks the decoder (signal 6)"),
        ("XCPU", "more than the 1 s of processor time allowed (HYDRIA_INGEST_SECONDS)"),
        ("XFSZ", "larger than any image of its size"),
    ] {
        for before in ["", INSPECTED] {
            let error = scripted(&format!("{before}\nkill -{signal} $$"));
            assert!(matches!(error, DerivationError::Image(_)), "{signal}: {error:?}");
            assert!(error.to_string().contains(words), "{signal}: {error}");
        }
    }
    for script in [
        "echo 'memory allocation of 7 bytes failed'; kill -ABRT $$",
        r#"echo '{"message":"noMemory"}'"#,
    ] {
        let error = scripted(script);
        assert!(error.to_string().contains("268 MB allowed (HYDRIA_INGEST_MEMORY_MB)"), "{error}");
    }
}

#[test]
fn a_child_that_is_killed_or_talks_nonsense_says_nothing_of_the_image() {
    for script in [
        "kill -KILL $$",
        "exit 3",
        "exec /nowhere/at/all",
        "yes",
        r#"echo '{"message":"failed","words":"the disk is full","code":28}'"#,
        r#"echo '{"message":"failed","words":"it is odd","code":null}'"#,
        r#"echo '{"message":"made","index":"AAAA","bytes":0}'"#,
        r#"echo '{"message":"inspected","mediaType":"text/html","width":9,"height":9,"memory":9}'"#,
        &format!("{INSPECTED}; {INSPECTED}"),
        &format!(
            "{INSPECTED}; {}",
            r#"echo '{"message":"made","index":"not in base64","bytes":99999999999}'"#
        ),
    ] {
        let error = scripted(script);
        assert!(!matches!(error, DerivationError::Image(_)), "{script}: {error:?}");
    }
}

#[test]
fn limits_that_refuse_an_image_name_their_setting() {
    let error = scripted(&INSPECTED.replace("\"width\":9", "\"width\":999999"));
    assert!(error.to_string().contains("HYDRIA_MAX_PIXELS"), "{error}");
    let error = scripted(&INSPECTED.replace("\"memory\":9", "\"memory\":999999999999"));
    assert!(error.to_string().contains("HYDRIA_INGEST_MEMORY_MB"), "{error}");
    let scene = Scene::with(&[("HYDRIA_INGEST_MEMORY_MB", "16")]);
    let path = "/format/tiff/24x24";
    let answer = scene.put("large", &scene.origin.url(path));
    let image = scene.read("large");
    let words = image.text("error");
    assert!(words.contains("MB allowed (HYDRIA_INGEST_MEMORY_MB)"), "{words} {answer:?}");
}
