use super::*;

fn canonical(version: Version, request: &str, image: Size, limits: Limits) -> String {
    limited(version, request, image, limits).canonical
}

#[test]
fn requests_have_the_canonical_form_of_their_version() {
    let image = size(300, 200);
    let limits = Limits::of_edges(400);
    for (request, v2, v3) in [
        ("full/max/0/default.jpg", "full/full/0/default.jpg", "full/max/0/default.jpg"),
        ("0,0,300,200/300,200/0/color.jpg", "full/full/0/default.jpg", "full/max/0/default.jpg"),
        (
            "pct:0,0,100,100/pct:100/360/default.png",
            "full/full/0/default.png",
            "full/max/0/default.png",
        ),
        ("full/150,/0/default.jpg", "full/150,/0/default.jpg", "full/150,100/0/default.jpg"),
        ("full/,100/0/default.jpg", "full/150,/0/default.jpg", "full/150,100/0/default.jpg"),
        ("full/!150,150/0/gray.jpg", "full/150,/0/gray.jpg", "full/150,100/0/gray.jpg"),
        ("full/pct:50/0/default.jpg", "full/150,/0/default.jpg", "full/150,100/0/default.jpg"),
        ("full/150,90/0/default.jpg", "full/150,90/0/default.jpg", "full/150,90/0/default.jpg"),
        (
            "square/max/!22.50/bitonal.tif",
            "50,0,200,200/full/!22.5/bitonal.tif",
            "50,0,200,200/max/!22.5/bitonal.tif",
        ),
        (
            "125,15,200,200/max/090/default.gif",
            "125,15,175,185/full/90/default.gif",
            "125,15,175,185/max/90/default.gif",
        ),
        (
            "pct:41.6,7.5,40,70/60,/.5/default.webp",
            "125,15,120,140/60,/0.5/default.webp",
            "125,15,120,140/60,70/0.5/default.webp",
        ),
    ] {
        assert_eq!(canonical(Version::V2, request, image, limits), v2, "{request}");
        assert_eq!(canonical(Version::V3, request, image, limits), v3, "{request}");
    }
}

#[test]
fn upscaled_and_confined_sizes_have_canonical_forms_too() {
    let image = size(300, 200);
    for (version, request, limits, expected) in [
        (Version::V2, "full/full/0/default.jpg", Limits::of_edges(150), "full/150,/0/default.jpg"),
        (Version::V2, "full/600,/0/default.jpg", Limits::of_edges(900), "full/600,/0/default.jpg"),
        (
            Version::V2,
            "full/900,600/0/default.jpg",
            Limits::of_edges(900),
            "full/900,/0/default.jpg",
        ),
        (Version::V3, "full/max/0/default.jpg", Limits::of_edges(150), "full/max/0/default.jpg"),
        (
            Version::V3,
            "full/150,100/0/default.jpg",
            Limits::of_edges(150),
            "full/max/0/default.jpg",
        ),
        (Version::V3, "full/^max/0/default.jpg", Limits::of_edges(150), "full/max/0/default.jpg"),
        (Version::V3, "full/^max/0/default.jpg", Limits::NONE, "full/max/0/default.jpg"),
        (Version::V3, "full/^max/0/default.jpg", Limits::of_edges(900), "full/^max/0/default.jpg"),
        (Version::V3, "full/^900,/0/default.jpg", Limits::of_edges(900), "full/^max/0/default.jpg"),
        (
            Version::V3,
            "full/^600,/0/default.jpg",
            Limits::of_edges(900),
            "full/^600,400/0/default.jpg",
        ),
        (
            Version::V3,
            "full/^150,/0/default.jpg",
            Limits::of_edges(900),
            "full/150,100/0/default.jpg",
        ),
        (
            Version::V3,
            "full/^100,300/0/default.jpg",
            Limits::of_edges(900),
            "full/^100,300/0/default.jpg",
        ),
    ] {
        assert_eq!(canonical(version, request, image, limits), expected, "{request} {limits:?}");
    }
}

#[test]
fn the_canonical_form_means_the_same_pixels_and_is_canonical_itself() {
    let sizes = [
        "max",
        "1,",
        "90,",
        ",77",
        "pct:33.3",
        "!400,300",
        "37,41",
        "^max",
        "^2000,",
        "^!3000,3000",
    ];
    let regions = ["full", "square", "pct:10,20,30,40", "0,0,512,512", "512,0,513,1024"];
    let limits = [Limits::of_edges(4000), Limits::new(Some(1500), None, Some(700_000))];
    let mut seen = 0;
    for image in images() {
        let stored = [limits[1].confine(image), Limits::of_edges(90).confine(image)];
        let source = Source { size: image, stored: &stored };
        for version in VERSIONS {
            for (region, asked) in
                regions.iter().flat_map(|region| sizes.map(|size| (*region, size)))
            {
                let Ok(request) = parse(version, &format!("{region}/{asked}/0/default.jpg")) else {
                    continue;
                };
                for limits in limits {
                    let Ok(first) = resolve(&request, source, limits) else { continue };
                    let again = parse(version, &first.canonical).expect(&first.canonical);
                    let again = resolve(&again, source, limits);
                    assert_eq!(again.as_ref(), Ok(&first), "{image} {version:?} {region}/{asked}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 20_000, "only {seen} requests were resolved");
}

#[test]
fn links_are_written_as_headers_need_them() {
    let id = "https://example.org/iiif-img/v3/2/1/page-1";
    for (canonical, written) in
        [("full/max", "full/max"), ("full/^max", "full/%5Emax"), ("0,0,9,9/^9,", "0,0,9,9/%5E9,")]
    {
        let canonical = format!("{canonical}/0/default.jpg");
        let links = canonical_and_profile(id, &canonical, Level::Two, Version::V3);
        let profile = Level::Two.profile_link(Version::V3);
        let expected = format!("<{id}/{written}/0/default.jpg>;rel=\"canonical\", {profile}");
        assert_eq!(links, expected);
    }
    for (version, level, profile) in [
        (Version::V2, Level::Zero, "<http://iiif.io/api/image/2/level0.json>;rel=\"profile\""),
        (Version::V2, Level::Two, "<http://iiif.io/api/image/2/level2.json>;rel=\"profile\""),
        (Version::V3, Level::Zero, "<http://iiif.io/api/image/3/level0.json>;rel=\"profile\""),
        (Version::V3, Level::Two, "<http://iiif.io/api/image/3/level2.json>;rel=\"profile\""),
    ] {
        assert_eq!(level.profile_link(version), profile);
    }
}

#[test]
fn only_plain_jpeg_can_be_a_copy() {
    for (file, can_be_copied) in [
        ("0/default.jpg", true),
        ("0/color.jpg", true),
        ("360/default.jpg", true),
        ("!0/default.jpg", false),
        ("90/default.jpg", false),
        ("0/gray.jpg", false),
        ("0/bitonal.jpg", false),
        ("0/default.png", false),
        ("0/default.webp", false),
    ] {
        let found = resolved(Version::V3, &format!("full/max/{file}"), size(3, 2));
        assert_eq!(found.can_be_copied(), can_be_copied, "{file}");
    }
}
