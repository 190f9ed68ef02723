use super::path::*;
use super::*;

fn found(path: &str) -> ServicePath<'_> {
    read(path).expect("a path of a service").unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn unknown(element: &'static str) -> PathError {
    PathError::Unknown { element }
}

#[test]
fn each_form_tells_what_is_asked() {
    for (path, asked) in [
        ("/iiif-img/2/1/page-1", Target::Service),
        ("/iiif-img/2/1/page-1/", Target::Service),
        ("/iiif-img/2/1/page-1/info.json", Target::Description),
        ("/iiif-img/2/1/page-1/info%2Ejson", Target::Description),
        (
            "/iiif-img/2/1/page-1/full/max/0/default.jpg",
            Target::Pixels(["full", "max", "0", "default.jpg"]),
        ),
        (
            "/iiif-img/2/1/page-1/%66ull/%5Emax/0/a%2Fb",
            Target::Pixels(["%66ull", "%5Emax", "0", "a%2Fb"]),
        ),
        ("/iiif-img/2/1/page-1/canvas/c/1", Target::CanvasId),
        ("/iiif-img/2/1/page-1/canvas/c/1/page", Target::CanvasId),
        ("/iiif-img/2/1/page-1/canvas/c/1/page/image", Target::CanvasId),
        ("/iiif-img/2/1/page-1/canvas/d/1/page", Target::Pixels(["canvas", "d", "1", "page"])),
    ] {
        let found = found(path);
        assert_eq!(found.target, asked, "{path}");
        assert_eq!(
            (found.service, found.space, &*found.image),
            (ImageService::Image, 1, "page-1"),
            "{path}"
        );
        assert_eq!(found.customer, AskedCustomer::Number(2), "{path}");
    }
}

#[test]
fn each_service_has_the_same_forms() {
    for (element, service) in [
        ("iiif-img", ImageService::Image),
        ("thumbs", ImageService::Thumbnails),
        ("degraded", ImageService::Degraded),
    ] {
        for (version, named) in [("", None), ("/v2", Some(Version::V2)), ("/v3", Some(Version::V3))]
        {
            let path = format!("/{element}{version}/2/1/a/info.json");
            let found = found(&path);
            assert_eq!((found.service, found.named_version), (service, named), "{path}");
            assert_eq!(found.version(), named.unwrap_or(Version::V3), "{path}");
            assert_eq!(found.id_path(), format!("/{element}{version}/2/1/a"));
        }
    }
    for path in
        ["/", "", "/iiif-image/2/1/a", "/iiif-resource/2/q", "/IIIF-IMG/2/1/a", "/x/iiif-img/2/1/a"]
    {
        assert_eq!(read(path), None, "{path}");
    }
}

#[test]
fn a_path_is_split_before_it_is_decoded() {
    for (path, image) in [
        ("/iiif-img/2/1/a%2Fb/full/max/0/default.jpg", "a/b"),
        ("/iiif-img/2/1/a%2fb/full/max/0/default.jpg", "a/b"),
        ("/iiif-img/2/1/a%252Fb/full/max/0/default.jpg", "a%2Fb"),
        ("/iiif-img/2/1/%C3%A9/full/max/0/default.jpg", "é"),
        ("/iiif-img/2/1/[frob]/full/max/0/default.jpg", "[frob]"),
        ("/iiif-img/2/1/../full/max/0/default.jpg", ".."),
    ] {
        let found = found(path);
        assert_eq!(found.image, image, "{path}");
        assert!(matches!(found.target, Target::Pixels(_)), "{path}");
    }
}

#[test]
fn empty_elements_add_nothing() {
    let found = found("//iiif-img///v2//wellcome/1/a///info.json//");
    assert_eq!(found.target, Target::Description);
    assert_eq!(found.id_path(), "/iiif-img/v2/wellcome/1/a");
    // An empty size is a missing one.
    let missing = read("/iiif-img/2/1/a/full//0/default.jpg").expect("a path of a service");
    assert_eq!(missing.map(|path| path.target), Ok(Target::Unknown));
}

#[test]
fn a_version_is_v_and_one_digit_after_the_first_element_only() {
    assert_eq!(found("/iiif-img/v2/2/1/a").named_version, Some(Version::V2));
    for name in ["v23", "v", "V2", "v2a", "vx", "2v", "va"] {
        let path = format!("/iiif-img/{name}/1/a");
        let found = found(&path);
        assert_eq!(found.named_version, None, "{name}");
        assert_eq!(found.customer, AskedCustomer::Name(name.to_owned()), "{name}");
    }
    for version in ["v0", "v1", "v4", "v9"] {
        let path = format!("/iiif-img/{version}/2/1/a");
        assert_eq!(read(&path), Some(Err(unknown("version"))), "{version}");
    }
    // After a version, the next element is a customer whatever it looks like.
    assert_eq!(found("/iiif-img/v2/v3/1/a").customer, AskedCustomer::Name("v3".to_owned()));
}

