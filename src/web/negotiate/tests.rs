use super::*;

fn chosen(accept: &str) -> Option<Representation> {
    choose(std::iter::once(accept), Kind::Data)
}

#[test]
fn every_representation_has_a_suffix_that_tags_know() {
    let mut suffixes: Vec<&str> = OFFERED.iter().map(|offered| offered.suffix()).collect();
    let mut known = vec![""];
    known.extend(crate::hydra::tag::SUFFIXES);
    suffixes.sort_unstable();
    known.sort_unstable();
    assert_eq!(suffixes, known);
}

#[test]
fn what_is_asked_for_is_sent() {
    for (accept, expected) in [
        ("*/*", JsonLd),
        ("application/ld+json", JsonLd),
        ("application/*", JsonLd),
        ("application/json", Json),
        ("Application/JSON", Json),
        ("text/turtle", Turtle),
        ("text/turtle; charset=utf-8", Turtle),
        ("application/n-quads", NQuads),
        ("application/n-triples", NTriples),
        ("text/html", Html),
        ("text/html;level=1", Html),
        // HTML is sent to who names it.
        ("text/*", Turtle),
        ("text/html;q=0.5, */*;q=0.4", Html),
        ("text/html;q=0.5, */*;q=0.5", JsonLd),
        ("application/xhtml+xml, */*;q=0.1", JsonLd),
    ] {
        assert_eq!(chosen(accept), Some(expected), "{accept}");
    }
}

#[test]
fn known_clients_get_what_they_can_read() {
    for (accept, expected) in [
        // Firefox, Chromium.
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Html),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
            Html,
        ),
        // Alcaeus and fetch-lite list what they parse, without weights.
        (
            "application/n-quads, application/n-triples, text/n3, text/turtle, application/ld+json, application/rdf+xml",
            JsonLd,
        ),
        // rdflib, and PyLD where it looks for a context.
        ("application/rdf+xml,text/rdf+n3;q=0.9,application/xhtml+xml;q=0.5, */*;q=0.1", JsonLd),
        ("text/turtle,application/rdf+xml;q=0.9,*/*;q=0.1", Turtle),
        (
            "application/ld+json;profile=http://www.w3.org/ns/json-ld#context, application/ld+json, application/json;q=0.5, text/html;q=0.8, application/xhtml+xml;q=0.8",
            JsonLd,
        ),
        // axios, and Java with its lone star.
        ("application/json, text/plain, */*", JsonLd),
        ("image/gif, image/jpeg, *; q=.2, */*; q=.2", JsonLd),
    ] {
        assert_eq!(chosen(accept), Some(expected), "{accept}");
    }
}

#[test]
fn the_greatest_weight_wins_and_the_servers_order_among_equals() {
    for (accept, expected) in [
        ("text/turtle;q=0.8, application/n-triples;q=0.9", NTriples),
        ("text/turtle;Q=0.9;x=y, application/json;q=0.899", Turtle),
        ("application/n-triples, text/turtle", Turtle),
        ("text/html, application/json, application/n-quads", Json),
        ("application/ld+json;q=0.2, */*;q=0.5", Json),
        ("application/json;q=0.1, application/*;q=0.5, */*;q=0.9", Turtle),
        // Nought means never.
        ("*/*, application/ld+json;q=0", Json),
        ("application/*;q=0.0, */*", Turtle),
        ("text/turtle;q=0.001", Turtle),
        ("text/turtle;q=7", Turtle),
    ] {
        assert_eq!(chosen(accept), Some(expected), "{accept}");
    }
}

