//! Bodies that close something: in whatever form they say so, nothing is left more open than they say.

use serde_json::{Value, json};

use super::spellings::Sent;
use super::{send, send_ld};
use crate::contract::families::family;
use crate::contract::world::{ORIGIN, World};
use crate::support::Answer;

const HYDRA: &str = "http://www.w3.org/ns/hydra/core#";
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

pub struct Scene {
    pub world: World,
    /// Path of an open image.
    pub image: String,
    /// Address of a role.
    pub role: String,
    vocabulary: String,
}

impl Scene {
    pub fn new() -> Self {
        let world = World::new();
        let role = format!("{}{}/clickthrough", world.app.base, world.owner.path("/roles"));
        let vocabulary = format!("{}/vocab#", world.app.base);
        let (image, _) = world.made(family("Image"));
        let scene = Self { world, image, role, vocabulary };
        scene.open();
        scene
    }

    /// Address of the image.
    pub fn address(&self) -> String {
        format!("{}{}", self.world.app.base, self.image)
    }

    pub fn iri(&self, term: &str) -> String {
        format!("{}Image/{term}", self.vocabulary)
    }

    /// Makes the image open.
    fn open(&self) {
        let open = json!({ "roles": [], "maxUnauthorised": -1 });
        self.world.owner.client.patch(&self.image, &open).expect(205);
    }

    pub fn shown(&self) -> (Value, Value) {
        let body = self.world.owner.client.get(&self.image).expect(200).body;
        (body["roles"].clone(), body["maxUnauthorised"].clone())
    }

    pub fn patch(&self, body: &Value) -> Answer {
        send_ld(&self.world.owner.client, "PATCH", &self.image, body)
    }

    fn turtle(&self, method: &str, path: &str, text: String) -> Answer {
        let sent = Sent { media_type: "text/turtle", text };
        send(&self.world.owner.client, method, path, sent)
    }

    /// Sends a body that closes the image, and sees that it is closed.
    #[track_caller]
    pub fn closes(&self, body: &Value) {
        for method in ["PATCH", "PUT"] {
            self.open();
            let answer = send_ld(&self.world.owner.client, method, &self.image, body);
            assert!(answer.status < 300, "{body}: {}", answer.body);
            assert_eq!(self.shown(), (json!([self.role]), json!(0)), "{method} {body}");
        }
    }

    /// Sends a body that says something which cannot be read, and sees that nothing became of it.
    #[track_caller]
    pub fn refuses(&self, body: &Value, reason: &str) {
        let before = self.shown();
        let answer = self.patch(body).expect(400);
        assert!(answer.text("detail").contains(reason), "{body}: {}", answer.text("detail"));
        assert_eq!(self.shown(), before, "{body}");
    }
}

#[test]
fn contexts_that_are_not_propagated_or_hold_for_a_term_close_as_they_say() {
    let scene = Scene::new();
    let role = &scene.role;
    let defined = json!({
        "r": { "@id": scene.iri("roles"), "@type": "@id" }, "m": scene.iri("maxUnauthorised"),
    });
    let mut alone = defined.clone();
    alone["@propagate"] = false.into();
    scene.closes(&json!({ "@context": alone, "r": [role], "m": 0 }));
    scene.closes(&json!({ "@context": [alone, { "x": "urn:x:y" }], "r": [role], "m": 0 }));
    let typed =
        json!({ "T": { "@id": format!("{}Image", scene.vocabulary), "@context": defined } });
    scene.closes(&json!({ "@context": typed, "@type": "T", "r": [role], "m": 0 }));
    let value =
        json!({ "m": { "@id": scene.iri("maxUnauthorised"), "@context": { "v": "@value" } } });
    scene.closes(
        &json!({ "@context": value, "m": { "v": 0 }, scene.iri("roles"): { "@id": role } }),
    );
}

