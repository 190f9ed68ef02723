//! The parent: starts a child, hears what it expects to need, lets it go on, and takes what it made.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Socket;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use imaging::container::Index;
use imaging::{Format, ImagingError, Size};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};

use super::error::DerivationError;
use super::{FORMATS, Limits, OWN_BYTES, Order, Report, WantedDerivatives, end, memory_limit};

/// Most that is read of a child, in bytes: the index of the largest image that is allowed has some 8 MiB. A child that
/// reads a hostile file is not trusted either.
const MAX_REPORTED: u64 = 16 << 20;
/// Most that is kept of what it says besides its reports, in bytes.
const MAX_SAID: usize = 64 << 10;
/// Time that a child may take for each second of processor time that it may take, because others may want the cores.
const PATIENCE: u32 = 10;

/// The derivatives of an image, as its child made them.
#[derive(Debug)]
pub struct Derived {
    pub format: Format,
    pub index: Index,
    /// The object, and its length in bytes.
    pub object: File,
    pub bytes: u64,
    /// Time that decoding took, according to the child.
    pub decoding: Duration,
}

/// A child that has read the header of an image, and waits; it is ended when this is dropped.
#[derive(Debug)]
pub struct Derivation {
    child: Child,
    lines: Lines<BufReader<tokio::io::Take<OwnedReadHalf>>>,
    orders: OwnedWriteHalf,
    output: File,
    limits: Limits,
    /// Text of the child that is no report.
    said: String,
    /// Bytes that reading will take at most.
    pub memory: u64,
    /// Bytes that the child may take.
    most_memory: u64,
    format: Format,
    /// Pixels, before the orientation is applied.
    stored: Size,
}

impl Derivation {
    /// Starts a child for an original, and waits until it has read the header.
    ///
    /// `program` is this program, `folder` is where what it makes is kept meanwhile, without a name; `nice` is by how
    /// many steps its scheduling priority is lower.
    ///
    /// # Errors
    /// Returns [`DerivationError::Image`] where the image cannot be read, or is beyond the limits.
    pub async fn start(
        program: &Path,
        folder: &Path,
        original: File,
        limits: Limits,
        nice: i32,
    ) -> Result<Self, DerivationError> {
        let output = tempfile::tempfile_in(folder)?;
        let (ours, of_child) = Socket::pair()?;
        ours.set_nonblocking(true)?;
        let child = Command::new(program)
            .arg("derive")
            .arg(format!("--memory={}", limits.memory))
            .arg(format!("--seconds={}", limits.processor_time.as_secs()))
            .arg(format!("--max-pixels={}", limits.max_pixels))
            .arg(format!("--nice={nice}"))
            .env_clear()
            .current_dir(folder)
            .stdin(Stdio::from(original))
            .stdout(Stdio::from(OwnedFd::from(of_child)))
            .stderr(Stdio::from(output.try_clone()?))
            .kill_on_drop(true)
            .spawn()?;
        let (reports, orders) = UnixStream::from_std(ours)?.into_split();
        let mut started = Self {
            child,
            lines: BufReader::new(reports.take(MAX_REPORTED)).lines(),
            orders,
            output,
            limits,
            said: String::new(),
            memory: 0,
            most_memory: limits.memory + OWN_BYTES,
            stored: Size { width: 0, height: 0 },
            format: Format::Jpeg,
        };
        match started.report().await? {
            Report::Inspected { media_type, width, height, memory } => {
                let format = FORMATS.into_iter().find(|format| format.media_type() == media_type);
                let format = format.ok_or_else(|| nonsense(&media_type))?;
                let size = Size { width, height };
                check(size, memory, &limits)?;
                (started.format, started.stored, started.memory) = (format, size, memory);
            }
            other => return Err(nonsense(&other)),
        }
        Ok(started)
    }

