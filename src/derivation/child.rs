//! The child: confines itself, reads the header, waits to be told to go on, and makes what is wanted.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use imaging::{ImagingError, Plan, Probe};
use rustix::process::Signal;

use super::{OWN_BYTES, Order, Report, WantedDerivatives};
use crate::fairness::priority;

/// Bytes of a derived file for each pixel of the largest image, at most; a JPEG of the best quality has fewer.
const BYTES_A_PIXEL: u64 = 4;

/// Pixels from which on tiles are encoded by several threads. Smaller images are done as soon by one thread, which takes a
/// seventh less of the processors.
const MANY_PIXELS: u64 = 32_000_000;

/// The arguments that the parent gives.
#[derive(Debug, Clone, Copy)]
pub struct Arguments {
    /// Bytes of memory that reading may take.
    pub memory: u64,
    /// Seconds of processor time.
    pub seconds: u64,
    /// Width times height, at most.
    pub max_pixels: u64,
    /// Steps by which its scheduling priority is lower.
    pub nice: i32,
}

/// Runs the child on its three open files; returns once it has reported how it went.
pub fn run(arguments: Arguments) -> ExitCode {
    match derive(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn derive(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    sandbox::close_inherited()?;
    let source = open(io::stdin())?;
    let mut parent = open(io::stdout())?;
    let output = open(io::stderr())?;
    // What is written to the standard error, such as by a panic, goes to the parent from now on.
    rustix::stdio::dup2_stderr(&parent)?;
    let scratch = match tempfile::tempfile_in(".") {
        Ok(scratch) => scratch,
        Err(error) => {
            let (words, code) = (error.to_string(), error.raw_os_error());
            return Ok(send(&mut parent, &Report::Failed { words, code })?);
        }
    };
    // Nobody would take what it makes once its parent has gone.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    priority::lower(arguments.nice);
    sandbox::confine(&sandbox::Limits {
        memory: arguments.memory + OWN_BYTES,
        processor_time: Duration::from_secs(arguments.seconds),
        file_bytes: arguments.max_pixels.saturating_mul(BYTES_A_PIXEL).max(1 << 20),
    })?;
    let report = match make(&source, &mut parent, &output, &scratch) {
        Ok(made) => made,
        Err(ImagingError::Io(error)) if error.kind() == io::ErrorKind::OutOfMemory => {
            Report::NoMemory
        }
        Err(ImagingError::Io(error)) => {
            Report::Failed { words: error.to_string(), code: error.raw_os_error() }
        }
        Err(error) => Report::Refused { words: error.to_string() },
    };
    Ok(send(&mut parent, &report)?)
}

/// Returns an open file of the process as one that can be read and written without a buffer.
fn open(standard: impl AsFd) -> io::Result<File> {
    standard.as_fd().try_clone_to_owned().map(File::from)
}

fn make(
    source: &File,
    parent: &mut File,
    output: &File,
    scratch: &File,
) -> Result<Report, ImagingError> {
    let probe = imaging::inspect(source)?;
    let Probe { format, size, estimated_memory_bytes, .. } = &probe;
    let inspected = Report::Inspected {
        media_type: format.media_type().to_owned(),
        width: size.width,
        height: size.height,
        memory: *estimated_memory_bytes,
    };
    send(parent, &inspected).map_err(ImagingError::Io)?;
    let order = receive(parent).map_err(ImagingError::Io)?;
    sandbox::limit_memory(order.memory)
        .map_err(|error| ImagingError::Io(io::Error::other(error)))?;
    let WantedDerivatives { edges, rendition } = order.wanted;
    let pixels = u64::from(size.width) * u64::from(size.height);
    let threads = if pixels < MANY_PIXELS { 1 } else { large_image_threads() };
    let plan =
        Plan { thumbnail_edges: edges, rendition_edge: rendition, threads, ..Plan::default() };
    let derived = imaging::derive(source, output, &probe, &plan, scratch)?;
    let index = BASE64.encode(derived.index.encode());
    let decoding_us = u64::try_from(derived.decoding.as_micros()).unwrap_or(u64::MAX);
    Ok(Report::Made { index, bytes: derived.bytes, decoding_us })
}

/// Returns the number of threads that encode the tiles of a large image: half as many as there are cores, at least 1.
///
/// Requests find a core free, then. Beside an image that takes all cores they wait for up to a tick of the kernel's clock,
/// whatever their priority is (`script/bench images`).
fn large_image_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// Writes a report as a line of its own, whatever was written before.
fn send(parent: &mut File, report: &Report) -> io::Result<()> {
    let line = serde_json::to_string(report).map_err(io::Error::other)?;
    parent.write_all(format!("\n{line}\n").as_bytes())
}

/// Waits for the order to go on; a parent that has gone gives none.
fn receive(parent: &File) -> io::Result<Order> {
    let mut line = String::new();
    BufReader::new(parent).read_line(&mut line)?;
    serde_json::from_str(&line).map_err(io::Error::other)
}
