//! Constructs of JSON-LD that say something unusual of an image: each is read as it is meant, or refused by name.

use serde_json::json;

use super::closed::Scene;

#[test]
fn maps_by_index_name_and_type_close_as_they_say() {
    let scene = Scene::new();
    let (roles, limit, role) = (scene.iri("roles"), scene.iri("maxUnauthorised"), &scene.role);
    for (container, by) in [
        (json!("@index"), json!({ "i": { "@id": role } })),
        (json!(["@index", "@set"]), json!({ "@none": { "@id": role } })),
        (json!("@id"), json!({ role: {} })),
        (json!("@type"), json!({ "urn:x:Kind": { "@id": role } })),
        (json!("@type"), json!({ "@none": [{ "@id": role }] })),
    ] {
        let context = json!({
            "by": { "@id": roles, "@container": container },
            "m": { "@id": limit, "@container": "@index" },
        });
        scene.closes(&json!({ "@context": context, "by": by, "m": { "@none": 0 } }));
    }
    let filed = json!({ "by": { "@id": roles, "@container": "@index", "@index": "urn:x:i" } });
    scene.closes(&json!({ "@context": filed, "by": { "i": { "@id": role } }, &limit: 0 }));
    for value in [json!({ "urn:x:Kind": role }), json!({ "urn:x:Kind": { "@value": role } })] {
        let context = json!({ "by": { "@id": roles, "@container": "@type" } });
        scene.refuses(&json!({ "@context": context, "by": value }), "holds what is no node");
    }
}

#[test]
fn nested_terms_and_json_of_others_do_not_hide_what_closes() {
    let scene = Scene::new();
    let (roles, limit, role) = (scene.iri("roles"), scene.iri("maxUnauthorised"), &scene.role);
    let nested = json!({
        "r": { "@id": roles, "@nest": "@nest" }, "m": { "@id": limit, "@nest": "n" }, "n": "@nest",
    });
    scene.closes(&json!({
        "@context": nested, "r": [{ "@id": role }], "m": { "@value": 0 },
    }));
    scene.closes(&json!({
        "@context": nested, "@nest": { "r": { "@set": [{ "@id": role }] } }, "n": [{ "m": 0 }],
    }));
    let other = json!({ "j": { "@id": "urn:x:j", "@type": "@json" } });
    scene.closes(&json!({
        "@context": other, "j": { "@id": 5, "roles": [null, []], "@list": 1, "@set": 2 },
        &roles: { "@id": role }, &limit: 0,
    }));
}

#[test]
fn contexts_that_define_keywords_are_refused() {
    let scene = Scene::new();
    let (roles, role) = (scene.iri("roles"), &scene.role);
    for keyword in ["@context", "@index", "@graph", "@included", "@value", "@none", "@nest"] {
        let body = json!({ "@context": { keyword: "@id" }, &roles: { "@id": role } });
        scene.refuses(&body, keyword);
    }
}

#[test]
fn what_is_included_and_of_which_nothing_is_said_is_refused() {
    let scene = Scene::new();
    let term = json!({ "@id": format!("{}Image", scene.iri("").trim_end_matches("Image/")),
        "@context": { "r": { "@id": scene.iri("roles"), "@type": "@id" } } });
    // The context of a type ends at the node that is included.
    let body = json!({
        "@context": { "T": term }, "@type": "T", "@id": "",
        "@included": { "@id": "", "r": [scene.role] },
    });
    scene.refuses(&body, "@included");
}

#[test]
fn a_graph_beside_members_that_may_expand_to_nothing_is_refused() {
    let scene = Scene::new();
    let node = json!({ "@id": scene.address(), scene.iri("roles"): [] });
    for beside in [json!({ "urn:x:p": { "@direction": "ltr" } }), json!({ "@nest": {} })] {
        let mut body = json!({ "@graph": [node] });
        let members = body.as_object_mut().expect("an object");
        members.extend(beside.as_object().expect("an object").clone());
        scene.refuses(&body, "@graph");
    }
}

#[test]
fn a_list_that_is_null_is_refused_and_never_empties_roles() {
    let scene = Scene::new();
    let roles = scene.iri("roles");
    scene.refuses(&json!({ &roles: { "@list": null } }), "a list is null");
    let scoped = json!({ "x": "urn:x:x" });
    for scope in [json!({}), json!({ "@context": scoped })] {
        let mut term = json!({ "@id": roles, "@type": "@id", "@container": "@list" });
        term.as_object_mut().expect("an object").extend(scope.as_object().expect("one").clone());
        scene.refuses(&json!({ "@context": { "r": term }, "r": null }), "a list is null");
    }
}

