use std::collections::HashMap;

use ::tiff::encoder::colortype::{CMYK8, ColorType, Gray8, Gray16, Gray32Float, RGB8, RGB16};
use ::tiff::encoder::{Compression, DeflateLevel, TiffEncoder, TiffValue};
use moxcms::ColorProfile;
use mozjpeg::ColorSpace;

use super::make::Value::{Bytes, Float, Long, Short};
use super::make::{Jpeg, busy, page, picture, quarters, tiff};
use super::*;
use crate::Limits;

const BLACK: [u8; 3] = [0; 3];
const WHITE: [u8; 3] = [255; 3];

fn encoded<C: ColorType>(
    samples: &[C::Inner],
    (width, height): (u32, u32),
    compression: Compression,
) -> Vec<u8>
where
    [C::Inner]: TiffValue,
{
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap().with_compression(compression);
    encoder.write_image::<C>(width, height, samples).unwrap();
    file.into_inner()
}

#[test]
fn every_compression_gives_the_same_colours() {
    let compressions = [
        Compression::Uncompressed,
        Compression::Lzw,
        Compression::Deflate(DeflateLevel::Balanced),
        Compression::Packbits,
    ];
    for compression in compressions {
        let file = encoded::<RGB8>(&quarters(300, 200), (300, 200), compression);
        let derived = read_from_disk(&file, &[100]).unwrap();
        assert_eq!(derived.size, size(300, 200));
        assert_corners(&derived, [RED, GREEN, YELLOW, BLUE], 6);
    }
}

#[test]
fn every_depth_of_samples_is_read() {
    let side = |right: bool, _: bool| [if right { 200 } else { 20 }];
    let gray = picture(64, 64, side);
    let wide: Vec<u16> = gray.iter().map(|&v| u16::from(v) * 257).collect();
    let float: Vec<f32> = gray.iter().map(|&v| f32::from(v) / 255.0).collect();
    let files = [
        encoded::<Gray8>(&gray, (64, 64), Compression::Lzw),
        encoded::<Gray16>(&wide, (64, 64), Compression::Lzw),
        encoded::<Gray32Float>(&float, (64, 64), Compression::Uncompressed),
    ];
    for file in files {
        let derived = read(&file, &[64]).unwrap();
        let decoder = Decompress::new_mem(&derived.thumbnails[0].jpeg).unwrap();
        assert_eq!(decoder.components().len(), 1);
        assert_corners(&derived, [[20; 3], [200; 3], [200; 3], [20; 3]], 3);
    }
    let wide: Vec<u16> = quarters(64, 64).iter().map(|&v| u16::from(v) * 257).collect();
    let file = encoded::<RGB16>(&wide, (64, 64), Compression::Lzw);
    assert_corners(&read(&file, &[64]).unwrap(), [RED, GREEN, YELLOW, BLUE], 6);
}

#[test]
fn lzw_is_read_sample_by_sample_however_long_its_strings_are() {
    let noise: Vec<u8> = (0..600 * 400 * 3_u32)
        .map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    for samples in [busy(600, 400), vec![7; 600 * 400 * 3], noise] {
        let file = encoded::<RGB8>(&samples, (600, 400), Compression::Lzw);
        let (_, found) = awkward::read(&file).unwrap();
        assert!(found == samples.as_chunks::<3>().0);
    }
}

#[test]
fn one_bit_a_pixel_is_read_whether_black_or_white_is_nought() {
    // Twelve pixels a row: the left half is set, and four bits fill up the second byte.
    let row = [0b1111_1100, 0b0000_0000];
    for (photometric, set, unset) in [(0, BLACK, WHITE), (1, WHITE, BLACK)] {
        let mut tags = page((12, 12), &[1], 1, photometric);
        tags.push((278, Long(vec![u32::MAX])));
        let file = tiff(tags, false, &[row.repeat(12)]);
        assert_corners(&read(&file, &[12]).unwrap(), [set, unset, unset, set], 12);
    }
}

/// Sixteen rows of group 4: eight white, then eight with the right half black.
pub(super) fn group_4() -> Vec<u8> {
    let mut bits = "1".repeat(8);
    bits.push_str("001"); // horizontal mode
    bits.push_str("10011000101"); // 8 white, 8 black
    bits.push_str(&"11".repeat(7)); // as the row above
    bits.push_str(&"000000000001".repeat(2));
    while !bits.len().is_multiple_of(8) {
        bits.push('0');
    }
    let byte = |byte: &[u8]| u8::from_str_radix(str::from_utf8(byte).unwrap(), 2).unwrap();
    bits.as_bytes().chunks(8).map(byte).collect()
}

