use super::*;

fn listed(image: Size, stored: &[Size], limits: Limits) -> Vec<Size> {
    let levels = scale_factors(image).count();
    listed_sizes(Source { size: image, stored }, limits, levels)
}

/// Returns thumbnails as ingest makes them: of these longest edges, none larger than the image.
fn thumbnails(image: Size, edges: &[u32]) -> Vec<Size> {
    let smaller = edges.iter().filter(|edge| **edge <= image.longest_edge());
    smaller.map(|edge| Limits::of_edges(*edge).confine(image)).collect()
}

#[test]
fn stored_sizes_and_the_largest_are_listed_in_ascending_order() {
    let image = size(6000, 4000);
    let stored = [size(1024, 683), size(400, 267), size(200, 133), size(100, 67)];
    let limits = Limits::of_edges(5000);
    // Five factors would collide with five sizes, so there is a halving.
    let expected = [
        size(100, 67),
        size(200, 133),
        size(400, 267),
        size(1024, 683),
        size(2500, 1667),
        size(5000, 3333),
    ];
    assert_eq!(listed_sizes(Source { size: image, stored: &stored }, limits, 5), expected);
    assert_eq!(
        listed_sizes(Source { size: image, stored: &stored }, limits, 6),
        [&expected[..4], &[size(1250, 833), size(2500, 1667), size(5000, 3333)][..]].concat()
    );
    let without = [&expected[..4], &expected[5..]].concat();
    for levels in [0, 1, 4, 7] {
        assert_eq!(
            listed_sizes(Source { size: image, stored: &stored }, limits, levels),
            without,
            "{levels}"
        );
    }
}

#[test]
fn three_thumbnails_do_not_pass_for_three_levels() {
    let image = size(1600, 1200);
    let stored = [size(400, 300), size(200, 150), size(100, 75)];
    assert_eq!(scale_factors(image).count(), 3);
    let sizes = listed(image, &stored, Limits::NONE);
    assert_eq!(sizes, [size(100, 75), size(200, 150), size(400, 300), image]);
}

#[test]
fn halvings_are_rounded_up_as_levels_are() {
    let image = size(1001, 1001);
    assert_eq!(listed(image, &[], Limits::NONE), [size(251, 251), size(501, 501), image]);
}

#[test]
fn sizes_beyond_the_limits_or_the_image_are_not_listed() {
    let image = size(600, 400);
    let stored = [size(1024, 683), size(400, 267), size(0, 5), size(5, 0), size(100, 67)];
    // Two sizes would collide with two levels, so there is a halving.
    let expected = [size(100, 67), size(150, 100), size(300, 200)];
    assert_eq!(listed(image, &stored, Limits::of_edges(300)), expected);
}

#[test]
fn an_image_of_one_pixel_lists_none_rather_than_pass_for_levels() {
    assert_eq!(listed(size(1, 1), &[], Limits::NONE), []);
    assert_eq!(listed_sizes(Source::new(size(1, 1)), Limits::NONE, 0), [size(1, 1)]);
    assert_eq!(listed(size(2, 2), &[], Limits::NONE), [size(1, 1), size(2, 2)]);
}

#[test]
fn lists_of_all_images_never_collide_and_are_served_as_they_say() {
    let policies: [&[u32]; 5] =
        [&[], &[100], &[400, 200, 100], &[1024, 400, 200, 100], &[5000, 90, 80, 70, 60]];
    let limits = [
        Limits::NONE,
        Limits::of_edges(5000),
        Limits::new(Some(5000), None, Some(300_000)),
        Limits::of_edges(512),
    ];
    let mut listed_in_all = 0;
    for image in images() {
        for (policy, limits) in
            policies.iter().flat_map(|policy| limits.map(|limits| (policy, limits)))
        {
            let stored = thumbnails(image, policy);
            let source = Source { size: image, stored: &stored };
            let levels = scale_factors(image).count();
            let sizes = listed_sizes(source, limits, levels);
            let told = format!("{image} {policy:?} {limits:?}: {sizes:?}, {levels} levels");
            assert!(
                sizes.is_empty() || (sizes.len() != levels && sizes.len() + 1 != levels),
                "{told}"
            );
            assert!(sizes.is_sorted_by(|a, b| a.width < b.width && a.height <= b.height), "{told}");
            for listed in &sizes {
                for (version, asked) in [
                    (Version::V2, format!("{},", listed.width)),
                    (Version::V2, format!("{},{}", listed.width, listed.height)),
                    (Version::V3, format!("{},{}", listed.width, listed.height)),
                ] {
                    let request =
                        parse(version, &format!("full/{asked}/0/default.jpg")).expect("a request");
                    let served = resolve(&request, source, limits).map(|served| served.size);
                    assert_eq!(served, Ok(*listed), "{told}");
                }
                let height =
                    f64::from(image.height) * f64::from(listed.width) / f64::from(image.width);
                let width =
                    f64::from(image.width) * f64::from(listed.height) / f64::from(image.height);
                let near =
                    |pixels: u32, exact: f64| (f64::from(pixels) - exact.max(1.0)).abs() <= 1.0;
                let is_near = near(listed.height, height) || near(listed.width, width);
                assert!(is_near, "{told}");
                listed_in_all += 1;
            }
        }
    }
    assert!(listed_in_all > 10_000, "only {listed_in_all}");
}

#[test]
fn a_stored_size_of_one_pixel_is_listed() {
    let source = Source { size: size(600, 400), stored: &[size(1, 1)] };
    assert_eq!(listed_sizes(source, Limits::NONE, 0), [size(1, 1), size(600, 400)]);
    let narrow = Source { size: size(1, 900), stored: &[size(1, 1)] };
    let request = parse(Version::V2, "full/,1/0/default.jpg").expect("a request");
    assert_eq!(resolve(&request, narrow, Limits::NONE).map(|found| found.size), Ok(size(1, 1)));
}

#[test]
fn of_two_sizes_with_one_width_only_one_is_listed() {
    let image = size(1, 1000);
    let stored = [size(1, 400), size(1, 200)];
    assert_eq!(listed_sizes(Source { size: image, stored: &stored }, Limits::NONE, 0), [image]);
}

#[test]
fn what_jpg_does_not_hold_is_not_listed() {
    let source = Source::new(size(131_000, 1000));
    assert_eq!(listed_sizes(source, Limits::NONE, 0), [size(65_500, 500)]);
    assert_eq!(listed_sizes(source, Limits::NONE, 1), [size(32_750, 250), size(65_500, 500)]);
}
