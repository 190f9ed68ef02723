//! Images made for the tests, in every format that is read.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::{ExtendedColorType, ImageFormat, RgbImage};

/// A PNG of a size given as `{width}x{height}`: red grows from left to right, green from top to bottom.
pub fn smooth(size: &str) -> Vec<u8> {
    let (width, height) = size.split_once('x').expect("a size");
    let (width, height): (u32, u32) =
        (width.parse().expect("a width"), height.parse().expect("a height"));
    let level =
        |at: u32, of: u32| u8::try_from(at * 255 / of.max(2).saturating_sub(1)).unwrap_or(255);
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([level(x, width), level(y, height), 128])
    });
    let mut bytes = Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, ImageFormat::Png).expect("a PNG");
    bytes.into_inner()
}

/// A PNG of a size given as `{width}x{height}` of which no two pixels are alike, so that every copy of it is long.
pub fn noise(size: &str) -> Vec<u8> {
    let (width, height) = size.split_once('x').expect("a size");
    let (width, height) = (width.parse().expect("a width"), height.parse().expect("a height"));
    let mut state = 1_u32;
    let pixels = RgbImage::from_fn(width, height, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, red, green, blue] = state.to_le_bytes();
        image::Rgb([red, green, blue])
    });
    let mut bytes = Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, ImageFormat::Png).expect("a PNG");
    bytes.into_inner()
}

/// An image of a size given as `{width}x{height}`, in a format given by its name.
pub fn encoded(format: &str, size: &str) -> Vec<u8> {
    let (width, height) = size.split_once('x').expect("a size");
    let (width, height) = (width.parse().expect("a width"), height.parse().expect("a height"));
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 128])
    });
    let mut bytes = Cursor::new(Vec::new());
    match format {
        "png" => pixels.write_to(&mut bytes, ImageFormat::Png).expect("a PNG"),
        "webp" => pixels.write_to(&mut bytes, ImageFormat::WebP).expect("a WebP"),
        "gif" => GifEncoder::new(&mut bytes)
            .encode(&pixels, width, height, ExtendedColorType::Rgb8)
            .expect("a GIF"),
        "tiff" => tiff::encoder::TiffEncoder::new(&mut bytes)
            .expect("a TIFF")
            .write_image::<tiff::encoder::colortype::RGB8>(width, height, &pixels)
            .expect("a TIFF"),
        "jpeg" => return jpeg(&pixels),
        other => panic!("no such format: {other}"),
    }
    bytes.into_inner()
}

fn jpeg(pixels: &RgbImage) -> Vec<u8> {
    let mut encoder = mozjpeg::Compress::new(mozjpeg::ColorSpace::JCS_RGB);
    encoder.set_fastest_defaults();
    encoder.set_size(pixels.width() as usize, pixels.height() as usize);
    let mut encoder = encoder.start_compress(Vec::new()).expect("an encoder");
    encoder.write_scanlines(pixels).expect("lines");
    encoder.finish().expect("a JPEG")
}

/// A file of a format that is broken: cut to so many sixteenths, or changed at places that a seed tells.
pub fn broken(format: &str, how: &str, number: &str) -> Vec<u8> {
    let number: usize = number.parse().expect("a number");
    let mut file = encoded(format, "320x240");
    if how == "cut" {
        file.truncate(file.len() * number / 16);
        return file;
    }
    // The same places in every run.
    let mut place = number.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    for _ in 0..8 {
        place =
            place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (place >> 20) % file.len();
        file[at] ^= 1 << (place >> 13 & 7);
    }
    file
}

/// A small file of a format whose header promises 60,000 pixels each way.
pub fn bomb(format: &str) -> Vec<u8> {
    const EDGE: u32 = 60_000;
    let [.., high, low] = EDGE.to_be_bytes();
    match format {
        "png" => {
            let mut file = encoded("png", "16x16");
            file[16..20].copy_from_slice(&EDGE.to_be_bytes());
            file[20..24].copy_from_slice(&EDGE.to_be_bytes());
            let sum = crc(&file[12..29]);
            file[29..33].copy_from_slice(&sum.to_be_bytes());
            file
        }
        "gif" => {
            let mut file = encoded("gif", "16x16");
            let frame = file.iter().rposition(|byte| *byte == b',').expect("a frame");
            for at in [6, 8, frame + 5, frame + 7] {
                file[at..at + 2].copy_from_slice(&[low, high]);
            }
            file
        }
        "jpeg" => {
            let mut file = encoded("jpeg", "16x16");
            let frame = file.windows(2).position(|two| two == [0xFF, 0xC0]).expect("a frame");
            for at in [frame + 5, frame + 7] {
                file[at..at + 2].copy_from_slice(&[high, low]);
            }
            file
        }
        "tiff" => {
            let mut file = b"II*\0\x08\0\0\0\x08\0".to_vec();
            for (tag, value) in [
                (256_u16, EDGE),
                (257, EDGE),
                (258, 8),
                (259, 1),
                (262, 1),
                (273, 8),
                (278, EDGE),
                (279, 16),
            ] {
                file.extend_from_slice(&tag.to_le_bytes());
                file.extend_from_slice(&[4, 0, 1, 0, 0, 0]);
                file.extend_from_slice(&value.to_le_bytes());
            }
            file.extend_from_slice(&[0; 64]);
            file
        }
        "webp" => {
            // A lossless image of 16,383 pixels each way, the most that the format has.
            let size = (0x3FFE_u32 | 0x3FFE << 14).to_le_bytes();
            let mut file = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f".to_vec();
            file.extend_from_slice(&size);
            file.extend_from_slice(&[0; 9]);
            file
        }
        "jp2" => {
            let mut file = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
            for number in [EDGE, EDGE, 0, 0, EDGE, EDGE, 0, 0] {
                file.extend_from_slice(&number.to_be_bytes());
            }
            file.extend_from_slice(&[0, 1, 7, 1, 1]);
            file.extend_from_slice(&[0xFF, 0x52, 0, 12, 0, 0, 0, 1, 0, 1, 4, 4, 0, 1]);
            file.extend_from_slice(&[0xFF, 0x5C, 0, 7, 0x40, 0x40, 0x48, 0x48, 0x50]);
            file.extend_from_slice(&[
                0xFF, 0x90, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF, 0x93, 0, 0, 0xFF, 0xD9,
            ]);
            file
        }
        other => panic!("no such format: {other}"),
    }
}

/// The checksum of a chunk of a PNG.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg())
        })
    })
}