#[test]
fn a_fax_of_group_4_is_read() {
    let file = |photometric| {
        let mut tags = page((16, 16), &[1], 4, photometric);
        tags.push((278, Long(vec![16])));
        tiff(tags, false, &[group_4()])
    };
    assert_corners(&read(&file(0), &[16]).unwrap(), [WHITE, WHITE, BLACK, WHITE], 12);
    assert_corners(&read(&file(1), &[16]).unwrap(), [BLACK, BLACK, WHITE, BLACK], 12);
}

#[test]
fn strips_and_tiles_fall_into_place() {
    let samples = quarters(90, 70);
    let mut tags = page((90, 70), &[8; 3], 1, 2);
    tags.push((278, Long(vec![32])));
    let strips: Vec<Vec<u8>> = samples.chunks(90 * 3 * 32).map(<[u8]>::to_vec).collect();
    let derived = read(&tiff(tags, false, &strips), &[90]).unwrap();
    assert_corners(&derived, [RED, GREEN, YELLOW, BLUE], 8);

    let mut tags = page((90, 70), &[8; 3], 1, 2);
    tags.extend([(322, Long(vec![32])), (323, Long(vec![32]))]);
    let derived = read(&tiff(tags, true, &tiles(&samples, 90, 70, 3)), &[90]).unwrap();
    assert_corners(&derived, [RED, GREEN, YELLOW, BLUE], 8);
}

/// Tiles of 32 x 32, filled up at the right and at the bottom.
fn tiles(samples: &[u8], width: usize, height: usize, count: usize) -> Vec<Vec<u8>> {
    let mut tiles = Vec::new();
    for top in (0..height).step_by(32) {
        for left in (0..width).step_by(32) {
            let place = |y: usize, x: usize| {
                let at = ((top + y).min(height - 1) * width + (left + x).min(width - 1)) * count;
                samples[at..at + count].to_vec()
            };
            tiles.push((0..32).flat_map(|y| (0..32).flat_map(move |x| place(y, x))).collect());
        }
    }
    tiles
}

#[test]
fn colours_kept_apart_come_together() {
    let samples = quarters(90, 70);
    let plane = |n: usize| samples.iter().skip(n).step_by(3).copied().collect::<Vec<_>>();
    let mut tags = page((90, 70), &[8; 3], 1, 2);
    tags.extend([(278, Long(vec![70])), (284, Short(vec![2]))]);
    let derived = read(&tiff(tags, false, &[plane(0), plane(1), plane(2)]), &[90]).unwrap();
    assert_corners(&derived, [RED, GREEN, YELLOW, BLUE], 8);

    let mut tags = page((90, 70), &[8; 3], 1, 2);
    tags.extend([(322, Long(vec![32])), (323, Long(vec![32])), (284, Short(vec![2]))]);
    let all: Vec<_> = (0..3).flat_map(|n| tiles(&plane(n), 90, 70, 1)).collect();
    let derived = read(&tiff(tags, true, &all), &[90]).unwrap();
    assert_corners(&derived, [RED, GREEN, YELLOW, BLUE], 8);
}

#[test]
fn alpha_of_either_kind_is_laid_on_white() {
    let expected = [[255, 127, 127], WHITE, WHITE, [255, 127, 127]];
    for (kind, red) in [(1, 128), (2, 255)] {
        let samples = picture(32, 32, |right, _| if right { [0; 4] } else { [red, 0, 0, 128] });
        let mut tags = page((32, 32), &[8; 4], 1, 2);
        tags.extend([(278, Long(vec![32])), (338, Short(vec![kind]))]);
        assert_corners(&read(&tiff(tags, false, &[samples]), &[32]).unwrap(), expected, 4);
    }
    let plane = |left: u8| picture(32, 32, |right, _| [if right { 0 } else { left }]);
    let mut tags = page((32, 32), &[8; 4], 1, 2);
    tags.extend([(278, Long(vec![32])), (338, Short(vec![2])), (284, Short(vec![2]))]);
    let planes = [plane(255), plane(0), plane(0), plane(128)];
    assert_corners(&read(&tiff(tags, false, &planes), &[32]).unwrap(), expected, 4);
}

#[test]
fn gray_with_alpha_is_laid_on_white() {
    let samples = picture(32, 32, |right, _| if right { [0, 64] } else { [9, 255] });
    let mut tags = page((32, 32), &[8; 2], 1, 1);
    tags.extend([(278, Long(vec![32])), (338, Short(vec![2]))]);
    let derived = read(&tiff(tags, false, &[samples]), &[32]).unwrap();
    assert_corners(&derived, [[9; 3], [191; 3], [191; 3], [9; 3]], 4);
}

