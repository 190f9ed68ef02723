use super::*;

/// A tile as the implementation notes of the Image API have viewers ask for it.
struct Asked {
    tile: Tile,
    region: Rectangle,
    size: Size,
}

/// Returns every tile of an image, computed as the implementation notes do.
fn grid(image: Size) -> Vec<Asked> {
    let mut asked = Vec::new();
    for (level, scale) in (0..).zip(scale_factors(image)) {
        let span = TILE_EDGE * scale;
        let edge = |full: u32, number: u32| {
            let start = number * span;
            let is_cut = start + span > full;
            let length = if is_cut { full - start } else { span };
            let result = if is_cut { (full - start).div_ceil(scale) } else { TILE_EDGE };
            (start, length, result)
        };
        for row in 0..image.height.div_ceil(span) {
            for column in 0..image.width.div_ceil(span) {
                let (x, width, result_width) = edge(image.width, column);
                let (y, height, result_height) = edge(image.height, row);
                asked.push(Asked {
                    tile: Tile { level, column, row },
                    region: Rectangle { x, y, size: Size { width, height } },
                    size: size(result_width, result_height),
                });
            }
        }
    }
    asked
}

fn ask(version: Version, region: Rectangle, asked: &str, image: Size) -> Resolved {
    let Rectangle { x, y, size } = region;
    let region = format!("{x},{y},{},{}", size.width, size.height);
    resolved(version, &format!("{region}/{asked}/0/default.jpg"), image)
}

#[test]
fn scale_factors_go_on_until_one_tile_covers_the_image() {
    for (longest, expected) in [
        (1, vec![1]),
        (512, vec![1]),
        (513, vec![1, 2]),
        (1024, vec![1, 2]),
        (1025, vec![1, 2, 4]),
        (10_000, vec![1, 2, 4, 8, 16, 32]),
    ] {
        for image in [size(longest, 1), size(1, longest), size(longest, longest)] {
            assert_eq!(scale_factors(image).collect::<Vec<_>>(), expected, "{image}");
        }
    }
    assert_eq!(scale_factors(size(u32::MAX, 1)).last(), Some(1 << 23));
    assert_eq!(scale_factors(size(0, 0)).collect::<Vec<_>>(), [1]);
}

#[test]
fn levels_are_rounded_up() {
    for (scale, expected) in [
        (1, size(6001, 4000)),
        (2, size(3001, 2000)),
        (4, size(1501, 1000)),
        (16, size(376, 250)),
        (1 << 23, size(1, 1)),
        (0, size(6001, 4000)),
    ] {
        assert_eq!(level_size(size(6001, 4000), scale), expected, "{scale}");
    }
}

#[test]
fn every_tile_asked_for_with_both_edges_is_that_tile_of_exact_size() {
    let mut seen = 0;
    for image in images() {
        for Asked { tile, region, size } in grid(image) {
            let asked = format!("{},{}", size.width, size.height);
            for version in VERSIONS {
                let found = ask(version, region, &asked, image);
                assert_eq!((found.region, found.size), (region, size), "{image} {tile:?}");
                let first = found.tile.expect("a tile");
                // A tile of one pixel at one level may be one at a level above, too.
                let is_same = first == tile || first.level < tile.level;
                assert!(is_same, "{image}: {first:?}, not {tile:?}");
            }
            seen += 1;
        }
    }
    assert!(seen > 5_000, "only {seen} tiles");
}

#[test]
fn every_tile_asked_for_by_its_width_has_the_size_of_a_tile() {
    let mut narrow = 0;
    for image in images() {
        for Asked { tile, region, size } in grid(image) {
            let found = ask(Version::V2, region, &format!("{},", size.width), image);
            // One tile covers all of the image: only if it keeps the aspect ratio to the pixel.
            if found.is_whole {
                let height =
                    f64::from(image.height) * f64::from(size.width) / f64::from(image.width);
                let is_near =
                    (f64::from(found.size.height) - height).abs() <= 1.5 || found.size.height == 1;
                assert!(is_near, "{image} {tile:?}: {}", found.size);
                continue;
            }
            let first = found.tile.unwrap_or_else(|| panic!("{image} {tile:?}: {}", found.size));
            assert!(
                found.size == size || first.level < tile.level,
                "{image} {tile:?}: {}",
                found.size
            );
            let by_ratio = u64::from(region.size.height) * u64::from(size.width)
                / u64::from(region.size.width);
            narrow += u32::from(by_ratio.abs_diff(size.height.into()) > 1);
        }
    }
    assert!(narrow > 100, "only {narrow} tiles differ from their aspect ratio");
}

