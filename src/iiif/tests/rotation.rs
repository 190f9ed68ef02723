use super::*;

fn rotated(rotation: &str, width: u32, height: u32) -> Size {
    Rotation::parse(rotation).expect("a rotation").bounds(size(width, height))
}

#[test]
fn quarter_turns_exchange_edges_exactly() {
    for image in images() {
        let Size { width, height } = image;
        for (rotation, expected) in [
            ("0", image),
            ("!0", image),
            ("180", image),
            ("360", image),
            ("90", size(height, width)),
            ("!270", size(height, width)),
        ] {
            assert_eq!(rotated(rotation, width, height), expected, "{rotation}");
        }
    }
}

#[test]
fn other_angles_need_the_box_around_the_turned_image() {
    for (rotation, expected) in [
        ("45", size(354, 354)),
        ("30", size(360, 324)),
        ("!30", size(360, 324)),
        ("150", size(360, 324)),
        ("22.5", size(354, 300)),
        ("0.0000000001", size(300, 200)),
    ] {
        assert_eq!(rotated(rotation, 300, 200), expected, "{rotation}");
    }
    assert_eq!(rotated("45", 1, 1), size(2, 2));
    assert_eq!(rotated("0.0000000001", 1, 1), size(1, 1));
    assert_eq!(rotated("45", u32::MAX, u32::MAX), size(u32::MAX, u32::MAX));
}

#[test]
fn only_multiples_of_90_degrees_are_quarter_turns() {
    let turns = |text: &str| Rotation::parse(text).expect("a rotation").quarter_turns();
    for (text, expected) in [
        ("0", Some(0)),
        ("90", Some(1)),
        ("!180.0", Some(2)),
        ("270", Some(3)),
        ("360", Some(0)),
        ("45", None),
        ("90.0000000001", None),
        ("89.9999999999", None),
    ] {
        assert_eq!(turns(text), expected, "{text}");
    }
}

#[test]
fn a_result_tells_its_size_once_it_is_turned() {
    let turned = resolved(Version::V3, "full/150,/90/default.jpg", size(300, 200));
    assert_eq!((turned.size, turned.rotated_size()), (size(150, 100), size(100, 150)));
}
