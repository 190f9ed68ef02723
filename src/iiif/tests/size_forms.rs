use super::grammar::{NO_NUMBERS, decimal};
use super::*;

fn form(version: Version, text: &str) -> Result<SizeForm, PartFault> {
    SizeForm::parse(version, text).map_err(|error| {
        assert_eq!(error.part, Part::Size);
        error.fault
    })
}

#[test]
fn sizes_of_both_versions_are_read() {
    let cases = [
        ("max", Extent::Max),
        ("150,", Extent::Width(150)),
        (",150", Extent::Height(150)),
        ("1,", Extent::Width(1)),
        (",4294967295", Extent::Height(u32::MAX)),
        ("225,100", Extent::Exact(size(225, 100))),
        ("!225,100", Extent::Within(size(225, 100))),
        ("pct:50", Extent::Percent(Decimal::new(50))),
        ("pct:100.0", Extent::Percent(Decimal::new(100))),
        ("pct:0.5", Extent::Percent(decimal(".50"))),
    ];
    for (text, extent) in cases {
        let is_fixed = matches!(extent, Extent::Max | Extent::Within(_));
        assert_eq!(
            form(Version::V2, text),
            Ok(SizeForm { extent, may_upscale: !is_fixed }),
            "{text}"
        );
        assert_eq!(form(Version::V3, text), Ok(SizeForm { extent, may_upscale: false }), "{text}");
        let upscaled = form(Version::V3, &format!("^{text}"));
        assert_eq!(upscaled, Ok(SizeForm { extent, may_upscale: true }), "{text}");
        let caret = form(Version::V2, &format!("^{text}"));
        assert!(matches!(caret, Err(PartFault::Malformed { .. })), "{text}");
    }
}

#[test]
fn full_is_a_size_of_version_2_only() {
    let full = SizeForm { extent: Extent::Max, may_upscale: false };
    assert_eq!(form(Version::V2, "full"), Ok(full));
    for text in ["full", "^full"] {
        assert!(matches!(form(Version::V3, text), Err(PartFault::Malformed { .. })), "{text}");
    }
}

#[test]
fn malformed_sizes_are_refused() {
    let malformed = [
        ",",
        "!",
        "!,",
        "!1,",
        "!,1",
        "^",
        "^,",
        "^^1,",
        "!^1,1",
        "1",
        "1,1,",
        "1,1,1",
        ",,",
        "1,1,1,1",
        "1.5,",
        ",1.5",
        "Max",
        "MAX",
        "pct",
        "pct:",
        "pct50",
        "pct:50,",
        "pct:^50",
        "!pct:50",
        "!max",
        "w,",
        "w,h",
        "50%",
        "4294967296,",
        "1,4294967296",
        "pct:1000000000",
        ",^240",
        "1, 1",
    ];
    for version in VERSIONS {
        for text in malformed {
            let found = form(version, text);
            assert!(
                matches!(found, Err(PartFault::Malformed { .. })),
                "{version:?} {text:?}: {found:?}"
            );
        }
        // Nothing before or after the comma is the other form, not a malformed number.
        for number in NO_NUMBERS.into_iter().filter(|number| !number.is_empty()) {
            for text in [
                format!("{number},"),
                format!(",{number}"),
                format!("{number},1"),
                format!("1,{number}"),
                format!("!1,{number}"),
                format!("!{number},1"),
                format!("pct:{number}"),
            ] {
                let found = form(version, &text);
                assert!(matches!(found, Err(PartFault::Malformed { .. })), "{version:?} {text:?}");
            }
        }
    }
}

#[test]
fn sizes_of_no_pixels_are_out_of_range() {
    for version in VERSIONS {
        for text in ["0,", ",0", "0,1", "1,0", "!0,1", "!1,0", "0,0", "pct:0", "pct:0.0"] {
            assert!(matches!(form(version, text), Err(PartFault::OutOfRange { .. })), "{text}");
        }
    }
}

#[test]
fn more_than_100_percent_need_a_caret_in_version_3() {
    for text in ["pct:101", "pct:200", "pct:100.0000000001", "pct:100.00000000000000001"] {
        assert!(matches!(form(Version::V3, text), Err(PartFault::OutOfRange { .. })), "{text}");
        assert!(form(Version::V3, &format!("^{text}")).is_ok(), "{text}");
        assert!(form(Version::V2, text).is_ok(), "{text}");
    }
    assert!(form(Version::V3, "pct:100").is_ok());
    assert!(form(Version::V3, "pct:99.99999999999999").is_ok());
}
