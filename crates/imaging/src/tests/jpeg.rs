use moxcms::ColorProfile;
use mozjpeg::{ColorSpace, Marker};

use super::make::{Jpeg, busy, exif_marker, icc_markers, picture, quarters};
use super::*;
use crate::Limits;

#[test]
fn a_jpeg_gives_its_size_and_thumbnails_in_its_colours() {
    let file = Jpeg::default().encode(&quarters(600, 400), 600, 400);
    let derived = read_from_disk(&file, &[100, 300]).unwrap();
    assert_eq!(derived.size, size(600, 400));
    let sizes: Vec<_> = derived.thumbnails.iter().map(|thumbnail| thumbnail.size).collect();
    assert_eq!(sizes, [size(300, 200), size(100, 67)]);
    for thumbnail in &derived.thumbnails {
        for (found, expected) in corners(thumbnail).into_iter().zip([RED, GREEN, YELLOW, BLUE]) {
            assert_close(found, expected, 6);
        }
    }
}

#[test]
fn each_of_the_eight_orientations_is_applied() {
    let upright = [RED, GREEN, YELLOW, BLUE];
    let shown: [[usize; 4]; 8] = [
        [0, 1, 2, 3],
        [1, 0, 3, 2],
        [2, 3, 0, 1],
        [3, 2, 1, 0],
        [0, 3, 2, 1],
        [3, 0, 1, 2],
        [2, 1, 0, 3],
        [1, 2, 3, 0],
    ];
    for (orientation, order) in (1..).zip(shown) {
        let jpeg = Jpeg { markers: vec![exif_marker(orientation)], ..Jpeg::default() };
        let derived = read(&jpeg.encode(&quarters(120, 80), 120, 80), &[60, 30]).unwrap();
        let turned = orientation > 4;
        assert_eq!(derived.size, if turned { size(80, 120) } else { size(120, 80) });
        let first = derived.thumbnails[0].size;
        assert_eq!(first, if turned { size(40, 60) } else { size(60, 40) });
        assert_corners(&derived, order.map(|place| upright[place]), 8);
        assert_eq!(
            corners(&derived.thumbnails[1]).map(|c| c[0] > 128),
            order.map(|place| upright[place][0] > 128)
        );
    }
}

#[test]
fn a_gray_jpeg_stays_gray() {
    let samples = picture(64, 64, |right, _| [if right { 200 } else { 50 }]);
    let jpeg = Jpeg { space: ColorSpace::JCS_GRAYSCALE, ..Jpeg::default() };
    let derived = read(&jpeg.encode(&samples, 64, 64), &[64, 32]).unwrap();
    for thumbnail in &derived.thumbnails {
        let decoder = Decompress::new_mem(&thumbnail.jpeg).unwrap();
        assert_eq!(decoder.components().len(), 1);
        assert_close(corners(thumbnail)[0], [50; 3], 3);
        assert_close(corners(thumbnail)[1], [200; 3], 3);
    }
}