#[test]
fn members_of_a_queue_close_by_contexts_of_their_own() {
    let scene = Scene::new();
    let (client, queue) = (&scene.world.owner.client, scene.world.owner.path("/queue"));
    let (role, space) = (&scene.role, scene.world.space);
    let defined = json!({
        "r": { "@id": scene.iri("roles"), "@type": "@id" }, "m": scene.iri("maxUnauthorised"),
    });
    let mut alone = defined.clone();
    alone["@propagate"] = false.into();
    let image =
        |id: &str| json!({ "id": id, "space": space, "origin": ORIGIN, "r": [role], "m": 0 });
    let mut own = image("own");
    own["@context"] = alone;
    let scoped = json!({ "member": { "@id": format!("{HYDRA}member"), "@context": defined } });
    for (id, body) in [
        ("own", json!({ "member": [own] })),
        ("scoped", json!({ "@context": scoped, "member": [image("scoped")] })),
        ("single", json!({ "@context": scoped, "member": image("single") })),
    ] {
        client.post(&queue, &body).expect(201);
        let path = scene.world.owner.path(&format!("/spaces/{space}/images/{id}"));
        let shown = client.get(&path).expect(200).body;
        assert_eq!(
            (&shown["roles"], &shown["maxUnauthorised"]),
            (&json!([role]), &json!(0)),
            "{id}"
        );
    }
    let limit = json!({ "defaultMaxUnauthorised": {
        "@id": format!("{}Space/defaultMaxUnauthorised", scene.vocabulary), "@context": { "v": "@value" },
    } });
    let body = json!({ "@context": limit, "name": "closed", "defaultMaxUnauthorised": { "v": 0 } });
    let made = send_ld(client, "POST", &scene.world.owner.path("/spaces"), &body).expect(201);
    assert_eq!(made.number("defaultMaxUnauthorised"), 0);
}

#[test]
fn one_thing_by_several_names_is_one_thing() {
    let scene = Scene::new();
    let (roles, limit, role) = (scene.iri("roles"), scene.iri("maxUnauthorised"), &scene.role);
    let (address, path) = (scene.address(), &scene.image);
    let by = |id: &str| json!({ "@id": id, &roles: { "@id": role } });
    let name = path.rsplit('/').next().expect("an id").to_owned();
    for other in [path.as_str(), "", &name, &format!("./{name}"), &format!("../images/{name}")] {
        for (first, second) in [(address.as_str(), other), (other, &address)] {
            let limited = json!({ "@id": second, &limit: 0 });
            scene.closes(&json!([by(first), limited]));
            scene.closes(&json!({ "@graph": [by(first), limited] }));
            let mut including = by(first);
            including["@included"] = limited;
            scene.closes(&including);
        }
    }
    let reversed = json!({
        "@id": role, "@reverse": { &roles: { "@id": "", &limit: 0 } },
    });
    scene.closes(&reversed);
    scene.open();
    let text = format!("<> <{roles}> <{role}> . <{address}> <{limit}> 0 .");
    scene.turtle("PATCH", path, text).expect(205);
    assert_eq!(scene.shown(), (json!([role]), json!(0)));
}

#[test]
fn what_is_said_of_the_address_asked_for_counts_whatever_else_is_described() {
    let scene = Scene::new();
    let (roles, limit, role) = (scene.iri("roles"), scene.iri("maxUnauthorised"), &scene.role);
    let kind = format!("{}Image", scene.vocabulary);
    scene.closes(&json!([
        { "@id": scene.address(), &roles: { "@id": role }, &limit: 0 },
        { "@type": &kind, scene.iri("string1"): "another" },
    ]));
    for several in [
        json!([{ "@type": &kind, &limit: 0 }, { &roles: { "@id": role } }]),
        json!([{ "@id": "_:a", &limit: 0 }, { "@id": "_:b", &roles: { "@id": role } }]),
    ] {
        scene.refuses(&several, "describes 2 nodes");
    }
    let round = json!([
        { "@id": "_:a", &limit: 0, "urn:x:y": { "@id": "_:b" } },
        { "@id": "_:b", "urn:x:y": { "@id": "_:a" } },
    ]);
    scene.refuses(&round, "describes nothing");
    let elsewhere = json!({ "@id": "https://example.org/x", &limit: 0 });
    assert_eq!(scene.patch(&elsewhere).expect(400).faults(), ["@id"]);
}

