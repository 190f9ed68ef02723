use image::{DynamicImage, GenericImageView};

use super::container::{made, small_tiles};
use super::make::{picture, png, quarters};
use super::*;
use crate::render::{OutputFormat, Quality, Rendering, render, render_cost};

const WHITE: [u8; 3] = [255; 3];

/// All of a picture as it is, as a PNG.
fn all(width: u32, height: u32) -> Rendering {
    Rendering {
        x: 0,
        y: 0,
        region: size(width, height),
        output: size(width, height),
        mirrored: false,
        rotation: 0.0,
        quality: Quality::Default,
        format: OutputFormat::Png,
        jpeg_quality: 92,
    }
}

fn answer(made: &Made, rendering: &Rendering) -> Vec<u8> {
    let mut answer = Vec::new();
    render(&made.container, &made.derived.index, rendering, &mut answer).unwrap();
    answer
}

fn shown(made: &Made, rendering: &Rendering) -> DynamicImage {
    let file = answer(made, rendering);
    match rendering.format {
        OutputFormat::Jpeg => {
            let decoder = Decompress::new_mem(&file).unwrap().rgb().unwrap();
            let (width, height) = (decoder.width() as u32, decoder.height() as u32);
            let samples = { decoder }.read_scanlines::<u8>().unwrap();
            image::RgbImage::from_raw(width, height, samples).unwrap().into()
        }
        _ => image::load_from_memory(&file).unwrap(),
    }
}

fn four_quarters() -> Made {
    let file = png(&quarters(300, 200), 300, 200, image::ExtendedColorType::Rgb8);
    read_from(&file, &small_tiles()).unwrap()
}

/// Returns the middles of the four quarters, clockwise from the top left.
fn middles(image: &DynamicImage) -> [[u8; 3]; 4] {
    let (width, height) = image.dimensions();
    let at = |x, y| {
        let [r, g, b, _] = image.get_pixel(x, y).0;
        [r, g, b]
    };
    let (left, right, top, bottom) = (width / 4, width * 3 / 4, height / 4, height * 3 / 4);
    [at(left, top), at(right, top), at(right, bottom), at(left, bottom)]
}

#[track_caller]
fn assert_middles(image: &DynamicImage, expected: [[u8; 3]; 4], tolerance: u8) {
    for (found, expected) in middles(image).into_iter().zip(expected) {
        assert_close(found, expected, tolerance);
    }
}

#[test]
fn a_region_at_any_size_shows_its_part_of_the_picture() {
    let made = made(333, 231, &small_tiles());
    let cases = [
        (0, 0, 333, 231, 333, 231),
        (0, 0, 333, 231, 167, 116),
        (0, 0, 333, 231, 100, 69),
        (0, 0, 333, 231, 5, 3),
        (17, 33, 200, 150, 200, 150),
        (17, 33, 200, 150, 77, 58),
        (100, 100, 10, 10, 50, 50),
        (332, 230, 1, 1, 1, 1),
        (60, 60, 10, 100, 30, 20),
    ];
    for (x, y, width, height, across, down) in cases {
        // A few pixels in a JPEG share too much of their colour to be compared.
        let formats = [OutputFormat::Png, OutputFormat::Jpeg];
        for format in formats.into_iter().take(if across < 50 { 1 } else { 2 }) {
            let (region, output) = (size(width, height), size(across, down));
            let image = shown(&made, &Rendering { x, y, region, output, format, ..all(333, 231) });
            assert_eq!(image.dimensions(), (across, down));
            for (column, row) in [(0, 0), (across / 2, down / 2), (across - 1, down - 1)] {
                let place = |at: u32, from: u32, length: u32, side: u32, full: u32| {
                    let middle = (f64::from(at) + 0.5) * f64::from(length) / f64::from(side) - 0.5;
                    ((f64::from(from) + middle) * 255.0 / f64::from(full)).round() as u8
                };
                let expected =
                    [place(column, x, width, across, 333), place(row, y, height, down, 231), 90];
                let [r, g, b, _] = image.get_pixel(column, row).0;
                assert_close([r, g, b], expected, 12);
            }
        }
    }
}

