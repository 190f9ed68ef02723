//! Rules of the Image API and of `docs/iiif.md`, by tables of cases and over many sizes.

mod access;
mod any_text;
mod canonical;
mod descriptions;
mod filenames;
mod grammar;
mod limits;
mod listed_sizes;
mod paths;
mod regions;
mod rotation;
mod size_forms;
mod sizes;
mod tiles;

use super::*;

const VERSIONS: [Version; 2] = [Version::V2, Version::V3];

/// Reads a request written as `region/size/rotation/quality.format`.
fn parse(version: Version, request: &str) -> Result<ImageRequest, RequestError> {
    let segments: Vec<&str> = request.split('/').collect();
    ImageRequest::parse(version, segments.try_into().expect("four segments"))
}

/// Resolves a request against an image of which nothing is stored, without limits.
fn resolved(version: Version, request: &str, image: Size) -> Resolved {
    limited(version, request, image, Limits::NONE)
}

/// Resolves a request against an image of which nothing is stored.
fn limited(version: Version, request: &str, image: Size, limits: Limits) -> Resolved {
    attempt(version, request, image, limits).unwrap_or_else(|e| panic!("{request} of {image}: {e}"))
}

fn attempt(
    version: Version,
    request: &str,
    image: Size,
    limits: Limits,
) -> Result<Resolved, RequestError> {
    resolve(&parse(version, request)?, Source::new(image), limits)
}

/// Returns the fault of a request that is refused, with the part at fault.
fn refusal(version: Version, request: &str, image: Size, limits: Limits) -> (Part, PartFault) {
    let error = attempt(version, request, image, limits).expect_err(request);
    (error.part, error.fault)
}

fn size(width: u32, height: u32) -> Size {
    Size::new(width, height)
}

/// Returns images of many aspect ratios, with edges around those of tiles and levels.
fn images() -> impl Iterator<Item = Size> {
    const EDGES: [u32; 17] =
        [1, 2, 3, 5, 100, 487, 511, 512, 513, 1000, 1023, 1024, 1025, 2047, 3000, 7501, 10_000];
    EDGES.into_iter().flat_map(|width| EDGES.map(|height| Size { width, height }))
}
