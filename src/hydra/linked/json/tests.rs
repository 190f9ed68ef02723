use super::*;

#[test]
fn what_is_read_is_what_serde_json_reads() {
    let text = r#" [null, true, -1, 18446744073709551615, 1.5e3, "\u00e9\n", {}, {"b": [], "a": {"b": 0}}]"#;
    let expected: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(parse(text.as_bytes(), Bounds::of_batches(1)).ok(), Some(expected));
}

#[test]
fn a_body_that_is_no_json_is_told_its_place() {
    let told = |text: &str| {
        let error = serde_json::from_str::<Unique>(text).err().expect("no JSON");
        let fault = fault(text, &error);
        (fault.member, fault.pointer, fault.reason)
    };
    let (member, pointer, reason) = told("{\"member\": [{\"a/b\": 1},\n {\"origin\": nul}]}");
    assert_eq!((member.as_str(), pointer.as_str()), ("member[1].origin", "/member/1/origin"));
    assert!(reason.contains("line 2 column"), "{reason}");
    let (member, pointer, reason) = told("nonsense");
    assert_eq!((member.as_str(), pointer.as_str()), ("", ""));
    assert!(reason.contains("line 1 column"), "{reason}");
    assert_eq!(told("{\"a/b\": {\"c~\": [}").1, "/a~1b/c~0/0");
    let (member, _, reason) = told("{\"member\": [{\"roles\": [\"a\"], \"roles\": []}]}");
    assert_eq!(member, "member[0]");
    assert!(reason.contains("roles is given twice"), "{reason}");
}
