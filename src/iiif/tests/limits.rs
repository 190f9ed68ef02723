use super::*;

const IMAGE: Size = Size::new(6000, 4000);

#[test]
fn an_image_is_confined_to_each_limit() {
    for (limits, expected) in [
        (Limits::NONE, IMAGE),
        (Limits::of_edges(6000), IMAGE),
        (Limits::of_edges(5999), size(5999, 3999)),
        (Limits::of_edges(3000), size(3000, 2000)),
        (Limits::new(Some(3000), Some(1000), None), size(1500, 1000)),
        (Limits::new(Some(3000), None, None), size(3000, 2000)),
        (Limits::new(None, Some(3000), None), size(3000, 2000)),
        (Limits::new(None, None, Some(24_000_000)), IMAGE),
        (Limits::new(None, None, Some(23_999_999)), size(5999, 3999)),
        (Limits::new(None, None, Some(6_000_000)), size(3000, 2000)),
        (Limits::new(Some(3000), Some(2000), Some(4_000_000)), size(2449, 1633)),
        (Limits::of_edges(1), size(1, 1)),
        (Limits::of_edges(0), size(1, 1)),
        (Limits::new(None, None, Some(0)), size(1, 1)),
    ] {
        assert_eq!(limits.confine(IMAGE), expected, "{limits:?}");
    }
}

#[test]
fn an_area_is_used_up_by_a_strip_of_one_pixel() {
    let limits = Limits::new(None, None, Some(7));
    for (image, expected) in [
        (size(1, 10_000), size(1, 7)),
        (size(10_000, 1), size(7, 1)),
        (size(2, 3), size(2, 3)),
        (size(3, 3), size(2, 2)),
    ] {
        assert_eq!(limits.confine(image), expected, "{image}");
    }
}

#[test]
fn an_image_fills_the_limits_when_it_is_upscaled() {
    for (limits, expected) in [
        (Limits::NONE, size(30, 20)),
        (Limits::of_edges(3000), size(3000, 2000)),
        (Limits::new(Some(3000), Some(1000), None), size(1500, 1000)),
        (Limits::new(None, None, Some(6_000_000)), size(3000, 2000)),
        (Limits::new(Some(3000), None, Some(1_500_000)), size(1500, 1000)),
    ] {
        assert_eq!(limits.fill(size(30, 20)), expected, "{limits:?}");
    }
    let area = Limits::new(None, None, Some(160_001));
    assert_eq!(area.fill(size(2, 5)), size(253, 632));
    assert_eq!(area.fill(size(5, 2)), size(632, 253));
}

#[test]
fn results_are_within_all_limits_and_close_to_one_of_them() {
    for image in images() {
        for edges in [None, Some(1), Some(7), Some(400), Some(5000)] {
            for area in [None, Some(1), Some(10), Some(160_001), Some(9_999_999)] {
                let limits = Limits::new(edges, None, area);
                let confined = limits.confine(image);
                let filled = limits.fill(image);
                let told = format!("{image}, {limits:?}: {confined}, {filled}");
                assert!(limits.allow(confined) && limits.allow(filled), "{told}");
                assert!(!confined.exceeds(image), "{told}");
                assert!(confined.width > 0 && confined.height > 0, "{told}");
                assert_eq!(confined == image, limits.allow(image), "{told}");
                if limits.is_bounded() {
                    let Size { width, height } = filled;
                    // Rounding may leave room for a pixel more, but not for two.
                    let wider =
                        size(width + 2, (height + 2).max(image.height * (width + 2) / image.width));
                    let higher = size(
                        (width + 2).max(image.width * (height + 2) / image.height),
                        height + 2,
                    );
                    assert!(!limits.allow(wider) || !limits.allow(higher), "{told}");
                }
            }
        }
    }
}

#[test]
fn the_aspect_ratio_is_kept_to_the_pixel() {
    for image in images() {
        for limits in [Limits::of_edges(400), Limits::new(None, None, Some(160_001))] {
            let confined = limits.confine(image);
            // The longer edge tells the shorter one.
            let expected = if image.width >= image.height {
                size(
                    confined.width,
                    (image.height * confined.width + image.width / 2) / image.width,
                )
            } else {
                size(
                    (image.width * confined.height + image.height / 2) / image.height,
                    confined.height,
                )
            };
            let near = |a: u32, b: u32| a.abs_diff(b.max(1)) <= 1;
            let is_near =
                near(confined.width, expected.width) && near(confined.height, expected.height);
            assert!(is_near, "{image}: {confined}, not {expected}");
        }
    }
}

#[test]
fn limits_can_only_be_tightened() {
    let platform = Limits::new(Some(5000), Some(3000), Some(1_000_000));
    let expected = Limits::new(Some(400), Some(400), Some(1_000_000));
    assert_eq!(platform.tightened(400), expected);
    assert_eq!(platform.tightened(4000), Limits::new(Some(4000), Some(3000), Some(1_000_000)));
    assert_eq!(platform.tightened(9000), platform);
    assert_eq!(Limits::NONE.tightened(400), Limits::of_edges(400));
}

#[test]
fn no_limits_allow_all_sizes() {
    assert!(Limits::NONE.allow(size(u32::MAX, u32::MAX)) && !Limits::NONE.is_bounded());
    assert!(Limits::new(None, None, Some(1)).is_bounded());
    let limits = Limits::new(Some(30), Some(20), Some(500));
    for (asked, is_allowed) in [
        (size(30, 16), true),
        (size(31, 1), false),
        (size(1, 21), false),
        (size(25, 20), true),
        (size(26, 20), false),
    ] {
        assert_eq!(limits.allow(asked), is_allowed, "{asked}");
    }
}

#[test]
fn a_limit_on_one_edge_holds_for_the_other() {
    let width_only = Limits::new(Some(300), None, None);
    assert_eq!((width_only.max_width(), width_only.max_height()), (Some(300), None));
    assert!(!width_only.allow(size(1, 301)));
    let height_only = Limits::new(None, Some(200), None);
    assert_eq!((height_only.max_width(), height_only.max_height()), (Some(200), None));
    let least = Limits::new(Some(300), Some(0), Some(0));
    assert_eq!(
        (least.max_width(), least.max_height(), least.max_area()),
        (Some(300), Some(1), Some(1))
    );
    let both = Limits::new(Some(300), Some(200), Some(7));
    assert_eq!(
        (both.max_width(), both.max_height(), both.max_area()),
        (Some(300), Some(200), Some(7))
    );
}
