use super::*;
use ContentCoding::{Brotli, Gzip, Identity, Zstd};

#[track_caller]
fn accepts(lines: &[&str], expected: &[ContentCoding]) {
    assert_eq!(read(lines.iter().copied()), expected, "{lines:?}");
}

#[test]
fn the_greatest_weight_wins_and_the_servers_order_among_equals() {
    for (line, expected) in [
        // Chromium and Firefox; Safari; Python's requests; curl --compressed.
        ("gzip, deflate, br, zstd", &[Zstd, Brotli, Gzip, Identity][..]),
        ("gzip, deflate, br", &[Brotli, Gzip, Identity]),
        ("gzip, deflate", &[Gzip, Identity]),
        ("deflate, gzip, br, zstd", &[Zstd, Brotli, Gzip, Identity]),
        ("gzip;q=0.9, br;q=0.8, zstd;q=0.7", &[Gzip, Brotli, Zstd, Identity]),
        ("br ; Q=0.5,GZIP;q=0.500", &[Brotli, Gzip, Identity]),
        ("gzip;q=1, identity", &[Gzip, Identity]),
        ("identity, gzip;q=0.999", &[Identity, Gzip]),
        ("x-gzip", &[Gzip, Identity]),
        ("gzip;q=0.001", &[Gzip, Identity]),
        ("gzip;q=7", &[Gzip, Identity]),
    ] {
        accepts(&[line], expected);
    }
    accepts(&["gzip", "br"], &[Brotli, Gzip, Identity]);
}

#[test]
fn a_star_is_for_all_that_are_not_named() {
    for (line, expected) in [
        ("*", &[Zstd, Brotli, Gzip, Identity][..]),
        ("*;q=0.5, gzip", &[Gzip, Zstd, Brotli, Identity]),
        ("*, zstd;q=0", &[Brotli, Gzip, Identity]),
        ("*, identity;q=0", &[Zstd, Brotli, Gzip]),
        ("gzip, *;q=0", &[Gzip]),
        ("identity;q=0.5, *;q=0", &[Identity]),
        ("gzip, identity;q=0", &[Gzip]),
    ] {
        accepts(&[line], expected);
    }
}

#[test]
fn nobody_is_refused() {
    for line in ["deflate", "gzip;q=0", "identity;q=0", "*;q=0", "compress, identity;q=0"] {
        accepts(&[line], &[Identity]);
    }
    accepts(&[], &[]);
    for garbage in ["", ",,;", ";q=1", "gz ip", "\"gzip\"", "gzip;q=", "gzip;q=-1", "gzip;q=NaN"] {
        accepts(&[garbage], &[]);
    }
    accepts(&["gz ip, \u{1}, br;q=x, gzip;level=9"], &[Gzip, Identity]);
}
