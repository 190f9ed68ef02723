use image::codecs::gif::GifEncoder;
use image::codecs::webp::WebPEncoder;
use image::{Delay, ExtendedColorType, Frame, ImageEncoder, RgbaImage};
use moxcms::ColorProfile;

use super::make::{busy, exif, picture, png, png_of_chunks, png_with, quarters, zlib_stored};
use super::*;
use crate::Limits;

const WHITE: [u8; 3] = [255; 3];

pub(super) fn webp(samples: &[u8], width: u32, height: u32, kind: ExtendedColorType) -> Vec<u8> {
    let mut file = Vec::new();
    WebPEncoder::new_lossless(&mut file).write_image(samples, width, height, kind).unwrap();
    file
}

pub(super) fn gif(frames: Vec<Frame>) -> Vec<u8> {
    let mut file = Vec::new();
    GifEncoder::new(&mut file).encode_frames(frames).unwrap();
    file
}

pub(super) fn frame(samples: Vec<u8>, width: u32, height: u32) -> Frame {
    let buffer = RgbaImage::from_raw(width, height, samples).unwrap();
    Frame::from_parts(buffer, 0, 0, Delay::from_numer_denom_ms(100, 1))
}

/// The left half is clear, the right one half so.
fn see_through(right: bool, _: bool) -> [u8; 4] {
    if right { [255, 0, 0, 128] } else { [0, 0, 0, 0] }
}

fn wide(samples: &[u8]) -> Vec<u8> {
    samples.iter().flat_map(|&sample| (u16::from(sample) * 257).to_ne_bytes()).collect()
}

#[test]
fn a_png_of_8_or_16_bits_gives_its_colours() {
    let samples = quarters(80, 60);
    for file in [
        png(&samples, 80, 60, ExtendedColorType::Rgb8),
        png(&wide(&samples), 80, 60, ExtendedColorType::Rgb16),
    ] {
        let derived = read_from_disk(&file, &[40]).unwrap();
        assert_eq!(derived.size, size(80, 60));
        assert_corners(&derived, [RED, GREEN, YELLOW, BLUE], 8);
    }
}

#[test]
fn alpha_is_laid_on_white() {
    let rgba = picture(64, 64, see_through);
    let expected = [WHITE, [255, 127, 127], [255, 127, 127], WHITE];
    for file in [
        png(&rgba, 64, 64, ExtendedColorType::Rgba8),
        png(&wide(&rgba), 64, 64, ExtendedColorType::Rgba16),
        webp(&rgba, 64, 64, ExtendedColorType::Rgba8),
    ] {
        assert_corners(&read(&file, &[64]).unwrap(), expected, 4);
    }
    let gray = picture(64, 64, |right, _| if right { [0, 64] } else { [0, 0] });
    let file = png(&gray, 64, 64, ExtendedColorType::La8);
    assert_corners(&read(&file, &[32]).unwrap(), [WHITE, [191; 3], [191; 3], WHITE], 4);
}

#[test]
fn a_gray_png_stays_gray() {
    let gray = picture(64, 64, |right, _| if right { [200, 200] } else { [20, 20] });
    let derived = read(&png(&gray, 64, 64, ExtendedColorType::L16), &[64]).unwrap();
    let decoder = Decompress::new_mem(&derived.thumbnails[0].jpeg).unwrap();
    assert_eq!(decoder.components().len(), 1);
    assert_corners(&derived, [[20; 3], [200; 3], [200; 3], [20; 3]], 3);
}

#[test]
fn a_png_with_a_palette_gives_its_colours() {
    let header = [0, 0, 0, 16, 0, 0, 0, 16, 1, 3, 0, 0, 0].to_vec();
    let palette = [RED, BLUE].concat();
    let rows: Vec<u8> = (0..16).flat_map(|_| [0, 0x00, 0xFF]).collect();
    let file = png_of_chunks(&[
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"IDAT", zlib_stored(&rows)),
        (b"IEND", Vec::new()),
    ]);
    assert_corners(&read(&file, &[16]).unwrap(), [RED, BLUE, BLUE, RED], 8);
}

#[test]
fn orientation_and_profile_of_a_png_are_applied() {
    let file = png_with(&quarters(80, 60), (80, 60), ExtendedColorType::Rgb8, None, Some(exif(6)));
    let derived = read(&file, &[40]).unwrap();
    assert_eq!(derived.size, size(60, 80));
    assert_corners(&derived, [BLUE, RED, GREEN, YELLOW], 8);

    let p3 = ColorProfile::new_display_p3().encode().unwrap();
    let samples = picture(32, 32, |_, _| [180, 60, 60]);
    let file = png_with(&samples, (32, 32), ExtendedColorType::Rgb8, Some(p3), None);
    assert_close(corners(&read(&file, &[32]).unwrap().thumbnails[0])[0], [195, 50, 54], 5);
}

