//! A database whose answer is lost with the connection, though it may have done what it was told.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hydria::cli::serve::Options;

use super::scene::{Hands, Scene};
use crate::support::{App, database, rows, until};

/// Stands between the service and its database, and cuts connections as they say something.
struct Wire {
    folder: tempfile::TempDir,
    cut: Arc<Cut>,
}

struct Cut {
    /// What must have been said before, since the last such end.
    mark: &'static [u8],
    /// What is heard, and not answered any more.
    end: &'static [u8],
    /// How many are still to be cut.
    left: AtomicUsize,
}

impl Wire {
    fn to(server: PathBuf, mark: &'static [u8], end: &'static [u8]) -> Self {
        let folder = tempfile::tempdir_in(database::folder()).expect("a folder");
        let listener = UnixListener::bind(socket(folder.path())).expect("a socket");
        let cut = Arc::new(Cut { mark, end, left: AtomicUsize::new(0) });
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

    /// A wire to a database, and the address that leads through it.
    fn before(url: &str, mark: &'static [u8], end: &'static [u8]) -> (Self, String) {
        let folder = url.split(' ').find_map(|part| part.strip_prefix("host=")).expect("a folder");
        let wire = Self::to(folder.into(), mark, end);
        let through = url.replace(folder, wire.folder.path().to_str().expect("a path in UTF-8"));
        (wire, through)
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}

impl Cut {
    /// Carries both ways until one side ends, or an answer is to be lost.
    fn carry(&self, client: &UnixStream, server: &UnixStream) {
        let answers =
            (server.try_clone().expect("a stream"), client.try_clone().expect("a stream"));
        let back = std::thread::spawn(move || copy(&answers.0, &answers.1, |_| true));
        let mut said = Vec::new();
        copy(client, server, |piece| {
            said.extend_from_slice(piece);
            let ends = contains(piece, self.end);
            let is_cut = ends && contains(&said, self.mark) && self.takes_one();
            if ends {
                said.clear();
            }
            if is_cut {
                // Nothing comes back from here on, but the server hears it, and obeys.
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
    let (wire, through) = Wire::before(&url, b"thumbnails/", b"COMMIT\0");
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

#[test]
fn what_was_waited_for_is_shown_though_its_connection_is_lost() {
    let url = database::fresh();
    let look_up = b"FROM \"images\"";
    let (wire, through) = Wire::before(&url, look_up, look_up);
    let nobody = Options { no_worker: true, ..Options::default() };
    let app = App::start_on(&through, &[("HYDRIA_WAIT_SECONDS", "2")], nobody);
    let scene = Scene::of(app);
    let mut conn = hydria::database::connect(&url).expect("the database answers");
    let shown = std::thread::scope(|threads| {
        let put = threads.spawn(|| scene.put("map", &scene.origin.image(450, 300)));
        until("it to wait", || rows::number(&mut conn, "SELECT count(*) AS n FROM jobs") == 1);
        wire.cut.left.store(1, Ordering::SeqCst);
        put.join().expect("no panic")
    });
    assert_eq!(wire.cut.left.load(Ordering::SeqCst), 0, "the image was looked for in vain");
    assert_eq!(shown.expect(201).body["ingesting"], true);
}
