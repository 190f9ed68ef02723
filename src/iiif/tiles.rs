//! The grid of tiles: square tiles over levels that are each half as large as the one before.

use super::geometry::{Rectangle, Size};

/// The edge of a whole tile, in pixels.
pub const TILE_EDGE: u32 = 512;

/// Names a tile of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// 0 for the full image, 1 for half of it, and so on.
    pub level: u32,
    pub column: u32,
    pub row: u32,
}

/// Returns the scale factors of an image: 1, 2, 4 and so on, until one tile covers the image.
pub fn scale_factors(image: Size) -> impl Iterator<Item = u32> + Clone {
    // No edge of 32 bits needs more.
    (0..24_u32)
        .take_while(move |level| *level == 0 || tile_span(*level - 1) < image.longest_edge().into())
        .map(|level| 1 << level)
}

/// Returns the size in pixels of an image at a scale factor. Rounds up, as viewers do.
pub fn level_size(image: Size, scale_factor: u32) -> Size {
    let scale_factor = scale_factor.max(1);
    Size::new(image.width.div_ceil(scale_factor), image.height.div_ceil(scale_factor))
}

/// Returns the tile that a region at a size is, if the grid has one of exactly these pixels.
pub(super) fn find(image: Size, region: Rectangle, size: Size) -> Option<Tile> {
    scale_factors(image).zip(0..).find_map(|(scale_factor, level)| {
        let (column, row) = place(image, region, level)?;
        (level_size(region.size, scale_factor) == size).then_some(Tile { level, column, row })
    })
}

/// Returns the sizes at which a region is a tile of the grid, the largest first.
pub(super) fn sizes_of(image: Size, region: Rectangle) -> impl Iterator<Item = Size> {
    scale_factors(image)
        .zip(0..)
        .filter(move |(_, level)| place(image, region, *level).is_some())
        .map(move |(scale_factor, _)| level_size(region.size, scale_factor))
}

/// Returns the column and row of the tile that covers exactly this region at a level, if there is one.
fn place(image: Size, region: Rectangle, level: u32) -> Option<(u32, u32)> {
    let span = tile_span(level);
    let column = index(image.width, region.x, region.size.width, span)?;
    let row = index(image.height, region.y, region.size.height, span)?;
    Some((column, row))
}

/// Returns the number of the tile that covers exactly these pixels of an edge.
fn index(edge: u32, start: u32, length: u32, span: u64) -> Option<u32> {
    let left = edge.checked_sub(start)?;
    let is_tile =
        u64::from(start).is_multiple_of(span) && u64::from(length) == span.min(left.into());
    if is_tile { u32::try_from(u64::from(start) / span).ok() } else { None }
}

/// Returns the pixels of the full image that a whole tile of a level spans.
fn tile_span(level: u32) -> u64 {
    u64::from(TILE_EDGE) << level
}
