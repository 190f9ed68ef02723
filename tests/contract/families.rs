//! The classes that clients make and change at addresses of their choice, each with bodies to try.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use super::world::{ORIGIN, World};

pub struct Family {
    pub class: &'static str,
    /// URI template of the collection.
    pub collection: &'static str,
    /// Last segment of a member's template.
    pub variable: &'static str,
    /// What is required, and nothing else; the number tells one from another.
    pub least: fn(usize) -> Value,
    /// All that may be written.
    pub whole: fn(&World, usize) -> Value,
    /// Values that are not accepted, one for each of several members.
    pub wrong: fn(&World) -> Value,
    /// What PUT takes from the address where the body leaves it out.
    pub from_path: &'static [&'static str],
    pub required: &'static [&'static str],
    pub administrator: bool,
}

impl Family {
    /// An id that a client chooses.
    pub fn id(&self, number: usize) -> String {
        if self.class == "Space" { (1000 + number).to_string() } else { format!("own-{number}") }
    }

    /// An id that nothing has.
    pub fn unknown(&self) -> &'static str {
        if self.class == "Space" { "999999" } else { "nothing" }
    }

    /// URI template of a member.
    pub fn template(&self) -> String {
        format!("{}/{}", self.collection, self.variable)
    }
}

/// Tries something on every class that clients write, and names all classes at which it fails.
pub fn each_family(mut test: impl FnMut(&'static Family)) {
    let mut failing = Vec::new();
    for family in FAMILIES {
        // The message of each failure is printed as it happens.
        if catch_unwind(AssertUnwindSafe(|| test(family))).is_err() {
            failing.push(family.class);
        }
    }
    assert!(failing.is_empty(), "it does not hold for {}", failing.join(", "));
}

/// The class of this name.
pub fn family(class: &str) -> &'static Family {
    FAMILIES.iter().find(|f| f.class == class).expect("a class that clients write")
}

pub const FAMILIES: &[Family] = &[
    Family {
        class: "PortalUser",
        collection: "/customers/{customer}/portalUsers",
        variable: "{portalUser}",
        least: |n| json!({ "email": format!("reader{n}@example.org"), "password": "long enough" }),
        whole: |_, n| {
            json!({
                "email": format!("other{n}@example.org"), "password": "long enough",
                "currentPassword": "whatever", "enabled": false,
            })
        },
        wrong: |_| json!({ "email": "nobody", "password": "short", "enabled": "yes" }),
        from_path: &[],
        required: &["email", "password"],
        administrator: false,
    },
    Family {
        class: "NamedQuery",
        collection: "/customers/{customer}/namedQueries",
        variable: "{namedQuery}",
        least: |n| json!({ "name": format!("query-{n}"), "template": "s1=p1" }),
        whole: |_, n| json!({ "name": format!("other-{n}"), "template": "n1=p1&s1=p2" }),
        wrong: |_| json!({ "name": "two words", "template": "nonsense", "global": 1 }),
        from_path: &["name"],
        required: &["name", "template"],
        administrator: false,
    },
    Family {
        class: "CustomerOriginStrategy",
        collection: "/customers/{customer}/originStrategies",
        variable: "{originStrategy}",
        least: |n| json!({ "regex": format!("host{n}"), "originStrategy": "default" }),
        whole: |world, n| {
            json!({
                "regex": format!("other{n}"), "order": 7,
                "originStrategy":
                    format!("{}/originStrategies/basic-http-authentication", world.app.base),
                "credentials": { "user": "reader", "password": "its password" },
            })
        },
        wrong: |_| json!({ "regex": "(", "originStrategy": "nonsense", "order": "x", "credentials": 1 }),
        from_path: &[],
        required: &["regex", "originStrategy"],
        administrator: false,
    },
    Family {
        class: "AuthService",
        collection: "/customers/{customer}/authServices",
        variable: "{authService}",
        least: |n| json!({ "name": format!("service-{n}") }),
        whole: |_, n| {
            json!({
                "name": format!("other-{n}"), "profile": "http://iiif.io/api/auth/1/login",
                "label": "Log in", "description": "For readers", "pageLabel": "Welcome",
                "pageDescription": "Please log in", "callToAction": "Go", "timeToLive": 60,
            })
        },
        wrong: |_| json!({ "name": "a/b", "label": 3, "timeToLive": -1 }),
        from_path: &["name"],
        required: &["name"],
        administrator: false,
    },
    Family {
        class: "Role",
        collection: "/customers/{customer}/roles",
        variable: "{role}",
        least: |n| json!({ "name": format!("role {n}") }),
        whole: |world, n| {
            json!({
                "name": format!("other role {n}"), "label": "Staff", "aliases": ["staff", "crew"],
                "authService":
                    format!("{}{}/clickthrough", world.app.base, world.owner.path("/authServices")),
            })
        },
        wrong: |_| json!({ "name": "", "label": 1, "aliases": [" "], "authService": "nothing" }),
        from_path: &["name"],
        required: &["name"],
        administrator: false,
    },
    Family {
        class: "Space",
        collection: "/customers/{customer}/spaces",
        variable: "{space}",
        least: |n| json!({ "name": format!("space {n}") }),
        whole: |_, n| {
            json!({
                "name": format!("other space {n}"), "defaultTags": ["a", "b"],
                "defaultMaxUnauthorised": 400, "defaultRoles": ["clickthrough"],
                "defaultRequiredStatement": "City Library",
                "defaultRights": "https://example.org/rights",
            })
        },
        wrong: |_| {
            json!({
                "name": "  ", "defaultTags": 3, "defaultMaxUnauthorised": -7,
                "defaultRoles": ["nothing"], "defaultRequiredStatement": " ",
                "defaultRights": "in copyright",
            })
        },
        from_path: &[],
        required: &["name"],
        administrator: false,
    },
    Family {
        class: "Image",
        collection: "/customers/{customer}/spaces/{space}/images",
        variable: "{image}",
        least: |_| json!({ "origin": ORIGIN }),
        whole: |world, n| {
            json!({
                "origin": format!("https://example.org/{n}.png"), "maxUnauthorised": 400,
                "roles": [
                    format!("{}{}/clickthrough", world.app.base, world.owner.path("/roles")),
                    "https://elsewhere.example.org/role",
                ],
                "tags": ["map", "atlas"], "string1": "one", "string2": "two", "string3": "three",
                "number1": 1, "number2": 2, "number3": 3, "mediaType": "image/png",
                "initialOrigin": "https://example.org/first.png", "label": "Page one",
                "requiredStatement": "City Library", "rights": "https://example.org/rights",
            })
        },
        wrong: |world| {
            let unknown = format!("{}{}/nothing", world.app.base, world.owner.path("/roles"));
            json!({
                "origin": "nowhere", "maxUnauthorised": -5, "roles": [unknown], "tags": [1],
                "string1": 5, "number1": -1, "mediaType": {}, "initialOrigin": "nowhere",
                "label": "", "requiredStatement": ["a", "b"], "rights": "ftp://example.org/rights",
            })
        },
        from_path: &[],
        required: &["origin"],
        administrator: false,
    },
    Family {
        class: "StoragePolicy",
        collection: "/storagePolicies",
        variable: "{storagePolicy}",
        least: |_| json!({}),
        whole: |_, _| json!({ "maximumNumberOfStoredImages": 5, "maximumTotalSizeOfStoredImages": 1000 }),
        wrong: |_| json!({ "maximumNumberOfStoredImages": -1, "maximumTotalSizeOfStoredImages": "x" }),
        from_path: &[],
        required: &[],
        administrator: true,
    },
];
