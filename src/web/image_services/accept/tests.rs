use super::*;

const IMAGE_2: &str = "application/ld+json;profile=\"http://iiif.io/api/image/2/context.json\"";
const IMAGE_3: &str = "application/ld+json;profile=\"http://iiif.io/api/image/3/context.json\"";

fn read_one(line: &str) -> Wish {
    read(std::iter::once(line))
}

#[test]
fn the_newest_version_that_a_profile_names_is_meant() {
    let both = format!("{IMAGE_2}, {IMAGE_3};q=0.1");
    let reversed = format!("{IMAGE_3}, {IMAGE_2}");
    let without_quotes = IMAGE_2.replace('"', "");
    for (line, version) in [
        (IMAGE_2, Some(Version::V2)),
        (without_quotes.as_str(), Some(Version::V2)),
        (IMAGE_3, Some(Version::V3)),
        (both.as_str(), Some(Version::V3)),
        (reversed.as_str(), Some(Version::V3)),
        ("application/ld+json", None),
        ("application/ld+json;profile=\"http://example.org/\"", None),
        ("*/*", None),
        ("", None),
    ] {
        assert_eq!(read_one(line).version, version, "{line}");
    }
    assert_eq!(read_one(&format!("{IMAGE_2};q=0")).version, None);
}

#[test]
fn json_is_sent_where_nothing_else_is_accepted_and_json_ld_of_version_2_where_it_is_named() {
    for (line, of_version_2, of_version_3) in [
        ("", false, true),
        ("*/*", false, true),
        ("application/*", false, true),
        ("text/html", false, true),
        ("application/json", false, false),
        ("application/json, */*;q=0.1", false, true),
        ("application/json, application/ld+json;q=0", false, false),
        ("application/json, application/ld+json", true, true),
        ("Application/LD+JSON", true, true),
        (IMAGE_2, true, true),
    ] {
        let wish = read_one(line);
        let found = (wish.is_json_ld(Version::V2), wish.is_json_ld(Version::V3));
        assert_eq!(found, (of_version_2, of_version_3), "{line}");
    }
}