#[test]
fn customers_are_numbers_or_names_and_spaces_numbers() {
    for (customer, expected) in [
        ("2", Some(AskedCustomer::Number(2))),
        ("2147483647", Some(AskedCustomer::Number(i32::MAX))),
        ("2147483648", None),
        ("99999999999999999999", None),
        ("0", None),
        ("007", None),
        ("wellcome", Some(AskedCustomer::Name("wellcome".to_owned()))),
        ("Wellcome%20Trust", Some(AskedCustomer::Name("Wellcome Trust".to_owned()))),
        ("-1", Some(AskedCustomer::Name("-1".to_owned()))),
        ("2a", Some(AskedCustomer::Name("2a".to_owned()))),
        ("٣", Some(AskedCustomer::Name("٣".to_owned()))),
    ] {
        let path = format!("/thumbs/{customer}/1/a");
        let read = read(&path).expect("a path of a service").map(|found| found.customer);
        assert_eq!(read, expected.ok_or(unknown("customer")), "{customer}");
    }
    for space in ["0", "007", "-1", "-0", "2147483648", "99999999999999999999"] {
        let path = format!("/thumbs/2/{space}/a");
        assert_eq!(read(&path), Some(Err(unknown("space"))), "{space}");
    }
    for space in ["x", "1.5", "+1", "-", "1e3", "٣", "%20", "1%20"] {
        let path = format!("/thumbs/2/{space}/a");
        let refused = read(&path).expect("a path of a service");
        assert!(
            matches!(refused, Err(PathError::Malformed { element: "the space", .. })),
            "{space}"
        );
    }
    assert_eq!(found("/thumbs/2/2147483647/a").space, i32::MAX);
}

#[test]
fn what_is_missing_or_too_much_is_unknown() {
    for (path, element) in [
        ("/iiif-img", "customer"),
        ("/iiif-img/", "customer"),
        ("/iiif-img/v2", "customer"),
        ("/iiif-img/2", "space"),
        ("/iiif-img/v3/2", "space"),
        ("/iiif-img/2/1", "image"),
        ("/iiif-img/2/1/", "image"),
    ] {
        assert_eq!(read(path), Some(Err(unknown(element))), "{path}");
    }
    for rest in [
        "full",
        "info.xml",
        "full/max",
        "full/max/0",
        "full/max/0/default.jpg/more",
        "a/b/c/d/e/f/g",
        "info.json/more",
        "canvas/c",
        "canvas/d/1",
    ] {
        assert_eq!(found(&format!("/iiif-img/2/1/a/{rest}")).target, Target::Unknown, "{rest}");
    }
}

#[test]
fn bytes_that_are_no_text_are_malformed() {
    for path in
        ["/iiif-img/%FF/1/a", "/iiif-img/2/%FF/a", "/iiif-img/2/1/%FF", "/iiif-img/2/1/a/%FF"]
    {
        let refused = read(path).expect("a path of a service");
        assert!(matches!(refused, Err(PathError::Malformed { .. })), "{path}");
    }
}

#[test]
fn ids_repeat_the_spelling_asked_for() {
    let spelled = found("/iiif-img/%76%32/Wellcome/1/a%2db/info.json");
    assert_eq!((spelled.version(), &*spelled.image), (Version::V2, "a-b"));
    assert_eq!(spelled.id_path(), "/iiif-img/%76%32/Wellcome/1/a%2db");
    assert_eq!(spelled.in_version(Version::V3), "/iiif-img/v3/Wellcome/1/a%2db");
    assert_eq!(spelled.degraded(), "/degraded/%76%32/Wellcome/1/a%2db");
    let plain = found("/iiif-img/Wellcome/1/a");
    assert_eq!(plain.id_path(), "/iiif-img/Wellcome/1/a");
    assert_eq!(plain.in_version(Version::V2), "/iiif-img/v2/Wellcome/1/a");
    assert_eq!(plain.degraded(), "/degraded/Wellcome/1/a");
}

#[test]
fn errors_are_told_in_words() {
    for (path, words) in [
        ("/iiif-img/2/x/a", "the space must be a whole number"),
        ("/iiif-img/v9/2/1/a", "there is no such version"),
    ] {
        let told = read(path).expect("a path of a service").expect_err(path).to_string();
        assert_eq!(told, words);
    }
}
