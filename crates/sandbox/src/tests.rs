//! Each test confines a process of its own: this program, which runs one of the parts below.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Output};
use std::time::Duration;

use rustix::process::Signal;

use crate::{Limits, close_inherited, confine, limit_memory};

/// Name of the variable that says which part a process is to run.
const PART: &str = "SANDBOX_PART";

const LIMITS: Limits =
    Limits { memory: 64 << 20, processor_time: Duration::from_secs(1), file_bytes: 1 << 20 };

/// Runs a part in a process of its own.
fn run(part: &str) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "tests::a_part_in_a_process_of_its_own",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(PART, part)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{} {}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs the part that the environment names; without one, this is not such a process, and there is nothing to do.
#[test]
fn a_part_in_a_process_of_its_own() {
    let Ok(part) = std::env::var(PART) else { return };
    if part == "descriptors" {
        return inherited();
    }
    let mut written = tempfile::tempfile().unwrap();
    let confinement = confine(&LIMITS).unwrap();
    match part.as_str() {
        "memory" => drop(vec![1_u8; 128 << 20]),
        "less memory" => {
            drop(vec![1_u8; 32 << 20]);
            println!("32 MiB were had");
            limit_memory(16 << 20).unwrap();
            drop(vec![1_u8; 32 << 20]);
        }
        "more memory" => assert!(limit_memory(1 << 40).is_ok(), "no more is given"),
        "time" => loop {
            std::hint::black_box(0);
        },
        "file" => written.write_all(&vec![0; 2 << 20]).unwrap(),
        "socket" => {
            println!("{:?}", std::net::TcpListener::bind("127.0.0.1:0").unwrap_err().kind());
        }
        "program" => println!("{:?}", Command::new("/bin/true").status().unwrap_err().kind()),
        "process" => {
            let parent = rustix::process::getppid().unwrap();
            let killed = rustix::process::kill_process(parent, Signal::CONT);
            let limit = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
            let limited =
                rustix::process::prlimit(Some(parent), rustix::process::Resource::Core, limit);
            println!("{killed:?} {limited:?}");
        }
        "open" => {
            let opened = File::open("/etc/hostname").map_err(|error| error.kind());
            println!("{} {opened:?}", confinement.files_refused);
        }
        "work" => {
            written.write_all(b"what it may do").unwrap();
            let sum = std::thread::spawn(|| (1..=10).sum::<u32>()).join().unwrap();
            println!("the sum is {sum}");
        }
        other => panic!("there is no part {other}"),
    }
    println!("the part is done");
}

fn open_descriptors() -> usize {
    // One of them reads the folder.
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

fn inherited() {
    println!("inherited {}", open_descriptors());
    close_inherited().unwrap();
    println!("left {}", open_descriptors());
}

#[test]
fn what_a_process_inherits_beyond_the_standard_three_is_closed() {
    let mut command = Command::new("/bin/sh");
    let program = std::env::current_exe().unwrap();
    let output = command
        .args(["-c", "exec \"$0\" \"$@\" 5</dev/null 7</dev/null"])
        .arg(program)
        .args([
            "--exact",
            "tests::a_part_in_a_process_of_its_own",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(PART, "descriptors")
        .output()
        .unwrap();
    assert!(said(&output).contains("left 3"), "{}", said(&output));
    assert!(!said(&output).contains("inherited 3"), "{}", said(&output));
}

#[test]
fn memory_beyond_the_limit_is_not_given() {
    let output = run("memory");
    assert_eq!(output.status.signal(), Some(Signal::ABORT.as_raw()), "{}", said(&output));
    assert!(
        said(&output).contains("memory allocation of 134217728 bytes failed"),
        "{}",
        said(&output)
    );
}

#[test]
fn the_limit_of_memory_can_be_lowered_and_not_raised() {
    let output = run("less memory");
    assert_eq!(output.status.signal(), Some(Signal::ABORT.as_raw()), "{}", said(&output));
    assert!(said(&output).contains("32 MiB were had"), "{}", said(&output));
    let output = run("more memory");
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn processor_time_beyond_the_limit_ends_the_process() {
    let output = run("time");
    assert_eq!(output.status.signal(), Some(Signal::XCPU.as_raw()), "{}", said(&output));
}

#[test]
fn files_do_not_grow_beyond_the_limit() {
    let output = run("file");
    assert!(!said(&output).contains("the part is done"), "{}", said(&output));
    assert_eq!(output.status.signal(), Some(Signal::XFSZ.as_raw()), "{}", said(&output));
}

#[test]
fn sockets_and_programs_are_refused() {
    for part in ["socket", "program"] {
        let output = run(part);
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("PermissionDenied"), "{part}: {}", said(&output));
    }
}

#[test]
fn other_processes_are_out_of_reach() {
    let output = run("process");
    assert!(output.status.success(), "{}", said(&output));
    let refused = said(&output).matches("PermissionDenied").count();
    assert_eq!(refused, 2, "{}", said(&output));
}

#[test]
fn files_are_refused_where_the_kernel_sees_to_it() {
    let output = run("open");
    assert!(output.status.success(), "{}", said(&output));
    let (refused, open) =
        (said(&output).contains("true Err(PermissionDenied)"), said(&output).contains("false Ok"));
    assert!(refused || open, "{}", said(&output));
}

#[test]
fn open_files_and_threads_still_work() {
    let output = run("work");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("the sum is 55"), "{}", said(&output));
}
