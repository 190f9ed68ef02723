//! What is asked for, in the spelling of each server: the same parts of the same photograph in the same order.

use crate::load::Random;

use super::client::request;

/// Edge of a tile in pixels.
const TILE: u32 = 512;

/// The photograph that is measured, in pixels.
pub const PHOTO: (u32, u32) = (10_000, 7_500);

/// Requests of a list: more than are answered in the time of a measurement where that matters.
const REQUESTS: usize = 4096;

/// A tile of the pyramid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    pub level: u32,
    pub column: u32,
    pub row: u32,
}

/// A part of the image, and the size at which it is wanted, in pixels.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub region: (u32, u32, u32, u32),
    pub size: (u32, u32),
}

/// Returns the size of a level, rounded up, as viewers do.
fn level_size(level: u32) -> (u32, u32) {
    (PHOTO.0.div_ceil(1 << level), PHOTO.1.div_ceil(1 << level))
}

/// Returns the columns and rows of each level, the largest first.
pub fn levels() -> Vec<(u32, u32)> {
    let mut grids = Vec::new();
    for level in 0.. {
        let (width, height) = level_size(level);
        grids.push((width.div_ceil(TILE), height.div_ceil(TILE)));
        if width <= TILE && height <= TILE {
            break;
        }
    }
    grids
}

impl Tile {
    pub fn is_whole(self) -> bool {
        let (width, height) = level_size(self.level);
        (self.column + 1) * TILE <= width && (self.row + 1) * TILE <= height
    }

    /// Returns what a viewer asks for to draw it.
    pub fn part(self) -> Part {
        let step = TILE << self.level;
        let (x, y) = (self.column * step, self.row * step);
        let (width, height) = (step.min(PHOTO.0 - x), step.min(PHOTO.1 - y));
        let scaled = |length: u32| length.div_ceil(1 << self.level);
        Part { region: (x, y, width, height), size: (scaled(width), scaled(height)) }
    }

    /// Returns the name of its file.
    pub fn file(self) -> String {
        format!("{}-{}-{}.jpg", self.level, self.column, self.row)
    }
}

impl Part {
    /// Returns its path in version 3, below the service of the image.
    pub fn rest(self) -> String {
        let (x, y, width, height) = self.region;
        format!("{x},{y},{width},{height}/{},{}/0/default.jpg", self.size.0, self.size.1)
    }

    /// Returns its path as viewers of version 2 write it.
    pub fn rest_v2(self) -> String {
        let (x, y, width, height) = self.region;
        format!("{x},{y},{width},{height}/{},/0/default.jpg", self.size.0)
    }
}

/// Returns every tile of the photograph.
pub fn all_tiles() -> Vec<Tile> {
    let mut tiles = Vec::new();
    for (level, (columns, rows)) in (0..).zip(levels()) {
        for row in 0..rows {
            tiles.extend((0..columns).map(|column| Tile { level, column, row }));
        }
    }
    tiles
}

/// Draws tiles that are wanted, each level as likely as any other.
pub fn draw_tiles(seed: u64, is_wanted: fn(Tile) -> bool) -> Vec<Tile> {
    let grids = levels();
    let mut by_level: Vec<Vec<Tile>> = vec![Vec::new(); grids.len()];
    for tile in all_tiles().into_iter().filter(|tile| is_wanted(*tile)) {
        if let Some(level) = by_level.get_mut(tile.level as usize) {
            level.push(tile);
        }
    }
    by_level.retain(|level| !level.is_empty());
    let mut random = Random(seed * 2 + 1);
    let drawn = (0..REQUESTS).filter_map(|_| {
        let level = pick(&mut random, &by_level)?;
        pick(&mut random, level).copied()
    });
    drawn.collect()
}

/// Draws regions that lie on no grid: 200 to 800 pixels wide and high, at 1 to 1/8 of the scale.
pub fn draw_parts(seed: u64) -> Vec<Part> {
    let mut random = Random(seed * 2 + 1);
    (0..REQUESTS).map(|_| draw_part(&mut random)).collect()
}

/// Draws one such region.
pub fn draw_part(random: &mut Random) -> Part {
    let size = (between(random, 200, 800), between(random, 200, 800));
    // In 64ths, so that steps between halves are drawn as well.
    let scale = between(random, 64, 8 * 64);
    let region = (size.0 * scale / 64, size.1 * scale / 64);
    let (width, height) = (region.0.min(PHOTO.0), region.1.min(PHOTO.1));
    let x = between(random, 0, PHOTO.0 - width);
    let y = between(random, 0, PHOTO.1 - height);
    Part { region: (x, y, width, height), size }
}

fn pick<'a, T>(random: &mut Random, from: &'a [T]) -> Option<&'a T> {
    let number = random.next() % (from.len() as u64).max(1);
    from.get(usize::try_from(number).ok()?)
}

/// Draws a number from these on, the last included.
pub fn between(random: &mut Random, first: u32, last: u32) -> u32 {
    let drawn = random.next() % (u64::from(last - first) + 1);
    first + u32::try_from(drawn).unwrap_or_default()
}

/// Requests to the service: parts of an image, below its address.
pub fn own(image: &str, rests: impl Iterator<Item = String>) -> Vec<Vec<u8>> {
    rests.map(|rest| request(&format!("/iiif-img/2/1/{image}/{rest}"))).collect()
}

/// Requests to `IIPImage`, which has version 2: parts of its pyramid.
pub fn iip(rests: impl Iterator<Item = String>) -> Vec<Vec<u8>> {
    rests.map(|rest| request(&format!("/iiif/photo.tif/{rest}"))).collect()
}

/// Requests to nginx: files.
pub fn files(names: impl Iterator<Item = String>) -> Vec<Vec<u8>> {
    names.map(|name| request(&format!("/{name}"))).collect()
}
