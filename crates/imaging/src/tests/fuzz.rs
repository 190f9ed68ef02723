use image::ExtendedColorType;

use super::make::Value::{Long, Short};
use super::make::{Jpeg, busy, exif_marker, icc_markers, page, png, tiff};
use super::*;
use crate::Limits;

const ROUNDS: u64 = 300;

/// Marsaglia's xorshift: the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }
}

fn mutated(file: &[u8], seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut file = file.to_vec();
    for _ in 0..=dice.roll(6) {
        let at = dice.roll(file.len());
        match dice.roll(6) {
            0 => file[at] ^= 1 << dice.roll(8),
            1 => file[at] = [0, 1, 0x7F, 0x80, 0xFF][dice.roll(5)],
            2 => file[at] = dice.roll(256) as u8,
            // Headers are where the harm is done.
            3 => {
                let head = file.len().min(120);
                file[dice.roll(head)] = dice.roll(256) as u8;
            }
            4 => file.truncate(at.max(16)),
            _ => {
                let end = (at + dice.roll(40)).min(file.len());
                if file.len() - (end - at) > 16 {
                    file.drain(at..end);
                }
            }
        }
    }
    file
}

fn survives(file: &[u8]) {
    assert!(read(file, &[16]).is_ok());
    let limits = Limits { max_pixels: 1 << 20, max_bytes: 64 << 20 };
    for seed in 1..=ROUNDS {
        let file = mutated(file, seed);
        let outcome = inspect(&file).and_then(|probe| {
            probe.check(&limits)?;
            derive(&file, Cursor::new(Vec::new()), &probe, &planned(&[32, 16]), &scratch())
        });
        if let Err(error) = outcome {
            let text = error.to_string();
            assert!(!text.contains("gave up"), "seed {seed}: a decoder panicked");
        }
    }
}

#[test]
fn mutated_jpegs_do_no_harm() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let mut markers = icc_markers(&profile, 2);
    markers.push(exif_marker(6));
    survives(&Jpeg { markers, ..Jpeg::default() }.encode(&busy(40, 40), 40, 40));
    survives(&Jpeg { progressive: true, ..Jpeg::default() }.encode(&busy(40, 40), 40, 40));
}

#[test]
fn mutated_pngs_do_no_harm() {
    survives(&png(&busy(40, 40), 40, 40, ExtendedColorType::Rgb8));
}

#[test]
fn mutated_webps_do_no_harm() {
    survives(&raster::webp(&busy(40, 40), 40, 40, ExtendedColorType::Rgb8));
}

#[test]
fn mutated_gifs_do_no_harm() {
    let rgba: Vec<u8> = busy(40, 40).chunks(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    survives(&raster::gif(vec![raster::frame(rgba, 40, 40)]));
}

#[test]
fn mutated_tiffs_do_no_harm() {
    let strip = busy(40, 40);
    let mut tags = page((40, 40), &[8; 3], 1, 2);
    tags.extend([(278, Long(vec![20])), (274, Short(vec![3]))]);
    survives(&tiff(tags, false, &[strip[..2400].to_vec(), strip[2400..].to_vec()]));
    let mut tags = page((40, 40), &[8; 3], 7, 6);
    tags.push((278, Long(vec![40])));
    survives(&tiff(tags, false, &[Jpeg::default().encode(&strip, 40, 40)]));
    let mut tags = page((16, 16), &[1], 4, 0);
    tags.push((278, Long(vec![16])));
    survives(&tiff(tags, false, &[tiff::group_4()]));
}

#[test]
fn mutated_kinds_of_other_programs_do_no_harm() {
    let names = [
        "tiled.jp2",
        "ycc-420.jp2",
        "palette.jp2",
        "high-throughput.j2k",
        "g3-2d.tif",
        "lzma.tif",
        "zstd.tif",
        "ycbcr-420.tif",
        "old-jpeg.tif",
        "big-endian-planar-16-tiled.tif",
        "palette-8.tif",
    ];
    for name in names {
        survives(&awkward::file(name));
    }
}
