use super::*;

const EXAMPLE: Size = Size::new(300, 200);

fn result(version: Version, asked: &str, image: Size, limits: Limits) -> Size {
    limited(version, &format!("full/{asked}/0/default.jpg"), image, limits).size
}

fn fault(version: Version, asked: &str, image: Size, limits: Limits) -> PartFault {
    let (part, fault) = refusal(version, &format!("full/{asked}/0/default.jpg"), image, limits);
    assert_eq!(part, Part::Size, "{asked}");
    fault
}

#[test]
fn the_examples_of_the_specifications_have_the_pixels_they_say() {
    for version in VERSIONS {
        for (asked, expected) in [
            ("max", size(300, 200)),
            ("150,", size(150, 100)),
            (",150", size(225, 150)),
            ("pct:50", size(150, 100)),
            ("225,100", size(225, 100)),
            ("!225,100", size(150, 100)),
        ] {
            assert_eq!(result(version, asked, EXAMPLE, Limits::NONE), expected, "{asked}");
        }
        assert_eq!(result(version, "max", EXAMPLE, Limits::of_edges(200)), size(200, 133));
    }
    let limits = Limits::of_edges(360);
    for (asked, expected) in [
        ("^max", size(360, 240)),
        ("^360,", size(360, 240)),
        ("^,240", size(360, 240)),
        ("^pct:120", size(360, 240)),
        ("^360,360", size(360, 360)),
        ("^!360,360", size(360, 240)),
    ] {
        assert_eq!(result(Version::V3, asked, EXAMPLE, limits), expected, "{asked}");
    }
    assert_eq!(result(Version::V2, "full", EXAMPLE, Limits::NONE), EXAMPLE);
}

#[test]
fn nothing_is_upscaled_in_version_3_without_a_caret() {
    let limits = Limits::of_edges(5000);
    for asked in ["301,", ",201", "301,200", "300,201", "600,400"] {
        let expected = PartFault::Upscaled { region: EXAMPLE };
        assert_eq!(fault(Version::V3, asked, EXAMPLE, limits), expected, "{asked}");
    }
    for asked in ["300,", ",200", "300,200", "pct:100", "max", "!9999,9999", "!300,9999"] {
        assert_eq!(result(Version::V3, asked, EXAMPLE, limits), EXAMPLE, "{asked}");
    }
}

#[test]
fn version_2_upscales_all_forms_but_max_and_the_box() {
    let limits = Limits::of_edges(5000);
    for (asked, expected) in [
        ("600,", size(600, 400)),
        (",400", size(600, 400)),
        ("600,200", size(600, 200)),
        ("pct:200", size(600, 400)),
        ("full", EXAMPLE),
        ("max", EXAMPLE),
        ("!600,600", EXAMPLE),
    ] {
        assert_eq!(result(Version::V2, asked, EXAMPLE, limits), expected, "{asked}");
    }
}

#[test]
fn upscaling_without_a_limit_is_not_implemented() {
    for (version, asked) in [
        (Version::V2, "301,"),
        (Version::V2, "pct:101"),
        (Version::V2, "300,201"),
        (Version::V3, "^301,"),
        (Version::V3, "^,201"),
        (Version::V3, "^pct:120"),
        (Version::V3, "^!301,301"),
    ] {
        let request = format!("full/{asked}/0/default.jpg");
        let error = attempt(version, &request, EXAMPLE, Limits::NONE).expect_err(asked);
        assert_eq!(error.fault, PartFault::UpscalingNotOffered { region: EXAMPLE }, "{asked}");
        assert!(error.is_not_implemented());
        assert!(attempt(version, &request, EXAMPLE, Limits::of_edges(400)).is_ok(), "{asked}");
    }
    for asked in ["^max", "^300,", "^pct:50", "^!300,300", "^,200", "^300,200"] {
        assert!(
            attempt(Version::V3, &format!("full/{asked}/0/default.jpg"), EXAMPLE, Limits::NONE)
                .is_ok()
        );
    }
}

#[test]
fn edges_are_rounded_to_the_nearest_and_never_to_nothing() {
    for version in VERSIONS {
        for (asked, image, expected) in [
            ("2,", size(4, 5), size(2, 3)),
            ("3,", size(8, 10), size(3, 4)),
            ("1,", size(5000, 1), size(1, 1)),
            (",1", size(1, 5000), size(1, 1)),
            ("pct:50", size(3, 5), size(2, 3)),
            ("pct:10", size(4, 5), size(1, 1)),
            ("pct:0.0000000001", size(300, 200), size(1, 1)),
            ("!90,90", size(30_000, 10), size(90, 1)),
            ("!100,100", size(300, 201), size(100, 67)),
            ("pct:35", size(10, 10), size(4, 4)),
        ] {
            assert_eq!(result(version, asked, image, Limits::NONE), expected, "{asked} of {image}");
        }
    }
}

