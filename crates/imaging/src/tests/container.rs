use ::tiff::decoder::Decoder;
use ::tiff::tags::Tag;

use super::make::{Jpeg, busy, picture, png};
use super::*;
use crate::container::Index;

/// A smooth picture, so that JPEG changes little of it.
pub(super) fn smooth(width: usize, height: usize) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    places.flat_map(|(x, y)| [(x * 255 / width) as u8, (y * 255 / height) as u8, 90]).collect()
}

pub(super) fn made(width: usize, height: usize, plan: &Plan) -> Made {
    let kind = image::ExtendedColorType::Rgb8;
    let file = png(&smooth(width, height), width as u32, height as u32, kind);
    read_from(&file, plan).unwrap()
}

pub(super) fn small_tiles() -> Plan {
    Plan { tile: 64, ..planned(&[50, 100]) }
}

fn decode_tile(made: &Made, level: usize, column: u32, row: u32) -> (usize, usize, Vec<[u8; 3]>) {
    let range = made.derived.index.tile(level, column, row).unwrap();
    let jpeg = &made.container[range.start as usize..range.end as usize];
    let decoder = Decompress::new_mem(jpeg).unwrap();
    let (width, height) = decoder.size();
    (width, height, decoder.rgb().unwrap().read_scanlines().unwrap())
}

#[test]
fn levels_are_half_of_the_one_before_rounded_up_down_to_one_tile() {
    let made = made(333, 131, &small_tiles());
    let levels: Vec<_> = made.derived.index.levels().collect();
    assert_eq!(levels, [size(333, 131), size(167, 66), size(84, 33), size(42, 17)]);
}

#[test]
fn every_tile_is_a_jpeg_of_its_true_size_with_the_right_pixels() {
    let made = made(333, 131, &small_tiles());
    let levels: Vec<_> = made.derived.index.levels().collect();
    for (level, full) in levels.into_iter().enumerate() {
        for row in 0..full.height.div_ceil(64) {
            for column in 0..full.width.div_ceil(64) {
                let (width, height, pixels) = decode_tile(&made, level, column, row);
                assert_eq!(width as u32, (full.width - column * 64).min(64));
                assert_eq!(height as u32, (full.height - row * 64).min(64));
                let (x, y) = (width / 2, height / 2);
                let scale = 1 << level;
                let at = (column as usize * 64 + x) * scale + scale / 2;
                let down = (row as usize * 64 + y) * scale + scale / 2;
                let expected = [(at * 255 / 333) as u8, (down * 255 / 131) as u8, 90];
                assert_close(pixels[y * width + x], expected, 12);
            }
        }
        assert_eq!(made.derived.index.tile(level, full.width.div_ceil(64), 0), None);
        assert_eq!(made.derived.index.tile(level, 0, full.height.div_ceil(64)), None);
    }
}

#[test]
fn a_reader_of_tiff_finds_the_pyramid() {
    let made = made(333, 131, &small_tiles());
    let mut decoder = Decoder::new(Cursor::new(&made.container)).unwrap();
    for (number, level) in made.derived.index.levels().enumerate() {
        assert_eq!(decoder.dimensions().unwrap(), (level.width, level.height));
        assert_eq!(decoder.chunk_dimensions(), (64, 64));
        let reduced = decoder.get_tag_u32(Tag::NewSubfileType).unwrap();
        assert_eq!(reduced, u32::from(number > 0));
        let offsets = decoder.get_tag_u64_vec(Tag::TileOffsets).unwrap();
        let lengths = decoder.get_tag_u64_vec(Tag::TileByteCounts).unwrap();
        assert_eq!(offsets.len() as u32, level.width.div_ceil(64) * level.height.div_ceil(64));
        let columns = level.width.div_ceil(64) as usize;
        for (place, (offset, length)) in offsets.iter().zip(&lengths).enumerate() {
            let jpeg = &made.container[*offset as usize..(offset + length) as usize];
            let (width, height) = Decompress::new_mem(jpeg).unwrap().size();
            assert_eq!(width, 64, "padded for readers that count on it");
            let row = (place / columns) as u32;
            assert_eq!(height as u32, (level.height - row * 64).min(64));
        }
        let tables = decoder.get_tag(Tag::JPEGTables).unwrap().into_u8_vec().unwrap();
        assert!(tables.starts_with(&[0xFF, 0xD8]) && tables.ends_with(&[0xFF, 0xD9]));
        assert_eq!(decoder.more_images(), number + 1 < made.derived.index.levels().count());
        if decoder.more_images() {
            decoder.next_image().unwrap();
        }
    }
}

#[test]
fn a_container_is_read_as_an_image_like_any_other() {
    let first = made(333, 131, &small_tiles());
    let again = read(&first.container, &[333]).unwrap();
    assert_eq!(again.size, size(333, 131));
    let original = made(333, 131, &planned(&[333]));
    let pairs = decoded(&again.thumbnails[0]).into_iter().zip(decoded(&original.thumbnails[0]));
    let worst = pairs.flat_map(|(a, b)| [0, 1, 2].map(|i| a[i].abs_diff(b[i]))).max();
    assert!(worst <= Some(12), "{worst:?}");
}

