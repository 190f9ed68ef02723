//! Rules of the names of customers.

/// Checks the name of a customer, which stands in public addresses.
///
/// # Errors
/// Returns what is wrong, as the rest of a sentence that begins with the member.
pub(super) fn name_rule(name: &String) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let version = name.strip_prefix(['v', 'V']).is_some_and(digits);
    if name.len() > 60 || !name.chars().all(allowed) || name == "." || name == ".." {
        Err("must be at most 60 letters, digits or any of _-.".into())
    } else if digits(name) || version || name.eq_ignore_ascii_case("admin") {
        Err("must not be digits alone, v and digits, or admin: addresses give those a meaning"
            .into())
    } else {
        Ok(())
    }
}
