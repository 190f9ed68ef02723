//! Origins by chance, and what an image of each comes to.

use crate::support::random::Random;

/// The end of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Image,
    /// An error that has these words in it.
    Error(&'static str),
}

/// Paths of the origin, and what comes of each. Good ones stand several times.
const PATHS: &[(&str, Outcome)] = &[
    ("/image/120x80", Outcome::Image),
    ("/image/320x200", Outcome::Image),
    ("/image/64x64", Outcome::Image),
    ("/image/400x300", Outcome::Image),
    ("/redirect/image/100x60", Outcome::Image),
    ("/redirect/redirect/image/100x60", Outcome::Image),
    ("/format/tiff/200x150", Outcome::Image),
    ("/format/jpeg/300x200", Outcome::Image),
    ("/failing/503/2/120x80", Outcome::Image),
    ("/failing/429-1/1/120x80", Outcome::Image),
    ("/failing/close/1/120x80", Outcome::Image),
    ("/missing", Outcome::Error("404")),
    ("/text", Outcome::Error("")),
    ("/cut", Outcome::Error("")),
    ("/truncated", Outcome::Error("")),
    ("/stalled", Outcome::Error("")),
];

/// Returns the path of an image at the origin, and what comes of it.
pub fn any(number: usize, random: &mut Random) -> (String, Outcome) {
    let (path, outcome) = PATHS[random.below(PATHS.len())];
    (format!("{path}/{number}.x"), outcome)
}