#[test]
fn a_box_is_filled_on_one_edge_at_least_and_never_left() {
    for image in images() {
        for (width, height) in [(1, 1), (90, 90), (400, 300), (513, 7000), (20_000, 3)] {
            let found = result(Version::V3, &format!("!{width},{height}"), image, Limits::NONE);
            assert!(
                !found.exceeds(size(width, height)) && !found.exceeds(image),
                "{image}: {found}"
            );
            let is_filled = found.width == width || found.height == height || found == image;
            assert!(is_filled, "{image} in {width},{height} is {found}");
            let upscaled = result(
                Version::V3,
                &format!("^!{width},{height}"),
                image,
                Limits::of_edges(30_000),
            );
            assert!(!upscaled.exceeds(size(width, height)), "{image}: {upscaled}");
            assert!(upscaled.width == width || upscaled.height == height, "{image}: {upscaled}");
        }
    }
}

#[test]
fn sizes_beyond_the_limits_are_refused_and_the_largest_is_told() {
    let limits = Limits::of_edges(200);
    for version in VERSIONS {
        for asked in ["201,", ",200", "201,100", "pct:67", "300,200"] {
            let fault = fault(version, asked, EXAMPLE, limits);
            assert_eq!(
                fault,
                PartFault::TooLarge { allowed: size(200, 133) },
                "{version:?} {asked}"
            );
        }
        for asked in ["200,", ",133", "200,200", "pct:66.6"] {
            assert!(!result(version, asked, EXAMPLE, limits).exceeds(size(200, 200)), "{asked}");
        }
    }
    let allowed = size(360, 240);
    let told = fault(Version::V3, "^361,", EXAMPLE, Limits::of_edges(360));
    assert_eq!(told, PartFault::TooLarge { allowed });
    assert_eq!(
        fault(Version::V2, "361,", EXAMPLE, Limits::of_edges(360)),
        PartFault::TooLarge { allowed }
    );
}

#[test]
fn max_full_and_the_box_are_confined_to_the_limits() {
    let limits = Limits::new(Some(200), Some(100), None);
    for (version, asked) in [
        (Version::V2, "full"),
        (Version::V2, "max"),
        (Version::V2, "!999,999"),
        (Version::V3, "max"),
        (Version::V3, "^max"),
        (Version::V3, "!999,999"),
        (Version::V3, "^!999,999"),
    ] {
        assert_eq!(result(version, asked, EXAMPLE, limits), size(150, 100), "{version:?} {asked}");
    }
}

#[test]
fn a_region_is_scaled_and_confined_by_its_own_size() {
    let part = |asked: &str, limits| {
        limited(Version::V3, &format!("100,50,150,100/{asked}/0/default.jpg"), EXAMPLE, limits).size
    };
    assert_eq!(part("max", Limits::NONE), size(150, 100));
    assert_eq!(part("75,", Limits::NONE), size(75, 50));
    assert_eq!(part("max", Limits::of_edges(60)), size(60, 40));
    assert_eq!(part("^max", Limits::of_edges(600)), size(600, 400));
    let request = "100,50,150,100/151,/0/default.jpg";
    let (_, fault) = refusal(Version::V3, request, EXAMPLE, Limits::of_edges(600));
    assert_eq!(fault, PartFault::Upscaled { region: size(150, 100) });
}

#[test]
fn the_effective_size_is_that_of_the_whole_image_at_the_same_scale() {
    let image = size(6000, 4000);
    for (request, expected) in [
        ("full/600,/0/default.jpg", size(600, 400)),
        ("full/max/0/default.jpg", image),
        ("0,0,512,512/256,256/0/default.jpg", size(3000, 2000)),
        ("0,0,512,512/512,512/0/default.jpg", image),
        ("0,0,100,100/33,50/0/default.jpg", size(1980, 2000)),
        ("0,0,7,7/1,1/0/default.jpg", size(858, 572)),
        ("5999,3999,1,1/max/0/default.jpg", image),
    ] {
        assert_eq!(resolved(Version::V3, request, image).effective_size, expected, "{request}");
    }
    for image in images() {
        let whole = resolved(Version::V3, "full/pct:37/0/default.jpg", image);
        assert_eq!(whole.effective_size, whole.size, "{image}");
    }
}