/// As Adobe's programs write it: upside down, with a marker of theirs.
fn adobe(transform: u8) -> (Marker, Vec<u8>) {
    (Marker::APP(14), [b"Adobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat())
}

#[test]
fn ink_stored_upside_down_becomes_colours_with_and_without_the_marker_of_adobe() {
    let ink = |right, _| if right { [255, 0, 0, 0] } else { [0, 255, 255, 64] };
    let expected = [[191, 0, 0], [0, 255, 255], [0, 255, 255], [191, 0, 0]];
    let inverted: Vec<u8> = picture(64, 64, ink).iter().map(|sample| !sample).collect();
    let plain = Jpeg { space: ColorSpace::JCS_CMYK, ..Jpeg::default() };
    // libjpeg writes a marker of Adobe's by itself.
    let file = without_adobe(plain.encode(&inverted, 64, 64));
    assert_corners(&read(&file, &[64]).unwrap(), expected, 6);

    let marked = Jpeg { space: ColorSpace::JCS_CMYK, markers: vec![adobe(0)], ..Jpeg::default() };
    let file = marked.encode(&inverted, 64, 64);
    assert_corners(&read(&file, &[64]).unwrap(), expected, 6);
}

fn without_adobe(mut file: Vec<u8>) -> Vec<u8> {
    if let Some(at) = file.windows(9).position(|w| w == b"\xFF\xEE\0\x0EAdobe") {
        file.drain(at..at + 16);
    }
    file
}

#[test]
fn a_profile_in_several_pieces_is_applied() {
    let p3 = ColorProfile::new_display_p3().encode().unwrap();
    let samples = picture(64, 64, |_, _| [180, 60, 60]);
    let derived = |markers| {
        let jpeg = Jpeg { markers, ..Jpeg::default() };
        read(&jpeg.encode(&samples, 64, 64), &[64]).unwrap()
    };
    // Display P3 reaches further: the same numbers mean a stronger red.
    for pieces in [1, 3] {
        let found = corners(&derived(icc_markers(&p3, pieces)).thumbnails[0])[0];
        assert_close(found, [195, 50, 54], 5);
    }
    let broken = icc_markers(b"no profile at all", 1);
    assert_close(corners(&derived(broken).thumbnails[0])[0], [180, 60, 60], 4);
    let srgb = icc_markers(&ColorProfile::new_srgb().encode().unwrap(), 1);
    assert_close(corners(&derived(srgb).thumbnails[0])[0], [180, 60, 60], 4);
}

#[test]
fn a_gray_profile_is_applied_and_leaves_gray() {
    let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let jpeg = Jpeg {
        space: ColorSpace::JCS_GRAYSCALE,
        markers: icc_markers(&linear, 1),
        ..Jpeg::default()
    };
    let derived = read(&jpeg.encode(&[55; 64 * 64], 64, 64), &[64]).unwrap();
    // 55 of 255 in linear light is 0.216, in sRGB 128.
    assert_close(corners(&derived.thumbnails[0])[0], [128; 3], 3);
}

#[test]
fn a_truncated_jpeg_is_refused_wherever_it_is_cut() {
    let file = Jpeg::default().encode(&busy(200, 200), 200, 200);
    assert!(read(&file, &[50]).is_ok());
    for cut in [file.len() - 6, file.len() - 40, file.len() / 2, 700, 300, 30] {
        let outcome = read(&file[..cut], &[50]);
        assert!(matches!(outcome, Err(ImagingError::Truncated)), "cut at {cut}: {outcome:?}");
    }
    // Only the end marker is missing, or half of it.
    for cut in [file.len() - 1, file.len() - 2] {
        let outcome = read(&file[..cut], &[50]);
        assert!(outcome.is_ok(), "cut at {cut}: {outcome:?}");
    }
}

#[test]
fn a_progressive_jpeg_cut_between_two_scans_is_refused() {
    let jpeg = Jpeg { progressive: true, ..Jpeg::default() };
    let file = jpeg.encode(&busy(200, 200), 200, 200);
    let starts = |pair: &[u8]| pair == [0xFF, 0xDA] || pair == [0xFF, 0xC4];
    let last_scan = file.windows(2).rposition(starts).unwrap();
    let outcome = read(&file[..last_scan], &[50]);
    assert!(matches!(outcome, Err(ImagingError::Truncated)), "{outcome:?}");
    assert!(read(&file[..file.len() - 2], &[50]).is_ok(), "only the end marker is missing");
}

#[test]
fn a_truncated_jpeg_is_refused_even_where_no_thumbnail_is_wanted() {
    let file = Jpeg::default().encode(&busy(200, 200), 200, 200);
    let outcome = read(&file[..file.len() / 2], &[]);
    assert!(matches!(outcome, Err(ImagingError::Truncated)));
}

#[test]
fn a_truncated_progressive_jpeg_is_refused() {
    let jpeg = Jpeg { progressive: true, ..Jpeg::default() };
    let file = jpeg.encode(&busy(200, 200), 200, 200);
    assert!(read(&file, &[50]).is_ok());
    let last_scan = file.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
    for cut in [last_scan + 20, last_scan + 1, file.len() / 2] {
        let outcome = read(&file[..cut], &[50]);
        assert!(matches!(outcome, Err(ImagingError::Truncated)), "cut at {cut}: {outcome:?}");
    }
}

#[test]
fn a_jpeg_whose_data_ends_early_is_incomplete_though_its_end_marker_is_there() {
    for progressive in [false, true] {
        let jpeg = Jpeg { progressive, ..Jpeg::default() };
        let file = jpeg.encode(&busy(600, 400), 600, 400);
        for part in [3, 6, 8] {
            let mut cut = file[..file.len() * part / 10].to_vec();
            cut.extend([0xFF, 0xD9]);
            for edges in [&[50_u32][..], &[]] {
                let outcome = read(&cut, edges);
                let what = format!("{part} tenths, progressive {progressive}: {outcome:?}");
                assert!(matches!(outcome, Err(ImagingError::Truncated)), "{what}");
            }
        }
        assert!(read(&file, &[50]).is_ok(), "a whole one afterwards, on the same thread");
    }
}

#[test]
fn bytes_behind_the_image_do_no_harm() {
    let mut file = Jpeg::default().encode(&busy(100, 100), 100, 100);
    file.extend([0; 5000]);
    assert!(read(&file, &[50]).is_ok());
}

/// Promises 65500 pixels each way, and has the data of 16.
fn bomb(progressive: bool) -> Vec<u8> {
    let jpeg = Jpeg { progressive, ..Jpeg::default() };
    let mut file = jpeg.encode(&busy(16, 16), 16, 16);
    let frame = file.windows(2).position(|w| w == [0xFF, 0xC0] || w == [0xFF, 0xC2]).unwrap();
    file[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
    file
}

#[test]
fn a_header_that_promises_too_much_is_refused_before_decoding() {
    let probe = inspect(&bomb(false)).unwrap();
    assert_eq!(probe.size, size(65500, 65500));
    let limits = Limits { max_pixels: 1_000_000_000, max_bytes: u64::MAX };
    let outcome = probe.check(&limits);
    assert!(matches!(outcome, Err(ImagingError::TooManyPixels { pixels: 4_290_250_000, .. })));
    // The whole of it would be held as coefficients.
    let probe = inspect(&bomb(true)).unwrap();
    let limits = Limits { max_pixels: u64::MAX, max_bytes: 4 << 30 };
    assert!(matches!(probe.check(&limits), Err(ImagingError::TooMuchMemory { .. })));
}

#[test]
fn a_progressive_jpeg_is_counted_with_its_coefficients() {
    let bytes = |progressive, subsampled| {
        let jpeg = Jpeg { progressive, subsampled, ..Jpeg::default() };
        inspect(&jpeg.encode(&busy(800, 800), 800, 800)).unwrap().estimated_memory_bytes
    };
    let pixels = 800 * 800;
    assert_eq!(bytes(true, true) - bytes(false, true), pixels * 3);
    assert_eq!(bytes(true, false) - bytes(false, false), pixels * 6);
}

#[test]
fn a_jpeg_of_too_many_scans_is_refused() {
    let jpeg = Jpeg { progressive: true, ..Jpeg::default() };
    let mut file = jpeg.encode(&busy(64, 64), 64, 64);
    let last_scan = file.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
    let end = file.len() - 2;
    let scan = file[last_scan..end].to_vec();
    for _ in 0..100 {
        file.splice(end..end, scan.iter().copied());
    }
    let outcome = inspect(&file);
    assert!(matches!(outcome, Err(ImagingError::Unsupported(what)) if what.contains("scans")));
}

#[test]
fn a_jpeg_with_broken_tables_is_damaged() {
    let mut file = Jpeg::default().encode(&busy(64, 64), 64, 64);
    let table = file.windows(2).position(|w| w == [0xFF, 0xC4]).unwrap();
    file[table + 5..table + 21].fill(0xFF);
    let outcome = read(&file, &[50]);
    assert!(matches!(outcome, Err(ImagingError::Damaged(_))), "{outcome:?}");
}

#[test]
fn a_thumbnail_of_a_scaled_down_jpeg_looks_as_one_of_the_whole() {
    let samples: Vec<u8> = (0..600_usize)
        .flat_map(|y| (0..800_usize).map(move |x| (x, y)))
        .flat_map(|(x, y)| {
            let wave =
                |f: f64| (127.0 + 90.0 * (f * x as f64 / 40.0 + y as f64 / 25.0).sin()) as u8;
            [wave(1.0), wave(1.7), wave(0.6)]
        })
        .collect();
    let jpeg = Jpeg { subsampled: false, ..Jpeg::default() };
    let by_jpeg = read(&jpeg.encode(&samples, 800, 600), &[200]).unwrap();
    let png = make::png(&samples, 800, 600, image::ExtendedColorType::Rgb8);
    let by_png = read(&png, &[200]).unwrap();
    let pairs = decoded(&by_jpeg.thumbnails[0]).into_iter().zip(decoded(&by_png.thumbnails[0]));
    let worst = pairs.flat_map(|(a, b)| [0, 1, 2].map(|i| a[i].abs_diff(b[i]))).max();
    assert!(worst <= Some(24), "{worst:?}");
}
