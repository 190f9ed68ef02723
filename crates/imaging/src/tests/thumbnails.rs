use super::make::{Jpeg, busy};
use super::*;

fn sizes(width: usize, height: usize, edges: &[u32]) -> Vec<(u32, u32)> {
    let file = Jpeg::default().encode(&busy(width, height), width, height);
    let derived = read(&file, edges).unwrap();
    derived.thumbnails.iter().map(|t| (t.size.width, t.size.height)).collect()
}

#[test]
fn the_longest_edge_is_exactly_what_was_asked() {
    assert_eq!(sizes(333, 517, &[100, 200, 333]), [(214, 333), (129, 200), (64, 100)]);
    assert_eq!(sizes(517, 333, &[400]), [(400, 258)]);
}

#[test]
fn an_image_never_gets_a_thumbnail_larger_than_itself() {
    assert_eq!(sizes(120, 80, &[1024, 121, 120, 60]), [(120, 80), (60, 40)]);
    assert_eq!(sizes(120, 80, &[1024, 400]), []);
}

#[test]
fn an_edge_asked_twice_is_made_once_and_none_at_nought() {
    assert_eq!(sizes(120, 80, &[60, 60, 0, 30, 60]), [(60, 40), (30, 20)]);
}

#[test]
fn the_other_edge_is_at_least_one_pixel() {
    assert_eq!(sizes(900, 2, &[100, 50]), [(100, 1), (50, 1)]);
    assert_eq!(sizes(1, 1, &[1]), [(1, 1)]);
}

#[test]
fn a_thumbnail_is_a_baseline_jpeg_with_nothing_but_jfif() {
    let file = Jpeg { progressive: true, ..Jpeg::default() }.encode(&busy(300, 200), 300, 200);
    let derived = read(&file, &[200]).unwrap();
    let jpeg = &derived.thumbnails[0].jpeg;
    assert_eq!(jpeg[..11], *b"\xFF\xD8\xFF\xE0\0\x10JFIF\0");
    assert!(jpeg.ends_with(&[0xFF, 0xD9]));
    assert!(jpeg.windows(2).any(|pair| pair == [0xFF, 0xC0]));
    assert_eq!(jpeg.windows(2).filter(|pair| *pair == [0xFF, 0xDA]).count(), 1);
    let decoder = Decompress::new_mem(jpeg).unwrap();
    let factors: Vec<_> = decoder.components().iter().map(|c| c.h_samp_factor).collect();
    assert_eq!(factors, [2, 1, 1]);
}
