//! The servers to compare with: nginx over files, and `IIPImage` behind it, where they are installed.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::stage::{Process, log, port};

/// Processes of `IIPImage`.
const PROCESSES: usize = 2;

/// A server that runs for as long as this value is held.
pub struct Peer {
    pub address: SocketAddr,
    /// The heads of its families of processes.
    pub roots: Vec<u32>,
    processes: Vec<Process>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.processes.iter_mut().for_each(Process::stop);
    }
}

/// Returns a program of the machine, also one that only root has on its path.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|program| program.is_file());
    if found.is_none() {
        log(&format!("{name} is not installed: its figures are left out"));
    }
    found
}

/// Starts nginx over the files of a folder, in which it also keeps its own.
pub fn nginx(folder: &Path) -> Result<Option<Peer>, Failure> {
    let location = format!("location / {{ root {}; }}", folder.join("files").display());
    start_nginx(folder, &location, "")
}

/// Starts `IIPImage` behind nginx, over the files of a folder.
pub fn iipimage(folder: &Path) -> Result<Option<Peer>, Failure> {
    let iipsrv = PathBuf::from("/usr/lib/iipimage-server/iipsrv.fcgi");
    if !iipsrv.is_file() {
        log("iipimage-server is not installed: its figures are left out");
        return Ok(None);
    }
    let mut processes = Vec::new();
    let mut upstream = String::from("upstream iip {");
    for number in 0..PROCESSES {
        let address = port()?;
        write!(upstream, " server {address};")?;
        let child = Command::new(&iipsrv)
            .args(["--bind", &address.to_string()])
            .env("LOGFILE", folder.join(format!("iip-{number}.log")))
            .env("VERBOSITY", "1")
            .env("JPEG_QUALITY", "85")
            .env("MAX_CVT", "100000")
            .env("FILESYSTEM_PREFIX", format!("{}/", folder.join("pyramids").display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        processes.push(Process(child));
    }
    upstream.push_str(" }");
    let location = "location /iiif/ { \
         rewrite ^/iiif/(.*)$ /iipsrv?IIIF=$1 last; } \
         location = /iipsrv { fastcgi_pass iip; fastcgi_buffers 64 64k; \
         fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method; \
         fastcgi_param REQUEST_URI $request_uri; fastcgi_param HTTP_HOST $http_host; \
         fastcgi_param SERVER_PROTOCOL $server_protocol; }";
    let Some(mut peer) = start_nginx(folder, location, &upstream)? else { return Ok(None) };
    peer.roots.extend(processes.iter().map(Process::id));
    peer.processes.extend(processes);
    Ok(Some(peer))
}

/// Makes the pyramid of `IIPImage`, with the tile size and quality of ours; answers whether that is possible.
pub fn pyramid(of: &Path, to: &Path) -> Result<bool, Failure> {
    let Some(vips) = program("vips") else { return Ok(false) };
    let mut command = Command::new(vips);
    command.arg("tiffsave").arg(of).arg(to).args(["--tile", "--pyramid", "--compression", "jpeg"]);
    command.args(["--Q", "85", "--tile-width", "512", "--tile-height", "512"]);
    Ok(command.stdout(Stdio::null()).status()?.success())
}

fn start_nginx(folder: &Path, location: &str, upstream: &str) -> Result<Option<Peer>, Failure> {
    let Some(nginx) = program("nginx") else { return Ok(None) };
    let address = port()?;
    let own = folder.join(format!("nginx-{}", address.port()));
    std::fs::create_dir_all(&own)?;
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {kind};"))
        .join(" ");
    // One thread a core, no lines for each request, and connections that are kept, as ours.
    let settings = format!(
        "worker_processes auto; pid nginx.pid; error_log error.log; daemon off; \
         events {{ worker_connections 1024; }} \
         http {{ {temporary} access_log off; sendfile on; tcp_nopush on; \
         keepalive_requests 100000000; types {{ image/jpeg jpg; }} {upstream} \
         server {{ listen {address}; {location} }} }}",
    );
    let file = own.join("nginx.conf");
    std::fs::write(&file, settings)?;
    let mut command = Command::new(nginx);
    command.arg("-p").arg(&own).arg("-c").arg(&file).args(["-e", "error.log"]);
    if rustix::process::geteuid().is_root() {
        // Its workers would be another user, who may not read the folder.
        command.args(["-g", "user root;"]);
    }
    let process = Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let began = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        if began.elapsed() > Duration::from_secs(10) {
            let said = std::fs::read_to_string(own.join("error.log")).unwrap_or_default();
            return Err(format!("nginx does not start: {said}").into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(Some(Peer { address, roots: vec![process.id()], processes: vec![process] }))
}
