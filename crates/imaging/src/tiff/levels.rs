//! The levels of gray or colour that the numbers of samples mean.

use std::rc::Rc;

use super::kind::{Colours, Numbers};
use crate::samples::eight_bits;

/// Returns the level of each number that a sample of at most 16 bits can be.
///
/// Of a palette it is the number itself; of other signed numbers the least is black.
pub(super) fn levels(bits: u16, numbers: Numbers, colours: Colours) -> Rc<[u8]> {
    if bits > 16 || numbers == Numbers::Float {
        return Rc::new([]);
    }
    let top = u16::MAX >> (16 - bits);
    let sign = 1_u16 << (bits - 1);
    let level = |number: u16| {
        if colours == Colours::Palette {
            return u8::try_from(number).unwrap_or(u8::MAX);
        }
        if matches!(colours, Colours::Lab | Colours::IccLab) && bits == 16 {
            return number.to_be_bytes()[0];
        }
        let number = if numbers == Numbers::Signed { number ^ sign } else { number };
        let level = if bits == 16 {
            eight_bits(number)
        } else {
            let (number, top) = (u32::from(number), u32::from(top));
            u8::try_from((number * 255 + top / 2) / top).unwrap_or(u8::MAX)
        };
        if colours == Colours::WhiteIsZero { !level } else { level }
    };
    (0..=top).map(level).collect()
}
