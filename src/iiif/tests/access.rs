use super::*;

const IMAGE: Size = Size::new(4000, 3000);

fn protection(has_roles: bool, max_unauthorised: i32) -> Protection {
    Protection { has_roles, max_unauthorised }
}

fn pixels(protection: Protection, request: &str) -> PixelAccess {
    protection.pixels(&resolved(Version::V3, request, IMAGE))
}

#[test]
fn what_is_open_follows_from_roles_and_the_open_size() {
    for (has_roles, max_unauthorised, expected) in [
        (false, -1, Openness::Everything),
        (false, 0, Openness::Nothing),
        (false, 1, Openness::Tier { longest_edge: 1 }),
        (false, i32::MAX, Openness::Tier { longest_edge: 2_147_483_647 }),
        (true, -1, Openness::Nothing),
        (true, 0, Openness::Nothing),
        (true, 400, Openness::Tier { longest_edge: 400 }),
        (true, i32::MIN, Openness::Nothing),
    ] {
        assert_eq!(protection(has_roles, max_unauthorised).openness(), expected);
    }
}

#[test]
fn thumbnails_are_open_up_to_the_open_size() {
    for (has_roles, max_unauthorised, open) in [
        (false, -1, [true, true, true]),
        (false, 400, [true, true, false]),
        (false, 0, [false, false, false]),
        (true, 400, [true, true, false]),
        (true, 399, [true, false, false]),
        (true, 0, [false, false, false]),
        (true, -1, [false, false, false]),
    ] {
        let protection = protection(has_roles, max_unauthorised);
        let found =
            [size(200, 150), size(300, 400), size(401, 300)].map(|size| protection.opens(size));
        assert_eq!(found, open, "{has_roles} {max_unauthorised}");
    }
}

#[test]
fn whole_images_up_to_the_open_size_are_open_and_nothing_else_is() {
    let open = [
        "full/400,300/0/default.jpg",
        "full/400,/0/default.jpg",
        "full/!400,400/90/gray.png",
        "0,0,4000,3000/!400,400/45/default.png",
        "pct:0,0,100,100/pct:10/0/default.jpg",
        "0,0,9999,9999/1,/0/default.jpg",
    ];
    let shut = [
        "full/401,/0/default.jpg",
        "full/300,401/0/default.jpg",
        "full/max/0/default.jpg",
        "full/pct:10.1/0/default.jpg",
        "0,0,512,512/256,256/0/default.jpg",
        "0,0,512,512/1,1/0/default.jpg",
        "0,0,3999,3000/1,/0/default.jpg",
        "square/100,/0/default.jpg",
        "1,0,4000,3000/400,/0/default.jpg",
    ];
    for request in open {
        assert_eq!(pixels(protection(true, 400), request), PixelAccess::Open, "{request}");
        assert_eq!(pixels(protection(false, 400), request), PixelAccess::Open, "{request}");
    }
    for request in shut {
        assert_eq!(pixels(protection(true, 400), request), PixelAccess::NeedsRole, "{request}");
        assert_eq!(pixels(protection(false, 400), request), PixelAccess::Closed, "{request}");
    }
    for request in open.into_iter().chain(shut) {
        assert_eq!(pixels(protection(false, -1), request), PixelAccess::Open, "{request}");
        assert_eq!(pixels(protection(false, 0), request), PixelAccess::Closed, "{request}");
        assert_eq!(pixels(protection(true, 0), request), PixelAccess::NeedsRole, "{request}");
        assert_eq!(pixels(protection(true, -1), request), PixelAccess::NeedsRole, "{request}");
    }
}

#[test]
fn a_square_image_is_open_as_its_square() {
    let image = size(4000, 4000);
    let found = resolved(Version::V3, "square/400,/0/default.jpg", image);
    assert_eq!(protection(true, 400).pixels(&found), PixelAccess::Open);
}

#[test]
fn descriptions_follow_the_table_of_the_rules() {
    for (has_roles, max_unauthorised, expected, degraded) in [
        (false, -1, DescriptionAccess::Open, None),
        (false, 400, DescriptionAccess::Tier { longest_edge: 400 }, None),
        (false, 0, DescriptionAccess::Closed, None),
        (true, 400, DescriptionAccess::NeedsRole { tier: Some(400) }, Some(400)),
        (true, 0, DescriptionAccess::NeedsRole { tier: None }, None),
        (true, -1, DescriptionAccess::NeedsRole { tier: None }, None),
    ] {
        let protection = protection(has_roles, max_unauthorised);
        assert_eq!(protection.description(), expected, "{has_roles} {max_unauthorised}");
        assert_eq!(protection.degraded_edge(), degraded, "{has_roles} {max_unauthorised}");
    }
}

#[test]
fn the_open_size_is_the_image_confined() {
    for (has_roles, max_unauthorised, expected) in [
        (false, -1, Some(IMAGE)),
        (false, 400, Some(size(400, 300))),
        (true, 1000, Some(size(1000, 750))),
        (true, 4000, Some(IMAGE)),
        (true, 9000, Some(IMAGE)),
        (true, 1, Some(size(1, 1))),
        (false, 0, None),
        (true, -1, None),
    ] {
        let found = protection(has_roles, max_unauthorised).open_size(IMAGE);
        assert_eq!(found, expected, "{has_roles} {max_unauthorised}");
    }
}

