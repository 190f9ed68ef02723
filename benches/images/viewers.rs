//! Simulated viewers: a reader opens an image, looks at its thumbnail, and zooms in.

use std::net::SocketAddr;
use std::time::Duration;

use crate::load::Random;

use super::client::{Connection, request};
use super::paced::{Outcome, ask};
use super::requests::{Tile, between, levels};

/// What a viewer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Description,
    Thumbnail,
    Tile,
}

/// What viewers got.
pub type Views = Vec<(Kind, Outcome)>;

/// Pause of a reader between two steps, in milliseconds, at least and at most.
const PAUSE_MS: (u32, u32) = (300, 1100);

/// Tiles that a window shows, in columns and rows.
const WINDOW: (u32, u32) = (3, 2);

/// Lets so many viewers read while `goes_on` says so; each opens images of these, named by their numbers.
pub fn read(
    address: SocketAddr,
    viewers: u64,
    image: &(dyn Fn(u32) -> String + Sync),
    images: u32,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Views {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..viewers)
            .map(|number| {
                scope.spawn(move || {
                    // Real viewers have machines of their own: how long one waits for the processor is not told of the service.
                    hydria::fairness::priority::run_soon();
                    let mut viewer = Viewer {
                        address,
                        connection: Connection::open(address).ok(),
                        random: Random((number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
                        views: Vec::new(),
                    };
                    viewer.pause();
                    while goes_on() {
                        let name = image(between(&mut viewer.random, 0, images - 1));
                        viewer.open(&name, goes_on);
                    }
                    viewer.views
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    })
}

struct Viewer {
    address: SocketAddr,
    connection: Option<Connection>,
    random: Random,
    views: Views,
}

impl Viewer {
    fn pause(&mut self) {
        let ms = between(&mut self.random, PAUSE_MS.0, PAUSE_MS.1);
        std::thread::sleep(Duration::from_millis(ms.into()));
    }

    fn get(&mut self, kind: Kind, path: &str) {
        let outcome = ask(&mut self.connection, self.address, &request(path));
        self.views.push((kind, outcome));
    }

    /// Opens an image and zooms in at one place, step by step.
    fn open(&mut self, image: &str, goes_on: &(dyn Fn() -> bool + Sync)) {
        self.get(Kind::Description, &format!("/iiif-img/2/1/{image}/info.json"));
        self.get(Kind::Thumbnail, &format!("/thumbs/2/1/{image}/full/!400,400/0/default.jpg"));
        let place = (between(&mut self.random, 0, 999), between(&mut self.random, 0, 999));
        let grids = levels();
        for (level, (columns, rows)) in (0..).zip(grids).collect::<Vec<_>>().into_iter().rev() {
            if !goes_on() {
                return;
            }
            let left = (columns * place.0 / 1000).min(columns.saturating_sub(WINDOW.0));
            let top = (rows * place.1 / 1000).min(rows.saturating_sub(WINDOW.1));
            for row in top..rows.min(top + WINDOW.1) {
                for column in left..columns.min(left + WINDOW.0) {
                    let rest = Tile { level, column, row }.part().rest();
                    self.get(Kind::Tile, &format!("/iiif-img/2/1/{image}/{rest}"));
                }
            }
            self.pause();
        }
    }
}