#[test]
fn a_gray_picture_has_gray_tiles() {
    let gray = picture(100, 80, |right, _| [if right { 200 } else { 20 }]);
    let file = png(&gray, 100, 80, image::ExtendedColorType::L8);
    let made = read_from(&file, &small_tiles()).unwrap();
    assert_eq!(made.derived.index.channels(), crate::Channels::Gray);
    let range = made.derived.index.tile(0, 1, 1).unwrap();
    let jpeg = &made.container[range.start as usize..range.end as usize];
    assert_eq!(Decompress::new_mem(jpeg).unwrap().components().len(), 1);
}

#[test]
fn thumbnails_stand_at_the_end_of_the_file_without_gaps() {
    let made = made(333, 131, &Plan { rendition_edge: Some(200), ..small_tiles() });
    let index = &made.derived.index;
    let sizes: Vec<_> = index.thumbnails().iter().map(|stored| stored.size).collect();
    assert_eq!(sizes, [size(100, 39), size(50, 20)]);
    assert_eq!(index.thumbnails()[0].range().end, index.thumbnails()[1].offset);
    assert_eq!(index.thumbnails()[1].range().end, made.container.len() as u64);
    assert_eq!(index.rendition().unwrap().range().end, index.thumbnails()[0].offset);
}

#[test]
fn the_rendition_is_the_whole_picture_within_its_edge() {
    for (edge, expected) in [(200, size(200, 79)), (167, size(167, 66)), (1000, size(333, 131))] {
        let made = made(333, 131, &Plan { rendition_edge: Some(edge), ..small_tiles() });
        let stored = made.derived.index.rendition().unwrap();
        let range = stored.range();
        let jpeg = made.container[range.start as usize..range.end as usize].to_vec();
        let rendition = Thumbnail { size: stored.size, jpeg };
        assert_eq!(rendition.size, expected);
        let pixels = decoded(&rendition);
        let (width, height) = (expected.width as usize, expected.height as usize);
        for (x, y) in [(1, 1), (width - 2, 1), (width / 2, height / 2), (width - 2, height - 2)] {
            let colour = [(x * 255 / width) as u8, (y * 255 / height) as u8, 90];
            assert_close(pixels[y * width + x], colour, 8);
        }
    }
}

#[test]
fn tiles_are_the_same_on_any_number_of_threads() {
    // One thread encodes a few rows at a time, a divisor of the edge of a tile; several, whole tiles.
    for tile in [64, 80, 96] {
        let one = made(500, 301, &Plan { tile, ..small_tiles() });
        let three = made(500, 301, &Plan { tile, threads: 3, ..small_tiles() });
        assert!(one.container == three.container, "{tile}");
    }
}

#[test]
fn a_tile_edge_that_tiff_does_not_have_is_refused() {
    let file = Jpeg::default().encode(&busy(40, 40), 40, 40);
    for tile in [0, 8, 100, 8192] {
        let outcome = read_from(&file, &Plan { tile, ..Plan::default() });
        assert!(matches!(outcome, Err(ImagingError::Unsupported(_))), "{tile}: {outcome:?}");
    }
}

#[test]
fn an_index_comes_back_from_its_bytes() {
    let made = made(333, 131, &Plan { rendition_edge: Some(200), ..small_tiles() });
    let bytes = made.derived.index.encode();
    assert_eq!(Index::decode(&bytes).unwrap(), made.derived.index);
    let large = Index::decode(&bytes).unwrap();
    let tiles: u32 = large.levels().map(|l| l.width.div_ceil(64) * l.height.div_ceil(64)).sum();
    assert!(bytes.len() < tiles as usize * 4 + 60, "{} bytes for {tiles} tiles", bytes.len());
}

#[test]
fn an_index_that_was_cut_or_changed_is_refused_or_harmless() {
    let bytes = made(333, 131, &small_tiles()).derived.index.encode();
    for cut in 0..bytes.len() {
        assert!(Index::decode(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert!(Index::decode(&[&bytes[..], &[0]].concat()).is_err(), "something behind it");
    for at in 0..bytes.len() {
        for value in [0, 1, 0x7F, 0x80, 0xFF] {
            let mut changed = bytes.clone();
            changed[at] = value;
            if let Ok(index) = Index::decode(&changed) {
                // Whatever it says, asking it does no harm.
                let _ = index.tile(0, u32::MAX, u32::MAX);
                let _ = index.tile(usize::MAX, 0, 0);
            }
        }
    }
    // A few bytes that promise a billion tiles.
    let mut bomb = vec![1];
    for number in [0x7FFF_FFFF_u64, 0x7FFF_FFFF, 64, 1] {
        let mut number = number;
        while number > 0x7F {
            bomb.push(number as u8 | 0x80);
            number >>= 7;
        }
        bomb.push(number as u8);
    }
    assert!(Index::decode(&bomb).is_err());
}

#[test]
fn a_request_for_the_size_of_a_thumbnail_is_that_thumbnail() {
    let index = made(333, 131, &small_tiles()).derived.index;
    assert_eq!(index.stored_whole(size(100, 39)), Some(&index.thumbnails()[0]));
    assert_eq!(index.stored_whole(size(101, 39)), None);
}
