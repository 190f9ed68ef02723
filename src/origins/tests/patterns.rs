//! Customers' patterns: which are taken, what they find, how long they may run.

use std::time::{Duration, Instant};

use super::super::{OriginError, Pattern, PatternError, Rule, Strategy, choose};

fn pattern(text: &str) -> Pattern {
    Pattern::compile(text).unwrap()
}

fn refused(text: &str) -> PatternError {
    Pattern::compile(text).unwrap_err()
}

#[test]
fn a_pattern_is_looked_for_anywhere_ignoring_case() {
    let found = pattern(r"EXAMPLE\.org\/images");
    assert!(found.is_found_in("https://www.example.ORG/Images/1.jpg"));
    assert!(!found.is_found_in("https://www.example.com/images/1.jpg"));
}

#[test]
fn a_look_behind_may_have_alternatives_of_unequal_length() {
    let not_tiff = pattern(r"^https?\:\/\/example\.org\/.*(?<!\.tif|\.tiff)$");
    assert!(not_tiff.is_found_in("https://example.org/a.jp2"));
    assert!(!not_tiff.is_found_in("https://example.org/a.tif"));
    assert!(!not_tiff.is_found_in("https://example.org/a.TIFF"));
}

#[test]
fn common_look_arounds_are_taken() {
    for text in [
        r"^(?=.*\.(jpe?g|tiff?|jp2)$)(?!.*private)(?!.*secret).*$",
        r"^(?:(?!copyright|private|secret).)*\.jpe?g$",
        r"^https://([^/]+)/\1/",
        r"(?<=example\.)(org|com)",
        r"^.*\b(?<!not-)public\b.*$",
        r"(https?://)?(www\.)?[\w-]+(\.[\w-]+)+/.*",
    ] {
        assert!(Pattern::compile(text).is_ok(), "{text}");
    }
    assert!(
        pattern(r"^(?:(?!private).)*\.jpe?g$")
            .is_found_in("https://example.org/collections/2019/manuscripts/folio-17r.jpg")
    );
}

#[test]
fn what_is_no_regular_expression_is_refused() {
    for text in ["*", "(", "a)", "[", r"\"] {
        assert!(matches!(refused(text), PatternError::Invalid(_)), "{text}");
    }
    assert_eq!(refused(" "), PatternError::Blank);
    assert_eq!(refused(&"a".repeat(1001)), PatternError::TooLong);
    assert!(Pattern::compile(&"ä".repeat(1000)).is_ok());
}

#[test]
fn what_would_need_much_memory_is_refused() {
    for text in [
        "(a{1000}){1000}",
        "(((a{100}){100}){100}){100}",
        r"\w{300}",
        r"(?<!\w{1,200})x",
        r"(\w{50}(?=a)){30}",
    ] {
        let begun = Instant::now();
        assert_eq!(refused(text), PatternError::TooComplex, "{text}");
        assert!(begun.elapsed() < Duration::from_millis(500), "{text}");
    }
}

#[test]
fn work_that_backtracks_do_not_count_is_refused() {
    for text in [
        "(?:(?=.*x).)*",
        "(?:(?=(?:(?=(?:(?=.*).)*+).)*+).)*+$",
        "((((?=h)){100}){100}){100}",
        r"(a+)(?:(?=\1).)*",
        r"(?:(?=\g<1>).)*(?:b(.*))",
        &"(?=.*)".repeat(140),
    ] {
        assert_eq!(refused(text), PatternError::TooComplex, "{text}");
    }
}

#[test]
fn a_catastrophic_pattern_is_no_match_within_bounded_time() {
    let origin = format!("https://example.org/z{}!", "a".repeat(2000));
    for text in [
        r"(?=a)(a+)+\1$",
        r"(?:a|aa)+(?=b)\b$",
        "(.*)(.*)(.*)(.*)(?=z)q",
        "((a{1,9}){1,9}){1,9}(?=z)",
        // Lazy, so that each of many ways leaves a long rest to go through.
        "(?:a|aa)+?.*+(?=z)",
        "(?:a|aa)+?(?:(?!b).)*+(?=z)",
        "(?:a|aa)+?(?:(?=a|!)(?:a|!))*+(?=z)",
        "(?:a|aa)+?(?>(?:(?>a)(?=a))*)(?=z)",
        "(?:a|aa)+?(?=.*+)(?=.*+)(?=.*+)(?=.*+)z",
    ] {
        let begun = Instant::now();
        assert!(!pattern(text).is_found_in(&origin), "{text}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{text}");
    }
}

#[test]
fn the_first_rule_whose_pattern_is_found_is_chosen() {
    let rule = |text, strategy| Rule { id: String::new(), pattern: pattern(text), strategy };
    let rules = [
        rule("nowhere", Strategy::DEFAULT),
        rule("/private/", Strategy::parse("basic_https").unwrap()),
        rule("example", Strategy::DEFAULT),
    ];
    let chosen = |origin| {
        let found = choose(&rules, origin, Duration::from_mins(1)).expect("in time");
        found.map(|rule| rule.pattern.as_str())
    };
    assert_eq!(chosen("https://example.org/private/1"), Some("/private/"));
    assert_eq!(chosen("https://example.org/open/1"), Some("example"));
    assert_eq!(chosen("https://elsewhere.org/1"), None);
}

#[test]
fn many_slow_patterns_are_given_up_together() {
    let slow = |_| Rule {
        id: String::new(),
        pattern: pattern(r"(?:a|aa)+?(?:(?!b).)*+(?=z)"),
        strategy: Strategy::DEFAULT,
    };
    let rules: Vec<Rule> = (0..100).map(slow).collect();
    let origin = format!("https://example.org/z{}!", "a".repeat(2000));
    let begun = Instant::now();
    let budget = Duration::from_millis(1);
    let outcome = choose(&rules, &origin, budget);
    assert!(matches!(outcome, Err(OriginError::PatternsTooSlow { after }) if after == budget));
    assert!(begun.elapsed() < Duration::from_secs(10), "no more than one went on");
}

#[test]
fn possessive_quantifiers_never_give_back_what_they_took() {
    let pattern = Pattern::compile(r"^https://[a-z.]++example\.org/").expect("a pattern");
    assert!(!pattern.is_found_in("https://images.example.org/one.png"));
    assert!(Pattern::compile("a++b").expect("a pattern").is_found_in("aab"));
    assert!(Pattern::compile("a**").is_err(), "a repetition of a repetition is no pattern");
}