#[test]
fn a_height_keeps_the_aspect_ratio_of_a_tile() {
    let image = size(3000, 2049);
    let found = resolved(Version::V2, "0,2048,1024,1/,1/0/default.jpg", image);
    assert_eq!((found.size, found.tile), (size(1024, 1), None));
    let found = resolved(Version::V2, "0,0,1024,1024/,512/0/default.jpg", image);
    assert_eq!(found.tile, Some(Tile { level: 1, column: 0, row: 0 }));
}

#[test]
fn a_narrow_tile_has_the_height_of_its_level() {
    let image = size(4101, 3000);
    let found = resolved(Version::V2, "4096,0,5,2048/2,/0/default.jpg", image);
    assert_eq!(found.size, size(2, 512));
    assert_eq!(found.tile, Some(Tile { level: 2, column: 2, row: 0 }));
    assert_eq!(found.canonical, "4096,0,5,2048/2,/0/default.jpg");
    // One pixel less, and it is no tile.
    let found = resolved(Version::V2, "4096,0,5,2047/2,/0/default.jpg", image);
    assert_eq!((found.size, found.tile), (size(2, 819), None));
}

#[test]
fn what_is_off_the_grid_is_no_tile() {
    let image = size(3000, 2000);
    for request in [
        "1,0,512,512/512,512/0/default.jpg",
        "0,1,512,512/512,512/0/default.jpg",
        "0,0,511,512/511,512/0/default.jpg",
        "0,0,512,511/512,511/0/default.jpg",
        "0,0,1024,512/512,256/0/default.jpg",
        "512,0,1024,1024/512,512/0/default.jpg",
        "0,0,512,512/511,512/0/default.jpg",
        "0,0,512,512/256,256/0/default.jpg",
        "0,0,1024,1024/1024,1024/0/default.jpg",
        "full/400,/0/default.jpg",
        "full/max/0/default.jpg",
    ] {
        assert_eq!(resolved(Version::V3, request, image).tile, None, "{request}");
    }
    for (request, level, column, row) in [
        ("2560,1536,440,464/max/0/default.jpg", 0, 5, 3),
        ("2560,1536,9999,9999/440,464/90/gray.png", 0, 5, 3),
        ("1024,1024,1024,976/pct:50/0/default.jpg", 1, 1, 1),
        ("full/375,250/0/default.jpg", 3, 0, 0),
        ("full/375,/0/default.jpg", 3, 0, 0),
    ] {
        let found = resolved(Version::V3, request, image).tile;
        assert_eq!(found, Some(Tile { level, column, row }), "{request}");
    }
}

#[test]
fn a_level_is_meant_by_its_width_if_it_keeps_the_aspect_ratio_to_the_pixel() {
    // The level of scale 8 is 376 by 251; by the aspect ratio 376 has 250.
    let image = size(3008, 2001);
    let found = resolved(Version::V2, "full/376,/0/default.jpg", image);
    assert_eq!((found.size, found.tile.map(|tile| tile.level)), (size(376, 251), Some(3)));
    let found = resolved(Version::V2, "full/,376/0/default.jpg", size(2001, 3008));
    assert_eq!((found.size, found.tile.map(|tile| tile.level)), (size(251, 376), Some(3)));
    // A stored size with that width comes before the level.
    let source = Source { size: image, stored: &[size(376, 250)] };
    let request = parse(Version::V2, "full/376,/0/default.jpg").expect("a request");
    let found = resolve(&request, source, Limits::NONE).expect("a size");
    assert_eq!((found.size, found.tile), (size(376, 250), None));
    // Half of a height is one pixel off the aspect ratio here, and two pixels there.
    let found = resolved(Version::V2, "full/257,/0/default.jpg", size(513, 1026));
    assert_eq!(found.size, size(257, 513));
    let found = resolved(Version::V2, "full/257,/0/default.jpg", size(513, 2052));
    assert_eq!(found.size, size(257, 1028));
    // The level of scale 16 is 7 by 313; by the aspect ratio 7 has 350.
    let found = resolved(Version::V2, "full/7,/0/default.jpg", size(100, 5000));
    assert_eq!((found.size, found.tile), (size(7, 350), None));
}