#[test]
fn what_is_a_level_as_it_stands_is_not_scaled() {
    let made = made(333, 231, &small_tiles());
    let rendering = Rendering { output: size(167, 116), ..all(333, 231) };
    let image = shown(&made, &rendering).to_rgb8();
    let range = made.derived.index.tile(1, 0, 0).unwrap();
    let jpeg = &made.container[range.start as usize..range.end as usize];
    let mut decoder = Decompress::new_mem(jpeg).unwrap().rgb().unwrap();
    let tile: Vec<[u8; 3]> = decoder.read_scanlines().unwrap();
    for (place, pixel) in tile.iter().enumerate() {
        assert_eq!(image.get_pixel(place as u32 % 64, place as u32 / 64).0, *pixel);
    }
}

#[test]
fn quarter_turns_are_clockwise_and_mirroring_comes_first() {
    let made = four_quarters();
    let plain = [RED, GREEN, YELLOW, BLUE];
    let cases = [
        (0.0, false, [0, 1, 2, 3]),
        (90.0, false, [3, 0, 1, 2]),
        (180.0, false, [2, 3, 0, 1]),
        (270.0, false, [1, 2, 3, 0]),
        (360.0, false, [0, 1, 2, 3]),
        (0.0, true, [1, 0, 3, 2]),
        (90.0, true, [2, 1, 0, 3]),
    ];
    for (rotation, mirrored, order) in cases {
        for format in [OutputFormat::Png, OutputFormat::Jpeg] {
            let image = shown(&made, &Rendering { mirrored, rotation, format, ..all(300, 200) });
            let turned = matches!(rotation, 90.0 | 270.0);
            assert_eq!(image.dimensions(), if turned { (200, 300) } else { (300, 200) });
            assert_middles(&image, order.map(|place| plain[place]), 8);
        }
    }
}

#[test]
fn a_rotation_by_any_angle_leaves_transparent_corners_white_ones_in_a_jpeg() {
    let made = four_quarters();
    for format in [OutputFormat::Png, OutputFormat::Webp, OutputFormat::Gif] {
        let image = shown(&made, &Rendering { rotation: 22.5, format, ..all(300, 200) });
        assert_eq!(image.dimensions(), (354, 300));
        assert_eq!(image.get_pixel(1, 1).0[3], 0, "{format:?}");
        assert_eq!(image.get_pixel(352, 298).0[3], 0, "{format:?}");
        let [r, g, b, alpha] = image.get_pixel(177 - 60, 150 - 70).0;
        assert_eq!(alpha, 255);
        assert_close([r, g, b], RED, 10);
    }
    let format = OutputFormat::Jpeg;
    let image = shown(&made, &Rendering { rotation: 22.5, format, ..all(300, 200) });
    let [r, g, b, _] = image.get_pixel(2, 2).0;
    assert_close([r, g, b], WHITE, 3);
}

#[test]
fn gray_is_the_light_of_the_colours() {
    let made = four_quarters();
    let light = |[r, g, b]: [u8; 3]| {
        [(f64::from(r) * 0.299 + f64::from(g) * 0.587 + f64::from(b) * 0.114).round() as u8; 3]
    };
    let expected = [RED, GREEN, YELLOW, BLUE].map(light);
    for format in [OutputFormat::Png, OutputFormat::Jpeg, OutputFormat::Gif, OutputFormat::Webp] {
        let quality = Quality::Gray;
        let image = shown(&made, &Rendering { quality, format, ..all(300, 200) });
        assert_middles(&image, expected, 4);
    }
}

#[test]
fn bitonal_is_black_and_white_on_both_sides_of_the_best_level() {
    // Dark gray and light gray, neither on the other side of the middle.
    let gray = picture(120, 80, |right, _| [if right { 110 } else { 40 }]);
    let file = png(&gray, 120, 80, image::ExtendedColorType::L8);
    let made = read_from(&file, &small_tiles()).unwrap();
    for format in [OutputFormat::Png, OutputFormat::Gif] {
        let quality = Quality::Bitonal;
        let image = shown(&made, &Rendering { quality, format, ..all(120, 80) });
        assert_middles(&image, [[0; 3], WHITE, WHITE, [0; 3]], 0);
        assert!(image.to_luma8().iter().all(|level| matches!(level, 0 | 255)));
    }
    let rendering = Rendering { quality: Quality::Bitonal, rotation: 30.0, ..all(120, 80) };
    let image = shown(&made, &rendering).to_luma_alpha8();
    assert!(image.iter().all(|level| matches!(level, 0 | 255)));
}