#[test]
fn a_truncated_png_webp_or_gif_is_refused_wherever_it_is_cut() {
    let samples = busy(64, 64);
    let rgba: Vec<u8> = samples.chunks(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    let files = [
        png(&samples, 64, 64, ExtendedColorType::Rgb8),
        webp(&samples, 64, 64, ExtendedColorType::Rgb8),
        gif(vec![frame(rgba, 64, 64)]),
    ];
    for file in files {
        assert!(read(&file, &[32]).is_ok());
        for cut in [file.len() - 30, file.len() * 3 / 4, file.len() / 2, 60, 30, 14] {
            let outcome = read(&file[..cut], &[32]);
            let truncated = matches!(outcome, Err(ImagingError::Truncated));
            assert!(truncated, "{:?} cut at {cut}: {outcome:?}", &file[..4]);
        }
    }
}

#[test]
fn a_png_whose_end_is_missing_is_read_if_its_pixels_are_there() {
    let file = png(&busy(64, 64), 64, 64, ExtendedColorType::Rgb8);
    let whole = read(&file, &[64]).unwrap();
    // The last chunk has 12 bytes; before it stands the checksum of the pixels.
    for cut in [1, 12, 16] {
        let outcome = read(&file[..file.len() - cut], &[64]).unwrap();
        assert!(outcome.container == whole.container, "{cut} bytes are missing");
    }
}

#[test]
fn an_interlaced_png_is_read() {
    // Adam7 over 2 x 2 pixels: the first, then that to the right of it, then the row below.
    let header = [0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 1].to_vec();
    let passes = [0, 10, 0, 90, 0, 170, 250];
    let file =
        png_of_chunks(&[(b"IHDR", header), (b"IDAT", zlib_stored(&passes)), (b"IEND", Vec::new())]);
    let (width, pixels) = awkward::read(&file).unwrap();
    assert_eq!((width, pixels), (2, vec![[10; 3], [90; 3], [170; 3], [250; 3]]));
}

#[test]
fn a_png_with_a_wrong_checksum_is_damaged() {
    let mut file = png(&quarters(80, 60), 80, 60, ExtendedColorType::Rgb8);
    file[18] ^= 1;
    assert!(matches!(read(&file, &[32]), Err(ImagingError::Damaged(_))));
}

#[test]
fn a_png_that_promises_too_much_is_refused() {
    let header = |side: u32| {
        let side = side.to_be_bytes();
        [side.as_slice(), &side, &[8, 6, 0, 0, 0]].concat()
    };
    let interlaced = |side| [&header(side)[..12], &[1]].concat();
    let file = png_of_chunks(&[(b"IHDR", interlaced(40_000)), (b"IDAT", zlib_stored(&[0; 100]))]);
    let probe = inspect(&file).unwrap();
    let limits = Limits { max_pixels: u64::MAX, max_bytes: 1 << 30 };
    assert!(matches!(probe.check(&limits), Err(ImagingError::TooMuchMemory { .. })));
    let file = png_of_chunks(&[(b"IHDR", header(1 << 30)), (b"IDAT", zlib_stored(&[0; 100]))]);
    let refused = inspect(&file).and_then(|probe| probe.check(&limits));
    assert!(refused.is_err());
}

#[test]
fn a_lossy_webp_is_read() {
    let file = b"RIFF\x22\0\0\0WEBPVP8 \x16\0\0\0\x30\x01\0\x9d\x01\x2a\x01\0\x01\0\x0e\xc0\xfe\
        \x25\xa4\0\x03\x70\0\0\0\0";
    let derived = read(file, &[1]).unwrap();
    assert_eq!((derived.size, derived.thumbnails.len()), (size(1, 1), 1));
}

fn riff(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (name, content) in chunks {
        body.extend(*name);
        body.extend((content.len() as u32).to_le_bytes());
        body.extend(content);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [b"RIFF".as_slice(), &(body.len() as u32).to_le_bytes(), &body].concat()
}

#[test]
fn of_an_animated_webp_the_first_frame_counts() {
    let frame = |colour: [u8; 3]| {
        let still = webp(&picture(32, 32, |_, _| colour), 32, 32, ExtendedColorType::Rgb8);
        let head = [0, 0, 0, 0, 0, 0, 31, 0, 0, 31, 0, 0, 100, 0, 0, 0];
        [head.as_slice(), &still[12..]].concat()
    };
    let file = riff(&[
        (b"VP8X", vec![0b10, 0, 0, 0, 31, 0, 0, 31, 0, 0]),
        (b"ANIM", vec![255, 255, 255, 255, 0, 0]),
        (b"ANMF", frame(RED)),
        (b"ANMF", frame(BLUE)),
    ]);
    let derived = read(&file, &[32]).unwrap();
    assert_eq!(derived.size, size(32, 32));
    assert_corners(&derived, [RED; 4], 6);
}

#[test]
fn orientation_of_a_webp_is_applied() {
    let still = webp(&quarters(80, 60), 80, 60, ExtendedColorType::Rgb8);
    let length = u32::from_le_bytes(still[16..20].try_into().unwrap()) as usize;
    let file = riff(&[
        (b"VP8X", vec![0b1000, 0, 0, 0, 79, 0, 0, 59, 0, 0]),
        (b"VP8L", still[20..20 + length].to_vec()),
        (b"EXIF", exif(8)),
    ]);
    let derived = read(&file, &[80]).unwrap();
    assert_eq!(derived.size, size(60, 80));
    assert_corners(&derived, [GREEN, YELLOW, BLUE, RED], 6);
}

#[test]
fn of_an_animated_gif_the_first_frame_counts_on_its_canvas() {
    let filled = |[r, g, b]: [u8; 3]| frame([r, g, b, 255].repeat(32 * 32), 32, 32);
    let mut file = gif(vec![filled(RED), filled(BLUE)]);
    // The canvas is twice the frame each way.
    file[6..10].copy_from_slice(&[64, 0, 64, 0]);
    let derived = read(&file, &[64]).unwrap();
    assert_eq!(derived.size, size(64, 64));
    assert_corners(&derived, [RED, WHITE, WHITE, WHITE], 6);
}
