//! Numbers of 7 bits a byte, the lowest first; the highest bit says that more follow.

/// Appends a number, in 1 to 10 bytes.
pub(super) fn put(mut number: u64, into: &mut Vec<u8>) {
    while number > 0x7F {
        into.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    into.push((number & 0x7F) as u8);
}

/// Takes a number from the front of `bytes`; none if they end within it or it passes 64 bits.
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7F);
        if (part << shift) >> shift != part {
            return None;
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
