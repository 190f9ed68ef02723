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
