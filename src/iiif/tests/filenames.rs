use super::*;

fn header(template: &str) -> Option<String> {
    content_disposition(template, "page-1", 7, Format::Jpeg)
}

/// Returns the plain name of a header that has no other.
fn name(template: &str) -> Option<String> {
    let value = header(template)?;
    let name = value.strip_prefix("attachment; filename=\"")?.strip_suffix('"')?;
    Some(name.to_owned())
}

#[test]
fn placeholders_are_filled_and_literals_kept() {
    for (template, expected) in [
        ("{id}", "page-1.jpg"),
        ("{space}", "7.jpg"),
        ("{space}-{id}", "7-page-1.jpg"),
        ("{ID} of {Space}", "page-1 of 7.jpg"),
        ("scan", "scan.jpg"),
        ("a}b", "a}b.jpg"),
        ("{id}{id}", "page-1page-1.jpg"),
        ("{id}; filename=x", "page-1; filename=x.jpg"),
    ] {
        assert_eq!(name(template).as_deref(), Some(expected), "{template}");
    }
}

#[test]
fn other_placeholders_make_no_name() {
    for template in
        ["{string1}", "{customer}", "{id}-{number1}", "{}", "{id", "a{", "{ id }", "{{id}}"]
    {
        assert_eq!(header(template), None, "{template}");
    }
}

#[test]
fn what_a_placeholder_holds_is_not_a_template() {
    let value = content_disposition("{id}", "{space}", 7, Format::Jpeg);
    assert_eq!(value.as_deref(), Some("attachment; filename=\"{space}.jpg\""));
}

#[test]
fn the_extension_is_always_that_of_the_format() {
    for (template, expected) in [
        ("x.exe", "x.exe.jpg"),
        ("x.jpg", "x.jpg"),
        ("x.JPG", "x.jpg"),
        ("x.jpg.jpg", "x.jpg.jpg"),
        ("x.png", "x.png.jpg"),
        ("x.jpg.", "x.jpg"),
        ("x.", "x.jpg"),
        ("x .jpg", "x.jpg"),
        ("jpg", "jpg.jpg"),
    ] {
        assert_eq!(name(template).as_deref(), Some(expected), "{template}");
    }
    for (format, expected) in [
        (Format::Png, "a.png"),
        (Format::WebP, "a.webp"),
        (Format::Gif, "a.gif"),
        (Format::Tiff, "a.tif"),
    ] {
        let value = content_disposition("a", "", 1, format);
        assert_eq!(value, Some(format!("attachment; filename=\"{expected}\"")));
    }
}

#[test]
fn separators_and_what_is_not_seen_do_not_stay() {
    for (template, expected) in [
        ("../../etc/passwd", "_.._etc_passwd.jpg"),
        ("a/b\\c", "a_b_c.jpg"),
        ("C:\\x", "C__x.jpg"),
        ("a\"b", "a_b.jpg"),
        ("<a|b>?*", "_a_b___.jpg"),
        ("a\r\nSet-Cookie: b", "aSet-Cookie_ b.jpg"),
        ("a\u{0}b\u{7f}c\u{85}d", "abcd.jpg"),
        ("a\u{202e}gpj\u{2066}\u{200b}\u{feff}", "agpj.jpg"),
        (".hidden", "hidden.jpg"),
        ("  a  ", "a.jpg"),
        (".jpg", "jpg.jpg"),
    ] {
        assert_eq!(name(template).as_deref(), Some(expected), "{template:?}");
    }
    for template in ["", " ", ".", "..", "...", "\u{0}", "\u{200b}"] {
        assert_eq!(header(template), None, "{template:?}");
    }
}

#[test]
fn devices_of_windows_are_no_names() {
    for (template, expected) in [
        ("con", "_con.jpg"),
        ("prn", "_prn.jpg"),
        ("aux", "_aux.jpg"),
        ("NUL", "_NUL.jpg"),
        ("Com1", "_Com1.jpg"),
        ("lpt9.x", "_lpt9.x.jpg"),
        ("aux .b", "_aux .b.jpg"),
        ("com0", "com0.jpg"),
        ("com10", "com10.jpg"),
        ("console", "console.jpg"),
    ] {
        assert_eq!(name(template).as_deref(), Some(expected), "{template}");
    }
}