#[test]
fn a_format_confines_and_refuses_as_limits_do() {
    let image = size(100_000, 20_000);
    for (format, expected) in [
        ("jpg", size(65_500, 13_100)),
        ("gif", size(65_535, 13_107)),
        ("webp", size(16_383, 3277)),
        ("png", image),
        ("tif", image),
    ] {
        let largest = resolved(Version::V3, &format!("full/max/0/default.{format}"), image);
        assert_eq!(largest.size, expected, "{format}");
    }
    let (part, fault) = refusal(Version::V3, "full/20000,/0/default.webp", image, Limits::NONE);
    assert_eq!((part, fault), (Part::Size, PartFault::TooLarge { allowed: size(16_383, 3277) }));
    // Only turned it is longer than the format holds.
    let turned = "0,0,16383,16383/max/45/default.webp";
    assert!(matches!(
        refusal(Version::V3, turned, size(20_000, 20_000), Limits::NONE),
        (Part::Size, PartFault::TooLarge { .. })
    ));
}

#[test]
fn one_edge_means_a_stored_size_of_the_whole_image() {
    let image = size(130, 5000);
    // By the aspect ratio, a width of 10 has a height of 385.
    let stored = [size(10, 400), size(26, 1000), size(10, 700), size(200, 7692)];
    let source = Source { size: image, stored: &stored };
    let found = |request: &str, limits| {
        resolve(&parse(Version::V2, request).expect("a request"), source, limits).map(|r| r.size)
    };
    let limits = Limits::NONE;
    assert_eq!(found("full/10,/0/default.jpg", limits), Ok(size(10, 400)));
    assert_eq!(found("0,0,130,5000/10,/0/default.jpg", limits), Ok(size(10, 400)));
    assert_eq!(found("full/,1000/0/default.jpg", limits), Ok(size(26, 1000)));
    // Part of the image has no stored size.
    assert_eq!(found("0,0,130,4999/10,/0/default.jpg", limits), Ok(size(10, 385)));
    // Stored sizes beyond the limits or the image are not meant; the largest within the limits is.
    assert_eq!(found("full/10,/0/default.jpg", Limits::of_edges(390)), Ok(size(10, 390)));
    assert_eq!(found("full/200,/0/default.jpg", Limits::of_edges(9000)), Ok(size(200, 7692)));
    let source = Source { size: image, stored: &[size(200, 9999)] };
    let request = parse(Version::V2, "full/200,/0/default.jpg").expect("a request");
    let upscaled = resolve(&request, source, Limits::of_edges(9000)).expect("a size").size;
    assert_eq!(upscaled, size(200, 7692));
}

#[test]
fn the_width_of_the_largest_size_means_that_size() {
    // By the aspect ratio, a width of 33 has a height of 5077, beyond the limit.
    let image = size(65, 10_000);
    let limits = Limits::of_edges(5000);
    assert_eq!(result(Version::V2, "max", image, limits), size(33, 5000));
    assert_eq!(result(Version::V2, "33,", image, limits), size(33, 5000));
}

#[test]
fn refusals_say_what_there_is() {
    let image = size(300, 200);
    for (version, request, limits, words) in [
        (
            Version::V3,
            "300,0,1,1/max",
            Limits::NONE,
            "region lies outside the image, which has 300 x 200 pixels",
        ),
        (Version::V3, "0,0,0,1/max", Limits::NONE, "region must be wider and higher than 0"),
        (Version::V3, "full/0,", Limits::NONE, "size must be 1 pixel wide and high, or more"),
        (Version::V3, "full/pct:0", Limits::NONE, "size must be more than 0 percent"),
        (
            Version::V3,
            "full/pct:101",
            Limits::NONE,
            "size must be at most 100 percent, unless ^ is put before it",
        ),
        (
            Version::V3,
            "full/301,",
            Limits::NONE,
            "size is larger than the region, which has 300 x 200 pixels; put ^ before it for upscaling",
        ),
        (
            Version::V2,
            "full/301,",
            Limits::NONE,
            "size is larger than the region, which has 300 x 200 pixels, and this service does not upscale",
        ),
        (
            Version::V2,
            "full/101,",
            Limits::of_edges(100),
            "size is larger than this service allows; the largest here is 100 x 67 pixels",
        ),
    ] {
        let request = format!("{request}/0/default.jpg");
        let told = attempt(version, &request, image, limits).expect_err(&request).to_string();
        assert_eq!(told, words);
    }
}
