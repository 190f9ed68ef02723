//! Header values that hold quoted strings (RFC 9110, section 5.6.4).

/// Splits a header value at a separator, except within quoted strings.
pub fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c: char| {
        let is_end = c == separator && !quoted;
        let was_escaped = std::mem::take(&mut escaped);
        match c {
            '"' if !was_escaped => quoted = !quoted,
            '\\' if quoted && !was_escaped => escaped = true,
            _ => {}
        }
        is_end
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_separator_in_quotes_is_text() {
        let parts: Vec<&str> = split("a, b=\"c, \\\", d\", e", ',').map(str::trim).collect();
        assert_eq!(parts, ["a", "b=\"c, \\\", d\"", "e"]);
    }
}
