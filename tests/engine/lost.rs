//! A database that commits, and whose answer is lost with the connection.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hydria::cli::serve::Options;

use super::scene::{Hands, Scene};
use crate::support::{App, database};

/// Stands between the service and its database, and cuts connections as they commit something.
struct Wire {
    folder: tempfile::TempDir,
    cut: Arc<Cut>,
}

struct Cut {
    /// What a transaction must hold to be cut.
    mark: &'static [u8],
    /// How many are still to be cut.
    left: AtomicUsize,
}

impl Wire {
    fn to(server: PathBuf, mark: &'static [u8]) -> Self {
        let folder = tempfile::tempdir_in(database::folder()).expect("a folder");
        let listener = UnixListener::bind(socket(folder.path())).expect("a socket");
        let cut = Arc::new(Cut { mark, left: AtomicUsize::new(0) });
        let shared = Arc::clone(&cut);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = UnixStream::connect(socket(&server)).expect("the database");
                let cut = Arc::clone(&shared);
                std::thread::spawn(move || cut.carry(&client, &server));
            }
        });
        Self { folder, cut }
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}

impl Cut {
    /// Carries both ways until one side ends, or a commit is to be lost.
    fn carry(&self, client: &UnixStream, server: &UnixStream) {
        let answers =
            (server.try_clone().expect("a stream"), client.try_clone().expect("a stream"));
        let back = std::thread::spawn(move || copy(&answers.0, &answers.1, |_| true));
        let mut said = Vec::new();
        copy(client, server, |piece| {
            said.extend_from_slice(piece);
            let commits = contains(piece, b"COMMIT\0");
            let is_cut = commits && contains(&said, self.mark) && self.takes_one();
            if commits {
                said.clear();
            }
            if is_cut {
                // Nothing comes back from here on, but the server hears the commit, and obeys.
                client.shutdown(Shutdown::Both).expect("a connection");
                (&*server).write_all(piece).expect("the database");
                server.shutdown(Shutdown::Write).expect("a connection");
            }
            !is_cut
        });
        back.join().expect("no panic");
    }

    fn takes_one(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Copies until an end, or until told to stop; then the other side hears of the end too.
fn copy(mut from: &UnixStream, mut to: &UnixStream, mut goes_on: impl FnMut(&[u8]) -> bool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let piece = &buffer[..length];
        if !goes_on(piece) || to.write_all(piece).is_err() {
            break;
        }
    }
    // The other side may have ended first.
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn a_commit_whose_answer_is_lost_keeps_the_object_it_speaks_of() {
    let url = database::fresh();
    let folder = url.split(' ').find_map(|part| part.strip_prefix("host=")).expect("a folder");
    let wire = Wire::to(folder.into(), b"thumbnails/");
    let through = url.replace(folder, wire.folder.path().to_str().expect("a path in UTF-8"));
    let nobody = Options { no_worker: true, ..Options::default() };
    let scene = Scene::of(App::start_on(&url, &[], nobody));
    let batch = scene.submit(&["map"], &scene.origin.image(450, 300));
    let hands = Hands::through(&through, &scene.app);
    wire.cut.left.store(1, Ordering::SeqCst);
    hands.work_one();
    assert_eq!(wire.cut.left.load(Ordering::SeqCst), 0, "the answer to the commit was lost");
    assert_eq!(scene.counts(&batch), (1, 0));
    scene.app.visitor.get(&scene.read("map").text("thumbnail400")).expect(200);
    scene.agrees();
}
