use super::*;

/// The image of the examples of the specifications.
const EXAMPLE: Size = Size::new(300, 200);

fn rectangle(x: u32, y: u32, width: u32, height: u32) -> Rectangle {
    Rectangle { x, y, size: Size { width, height } }
}

fn within(region: &str, image: Size) -> Result<Rectangle, PartFault> {
    let region = Region::parse(region).expect("a region");
    region.within(image).map_err(|error| error.fault)
}

#[test]
fn the_examples_of_the_specifications_are_the_pixels_they_say() {
    for (region, expected) in [
        ("full", rectangle(0, 0, 300, 200)),
        ("square", rectangle(50, 0, 200, 200)),
        ("125,15,120,140", rectangle(125, 15, 120, 140)),
        ("pct:41.6,7.5,40,70", rectangle(125, 15, 120, 140)),
        ("125,15,200,200", rectangle(125, 15, 175, 185)),
        ("pct:41.6,7.5,66.6,100", rectangle(125, 15, 175, 185)),
    ] {
        assert_eq!(within(region, EXAMPLE), Ok(expected), "{region}");
    }
}

#[test]
fn a_region_is_cropped_at_the_edges_and_refused_outside() {
    for (region, expected) in [
        ("299,199,1,1", rectangle(299, 199, 1, 1)),
        ("299,199,4294967295,4294967295", rectangle(299, 199, 1, 1)),
        ("0,0,4294967295,1", rectangle(0, 0, 300, 1)),
        ("0,0,301,201", rectangle(0, 0, 300, 200)),
        ("pct:99.9,99.9,1,1", rectangle(299, 199, 1, 1)),
        ("pct:0,0,200,200", rectangle(0, 0, 300, 200)),
        ("pct:50,50,999999999,999999999", rectangle(150, 100, 150, 100)),
    ] {
        assert_eq!(within(region, EXAMPLE), Ok(expected), "{region}");
    }
    for region in [
        "300,0,1,1",
        "0,200,1,1",
        "300,200,1,1",
        "4294967295,0,4294967295,1",
        "pct:100,0,1,1",
        "pct:0,100,1,1",
        "pct:999999999,0,1,1",
    ] {
        assert_eq!(within(region, EXAMPLE), Err(PartFault::Outside { image: EXAMPLE }), "{region}");
    }
}

#[test]
fn percentages_are_rounded_to_the_nearest_and_never_to_nothing() {
    for (region, image, expected) in [
        ("pct:0,0,50,50", size(301, 3), rectangle(0, 0, 151, 2)),
        ("pct:50,50,50,50", size(301, 3), rectangle(151, 2, 150, 1)),
        ("pct:0,0,0.0001,0.0001", EXAMPLE, rectangle(0, 0, 1, 1)),
        ("pct:33.3333333333,0,33.3333333333,100", size(9, 9), rectangle(3, 0, 3, 9)),
        ("pct:99.99,0,1,1", size(10, 10), rectangle(9, 0, 1, 1)),
        ("pct:35,0,35,100", size(10, 10), rectangle(4, 0, 4, 10)),
    ] {
        assert_eq!(within(region, image), Ok(expected), "{region} of {image}");
    }
}

#[test]
fn the_square_has_the_shorter_edge_and_lies_in_the_middle() {
    for image in images() {
        let square = within("square", image).expect("a square");
        let edge = image.width.min(image.height);
        assert_eq!(square.size, size(edge, edge));
        for (start, full) in [(square.x, image.width), (square.y, image.height)] {
            let after = full - edge - start;
            assert!(after.abs_diff(start) <= 1, "{image}: {start} before, {after} after");
        }
    }
}

#[test]
fn an_image_without_pixels_has_no_region() {
    for region in ["full", "square", "0,0,1,1", "pct:0,0,100,100"] {
        for image in [size(0, 0), size(0, 5), size(5, 0)] {
            assert_eq!(
                within(region, image),
                Err(PartFault::Outside { image }),
                "{region} of {image}"
            );
        }
    }
}

#[test]
fn all_of_the_image_is_known_however_it_is_named() {
    let whole = |region: &str, image| {
        resolved(Version::V3, &format!("{region}/max/0/default.jpg"), image).is_whole
    };
    for region in ["full", "0,0,300,200", "0,0,999,999", "pct:0,0,100,100", "pct:0,0,100.5,200"] {
        assert!(whole(region, EXAMPLE), "{region}");
    }
    for region in
        ["square", "0,0,299,200", "0,0,300,199", "1,0,300,200", "0,1,300,200", "pct:0,0,99,100"]
    {
        assert!(!whole(region, EXAMPLE), "{region}");
    }
    assert!(whole("square", size(200, 200)));
    assert!(!whole("square", size(200, 201)));
}
