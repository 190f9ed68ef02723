//! Files that libraries really have and that readers get wrong, each with the right picture beside it.

use super::scratch;
use crate::{Channels, ImagingError, Picture, inspect};

/// Returns a picture as RGB, with its width.
pub(super) fn read(file: &[u8]) -> Result<(usize, Vec<[u8; 3]>), ImagingError> {
    let file = file.to_vec();
    let probe = inspect(&file)?;
    let mut picture = Picture::open(&file, &probe, &scratch())?;
    let mut samples = vec![0; picture.row_bytes() * picture.size().height as usize];
    picture.read(&mut samples)?;
    let pixels = match picture.channels() {
        Channels::Gray => samples.iter().map(|&gray| [gray; 3]).collect(),
        _ => samples.as_chunks::<3>().0.to_vec(),
    };
    Ok((picture.size().width as usize, pixels))
}

pub(super) fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests-data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Compares each pixel with the reference, away from edges in it.
#[track_caller]
fn assert_right(name: &str, tolerance: u8) {
    let (stem, _) = name.rsplit_once('.').unwrap();
    let (width, found) = read(&file(name)).unwrap();
    let (expected_width, expected) = read(&file(&format!("reference/{stem}.png"))).unwrap();
    assert_eq!((width, found.len()), (expected_width, expected.len()));
    let is_flat = |at: usize| {
        let (x, y) = (at % width, at / width);
        (-2..=2_isize).all(|dy| {
            (-2..=2_isize).all(|dx| {
                let (x, y) = (x.checked_add_signed(dx), y.checked_add_signed(dy));
                let (Some(x), Some(y)) = (x.filter(|x| *x < width), y) else { return true };
                expected.get(y * width + x).is_none_or(|near| {
                    near.iter().zip(expected[at]).all(|(a, b)| a.abs_diff(b) <= tolerance)
                })
            })
        })
    };
    let mut compared = 0;
    for at in 0..found.len() {
        if is_flat(at) {
            compared += 1;
            let worst = found[at].iter().zip(expected[at]).map(|(a, b)| a.abs_diff(b)).max();
            let what = format!("{:?} is not {:?} at {at}", found[at], expected[at]);
            assert!(worst <= Some(tolerance), "{name}: {what}");
        }
    }
    assert!(compared > found.len() / 4, "{name}: only {compared} pixels lie away from edges");
}

#[test]
fn bits_that_run_from_the_lowest_are_turned_round() {
    assert_right("bars-none-fillorder-2.tif", 14);
}

#[test]
fn a_group_4_fax_whose_bits_run_from_the_lowest_is_read() {
    assert_right("bars-g4-fillorder-2.tif", 14);
}

#[test]
fn a_palette_gives_its_colours() {
    assert_right("palette-8.tif", 14);
}

#[test]
fn a_fax_of_modified_huffman_codes_is_read() {
    assert_right("huffman-kind-2.tif", 14);
}

#[test]
fn a_one_dimensional_group_3_fax_is_read() {
    assert_right("g3-1d.tif", 14);
}

#[test]
fn cielab_becomes_srgb() {
    assert_right("cielab-8.tif", 12);
}

#[test]
fn twelve_bits_a_sample_are_read() {
    assert_right("gray-12bit.tif", 14);
}

#[test]
fn zstandard_within_a_tiff_is_read() {
    assert_right("zstd.tif", 14);
}

#[test]
fn a_first_page_marked_as_a_reduced_copy_is_not_the_picture() {
    assert_right("first-page-is-thumbnail.tif", 14);
}

#[test]
fn a_jpeg_without_its_end_marker_is_read() {
    assert_right("no-eoi.jpg", 14);
}

#[test]
fn a_strip_without_a_stated_length_is_read() {
    assert_right("byte-counts-absent.tif", 14);
}

#[test]
fn ink_without_adobes_marker_is_read_as_browsers_read_it() {
    assert_right("cmyk-marker-stripped.jpg", 60);
}

#[test]
fn what_a_first_frame_of_a_webp_leaves_free_is_white() {
    assert_right("animated-small-first-frame.webp", 14);
}

#[test]
fn the_gamma_of_a_png_is_applied() {
    assert_right("gama-linear.png", 14);
}

#[test]
fn many_pixels_in_few_bytes_are_read_in_little_memory() {
    let file = file("colour-144-megapixels.tif");
    let probe = inspect(&file).unwrap();
    assert_eq!((probe.size.width, probe.size.height), (12_000, 12_000));
    assert!(probe.estimated_memory_bytes < 256 << 20, "{}", probe.estimated_memory_bytes);
    let mut picture = Picture::open(&file, &probe, &scratch()).unwrap();
    let mut row = vec![0; picture.row_bytes()];
    while picture.left() > 0 {
        picture.read(&mut row).unwrap();
    }
}
