use super::*;

#[test]
fn brackets_count_outside_of_strings_only() {
    let bounds = Bounds::of_batches(1);
    let scan = |text: &[u8]| scan(text, bounds);
    let inside = format!("{{\"a\": \"{}\\\"[[[\"}}", "[".repeat(100));
    assert!(scan(inside.as_bytes()).is_ok());
    assert!(scan("[".repeat(MAX_DEPTH).as_bytes()).is_ok());
    assert!(scan("[".repeat(MAX_DEPTH + 1).as_bytes()).is_err());
    assert!(scan("[1],".repeat(bounds.values).as_bytes()).is_err());
    assert!(scan(b"{\"never closed").is_ok(), "that is for the parser to say");
}
