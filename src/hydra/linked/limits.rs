//! The limits of a body: its depth, its width, and its text.
//!
//! The processor recurses, and a stack that overflows ends the process.

#[cfg(test)]
mod tests;

use crate::hydra::Problem;

/// Brackets within brackets, at most.
pub const MAX_DEPTH: usize = 32;
/// Length of an IRI at most, in bytes.
pub const MAX_IRI: usize = 4_096;

/// Images for which every body may have what their batch would need.
const MIN_IMAGES: usize = 1_000;

/// The most that a body may hold.
///
/// Each figure is a multiple of the images that a batch may have, so that a batch of exactly as many is read in any
/// form, with as much as images say at most in practice. Bodies in our own terms are bounded by values alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Values, arrays and objects among them: some 120 of an image at its wordiest.
    pub values: usize,
    /// JSON objects: some 40 of an image in expanded form.
    pub objects: usize,
    /// Texts that expansion makes nodes of, each of which takes some 700 bytes.
    pub references: usize,
    /// Nodes of the node map, each of which takes about a kilobyte.
    pub nodes: usize,
    /// Bytes of text with all IRIs written out.
    pub text_bytes: usize,
    /// Bytes of the names of nodes and types.
    pub names_bytes: usize,
}

impl Bounds {
    /// Returns the bounds of a service whose batches have so many images at most.
    pub fn of_batches(images: usize) -> Self {
        let images = images.max(MIN_IMAGES);
        Self {
            values: 200 * images,
            objects: 60 * images,
            references: 80 * images,
            nodes: 20 * images,
            text_bytes: (24 << 10) * images,
            names_bytes: (8 << 10) * images,
        }
    }
}

/// Scans the text of a body once: brackets and commas outside of strings.
///
/// # Errors
/// Returns [`Problem::Unreadable`] if it is too deep or has too many values, or objects among them.
pub fn scan(text: &[u8], bounds: Bounds) -> Result<(), Problem> {
    let (mut depth, mut values, mut objects) = (0_usize, 1_usize, 0_usize);
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'{' | b'[' => {
                depth += 1;
                values += 1;
                objects += usize::from(*byte == b'{');
                if depth > MAX_DEPTH {
                    return Err(too_deep());
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
    }
    if objects > bounds.objects {
        let words = format!("the body has more than {} objects", bounds.objects);
        return Err(Problem::Unreadable(words));
    }
    if values > bounds.values { Err(too_many(bounds)) } else { Ok(()) }
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(at) = bytes.as_slice().iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        if bytes.nth(at) == Some(&b'"') {
            return;
        }
        bytes.next();
    }
    *bytes = [].iter();
}

pub fn too_deep() -> Problem {
    Problem::Unreadable(format!("the body is nested deeper than {MAX_DEPTH} levels"))
}

pub fn too_many(bounds: Bounds) -> Problem {
    Problem::Unreadable(format!("the body has more than {} values", bounds.values))
}

pub fn too_many_nodes(bounds: Bounds) -> Problem {
    Problem::Unreadable(format!("the body describes more than {} nodes", bounds.nodes))
}

pub fn too_long() -> Problem {
    Problem::Unreadable(format!("the body makes an IRI longer than {MAX_IRI} bytes"))
}

pub fn too_much_text() -> Problem {
    Problem::Unreadable("the body has too much text, with what its prefixes stand for".into())
}