#[test]
fn profiles_choose_a_form_and_unknown_ones_say_nothing() {
    let json_ld = |rest: &str| chosen(&format!("application/ld+json{rest}"));
    for (rest, expected) in [
        (";profile=\"http://www.w3.org/ns/json-ld#expanded\"", Expanded),
        (";profile=http://www.w3.org/ns/json-ld#expanded", Expanded),
        ("; PROFILE = \"http://www.w3.org/ns/json-ld#flattened\" ", Flattened),
        (";profile=\"http://www.w3.org/ns/json-ld#compacted\"", Compacted),
        (
            ";profile=\"http://www.w3.org/ns/json-ld#flattened http://www.w3.org/ns/json-ld#expanded\"",
            Flattened,
        ),
        (
            ";profile=\"https://example.org/x http://www.w3.org/ns/json-ld#expanded\";q=0.5",
            Expanded,
        ),
        (";profile=\"http://www.w3.org/ns/json-ld#context\"", JsonLd),
        (";profile=\"a,b;q=0\"", JsonLd),
        (";profile=\"a\\\",b\"", JsonLd),
        (";profile=", JsonLd),
        // The form is named, so it is what is wanted; a lower weight says otherwise.
        (", application/ld+json;profile=http://www.w3.org/ns/json-ld#expanded", Expanded),
        (", application/ld+json;profile=http://www.w3.org/ns/json-ld#expanded;q=0.9", JsonLd),
        (
            ";q=0.1, application/ld+json;profile=http://www.w3.org/ns/json-ld#flattened;q=0.9",
            Flattened,
        ),
    ] {
        assert_eq!(json_ld(rest), Some(expected), "{rest}");
    }
    // A profile of something else is a parameter like any other.
    assert_eq!(chosen("text/turtle;profile=http://www.w3.org/ns/json-ld#expanded"), Some(Turtle));
}

#[test]
fn what_cannot_be_read_is_passed_over() {
    for garbage in [
        "",
        " ",
        ",",
        ";;;",
        "json",
        "/",
        "text/",
        "/json",
        "*/json",
        "a b/c",
        "text/html/x",
        "text/turtle;q=high",
        "text/turtle;q=-1",
        "text/turtle;q=",
        "text/turtle;q=nan",
        "\"",
        "\\",
        "é/ü",
    ] {
        assert_eq!(chosen(garbage), Some(JsonLd), "{garbage}");
        let with = format!("{garbage}, application/n-quads");
        let expected = if garbage == "\"" { JsonLd } else { NQuads };
        assert_eq!(chosen(&with), Some(expected), "{with}");
    }
    assert_eq!(chosen("text/turtle;q=0.5;;x;=;y=\"z"), Some(Turtle));
}

#[test]
fn several_lines_are_one_list() {
    let lines = ["image/png", "text/turtle;q=0.1", "", "application/n-quads;q=0.2"];
    assert_eq!(choose(lines.into_iter(), Kind::Data), Some(NQuads));
}

#[test]
fn nothing_is_chosen_where_nothing_that_is_offered_is_accepted() {
    for accept in ["image/png", "application/xml, image/*", "*/*;q=0", "application/ld+json;q=0"] {
        assert_eq!(chosen(accept), None, "{accept}");
    }
}

#[test]
fn problems_have_a_media_type_that_stands_for_json() {
    for (accept, expected) in [
        ("application/problem+json", Some(JsonLd)),
        ("application/ld+json", Some(JsonLd)),
        ("application/json", Some(JsonLd)),
        ("application/json, text/turtle", Some(JsonLd)),
        ("text/turtle, application/problem+json;q=0.9", Some(Turtle)),
        ("text/html, application/json;q=0.9", Some(Html)),
        ("application/ld+json;profile=http://www.w3.org/ns/json-ld#expanded", Some(Expanded)),
        ("image/png", None),
    ] {
        assert_eq!(choose(std::iter::once(accept), Kind::Problem), expected, "{accept}");
    }
    assert_eq!(chosen("application/problem+json"), None);
    assert_eq!(JsonLd.content_type(Kind::Problem), "application/problem+json");
    assert_eq!(Json.content_type(Kind::Problem), "application/problem+json");
}

#[test]
fn each_representation_is_told_from_all_others() {
    let mut suffixes: Vec<_> = OFFERED.iter().map(|o| o.suffix()).collect();
    let mut types: Vec<_> = OFFERED.iter().map(|o| o.content_type(Kind::Data)).collect();
    for names in [&mut suffixes, &mut types] {
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), OFFERED.len());
    }
    assert_eq!(JsonLd.suffix(), "");
}