#[test]
fn ink_becomes_colours() {
    let ink = |right, _| if right { [255, 0, 0, 0] } else { [0, 255, 255, 64] };
    let file = encoded::<CMYK8>(&picture(64, 64, ink), (64, 64), Compression::Lzw);
    let expected = [[191, 0, 0], [0, 255, 255], [0, 255, 255], [191, 0, 0]];
    assert_corners(&read(&file, &[64]).unwrap(), expected, 6);
}

#[test]
fn jpeg_within_tiff_is_converted_where_it_is_ycbcr() {
    for subsampled in [true, false] {
        let jpeg = Jpeg { subsampled, ..Jpeg::default() };
        let strip = jpeg.encode(&quarters(64, 64), 64, 64);
        let mut tags = page((64, 64), &[8; 3], 7, 6);
        tags.push((278, Long(vec![64])));
        let derived = read(&tiff(tags, false, &[strip]), &[64]).unwrap();
        assert_corners(&derived, [RED, GREEN, YELLOW, BLUE], 6);
    }
}

#[test]
fn jpeg_within_tiff_is_left_alone_where_it_is_not() {
    // Written as if it were YCbCr, so that nothing in the stream tells that it is RGB.
    let jpeg = Jpeg { space: ColorSpace::JCS_YCbCr, ..Jpeg::default() };
    let strip = jpeg.encode(&quarters(64, 64), 64, 64);
    let mut tags = page((64, 64), &[8; 3], 7, 2);
    tags.push((278, Long(vec![64])));
    let derived = read(&tiff(tags, false, &[strip]), &[64]).unwrap();
    assert_corners(&derived, [RED, GREEN, YELLOW, BLUE], 8);
}

#[test]
fn jpeg_tiles_share_their_tables() {
    let tiles = tiles(&quarters(90, 70), 90, 70, 3);
    let mut shared = Vec::new();
    let abbreviated: Vec<_> = tiles
        .iter()
        .map(|tile| {
            let whole = Jpeg::default().encode(tile, 32, 32);
            let (tables, rest) = split_tables(&whole);
            shared = tables;
            rest
        })
        .collect();
    let mut tags = page((90, 70), &[8; 3], 7, 6);
    tags.extend([(322, Long(vec![32])), (323, Long(vec![32])), (347, Bytes(shared))]);
    let file = tiff(tags, true, &abbreviated);
    let derived = read(&file, &[90]).unwrap();
    assert_corners(&derived, [RED, GREEN, YELLOW, BLUE], 8);
}

/// Returns a JPEG as its tables alone and as all the rest.
fn split_tables(whole: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut tables, mut rest) = (vec![0xFF, 0xD8], vec![0xFF, 0xD8]);
    let mut at = 2;
    while whole[at + 1] != 0xDA {
        let length = usize::from(u16::from_be_bytes([whole[at + 2], whole[at + 3]])) + 2;
        let segment = &whole[at..at + length];
        if matches!(whole[at + 1], 0xDB | 0xC4) { &mut tables } else { &mut rest }.extend(segment);
        at += length;
    }
    rest.extend(&whole[at..]);
    tables.extend([0xFF, 0xD9]);
    (tables, rest)
}

#[test]
fn a_tile_may_be_larger_than_the_image() {
    for (compression, photometric) in [(1, 2), (7, 6)] {
        let samples = tiles(&quarters(32, 20), 32, 20, 3).remove(0);
        let tile = match compression {
            7 => Jpeg::default().encode(&samples, 32, 32),
            _ => samples,
        };
        let mut tags = page((32, 20), &[8; 3], compression, photometric);
        tags.extend([(322, Long(vec![32])), (323, Long(vec![32]))]);
        let derived = read(&tiff(tags, true, &[tile]), &[32]).unwrap();
        assert_corners(&derived, [RED, GREEN, YELLOW, BLUE], 10);
    }
}

#[test]
fn a_strip_that_ends_early_is_damaged_not_truncated() {
    let file = encoded::<RGB8>(&busy(64, 64), (64, 64), Compression::Lzw);
    assert!(read(&file, &[8]).is_ok());
    let mut tags = page((64, 64), &[8; 3], 5, 2);
    tags.push((278, Long(vec![64])));
    let outcome = read(&tiff(tags, false, &[file[8..100].to_vec()]), &[8]);
    assert!(matches!(outcome, Err(ImagingError::Damaged(_))), "{outcome:?}");
}

