//! An origin of photographs.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use crate::Failure;

/// Serves the files of a folder as an origin does, one at a time, for as long as the bench runs.
pub fn serve_files(folder: PathBuf) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // An image whose origin breaks off is not ready in time, which is told.
            let _ = serve_file(&folder, stream);
        }
    });
    Ok(address)
}

fn serve_file(folder: &Path, mut stream: TcpStream) -> Result<(), Failure> {
    let mut head = [0; 4096];
    let read = stream.read(&mut head)?;
    let text = String::from_utf8_lossy(head.get(..read).unwrap_or_default()).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let mut file = std::fs::File::open(folder.join(path))?;
    let length = file.metadata()?.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    )?;
    std::io::copy(&mut file, &mut stream)?;
    Ok(())
}
