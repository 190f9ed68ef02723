use serde_json::{Value, json};

use super::*;

const ID: &str = "https://example.org/iiif-img/2/1/page-1";
const IMAGE: Size = Size::new(6000, 4000);
const STORED: [Size; 3] = [Size::new(400, 267), Size::new(200, 133), Size::new(100, 67)];

fn source() -> Source<'static> {
    Source { size: IMAGE, stored: &STORED }
}

/// Compares documents as text, so that the order of members counts.
fn assert_document(description: &Description<'_>, expected: &Value) {
    assert_eq!(format!("{:#}", description.to_json()), format!("{expected:#}"));
}

#[test]
fn version_3_describes_an_image_at_level_2() {
    let mut description = Description::of_image(ID, Version::V3, source(), Limits::of_edges(5000));
    description.rights = Some("http://rightsstatements.org/vocab/InC-EDU/1.0/");
    description.attribution = Some("Provided by a library");
    assert_document(
        &description,
        &json!({
            "@context": "http://iiif.io/api/image/3/context.json",
            "id": ID,
            "type": "ImageService3",
            "protocol": "http://iiif.io/api/image",
            "profile": "level2",
            "width": 6000,
            "height": 4000,
            "maxWidth": 5000,
            "sizes": [
                { "width": 100, "height": 67 },
                { "width": 200, "height": 133 },
                { "width": 400, "height": 267 },
                { "width": 1250, "height": 833 },
                { "width": 2500, "height": 1667 },
                { "width": 5000, "height": 3333 },
            ],
            "tiles": [{ "width": 512, "scaleFactors": [1, 2, 4, 8, 16] }],
            "rights": "http://rightsstatements.org/vocab/InC-EDU/1.0/",
            "extraQualities": ["color", "gray", "bitonal"],
            "extraFormats": ["webp", "gif", "tif"],
            "extraFeatures": [
                "canonicalLinkHeader", "mirroring", "profileLinkHeader", "rotationArbitrary", "sizeUpscaling",
            ],
        }),
    );
}

#[test]
fn version_2_describes_an_image_at_level_2() {
    let limits = Limits::new(Some(5000), Some(3000), Some(12_000_000));
    let mut description = Description::of_image(ID, Version::V2, source(), limits);
    description.rights = Some("http://rightsstatements.org/vocab/InC-EDU/1.0/");
    description.attribution = Some("Provided by a library");
    let largest = limits.confine(IMAGE);
    assert_eq!(description.sizes.last(), Some(&largest));
    let sizes: Vec<Value> =
        description.sizes.iter().map(|s| json!({ "width": s.width, "height": s.height })).collect();
    assert_document(
        &description,
        &json!({
            "@context": "http://iiif.io/api/image/2/context.json",
            "@id": ID,
            "protocol": "http://iiif.io/api/image",
            "width": 6000,
            "height": 4000,
            "sizes": sizes,
            "tiles": [{ "width": 512, "scaleFactors": [1, 2, 4, 8, 16] }],
            "profile": [
                "http://iiif.io/api/image/2/level2.json",
                {
                    "formats": ["webp", "gif", "tif"],
                    "qualities": ["color", "gray"],
                    "supports": [
                        "canonicalLinkHeader", "mirroring", "profileLinkHeader", "regionSquare",
                        "rotationArbitrary", "sizeAboveFull",
                    ],
                    "maxWidth": 5000,
                    "maxHeight": 3000,
                    "maxArea": 12_000_000,
                },
            ],
            "attribution": "Provided by a library",
            "license": "http://rightsstatements.org/vocab/InC-EDU/1.0/",
        }),
    );
}

#[test]
fn a_tier_is_described_at_level_0_with_its_own_size() {
    let limits = Limits::of_edges(5000);
    let id = "https://example.org/degraded/v2/2/1/page-1";
    let http = json!([
        "baseUriRedirect",
        "canonicalLinkHeader",
        "cors",
        "jsonldMediaType",
        "profileLinkHeader",
    ]);
    let sizes = json!([
        { "width": 100, "height": 67 }, { "width": 200, "height": 133 }, { "width": 300, "height": 200 },
    ]);
    assert_document(
        &Description::of_tier(ID, Version::V3, source(), limits, 300),
        &json!({
            "@context": "http://iiif.io/api/image/3/context.json",
            "id": ID,
            "type": "ImageService3",
            "protocol": "http://iiif.io/api/image",
            "profile": "level0",
            "width": 300,
            "height": 200,
            "maxWidth": 300,
            "sizes": sizes,
            "extraFeatures": http,
        }),
    );
    assert_document(
        &Description::of_tier(id, Version::V2, source(), limits, 300),
        &json!({
            "@context": "http://iiif.io/api/image/2/context.json",
            "@id": id,
            "protocol": "http://iiif.io/api/image",
            "width": 300,
            "height": 200,
            "sizes": sizes,
            "profile": [
                "http://iiif.io/api/image/2/level0.json",
                { "supports": http, "maxWidth": 300 },
            ],
        }),
    );
}