#[test]
fn a_jpeg_larger_than_its_tile_is_refused() {
    let strip = Jpeg::default().encode(&busy(640, 640), 640, 640);
    let mut tags = page((64, 64), &[8; 3], 7, 6);
    tags.push((278, Long(vec![64])));
    let outcome = read(&tiff(tags, false, &[strip]), &[64]);
    assert!(matches!(outcome, Err(ImagingError::Damaged(_))), "{outcome:?}");
}

#[test]
fn uncompressed_ycbcr_is_converted() {
    let samples = picture(32, 32, |_, _| [76, 85, 255]);
    let mut tags = page((32, 32), &[8; 3], 1, 6);
    tags.extend([(278, Long(vec![32])), (530, Short(vec![1, 1]))]);
    let derived = read(&tiff(tags, false, &[samples]), &[32]).unwrap();
    assert_corners(&derived, [[254, 0, 0]; 4], 4);
}

#[test]
fn orientation_and_profile_are_applied() {
    let p3 = ColorProfile::new_display_p3().encode().unwrap();
    let samples = picture(64, 48, |right, _| if right { WHITE } else { [180, 60, 60] });
    let mut tags = page((64, 48), &[8; 3], 1, 2);
    tags.extend([(278, Long(vec![48])), (274, Short(vec![6])), (34_675, Bytes(p3))]);
    tags.push((282, Float(300.0)));
    let derived = read(&tiff(tags, false, &[samples]), &[64]).unwrap();
    assert_eq!(derived.size, size(48, 64));
    assert_corners(&derived, [[195, 50, 54], [195, 50, 54], WHITE, WHITE], 6);
}

#[test]
fn a_truncated_tiff_is_refused_wherever_it_is_cut() {
    let written = encoded::<RGB8>(&busy(64, 64), (64, 64), Compression::Lzw);
    for cut in [written.len() - 20, written.len() / 2, 100, 12, 6] {
        let outcome = read(&written[..cut], &[64]);
        assert!(matches!(outcome, Err(ImagingError::Truncated)), "cut at {cut}: {outcome:?}");
    }
    // With the directory before the pixels only these are missing.
    let mut tags = page((64, 64), &[8; 3], 1, 2);
    tags.extend([(278, Long(vec![64])), (273, Long(vec![500])), (279, Long(vec![64 * 64 * 3]))]);
    let mut file = tiff(tags, true, &[]);
    file.resize(500 + 64 * 64 * 3, 128);
    for tag in [324_u16, 325] {
        let entry = file.windows(2).position(|pair| pair == tag.to_le_bytes()).unwrap();
        file[entry..entry + 2].copy_from_slice(&60_000_u16.to_le_bytes());
    }
    assert!(read(&file, &[64]).is_ok());
    file.truncate(5000);
    assert!(matches!(read(&file, &[64]), Err(ImagingError::Truncated)));
}

#[test]
fn what_is_not_read_is_named() {
    let cases = HashMap::from([
        ((1, 4), "transparency mask"),
        ((1, 32_845), "LogLuv"),
        ((34_661, 0), "JBIG"),
        ((6, 6), "old-style JPEG"),
        ((34_712, 2), "JPEG 2000"),
    ]);
    for ((compression, photometric), word) in cases {
        let bits: &[u16] = if matches!(photometric, 0 | 4) { &[8] } else { &[8; 3] };
        let mut tags = page((8, 8), bits, compression, photometric);
        tags.push((278, Long(vec![8])));
        let outcome = read(&tiff(tags, false, &[vec![0; 192]]), &[8]);
        let named = matches!(&outcome, Err(ImagingError::Unsupported(what)) if what.contains(word));
        assert!(named, "{word}: {outcome:?}");
    }
}

#[test]
fn a_tiff_that_promises_too_much_is_refused() {
    let limits = Limits { max_pixels: 1 << 30, max_bytes: 1 << 30 };
    let mut tags = page((60_000, 60_000), &[8; 3], 5, 2);
    tags.push((278, Long(vec![60_000])));
    let probe = inspect(&tiff(tags, false, &[vec![0; 8]])).unwrap();
    assert!(matches!(probe.check(&limits), Err(ImagingError::TooManyPixels { .. })));
    // A small image in a huge tile.
    let mut tags = page((10, 10), &[8; 3], 5, 2);
    tags.extend([(322, Long(vec![1 << 30])), (323, Long(vec![1 << 30]))]);
    let probe = inspect(&tiff(tags, true, &[vec![0; 8]])).unwrap();
    assert!(matches!(probe.check(&limits), Err(ImagingError::TooMuchMemory { .. })));
}
