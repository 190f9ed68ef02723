//! The page of a document: the document itself, what is shown of it without script, and what the console is made of.

use std::sync::LazyLock;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Map, Value};

use super::assets::ADDRESS;
use super::{fallback, names};
use crate::hydra::graph::Terms;
use crate::resource::address::decode;
use crate::web::negotiate::{Kind, OFFERED, Offer, Representation};
use crate::web::public_address;

/// The content security policy of a page: nothing but what this service sends, and no script or style within the page.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     connect-src 'self'; font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The content of a page.
pub struct Shown<'a> {
    pub document: &'a Value,
    /// The same as it was written.
    pub written: &'a str,
    pub terms: &'a Terms,
    /// Public address of the root, without a final slash.
    pub base: &'a str,
    /// The address asked for, below the base.
    pub path: &'a str,
    pub status: u16,
    /// The entity tag of the document as JSON-LD.
    pub tag: Option<String>,
    /// Tells whether a session asked, which can be ended.
    pub has_session: bool,
    /// The path that a log-in was to lead on to, which was refused.
    pub target: Option<&'a str>,
}

/// Returns the page of a document.
pub fn page(shown: &Shown<'_>) -> String {
    static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    let Shown { document, written, terms, base, path, status, tag, has_session, target } = shown;
    let node = document.as_object().unwrap_or(&NOTHING);
    let (title, address) = (names::title(node, path), format!("{base}{path}"));
    let files = format!("{}{}", public_address::path(base), &*ADDRESS);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) @if title != "Hydria" { " – Hydria" } }
                link rel="icon" href={ (files) "/icon.svg" } type="image/svg+xml";
                link rel="stylesheet" href={ (files) "/style.css" };
                @for offered in OFFERED.iter().filter(|offered| **offered != Representation::Html) {
                    link rel="alternate" type=(offered.content_type(Kind::Data)) href=(address);
                }
                script type="module" src={ (files) "/main.js" } {}
            }
            body data-base=(base) data-status=(status) data-etag=[tag.as_deref()]
                data-documentation={ (base) "/vocab" } {
                a.skip href="#main" { "Skip to the content" }
                header.bar {
                    a.brand href={ (base) "/" } { "Hydria" }
                    nav.breadcrumb aria-label="Breadcrumb" { (breadcrumb(base, path)) }
                    div.tools {}
                }
                main id="main" tabindex="-1" {
                    div.head {
                        @if let Some((class, address)) = names::kind(node, terms).filter(|(class, _)| *class != title) {
                            p.kind { a href=(address) { (class) } }
                        }
                        h1 { (title) }
                    }
                    @if *status == 401 || (matches!(*status, 400 | 409) && is_session(path)) {
                        noscript { (log_in(base, path, *target, refusal(*status, node, *target))) }
                    }
                    @if plain_path(path) == "/" {
                        noscript {
                            @if *has_session { (log_out(base)) } @else { (log_in(base, path, None, None)) }
                        }
                    }
                    div.fallback { (fallback::content(node, terms, base)) }
                }
                footer {
                    p.fallback {
                        "Programs get this document at the same address: "
                        code { "curl -H 'Accept: text/turtle' '" (address.replace('\'', "%27")) "'" }
                        ". Offered are " (Offer.to_string()) ". "
                        a href={ (base) (plain(path)) } { "As JSON" }
                        "."
                    }
                    p { "The " a href={ (base) "/vocab" } { "vocabulary" } " says what every word means." }
                }
                script type="application/ld+json" id="doc" { (embedded(written)) }
            }
        }
    };
    page.into_string()
}

/// Returns the path under which a document is shown as it is sent to programs.
fn plain(path: &str) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}format=json")
}

/// Returns a path without its query.
fn plain_path(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

/// Returns whether a path is that of the session, which is no page to come back to.
fn is_session(path: &str) -> bool {
    path.starts_with("/console/")
}

/// Returns why a log-in was refused, where one was.
fn refusal<'a>(status: u16, node: &'a Map<String, Value>, target: Option<&str>) -> Option<&'a str> {
    target?;
    match status {
        401 => Some("These do not belong together. Check both, and try again."),
        _ => names::text(node, "detail"),
    }
}

/// Returns the form by which people log in without script, which leads back to the page, or to the target of a form that was refused.
/// `refusal`: why that was.
fn log_in(base: &str, path: &str, target: Option<&str>, refusal: Option<&str>) -> Markup {
    let path = if is_session(path) { "/" } else { path };
    let here = || format!("{}{path}", public_address::path(base));
    let target = target.map_or_else(here, str::to_owned);
    let field = |id, label, kind, autocomplete| {
        html! {
            p {
                label for=(id) { (label) } " "
                input id=(id) name=(id) type=(kind) autocomplete=(autocomplete);
            }
        }
    };
    html! {
        form.log-in action={ (base) "/console/session" } method="post" {
            h2 { "Log in" }
            @if let Some(refusal) = refusal { p.fault role="alert" { (refusal) } }
            input type="hidden" name="target" value=(target);
            (field("email", "E-mail address", "email", "username"))
            (field("password", "Password", "password", "current-password"))
            p { "or" }
            (field("key", "Key", "text", "off"))
            (field("secret", "Secret", "password", "off"))
            (field("customer", "Customer, where an account belongs to several", "text", "organization"))
            p { button type="submit" { "Log in" } }
        }
    }
}

/// Returns the button by which people log out without script.
fn log_out(base: &str) -> Markup {
    html! {
        form action={ (base) "/console/session/end" } method="post" {
            p { button type="submit" { "Log out" } }
        }
    }
}

/// Returns JSON as data within a page: nothing in it ends the element or begins another.
fn embedded(written: &str) -> Markup {
    PreEscaped(written.replace('<', "\\u003c").replace('>', "\\u003e"))
}

/// Returns the parts of a path, each a link to what is there.
fn breadcrumb(base: &str, path: &str) -> Markup {
    let path = plain_path(path);
    let mut below = String::new();
    let parts = path.split('/').filter(|part| !part.is_empty()).map(|part| {
        below.push('/');
        below.push_str(part);
        (format!("{base}{below}"), decode(part).unwrap_or_else(|| part.to_owned()))
    });
    html! { ol { @for (address, shown) in parts { li { a href=(address) { (shown) } } } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_ends_no_element() {
        assert_eq!(
            embedded("\"</script><!--\"").into_string(),
            "\"\\u003c/script\\u003e\\u003c!--\""
        );
    }
}