#[test]
fn a_tier_beyond_the_limits_says_the_largest_size_within_them() {
    let description = Description::of_tier(ID, Version::V3, source(), Limits::of_edges(3000), 4500);
    assert_eq!(description.size, size(4500, 3000));
    assert_eq!(description.limits.max_width(), Some(3000));
    assert_eq!(description.sizes.last(), Some(&size(3000, 2000)));
}

#[test]
fn thumbnails_are_described_with_the_largest_open_size() {
    let id = "https://example.org/thumbs/2/1/page-1";
    let open = [size(200, 133), size(100, 67)];
    let description = Description::of_thumbnails(id, Version::V3, &open).expect("thumbnails");
    assert_document(
        &description,
        &json!({
            "@context": "http://iiif.io/api/image/3/context.json",
            "id": id,
            "type": "ImageService3",
            "protocol": "http://iiif.io/api/image",
            "profile": "level0",
            "width": 200,
            "height": 133,
            "sizes": [{ "width": 100, "height": 67 }, { "width": 200, "height": 133 }],
            "extraFeatures": [
                "baseUriRedirect", "canonicalLinkHeader", "cors", "jsonldMediaType", "profileLinkHeader",
            ],
        }),
    );
    assert_eq!(Description::of_thumbnails(id, Version::V3, &[]), None);
}

#[test]
fn what_viewers_misread_is_never_said() {
    for version in VERSIONS {
        let descriptions = [
            Description::of_image(ID, version, source(), Limits::NONE),
            Description::of_image(ID, version, Source::new(size(1, 1)), Limits::NONE),
            Description::of_tier(ID, version, source(), Limits::NONE, 400),
            Description::of_thumbnails(ID, version, &STORED).expect("thumbnails"),
        ];
        for description in descriptions {
            let document = description.to_json();
            let text = document.to_string();
            assert!(!text.contains("preferredFormats") && !text.contains("null"), "{text}");
            assert!(!text.contains("\"sizes\":[]"), "{text}");
            if description.level == Level::Zero {
                assert!(!text.contains("sizeBy") && document.get("tiles").is_none(), "{text}");
            }
        }
    }
}

#[test]
fn without_limits_upscaling_and_limits_are_not_said() {
    for version in VERSIONS {
        let text = Description::of_image(ID, version, source(), Limits::NONE).to_json().to_string();
        for word in ["sizeUpscaling", "sizeAboveFull", "maxWidth", "maxHeight", "maxArea"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    let area = Limits::new(None, None, Some(1_000_000));
    let text = Description::of_image(ID, Version::V3, source(), area).to_json().to_string();
    assert!(text.contains("sizeUpscaling") && text.contains("\"maxArea\":1000000"), "{text}");
}

#[test]
fn tiles_are_not_said_where_the_limits_forbid_them() {
    for (image, limits, has_tiles) in [
        (IMAGE, Limits::of_edges(512), true),
        (IMAGE, Limits::of_edges(511), false),
        (IMAGE, Limits::new(None, None, Some(512 * 512)), true),
        (IMAGE, Limits::new(None, None, Some(512 * 512 - 1)), false),
        (size(300, 200), Limits::of_edges(300), true),
        (size(300, 200), Limits::of_edges(299), false),
    ] {
        for version in VERSIONS {
            let description = Description::of_image(ID, version, Source::new(image), limits);
            assert_eq!(
                description.to_json().get("tiles").is_some(),
                has_tiles,
                "{image} {limits:?}"
            );
            assert!(description.sizes.iter().all(|size| limits.allow(*size)));
            // Without levels there is nothing to collide with.
            let is_plain = description.sizes == [limits.confine(image)];
            assert!(has_tiles || is_plain, "{image} {limits:?}");
        }
    }
}

#[test]
fn plain_text_does_not_pass_for_html() {
    let said = |text| {
        let mut description = Description::of_image(ID, Version::V2, source(), Limits::NONE);
        description.attribution = Some(text);
        description.to_json().get("attribution").and_then(Value::as_str).map(str::to_owned)
    };
    for (text, expected) in [
        ("R&D <library>", "R&D <library>"),
        ("<library> archive", "<library> archive"),
        ("<b>R&D</b>", "<span>&lt;b&gt;R&amp;D&lt;/b&gt;</span>"),
        (" <i> ", "<span> &lt;i&gt; </span>"),
    ] {
        assert_eq!(said(text).as_deref(), Some(expected));
    }
}

#[test]
fn media_types_are_those_of_the_specifications() {
    assert_eq!(media_type(Version::V2, false), "application/json");
    assert_eq!(media_type(Version::V2, true), "application/ld+json");
    assert_eq!(media_type(Version::V3, false), "application/json");
    let profile = "application/ld+json;profile=\"http://iiif.io/api/image/3/context.json\"";
    assert_eq!(media_type(Version::V3, true), profile);
    for (format, expected) in [
        (Format::Jpeg, "image/jpeg"),
        (Format::Png, "image/png"),
        (Format::WebP, "image/webp"),
        (Format::Gif, "image/gif"),
        (Format::Tiff, "image/tiff"),
    ] {
        assert_eq!(format.media_type(), expected);
        assert_eq!(Format::parse(format.extension()), Ok(format));
    }
}
