use super::*;

/// The pieces that requests are put together from.
const PIECES: [&str; 26] = [
    "full",
    "max",
    "square",
    "pct:",
    "^",
    "!",
    ",",
    ".",
    "0",
    "1",
    "9",
    "4294967295",
    "512",
    "%",
    "%2F",
    "%FF",
    "é",
    "\u{0}",
    "default",
    "gray",
    ".jpg",
    ".tif",
    "-",
    "e",
    "100",
    "360",
];

#[test]
fn any_text_is_read_or_refused_without_a_panic() {
    // A generator of numbers that is always the same, so that a failure comes again.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).expect("31 bits") % end
    };
    let mut read = 0;
    for _ in 0..40_000 {
        let mut segment = || (0..random(6)).map(|_| PIECES[random(26)]).collect::<String>();
        let mut segments = [segment(), segment(), segment(), segment()];
        // Most would stop at the first part otherwise.
        for (at, fine) in ["0,0,9,9", "9,", "0", "default.jpg"].into_iter().enumerate() {
            if random(4) > 0 {
                segments[at] = fine.to_owned();
            }
        }
        let segments = [&*segments[0], &*segments[1], &*segments[2], &*segments[3]];
        for version in VERSIONS {
            if let Ok(request) = ImageRequest::parse(version, segments) {
                read += 1;
                for image in [size(0, 0), size(1, 1), size(300, 200), size(u32::MAX, u32::MAX)] {
                    for limits in [Limits::NONE, Limits::of_edges(5000)] {
                        let _resolved = resolve(&request, Source::new(image), limits);
                    }
                }
            }
        }
    }
    assert!(read > 5_000, "only {read} were requests");
}
