//! Stored pixels as the parts of a body.

use std::io;
use std::task::{Context, Poll};

use crate::delivery::{Part, Parts};
use crate::web::connection::{Segment, Source};

/// Parts of stored pixels, which the connection sends.
pub struct StoredParts(pub Parts);

impl Source for StoredParts {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Segment>>> {
        self.0.poll_next(cx).map_ok(|part| match part {
            Part::Cached(file, range) => Segment::File(file, range),
            Part::Read(bytes) => Segment::Bytes(bytes),
        })
    }
}
