use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use super::make::busy;
use super::*;
use crate::Channels;
use crate::orientation::turned;
use crate::rows::Whole;

#[test]
fn rows_that_change_places_are_the_same_from_memory_and_from_a_file() {
    let (width, height) = (37_u32, 23_u32);
    let samples = busy(37, 23);
    for number in 1..=8 {
        let orientation = Orientation::from_exif(number).unwrap();
        let mut expected: DynamicImage =
            RgbImage::from_raw(width, height, samples.clone()).unwrap().into();
        expected.apply_orientation(orientation);
        for most_held in [0, u64::MAX] {
            let rows = Whole::new(size(width, height), Channels::Rgb, samples.clone());
            let mut rows = turned(Box::new(rows), orientation, most_held, &scratch()).unwrap();
            assert_eq!(rows.size(), size(expected.width(), expected.height()));
            let mut found = vec![0; samples.len()];
            // In portions that no band is a multiple of.
            for portion in found.chunks_mut(expected.width() as usize * 3 * 5) {
                rows.read(portion).unwrap();
            }
            assert!(found == expected.as_bytes(), "orientation {number}, {most_held}");
        }
    }
}
