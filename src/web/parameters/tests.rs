use super::*;
use crate::hydra::Variable;

const BY: &[Variable] = &[Variable::new("string1", "Which")];

#[test]
fn an_unknown_parameter_of_what_changes_by_a_filter_would_change_other_resources() {
    let of = |method, parameters| OperationDoc {
        name: "act",
        method,
        title: "Act",
        expects: None,
        returns: None,
        statuses: &[],
        parameters,
        administrators_only: false,
        shows_secret: false,
    };
    for (method, parameters, wanted) in
        [("DELETE", BY, true), ("PATCH", BY, true), ("GET", BY, false), ("DELETE", &[], false)]
    {
        let operation = of(method, parameters);
        let understood = Understood { operation: Some(&operation), collection: None };
        assert_eq!(understood.selects_what_changes(), wanted, "{method}");
    }
}

#[test]
fn names_that_are_ignored_are_one_bounded_list() {
    assert_eq!(listed(&["string9", "a,b"]).expect("a list"), "string9, a%2Cb");
    assert_eq!(listed(&["a".repeat(3_000).as_str()]), None);
    let many = vec!["abcdefgh"; 1_000];
    assert!(listed(&many).expect("a list").len() < MAX_IGNORED_BYTES + 10);
}