    /// Lets the child go on, and takes what it makes.
    ///
    /// # Errors
    /// Returns [`DerivationError::Image`] where the image cannot be read, or is beyond the limits.
    pub async fn finish(mut self, wanted: WantedDerivatives) -> Result<Derived, DerivationError> {
        let memory = memory_limit(self.memory, self.limits.memory);
        self.most_memory = memory;
        let order = serde_json::to_string(&Order { wanted, memory })
            .map_err(|error| DerivationError::Service(error.to_string()))?;
        // A child that has ended meanwhile says so below.
        let _ = self.orders.write_all(format!("{order}\n").as_bytes()).await;
        let Report::Made { index, bytes, decoding_us } = self.report().await? else {
            return Err(DerivationError::Service("its process reported twice".into()));
        };
        let index = BASE64.decode(&index).map_err(|error| nonsense(&error))?;
        let index = Index::decode(&index).map_err(|error| nonsense(&error))?;
        let (found, Size { width, height }) = (index.size(), self.stored);
        let is_it = found == self.stored || found == Size { width: height, height: width };
        if !is_it || index.end() > bytes {
            return Err(nonsense(&"an index of something else"));
        }
        let object = self.output;
        if object.metadata()?.len() != bytes {
            return Err(DerivationError::Service("what its process made is not whole".into()));
        }
        let decoding = Duration::from_micros(decoding_us);
        Ok(Derived { format: self.format, index, object, bytes, decoding })
    }

    /// Waits for the next report of the child, or for its end.
    async fn report(&mut self) -> Result<Report, DerivationError> {
        let longest = self.limits.processor_time.saturating_mul(PATIENCE) + Duration::from_mins(1);
        let next = tokio::time::timeout(longest, self.next());
        let Ok(next) = next.await else {
            return Err(DerivationError::Service("its process did not end in time".into()));
        };
        match next? {
            Some(Report::Refused { words }) => Err(DerivationError::Image(words)),
            Some(Report::NoMemory) => Err(end::no_memory(self.most_memory, &self.limits)),
            Some(Report::Failed { code: Some(code), .. }) => {
                Err(io::Error::from_raw_os_error(code).into())
            }
            Some(Report::Failed { words, code: None }) => Err(DerivationError::Service(words)),
            Some(report) => Ok(report),
            None => {
                let status = self.child.wait().await?;
                log::debug!("a process that derives ended with {status}: {}", self.said);
                Err(end::reason(status, &self.said, self.most_memory, &self.limits))
            }
        }
    }

    /// Returns the next report; `None` where the child ended, or said too much.
    async fn next(&mut self) -> io::Result<Option<Report>> {
        loop {
            let line = match self.lines.next_line().await {
                Ok(Some(line)) => line,
                // One that ends without having read its order resets the connection.
                Ok(None) => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => break,
                Err(error) => return Err(error),
            };
            if let Ok(report) = serde_json::from_str(&line) {
                return Ok(Some(report));
            }
            if self.said.len() + line.len() < MAX_SAID {
                self.said.push_str(&line);
                self.said.push('\n');
            }
        }
        // One that has said too much may be under way still.
        let _ = self.child.start_kill();
        Ok(None)
    }
}

fn nonsense(said: &dyn fmt::Debug) -> DerivationError {
    DerivationError::Service(format!("its process reported what makes no sense: {said:?}"))
}

/// Refuses an image that is beyond a limit, in words that name the setting.
fn check(size: Size, memory: u64, limits: &Limits) -> Result<(), DerivationError> {
    let refuse =
        |error: &ImagingError, setting| Err(DerivationError::Image(format!("{error} ({setting})")));
    let (pixels, limit) = (size.pixels(), limits.max_pixels);
    if pixels > limit {
        return refuse(&ImagingError::TooManyPixels { pixels, limit }, "HYDRIA_MAX_PIXELS");
    }
    let (bytes, limit) = (memory, limits.memory);
    if bytes > limit {
        let error = ImagingError::TooMuchMemory { bytes, limit };
        return refuse(&error, "HYDRIA_INGEST_MEMORY_MB");
    }
    Ok(())
}
