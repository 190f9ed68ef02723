//! The sizes that a description lists.

use super::format::Format;
use super::geometry::Size;
use super::limits::Limits;
use super::source::Source;

/// Returns the sizes of the whole image that its description lists, in ascending order.
///
/// They are the stored sizes and the largest one within the limits, each served at exactly these pixels both for `w,h`
/// and for `w,`. `levels` is the number of scale factors that the description lists as well, 0 without tiles.
///
/// Some viewers take the sizes for the levels of tiles if there are as many, or one fewer, and then draw the image too
/// small (`docs/iiif.md` 5.2). So halvings of the largest size are added until there are more, or small sizes are left
/// out until there are fewer. The list may be empty, and is left out of the description then.
pub fn listed_sizes(source: Source<'_>, limits: Limits, levels: usize) -> Vec<Size> {
    // Viewers that read the list ask for jpg.
    let limits = limits.tightened(Format::Jpeg.longest_edge());
    let at_width =
        |width: u32| source.with_edge(limits, source.size.at_width(width), |size| size.width);
    let largest = limits.confine(source.size);
    // Of two sizes with one width, such as those of an image one pixel wide, `w,` can mean only one.
    let mut sizes: Vec<Size> = Vec::with_capacity(source.stored.len() + 2);
    let add = |sizes: &mut Vec<Size>, size: Size| {
        let is_new = sizes.iter().all(|listed| listed.width != size.width);
        if is_new && limits.allow(size) {
            sizes.push(size);
        }
    };
    add(&mut sizes, at_width(largest.width));
    for stored in source.served(limits) {
        add(&mut sizes, at_width(stored.width));
    }
    let collides = |count: usize| levels > 0 && (count == levels || count + 1 == levels);
    let mut width = largest.width;
    while collides(sizes.len()) && width > 1 {
        width = width.div_ceil(2);
        add(&mut sizes, at_width(width));
    }
    sizes.sort_unstable_by_key(|size| size.width);
    // What halvings cannot avoid, as of an image of one pixel.
    while !sizes.is_empty() && collides(sizes.len()) {
        sizes.remove(0);
    }
    sizes
}
