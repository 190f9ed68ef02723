//! Kinds of TIFF and JPEG 2000 that other programs wrote: four quarters in colour, halves in gray.

use super::awkward::{file, read as pixels};
use super::*;

const QUARTERS: [[u8; 3]; 4] = [RED, GREEN, YELLOW, BLUE];
const HALVES: [[u8; 3]; 4] = [[20; 3], [200; 3], [200; 3], [20; 3]];

#[track_caller]
fn assert_shows(name: &str, expected: [[u8; 3]; 4], tolerance: u8) {
    let derived = read(&file(name), &[160]).unwrap();
    assert_eq!(derived.size, size(160, 120));
    assert_corners(&derived, expected, tolerance);
}

#[track_caller]
fn assert_is_the_noise(name: &str) {
    assert!(pixels(&file(name)).unwrap() == pixels(&file("reference/noise.png")).unwrap());
}

#[test]
fn a_two_dimensional_group_3_fax_is_read() {
    assert_is_the_noise("g3-2d.tif");
}

#[test]
fn group_3_faxes_whose_rows_are_filled_up_to_whole_bytes_are_read() {
    assert_is_the_noise("g3-1d-fill.tif");
    assert_is_the_noise("g3-2d-fill.tif");
}

#[test]
fn a_group_4_fax_of_noise_is_read_bit_by_bit() {
    assert_is_the_noise("g4-noise.tif");
}

#[test]
fn lzma_within_a_tiff_is_read() {
    assert_shows("lzma.tif", QUARTERS, 6);
}

#[test]
fn signed_samples_reach_from_black_to_white() {
    assert_shows("signed-16.tif", HALVES, 4);
}

#[test]
fn floats_whose_bytes_are_sorted_are_read() {
    assert_shows("float-predictor.tif", HALVES, 4);
}

#[test]
fn tiles_of_planes_of_16_bits_in_a_big_endian_bigtiff_are_read() {
    assert_shows("big-endian-planar-16-tiled.tif", QUARTERS, 6);
}

#[test]
fn a_palette_within_lzw_gives_its_colours() {
    assert_shows("palette-lzw.tif", QUARTERS, 12);
}

#[test]
fn bare_ycbcr_whose_pixels_share_their_colour_is_converted() {
    assert_shows("ycbcr-420.tif", QUARTERS, 8);
}

#[test]
fn a_jpeg_of_the_old_kind_within_a_tiff_is_read() {
    assert_shows("old-jpeg.tif", QUARTERS, 8);
}

#[test]
fn a_jpeg_2000_is_read_tile_by_tile() {
    assert_shows("tiled.jp2", QUARTERS, 8);
    assert_shows("offset-tiles.jp2", QUARTERS, 12);
}

#[test]
fn a_bare_codestream_is_read() {
    assert_shows("bare.j2k", QUARTERS, 8);
}

#[test]
fn a_codestream_of_high_throughput_is_read() {
    assert_shows("high-throughput.j2k", QUARTERS, 6);
}

#[test]
fn a_jpeg_2000_of_12_or_16_bits_is_read() {
    assert_shows("gray-16.jp2", HALVES, 4);
    assert_shows("gray-12.j2k", HALVES, 4);
}

#[test]
fn subsampled_ycbcr_of_a_jpeg_2000_is_converted() {
    assert_shows("ycc-420.jp2", QUARTERS, 8);
}

#[test]
fn a_palette_of_a_jpeg_2000_gives_its_colours() {
    assert_shows("palette.jp2", QUARTERS, 6);
}

#[test]
fn a_truncated_jpeg_2000_is_refused_wherever_it_is_cut() {
    for name in ["tiled.jp2", "bare.j2k"] {
        let whole = file(name);
        for part in [1, 3, 5, 8, 15] {
            let outcome = read(&whole[..whole.len() * part / 16], &[50]);
            let broken = matches!(outcome, Err(ImagingError::Truncated | ImagingError::Damaged(_)));
            assert!(broken, "{name} cut at {part}/16: {outcome:?}");
        }
        for cut in [1, 2] {
            let outcome = read(&whole[..whole.len() - cut], &[50]);
            assert!(outcome.is_ok(), "of {name} only the end marker is missing: {outcome:?}");
        }
        assert!(read(&whole[..whole.len() - 5], &[50]).is_err());
    }
}

#[test]
fn a_jpeg_2000_that_promises_too_much_is_refused_before_decoding() {
    let mut bomb = file("bare.j2k");
    bomb[8..16].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    bomb[24..32].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    let probe = inspect(&bomb).unwrap();
    assert_eq!(probe.size, size(65_535, 65_535));
    let limits = crate::Limits { max_pixels: 1 << 30, max_bytes: u64::MAX };
    assert!(matches!(probe.check(&limits), Err(ImagingError::TooManyPixels { .. })));
    // Four billion tiles, each with parameters of its own.
    bomb[24..32].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
    assert!(matches!(inspect(&bomb), Err(ImagingError::Unsupported(_))));
}
