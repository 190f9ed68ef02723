use super::*;

fn region(text: &str) -> Result<Region, PartFault> {
    Region::parse(text).map_err(|error| {
        assert_eq!(error.part, Part::Region);
        error.fault
    })
}

pub(super) fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
}

fn pixels(x: u32, y: u32, width: u32, height: u32) -> Region {
    Region::Pixels(Rectangle { x, y, size: Size { width, height } })
}

/// Spellings that are no number anywhere.
pub(super) const NO_NUMBERS: [&str; 24] = [
    "",
    " ",
    " 1",
    "1 ",
    "+1",
    "-1",
    "-0",
    "1e3",
    "1E3",
    "0x10",
    "1_000",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    ".",
    "1.",
    "1..2",
    "1.2.3",
    "٣",
    "１",
    "1\u{0}",
    "99999999999999999999999999",
];

#[test]
fn every_form_of_a_region_is_read() {
    assert_eq!(region("full"), Ok(Region::Full));
    assert_eq!(region("square"), Ok(Region::Square));
    assert_eq!(region("125,15,120,140"), Ok(pixels(125, 15, 120, 140)));
    assert_eq!(region("0,0,1,1"), Ok(pixels(0, 0, 1, 1)));
    assert_eq!(region("007,0,010,1"), Ok(pixels(7, 0, 10, 1)));
    assert_eq!(region("4294967295,0,4294967295,1"), Ok(pixels(u32::MAX, 0, u32::MAX, 1)));
    let [x, y, width, height] = ["41.6", "7.5", "40", "70"].map(decimal);
    assert_eq!(region("pct:41.6,7.5,40,70"), Ok(Region::Percent { x, y, width, height }));
    let [x, y] = ["0", ".5"].map(decimal);
    assert_eq!(region("pct:0,.5,40,70"), Ok(Region::Percent { x, y, width, height }));
}

#[test]
fn malformed_regions_are_refused() {
    let malformed = [
        "",
        "Full",
        "FULL",
        "full ",
        "max",
        "squared",
        ",",
        ",,,",
        "1,1,1",
        "1,1,1,1,",
        ",1,1,1,1",
        "1,1,1,1,1",
        "1;1;1;1",
        "1.5,0,10,10",
        "0,0,10,10.0",
        "4294967296,0,1,1",
        "0,0,1,4294967296",
        "pct:",
        "pct:10",
        "pct:1,1,1",
        "pct:1,1,1,1,1",
        "PCT:0,0,1,1",
        "pct:0,0,1000000000,1",
        "^0,0,1,1",
        "!0,0,1,1",
        "[frob]",
        "<>",
        "\\",
        "x,y,w,h",
        "0,0,w,h",
    ];
    for text in malformed {
        assert!(matches!(region(text), Err(PartFault::Malformed { .. })), "{text:?}");
    }
    for number in NO_NUMBERS {
        for at in 0..4 {
            let mut parts = ["10"; 4];
            parts[at] = number;
            for text in [parts.join(","), format!("pct:{}", parts.join(","))] {
                assert!(matches!(region(&text), Err(PartFault::Malformed { .. })), "{text:?}");
            }
        }
    }
}

#[test]
fn regions_without_pixels_are_out_of_range() {
    for text in ["0,0,0,1", "0,0,1,0", "0,0,0,0", "pct:0,0,0,1", "pct:0,0,1,0", "pct:0,0,1,0.0"] {
        assert!(matches!(region(text), Err(PartFault::OutOfRange { .. })), "{text}");
    }
    assert!(region("pct:0,0,0.000000000000001,1").is_ok());
}

#[test]
fn rotations_are_read_up_to_a_full_turn() {
    let cases = [
        ("0", false, "0"),
        ("90", false, "90"),
        ("180", false, "180"),
        ("22.5", false, "22.5"),
        ("!0", true, "0"),
        ("!180", true, "180"),
        ("!22.50", true, "22.5"),
        (".5", false, "0.5"),
        ("359.9999999999", false, "359.9999999999"),
        ("360", false, "0"),
        ("!360.0", true, "0"),
        ("090", false, "90"),
    ];
    for (text, is_mirrored, degrees) in cases {
        let expected = Rotation { is_mirrored, degrees: decimal(degrees) };
        assert_eq!(Rotation::parse(text), Ok(expected), "{text}");
    }
}

#[test]
fn rotations_beyond_a_full_turn_or_malformed_are_refused() {
    for text in ["361", "360.1", "360.00000000000000001", "!361", "999999999"] {
        let error = Rotation::parse(text).expect_err(text);
        assert!(matches!(error.fault, PartFault::OutOfRange { .. }), "{text}");
        assert_eq!(error.part, Part::Rotation);
    }
    let more = ["!", "!!0", "0!", "90deg", "-90", "! 0", "1000000000"];
    for text in NO_NUMBERS.into_iter().chain(more) {
        let error = Rotation::parse(text).expect_err(text);
        assert!(matches!(error.fault, PartFault::Malformed { .. }), "{text:?}");
    }
}

