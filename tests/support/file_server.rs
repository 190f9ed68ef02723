//! Servers of SFTP and FTP that others wrote, each a process on this machine with a folder of files.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::clients;

/// A server with its files; it ends when it is dropped.
pub struct FileServer {
    child: Child,
    /// Its end is that of the server.
    _input: ChildStdin,
    said: Arc<Mutex<Vec<String>>>,
    pub port: u16,
    /// The hash of the key by which it is known, where it has one.
    pub key: String,
}

/// The folders of a server: the files that it shows, and its keys.
pub struct Folders {
    folder: tempfile::TempDir,
}

impl Folders {
    /// Makes them, with files of these names and bytes.
    pub fn of(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir_in(super::database::folder()).expect("a folder");
        std::fs::create_dir(folder.path().join("keys")).expect("a folder");
        for (name, bytes) in files {
            let file = folder.path().join("files").join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, bytes).expect("a file");
        }
        Self { folder }
    }

    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Path of the file of a key.
    pub fn key(&self, name: &str) -> PathBuf {
        self.folder.path().join("keys").join(name)
    }

    /// Starts a server of SFTP; `port` 0: any.
    pub fn sftp(&self, port: u16) -> FileServer {
        FileServer::start("sftp.py", self, &[&port.to_string()])
    }

    /// Starts a server of FTP, which says that its data connections are at an address.
    pub fn ftp(&self, kind: &str, address: &str) -> FileServer {
        FileServer::start("ftp.py", self, &[kind, address])
    }
}

impl FileServer {
    fn start(script: &str, folders: &Folders, arguments: &[&str]) -> Self {
        clients::install();
        let python = Path::new(clients::FOLDER).join("python-servers/bin/python");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(script);
        let mut child = Command::new(python)
            .arg(script)
            .args([folders.files(), folders.folder.path().join("keys")])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python runs");
        let input = child.stdin.take().expect("an input");
        let mut lines = BufReader::new(child.stdout.take().expect("an output")).lines();
        let ready = lines.next().expect("a line").expect("UTF-8");
        let mut words = ready.split(' ').skip(1).map(str::to_owned);
        let port = words.next().and_then(|port| port.parse().ok()).expect("a port");
        let key = words.next().unwrap_or_default();
        let said = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                shared.lock().expect("no panic").push(line);
            }
        });
        Self { child, _input: input, said, port, key }
    }

    /// Lines that it said since it was ready.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().expect("no panic").clone()
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