fn resolve_as(
    protection: Protection,
    version: Version,
    request: &str,
    image: Size,
) -> Result<(Size, PixelAccess), PartFault> {
    let request = parse(version, request).expect(request);
    let resolved = protection.resolve(&request, Source::new(image), Limits::of_edges(2000));
    resolved.map(|(resolved, access)| (resolved.size, access)).map_err(|error| error.fault)
}

#[test]
fn max_is_the_open_tier_where_there_is_nothing_else_to_see() {
    let tier = protection(false, 400);
    for (version, asked) in [
        (Version::V2, "full/full"),
        (Version::V2, "full/max"),
        (Version::V3, "full/max"),
        (Version::V3, "0,0,4000,3000/max"),
        (Version::V3, "full/!900,900"),
        (Version::V3, "full/400,300"),
    ] {
        let found = resolve_as(tier, version, &format!("{asked}/0/default.jpg"), IMAGE);
        assert_eq!(found, Ok((size(400, 300), PixelAccess::Open)), "{asked}");
    }
    // An image without roles, or with them and a size that is not open, is resolved as it is.
    for (protection, access) in [
        (protection(false, -1), PixelAccess::Open),
        (protection(true, 400), PixelAccess::NeedsRole),
        (protection(false, 0), PixelAccess::Closed),
    ] {
        let found = resolve_as(protection, Version::V3, "full/max/0/default.jpg", IMAGE);
        assert_eq!(found, Ok((size(2000, 1500), access)));
    }
}

#[test]
fn what_a_tier_does_not_have_is_closed_before_it_is_too_large() {
    let tier = protection(false, 400);
    for asked in
        ["full/401,", "0,0,512,512/max", "0,0,512,512/10,10", "full/2000,1500", "full/^500,"]
    {
        let found = resolve_as(tier, Version::V3, &format!("{asked}/0/default.jpg"), IMAGE);
        assert!(matches!(found, Ok((_, PixelAccess::Closed))), "{asked}: {found:?}");
    }
    let found = resolve_as(tier, Version::V3, "full/2001,/0/default.jpg", IMAGE);
    assert_eq!(found, Err(PartFault::TooLarge { allowed: size(2000, 1500) }));
    let found = resolve_as(tier, Version::V3, "4000,0,1,1/max/0/default.jpg", IMAGE);
    assert_eq!(found, Err(PartFault::Outside { image: IMAGE }));
}

#[test]
fn the_listed_sizes_of_a_tier_are_open_in_both_forms() {
    for image in images() {
        for longest_edge in [1, 90, 400, 1200] {
            let stored = [Limits::of_edges(100).confine(image)];
            let source = Source { size: image, stored: &stored };
            let tier = protection(false, i32::try_from(longest_edge).expect("an edge"));
            let limits = Limits::of_edges(5000);
            let description = Description::of_tier("id", Version::V2, source, limits, longest_edge);
            assert_eq!(Some(description.size), tier.open_size(image));
            assert_eq!(
                description.sizes.last().map(|last| last.width),
                Some(description.size.width)
            );
            for listed in &description.sizes {
                for asked in
                    [format!("{},", listed.width), format!("{},{}", listed.width, listed.height)]
                {
                    let request = parse(Version::V2, &format!("full/{asked}/0/default.jpg"))
                        .expect("a request");
                    let (found, access) = tier.resolve(&request, source, limits).expect("pixels");
                    assert_eq!(
                        (found.size, access),
                        (*listed, PixelAccess::Open),
                        "{image} {longest_edge} {asked}"
                    );
                }
            }
        }
    }
}

#[test]
fn no_region_of_the_degraded_image_shows_more_than_the_open_size() {
    let stored = [size(1024, 768), size(400, 300), size(100, 75)];
    let source = Source { size: IMAGE, stored: &stored }.confined(400);
    let limits = Limits::of_edges(5000).tightened(400);
    assert_eq!(source.size, size(400, 300));
    for (version, request, expected) in [
        (Version::V3, "full/max", Ok(size(400, 300))),
        (Version::V3, "full/^max", Ok(size(400, 300))),
        (Version::V2, "full/full", Ok(size(400, 300))),
        (Version::V2, "full/100,", Ok(size(100, 75))),
        (Version::V3, "100,100,50,50/max", Ok(size(50, 50))),
        (Version::V3, "square/max", Ok(size(300, 300))),
        (Version::V3, "0,0,4000,3000/max", Ok(size(400, 300))),
        (Version::V3, "0,0,512,512/max", Ok(size(400, 300))),
        (Version::V2, "full/401,", Err(PartFault::TooLarge { allowed: size(400, 300) })),
        (Version::V3, "400,0,1,1/max", Err(PartFault::Outside { image: size(400, 300) })),
    ] {
        let request = parse(version, &format!("{request}/0/default.jpg")).expect("a request");
        let found = resolve(&request, source, limits);
        let found = found.map(|found| found.size).map_err(|error| error.fault);
        assert_eq!(found, expected, "{request:?}");
    }
}