#[test]
fn qualities_and_formats_are_words_of_the_specification() {
    for (text, quality, format) in [
        ("default.jpg", Quality::Default, Format::Jpeg),
        ("color.png", Quality::Color, Format::Png),
        ("gray.webp", Quality::Gray, Format::WebP),
        ("bitonal.gif", Quality::Bitonal, Format::Gif),
        ("default.tif", Quality::Default, Format::Tiff),
    ] {
        for version in VERSIONS {
            let request = parse(version, &format!("full/max/0/{text}")).expect(text);
            assert_eq!((request.quality, request.format), (quality, format), "{text}");
        }
    }
    let refused = [
        ("native.jpg", Part::Quality),
        ("grey.jpg", Part::Quality),
        ("colour.jpg", Part::Quality),
        ("Default.jpg", Part::Quality),
        (".jpg", Part::Quality),
        ("default..jpg", Part::Format),
        ("default", Part::Format),
        ("default.", Part::Format),
        ("default.JPG", Part::Format),
        ("default.jpeg", Part::Format),
        ("default.jpg.jpg", Part::Format),
        ("", Part::Format),
        ("default.jp2", Part::Format),
        ("default.pdf", Part::Format),
        ("default.tiff", Part::Format),
    ];
    for (text, part) in refused {
        let error = parse(Version::V3, &format!("full/max/0/{text}")).expect_err(text);
        assert_eq!(error.part, part, "{text}");
        assert!(!error.is_not_implemented(), "{text}");
    }
}

#[test]
fn formats_of_the_specification_that_are_not_offered_are_told_from_unknown_ones() {
    for extension in ["jp2", "pdf"] {
        let error = Format::parse(extension).expect_err(extension);
        assert!(matches!(error.fault, PartFault::NotOffered { .. }));
    }
    let error = Format::parse("bmp").expect_err("bmp");
    assert!(matches!(error.fault, PartFault::Malformed { .. }));
}

#[test]
fn segments_are_decoded_once() {
    let encoded = "%66ull/%5E!200%2C100/%2190/d%65fault%2Ejpg";
    let request = parse(Version::V3, encoded).expect("a request");
    assert_eq!(request, parse(Version::V3, "full/^!200,100/!90/default.jpg").expect("a request"));
    for (twice, part) in [
        ("%2566ull/max/0/default.jpg", Part::Region),
        ("full/%255Emax/0/default.jpg", Part::Size),
        ("full/max/%2530/default.jpg", Part::Rotation),
        ("full/max/0/default%252Ejpg", Part::Format),
    ] {
        assert_eq!(parse(Version::V3, twice).expect_err(twice).part, part);
    }
}

#[test]
fn bytes_that_are_no_text_are_a_fault_of_their_part() {
    for (request, part) in [
        ("%FF/max/0/default.jpg", Part::Region),
        ("full/%C3%28/0/default.jpg", Part::Size),
        ("full/max/%80/default.jpg", Part::Rotation),
        ("full/max/0/%FEdefault.jpg", Part::Quality),
    ] {
        let error = parse(Version::V3, request).expect_err(request);
        assert_eq!((error.part, error.fault), (part, PartFault::Encoding), "{request}");
    }
    // What is no percent-encoding stands for itself.
    assert_eq!(parse(Version::V3, "%zz/max/0/default.jpg").expect_err("%zz").part, Part::Region);
}

#[test]
fn the_first_part_at_fault_is_named_in_words() {
    for (version, request, words) in [
        (Version::V3, "fll/full/x/y.z", "region must be full, square, x,y,w,h in pixels"),
        (Version::V3, "full/full/x/y.z", "size must be max, w, or ,h or w,h or !w,h in pixels"),
        (Version::V2, "full/^max/x/y.z", "size must be full, max, w,"),
        (Version::V3, "full/max/x/y.z", "rotation must be a number of degrees from 0 to 360"),
        (Version::V3, "full/max/0/y.z", "quality must be default, color, gray or bitonal"),
        (Version::V3, "full/max/0/gray.z", "format must be jpg, png, webp, gif or tif"),
        (
            Version::V3,
            "full/max/0/gray.pdf",
            "format is not offered by this service; it must be jpg",
        ),
    ] {
        let told = parse(version, request).expect_err(request).to_string();
        assert!(told.starts_with(words), "{told}");
    }
}

#[test]
fn decimals_are_written_in_their_canonical_spelling() {
    for (text, canonical) in [
        ("0", "0"),
        ("000", "0"),
        ("0.0", "0"),
        ("22.50", "22.5"),
        (".5", "0.5"),
        ("00.25", "0.25"),
        ("5.0000000001", "5.0000000001"),
        ("5.00000000001", "5.0000000001"),
        ("0.99999999999", "1"),
        ("33.333333333333336", "33.3333333334"),
        ("999999999.9999999999", "999999999.9999999999"),
    ] {
        assert_eq!(decimal(text).to_string(), canonical, "{text}");
        assert_eq!(Decimal::parse(canonical), Some(decimal(text)), "{text}");
    }
}
