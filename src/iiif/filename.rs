//! Names under which browsers save pixels.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::format::Format;

/// Longest name, in bytes of UTF-8 with its extension: file systems have 255, of which tools take some.
pub const MAX_NAME_BYTES: usize = 150;

/// Characters that RFC 8187 encodes: all but letters, digits and these.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Names that Windows gives to devices, whatever extension follows.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Returns the value of `Content-Disposition` for a name that a client asks for.
///
/// `template` is decoded text with the placeholders `{id}` (that of the image) and `{space}` (its number). Returns
/// nothing for a template with any other placeholder, because a name with a gap would be taken for right, and for one
/// of which nothing is left. What does not belong into a name is replaced or left out, and the extension is always that of
/// the format, so that no link can save pixels as something else (`docs/iiif.md` 7).
pub fn content_disposition(
    template: &str,
    image: &str,
    space: i32,
    format: Format,
) -> Option<String> {
    let name = name(&fill(template, image, space)?, format.extension())?;
    // Some browsers decode what looks like percent-encoding in this parameter.
    let fallback = |c: char| if c.is_ascii() && c != '%' { c } else { '_' };
    let plain: String = name.chars().map(fallback).collect();
    let mut value = format!("attachment; filename=\"{plain}\"");
    if plain != name {
        value.push_str("; filename*=UTF-8''");
        value.extend(utf8_percent_encode(&name, ENCODED));
    }
    Some(value)
}

/// Fills a template; nothing if it has other placeholders, or one that does not end.
fn fill(template: &str, image: &str, space: i32) -> Option<String> {
    let (mut filled, mut rest) = (String::new(), template);
    while let Some((literal, from)) = rest.split_once('{') {
        let (placeholder, after) = from.split_once('}')?;
        filled.push_str(literal);
        match placeholder.to_ascii_lowercase().as_str() {
            "id" => filled.push_str(image),
            "space" => filled.push_str(&space.to_string()),
            _ => return None,
        }
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// Makes a name of a text; nothing if nothing is left of it.
fn name(text: &str, extension: &str) -> Option<String> {
    let safe: String = text.chars().filter_map(safe).collect();
    let stem = trimmed(&safe);
    // `page.jpg` is not saved as `page.jpg.jpg`.
    let stem = match stem.rsplit_once('.') {
        Some((before, last)) if last.eq_ignore_ascii_case(extension) => trimmed(before),
        _ => stem,
    };
    let first = stem.split('.').next().unwrap_or(stem).trim_end();
    let mark = if is_device(first) { "_" } else { "" };
    let left = MAX_NAME_BYTES.saturating_sub(extension.len() + 1 + mark.len());
    let mut end = stem.len().min(left);
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    let stem = trimmed(stem.get(..end)?);
    (!stem.is_empty()).then(|| format!("{mark}{stem}.{extension}"))
}

/// Returns what stands for a character in a name, if anything does.
fn safe(c: char) -> Option<char> {
    match c {
        // Separators of paths, and what Windows refuses.
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => Some('_'),
        // Characters that are not seen, or change the order of those that are: `gpj.exe` could look like an image.
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => None,
        c if c.is_control() => None,
        c => Some(c),
    }
}

/// Leaves out points and blanks at the ends: they hide a file, or are lost on Windows.
fn trimmed(stem: &str) -> &str {
    stem.trim_matches(|c: char| c == '.' || c.is_whitespace())
}

fn is_device(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let numbered = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
    DEVICES.contains(&name.as_str())
        || numbered.is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))
}
