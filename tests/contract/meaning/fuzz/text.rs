//! Texts with tokens and bytes that nobody would put there.

use super::mutate::Stock;
use super::words::NUMBERS;
use crate::support::random::Random;

/// A place between two characters.
fn place(text: &str, random: &mut Random) -> usize {
    let mut at = random.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Changes something by tokens of a syntax.
pub fn change_tokens(text: &mut String, other: &Stock, tokens: &[&str], random: &mut Random) {
    let at = place(text, random);
    let end = (at + random.some(200)).min(text.len());
    let end = (at..=end).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(at);
    match random.below(6) {
        0 => text.insert_str(at, random.one_of(tokens)),
        1 => text.replace_range(at..end, random.one_of(tokens)),
        2 => {
            let token = random.one_of(tokens).repeat(random.some(3000));
            text.insert_str(at, &token);
        }
        3 => {
            let part = text[at..end].repeat(random.some(50));
            text.insert_str(at, &part);
        }
        4 => {
            let other = String::from_utf8_lossy(other.text()).into_owned();
            let (from, to) = (place(&other, random), place(&other, random));
            text.insert_str(at, &other[from.min(to)..from.max(to)]);
        }
        _ => text.replace_range(at..end, random.one_of(&NUMBERS)),
    }
}

/// Changes a byte.
pub fn change_bytes(text: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(text.len() + 1);
    let byte = u8::try_from(random.below(256)).expect("a byte");
    match random.below(4) {
        0 => text.insert(at, byte),
        1 => text.truncate(at.max(1)),
        2 => {
            if at < text.len() {
                text.remove(at);
            }
        }
        _ => {
            if let Some(held) = text.get_mut(at) {
                *held = byte;
            }
        }
    }
}
