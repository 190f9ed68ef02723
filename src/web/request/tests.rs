use super::*;

#[test]
fn a_preference_is_found_wherever_it_stands() {
    use Preference::{Minimal, Representation};
    for (lines, wanted) in [
        (vec![], None),
        (vec!["return=minimal"], Some(Minimal)),
        (vec!["return=representation"], Some(Representation)),
        (vec!["Return = \"Minimal\""], Some(Minimal)),
        (vec!["respond-async, wait=10, return=representation"], Some(Representation)),
        (vec!["respond-async", "return=minimal"], Some(Minimal)),
        (vec!["return=minimal; foo=\"some, value; return=representation\""], Some(Minimal)),
        (vec!["foo=\"a, return=minimal\""], None),
        (vec!["foo=\"a\\\", return=minimal\", return=representation"], Some(Representation)),
        (vec!["return=minimal, return=representation"], Some(Minimal)),
        (vec!["return=nonsense, return=minimal"], None),
        (vec!["return", "returns=minimal", "return=\"\""], None),
        (vec!["handling=lenient; return=minimal"], None),
    ] {
        assert_eq!(returned(lines.iter().copied()), wanted, "{lines:?}");
    }
}