#[test]
fn bodies_that_say_nothing_change_nothing() {
    let scene = Scene::new();
    let client = &scene.world.owner.client;
    let user = json!({ "email": format!("u{}@example.org", scene.world.number()), "password": "long enough" });
    let user = client.post(&scene.world.owner.path("/portalUsers"), &user).expect(201).id();
    let space = scene.world.owner.path(&format!("/spaces/{}", scene.world.space));
    let sets =
        [(format!("{space}/defaultRoles"), "clickthrough"), (format!("{user}/roles"), "admin")];
    let member = format!("{HYDRA}member");
    for (path, id) in &sets {
        client.post(path, &json!([id])).expect(200);
        for text in ["# nothing", "", "[] <urn:x:p> 1 .", "@prefix x: <urn:x:> ."] {
            scene.turtle("POST", path, text.into()).expect(400);
        }
        let quads = format!("_:s <{member}> <{}> <urn:x:graph> .\n", scene.role);
        let quads = Sent { media_type: "application/n-quads", text: quads };
        send(client, "POST", path, quads).expect(400);
        for body in [
            json!({ "@graph": [] }),
            json!({ "@context": { "x": "urn:x:y" } }),
            json!({ "@id": "urn:x:graph", "@graph": [{ &member: [] }] }),
            json!({ "@context": { "member": null }, "member": [] }),
        ] {
            send_ld(client, "POST", path, &body).expect(400);
        }
        assert_eq!(client.get(path).expect(200).each("id"), [*id], "{path}");
    }
    for text in ["# nothing", "<> <urn:x:p> 1 ."] {
        let status = if text.starts_with('#') { 400 } else { 205 };
        scene.turtle("PATCH", &scene.image, text.into()).expect(status);
    }
}

#[test]
fn terms_shaped_like_ours_at_another_base_are_refused_by_name() {
    let scene = Scene::new();
    let role = &scene.role;
    for base in ["https://other.example.org", "https://localhost", "http://localhost/api"] {
        for term in ["vocab#Image/roles", "vocab#image/Roles", "vocab#Image%2Froles"] {
            let iri = format!("{base}/{term}");
            let body = json!({ &iri: { "@id": role }, scene.iri("string1"): "x" });
            scene.refuses(&body, &iri);
        }
        let kind = format!("{base}/vocab#Image");
        let other = json!({ "@type": &kind, format!("{base}/vocab#Image/roles"): { "@id": role } });
        scene.refuses(&other, &kind);
        assert_eq!(
            scene.patch(&json!({ "@type": kind, "string1": "x" })).expect(400).faults(),
            ["@type"]
        );
    }
    // Other vocabularies are ignored, and so are terms that ours does not have.
    scene.patch(&json!({ "https://schema.org/Image": 1, scene.iri("unknown"): 1 })).expect(205);
}

#[test]
fn statements_that_a_plain_body_could_not_say_are_refused() {
    let scene = Scene::new();
    let client = &scene.world.owner.client;
    let (roles, limit, role) = (scene.iri("roles"), scene.iri("maxUnauthorised"), &scene.role);
    client.patch(&scene.image, &json!({ "roles": [role], "maxUnauthorised": 400 })).expect(205);
    let before = scene.shown();
    let json_type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON";
    for object in [
        format!("<{roles}> ( () )"),
        format!("<{roles}> ( ( <{role}> ) )"),
        format!("<{roles}> \"null\"^^<{json_type}>"),
        format!("<{limit}> \"null\"^^<{json_type}>"),
        format!("<{limit}> \"0\"^^<{json_type}>"),
        format!("<{limit}> \"none\"^^<{XSD}integer>"),
        format!("<{limit}> \"-1\"^^<{XSD}nonNegativeInteger>"),
        format!("<{limit}> \"-1\"^^<urn:x:number>"),
        format!("<{limit}> true"),
    ] {
        let answer = scene.turtle("PATCH", &scene.image, format!("<> {object} ."));
        let term = if object.contains("Image/roles") { "roles" } else { "maxUnauthorised" };
        assert_eq!(answer.expect(400).faults(), [term], "{object}");
    }
    let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
    let endless = format!("<> <{roles}> _:l . _:l <{rdf}first> 1 ; <{rdf}rest> _:l .");
    assert_eq!(scene.turtle("PATCH", &scene.image, endless).expect(400).faults(), ["roles"]);
    for part in ["first", "rest"] {
        let broken = format!("<> <urn:x:p> _:l . _:l <{rdf}{part}> <{rdf}nil> .");
        let refused = scene.turtle("PATCH", &scene.image, broken).expect(400);
        assert!(refused.text("detail").contains("lacks rdf:first or rdf:rest"));
    }
    let quads =
        format!("<{0}> <{limit}> \"-1\" <urn:x:g> .\n<{0}> <urn:x:p> \"\" .\n", scene.address());
    let quads = Sent { media_type: "application/n-quads", text: quads };
    send(client, "PATCH", &scene.image, quads).expect(400);
    for body in [
        json!({ &roles: { "@list": [{ "@list": [] }] } }),
        json!({ &limit: { "@value": "-1", "@type": format!("{XSD}nonNegativeInteger") } }),
        json!({ &limit: { "@value": null, "@type": "@json" } }),
        json!({ "@context": { "r": { "@id": &roles, "@type": "@json" } }, "r": [] }),
        json!({ "@id": "urn:x:g", "@graph": [{ "@id": scene.address(), &roles: [] }], "urn:x:p": 1 }),
    ] {
        scene.patch(&body).expect(400);
    }
    assert_eq!(scene.shown(), before);
    // An empty list is an empty set.
    scene.turtle("PATCH", &scene.image, format!("<> <{roles}> () .")).expect(205);
    assert_eq!(scene.shown().0, json!([]));
}