#[test]
fn a_tiff_is_read_by_readers_of_tiff() {
    let made = four_quarters();
    let format = OutputFormat::Tiff;
    let cases = [
        (Quality::Default, 0.0, ::tiff::ColorType::RGB(8), [RED, GREEN, YELLOW, BLUE]),
        (Quality::Default, 45.0, ::tiff::ColorType::RGBA(8), [WHITE; 4]),
        (Quality::Gray, 0.0, ::tiff::ColorType::Gray(8), [[87; 3], [119; 3], [214; 3], [65; 3]]),
        (Quality::Bitonal, 0.0, ::tiff::ColorType::Gray(1), [[0; 3], [0; 3], WHITE, [0; 3]]),
    ];
    for (quality, rotation, kind, expected) in cases {
        let rendering = Rendering { rotation, quality, format, ..all(300, 200) };
        let file = answer(&made, &rendering);
        let mut decoder = ::tiff::decoder::Decoder::new(Cursor::new(&file)).unwrap();
        assert_eq!(decoder.colortype().unwrap(), kind);
        decoder.read_image().unwrap();
        if rotation == 0.0 {
            assert_eq!(decoder.dimensions().unwrap(), (300, 200));
            assert_corners(&read(&file, &[300]).unwrap(), expected, 8);
        }
    }
}

#[test]
fn a_jpeg_that_streams_holds_far_less_than_the_picture() {
    let made = made(333, 231, &small_tiles());
    let format = OutputFormat::Jpeg;
    let jpeg = render_cost(&made.derived.index, &Rendering { format, ..all(333, 231) }).unwrap();
    let png = render_cost(&made.derived.index, &all(333, 231)).unwrap();
    assert!(jpeg.bytes_held < 333 * 64 * 3 + 64 * 64 * 3 + 1);
    assert!(png.bytes_held > 333 * 231 * 3 * 2);
    assert_eq!(jpeg.pixels_decoded, 6 * 4 * 64 * 64);
    let output = size(42, 29);
    let small = render_cost(&made.derived.index, &Rendering { output, ..all(333, 231) }).unwrap();
    assert_eq!(small.pixels_decoded, 64 * 64, "the smallest level suffices");
}

#[test]
fn requests_that_no_picture_can_answer_are_refused_in_words() {
    let made = four_quarters();
    let refused = [
        Rendering { x: 1, ..all(300, 200) },
        Rendering { region: size(0, 200), ..all(300, 200) },
        Rendering { x: u32::MAX, ..all(300, 200) },
        Rendering { output: size(300, 0), ..all(300, 200) },
        Rendering { rotation: 361.0, ..all(300, 200) },
        Rendering { rotation: f64::NAN, ..all(300, 200) },
        Rendering { output: size(65_501, 1), format: OutputFormat::Jpeg, ..all(300, 200) },
        Rendering { output: size(16_384, 1), format: OutputFormat::Webp, ..all(300, 200) },
    ];
    for rendering in refused {
        let outcome = render_cost(&made.derived.index, &rendering);
        assert!(matches!(outcome, Err(ImagingError::Unsupported(_))), "{rendering:?}");
    }
}

#[test]
fn the_cost_of_the_largest_answer_is_a_number() {
    let made = four_quarters();
    let rendering = Rendering { output: size(0x7FFF_FFFF, 0x7FFF_FFFF), ..all(300, 200) };
    let cost = render_cost(&made.derived.index, &rendering).unwrap();
    assert!(cost.bytes_held > 1 << 62);
}

#[test]
fn a_broken_container_is_an_error_in_words() {
    let made = four_quarters();
    for (from, to) in [(20, 200), (100, 6000), (0, made.container.len())] {
        let mut container = made.container.clone();
        container[from..to].fill(0);
        let mut answer = Vec::new();
        let outcome = render(&container, &made.derived.index, &all(300, 200), &mut answer);
        let text = outcome.unwrap_err().to_string();
        assert!(!text.contains("gave up"), "{text}");
    }
    let cut = made.container[..made.container.len() / 4].to_vec();
    let outcome = render(&cut, &made.derived.index, &all(300, 200), &mut Vec::new());
    assert!(outcome.is_err());
}