#[test]
fn other_text_than_ascii_is_encoded_by_rfc_8187() {
    for (template, expected) in [
        ("Größe", "attachment; filename=\"Gr__e.jpg\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.jpg"),
        ("€ rates", "attachment; filename=\"_ rates.jpg\"; filename*=UTF-8''%E2%82%AC%20rates.jpg"),
        ("100%25", "attachment; filename=\"100_25.jpg\"; filename*=UTF-8''100%2525.jpg"),
        (
            "é!#$&+-.^_`~'()[]@,;=",
            "attachment; filename=\"_!#$&+-.^_`~'()[]@,;=.jpg\"; \
             filename*=UTF-8''%C3%A9!#$&+-.^_`~%27%28%29%5B%5D%40%2C%3B%3D.jpg",
        ),
    ] {
        assert_eq!(header(template).as_deref(), Some(expected), "{template}");
    }
}

#[test]
fn names_are_cut_between_characters_at_150_bytes() {
    assert_eq!(MAX_NAME_BYTES, 150);
    for (template, stem) in [
        ("a".repeat(146), "a".repeat(146)),
        ("a".repeat(147), "a".repeat(146)),
        ("a".repeat(9_000), "a".repeat(146)),
        (format!("{} b", "a".repeat(145)), "a".repeat(145)),
    ] {
        assert_eq!(name(&template), Some(format!("{stem}.jpg")));
    }
    // 48 characters of three bytes are 144, and two bytes stay free.
    let value = header(&"語".repeat(100)).expect("a name");
    let encoded = value.split_once("''").expect("an encoded name").1;
    assert_eq!(encoded, format!("{}.jpg", "%E8%AA%9E".repeat(48)));
    // One byte and 72 characters of two bytes are 145, and one byte stays free.
    let value = header(&format!("a{}", "é".repeat(100))).expect("a name");
    let encoded = value.split_once("''").expect("an encoded name").1;
    assert_eq!(encoded, format!("a{}.jpg", "%C3%A9".repeat(72)));
    let device = format!("con.{}", "a".repeat(200));
    assert_eq!(name(&device).map(|name| name.len()), Some(150));
}

#[test]
fn any_text_makes_a_safe_header_or_none() {
    const CHARACTERS: [char; 22] = [
        'a', '.', '/', '\\', '"', '\r', '\n', '{', '}', '%', 'é', '語', '😀', '\u{202e}', ' ', ';',
        '\u{0}', '\'', '*', 'j', '\u{7f}', '\u{301}',
    ];
    let mut made = 0;
    for seed in 0..20_000_usize {
        let pick = |at: usize| {
            CHARACTERS[(seed.wrapping_mul(2_654_435_761) >> (at * 5)) % CHARACTERS.len()]
        };
        let image: String = (0..(seed % 9)).map(pick).collect::<String>().repeat(1 + seed % 40);
        let Some(value) = content_disposition("{id}", &image, 1, Format::Png) else { continue };
        made += 1;
        assert!(value.bytes().all(|byte| (b' '..0x7f).contains(&byte)), "{value:?}");
        let plain = value.strip_prefix("attachment; filename=\"").expect("a name");
        let (plain, rest) = plain.split_once('"').expect("an end");
        assert!(
            plain.rsplit_once('.').is_some_and(|(_, end)| end == "png")
                && plain.len() <= 150
                && !plain.starts_with('.'),
            "{value:?}"
        );
        assert!(!plain.contains(['/', '\\', '%']), "{value:?}");
        if let Some(encoded) = rest.strip_prefix("; filename*=UTF-8''") {
            let name = percent_encoding::percent_decode_str(encoded).decode_utf8().expect("UTF-8");
            assert!(name.len() <= 150 && name.ends_with(".png"), "{value:?}");
            assert_eq!(name.chars().count(), plain.len(), "{value:?}");
        } else {
            assert_eq!(rest, "", "{value:?}");
        }
    }
    assert!(made > 10_000, "only {made} names");
}