#[test]
fn references_are_of_what_they_say() {
    let scene = Scene::new();
    let (client, other) = (&scene.world.owner.client, scene.world.stranger.id);
    let space = scene.world.space;
    let elsewhere = format!("{}/customers/{other}/spaces/{space}", scene.world.app.base);
    for given in [
        json!(elsewhere),
        json!({ "@id": elsewhere }),
        json!(format!("/customers/{other}/spaces/{space}")),
    ] {
        let image = json!({ "id": "lands", "space": given, "origin": ORIGIN });
        let answer = client.post(&scene.world.owner.path("/queue"), &json!({ "member": [image] }));
        assert_eq!(answer.expect(400).faults(), ["member[0].space"], "{given}");
        assert_eq!(scene.patch(&json!({ "space": given })).expect(400).faults(), ["space"]);
    }
    let own = format!("{}/customers/{}/spaces/{space}", scene.world.app.base, scene.world.owner.id);
    for given in [
        json!(own),
        json!(space),
        json!(space.to_string()),
        json!("../../spaces").as_str().map(|s| json!(format!("{s}/{space}"))).expect("a path"),
    ] {
        let status = scene.patch(&json!({ "space": given })).status;
        assert!(
            status == 205 || given == json!(format!("../../spaces/{space}")),
            "{given}: {status}"
        );
    }
    // An id may hold a colon, as a URI does.
    let roles = scene.world.owner.path("/roles");
    client.put(&format!("{roles}/staff:night"), &json!({})).expect(201);
    let whole = format!("{}{roles}/staff:night", scene.world.app.base);
    for given in [
        "staff:night",
        whole.as_str(),
        &format!("{roles}/staff:night"),
        "../../../roles/staff:night",
    ] {
        scene.patch(&json!({ "roles": [given] })).expect(205);
        assert_eq!(scene.shown().0, json!([whole]), "{given}");
    }
    let image = json!({ "id": "colon", "space": space, "origin": ORIGIN, "roles": ["staff:night", "staff:day", "roles/clickthrough"] });
    client.post(&scene.world.owner.path("/queue"), &json!({ "member": [image] })).expect(201);
    let shown =
        client.get(&scene.world.owner.path(&format!("/spaces/{space}/images/colon"))).expect(200);
    assert_eq!(shown.body["roles"], json!([whole, "staff:day", scene.role]));
    // As an IRI it names itself.
    scene.patch(&json!({ scene.iri("roles"): { "@id": "staff:night" } })).expect(205);
    assert_eq!(scene.shown().0, json!(["staff:night"]));
    scene
        .patch(&json!({ scene.iri("roles"): { "@id": "../../../roles/clickthrough" } }))
        .expect(205);
    assert_eq!(scene.shown().0, json!([scene.role]));
}