#[test]
fn what_processors_read_in_several_ways_is_refused() {
    let scene = Scene::new();
    let (tags, limit) = (scene.iri("tags"), scene.iri("maxUnauthorised"));
    let nested = json!({ "@id": "@nest", "@context": { "m": limit } });
    scene.refuses(&json!({ "@context": { "n": nested }, "n": { "m": 0 } }), "@nest");
    let untold = json!({ &tags: { "@language": "en", "@direction": "rtl" }, "urn:x:p": 1 });
    scene.refuses(&untold, "@value");
    let protected = json!({
        "@context": { "@protected": true, "m": limit }, "m": 0,
        "urn:x:p": { "@context": { "m": "urn:x:m" }, "m": 1 },
    });
    scene.refuses(&protected, "rotected");
    for nested in [json!([[]]), json!([["http://www.w3.org/ns/hydra/context.jsonld"]])] {
        scene.refuses(&json!({ "@context": nested, "@graph": [{ "tags": [] }] }), "context");
        scene.refuses(&json!({ "@context": nested, "tags": [] }), "context");
    }
}

#[test]
fn what_processors_refuse_or_drop_in_silence_is_refused() {
    let scene = Scene::new();
    let (roles, limit) = (scene.iri("roles"), scene.iri("maxUnauthorised"));
    let closing = json!({ &roles: [], &limit: 0 });
    scene.refuses(&json!([{ "@context": { "x": "urn:x:" }, "@graph": [closing] }]), "@graph alone");
    let texts = json!({ "t": { "@id": "urn:x:t", "@container": "@language" } });
    let held = json!({ "@context": texts, &limit: 0, "urn:x:p": { "t": { "en": ["5", { "@list": [] }] } } });
    scene.refuses(&held, "a map by language");
    scene.refuses(&json!({ &limit: 0, "urn:x:p": { "@propagate": false } }), "outside of them");
    let indexed = json!({ "m": { "@id": limit, "@container": "@index" } });
    for value in [json!({ "@list": [0] }), json!({ "@value": 0 }), json!({ "@type": 0, "i": 0 })] {
        scene.refuses(&json!({ "@context": indexed, "m": value }), "a keyword as a key");
    }
    // A property of the map is none of a value, at the key @none either, where processors differ.
    let filed = json!({ "t": { "@id": limit, "@container": "@index", "@index": "urn:x:i" } });
    for key in ["@none", "i"] {
        scene.refuses(&json!({ "@context": filed, "t": { key: 0 } }), "a map by");
    }
    let blank = json!({ "@context": { "@vocab": "urn:x:" }, "a b": 1, &limit: 0 });
    scene.refuses(&blank, "is no IRI");
}

#[test]
fn what_is_reversed_closes_as_it_says_or_is_refused() {
    let scene = Scene::new();
    let (roles, limit, role) = (scene.iri("roles"), scene.iri("maxUnauthorised"), &scene.role);
    for container in ["@list", "@index"] {
        let held = json!({ "h": { "@id": "urn:x:h", "@container": container } });
        let value = json!({ "i": { "@value": 1.5 }, "@index": "i" });
        scene.refuses(
            &json!({ "@context": held, "@reverse": { "h": value }, &limit: 0 }),
            "@reverse",
        );
    }
    let any = json!({ "h": { "@id": "urn:x:h", "@type": "@json" } });
    let emptied = json!({ "@id": "", &roles: [null] });
    scene.refuses(
        &json!({ "@context": any, "@id": "urn:x:a", "@reverse": { "h": emptied } }),
        "@reverse",
    );
    let twice = json!({ "of": { "@reverse": limit } });
    scene.refuses(&json!({ "@context": twice, "@reverse": { "of": 5 } }), "@reverse");
    let limited = json!({ "@id": "", &limit: 0 });
    let hiding = json!({ "h": roles, "T": { "@id": "urn:x:T", "@context": { "h": "urn:x:h" } } });
    let typed =
        json!({ "@context": hiding, "@id": role, "@type": "T", "@reverse": { "h": limited } });
    scene.refuses(&typed, "@reverse");
    let ending = json!([{ "h": roles }, { "@propagate": false, "h": "urn:x:h" }]);
    scene.refuses(
        &json!({ "@context": ending, "@id": role, "@reverse": { "h": limited } }),
        "@reverse",
    );
    let plain = json!({ "h": roles, "rev": "@reverse" });
    scene.closes(&json!({ "@context": plain, "@id": role, "rev": { "h": limited } }));
}

#[test]
fn null_says_nothing_whatever_its_container() {
    let scene = Scene::new();
    let (roles, limit, role) = (scene.iri("roles"), scene.iri("maxUnauthorised"), &scene.role);
    let closed = json!({ "roles": [role], "maxUnauthorised": 0 });
    for container in ["@set", "@list", "@index", "@language", "@id", "@type", "@graph"] {
        for empty in [json!(null), json!({ "@value": null }), json!({ "@set": null })] {
            scene.world.owner.client.patch(&scene.image, &closed).expect(205);
            let context = json!({
                "r": { "@id": roles, "@container": container }, "m": { "@id": limit, "@container": container },
            });
            let body = json!({ "@context": context, "r": &empty, "m": &empty, "urn:x:p": 1 });
            let status = scene.patch(&body).status;
            assert!(status == 205 || status == 400, "{body}: {status}");
            assert_eq!(scene.shown(), (json!([role]), json!(0)), "{body}");
        }
    }
}
