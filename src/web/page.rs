//! A document as a plain page for people: no script, nothing from elsewhere, its links to be clicked.
//!
//! All that is shown may come from strangers: every text is escaped, and only web addresses become links.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::negotiate::{OFFERED, Offer, Representation};
use crate::hydra::graph::{Coerced, Terms};
use crate::resource::address::decode;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The content security policy of a page: a browser may show it, in its one style.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
});

/// Terms that are shown apart, or that only programs need.
const ASIDE: [&str; 9] = [
    "@context",
    "@id",
    "@type",
    "rdf:type",
    "hydra:operation",
    "member",
    "view",
    "hydra:title",
    "hydra:description",
];

/// Writes a document as a page; `path` is the address asked for, below the base.
pub fn page(document: &Value, terms: &Terms, base: &str, path: &str) -> String {
    let empty = Map::new();
    let node = document.as_object().unwrap_or(&empty);
    let address = format!("{base}{path}");
    let mut page = Page { terms, base, marked: HashSet::new(), out: String::new() };
    page.document(node);
    let mut alternates = String::new();
    for offered in OFFERED.iter().filter(|o| **o != Representation::Html) {
        let media_type = escape(offered.content_type(super::negotiate::Kind::Data));
        let address = escape(&address);
        _ = writeln!(
            alternates,
            "<link rel=\"alternate\" type=\"{media_type}\" href=\"{address}\">"
        );
    }
    fill(|name| match name {
        "title" => escape(&title(node)),
        "alternates" => alternates.trim_end().to_owned(),
        "style" => STYLE.to_owned(),
        "breadcrumb" => breadcrumb(base, path),
        "document" => std::mem::take(&mut page.out),
        // As it stands in quotes of a shell.
        "address" => escape(&address.replace('\'', "%27")),
        "base" => escape(base),
        "offered" => escape(&Offer.to_string()),
        _ => String::new(),
    })
}

/// Returns the template with what stands for each `{{name}}`, once and in order.
fn fill(mut value: impl FnMut(&str) -> String) -> String {
    let mut parts = TEMPLATE.split("{{");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some((name, rest)) = part.split_once("}}") {
            out.push_str(&value(name));
            out.push_str(rest);
        }
    }
    out
}

/// Returns what a document is and what it is called.
fn title(node: &Map<String, Value>) -> String {
    if let (Some(status), Some(title)) = (node.get("status"), text(node, "title")) {
        return format!("{status} {title}");
    }
    let typed = node.get("rdf:type").and_then(|t| t.get("@id")).and_then(Value::as_str);
    let class = typed.or_else(|| text(node, "@type")).unwrap_or("Document");
    let class = class.rsplit(':').next().unwrap_or(class);
    match (node.get("totalItems"), name(node)) {
        (Some(total), _) => format!("{class} ({total})"),
        (None, Some(name)) => format!("{class} {name}"),
        (None, None) => class.to_owned(),
    }
}

/// Returns what a resource is called: by its name, or by the last part of its address.
fn name(node: &Map<String, Value>) -> Option<String> {
    let named = ["name", "displayName", "title", "label", "id"].iter();
    let named = named.filter_map(|term| text(node, term)).find(|text| !text.trim().is_empty());
    named.map(ToOwned::to_owned).or_else(|| {
        let (_, last) = text(node, "@id")?.rsplit_once('/')?;
        (!last.is_empty()).then(|| decode(last).unwrap_or_else(|| last.to_owned()))
    })
}

/// Returns the class of a node, the first where there are several.
fn class(node: &Map<String, Value>) -> Option<&str> {
    let types = node.get("@type")?;
    types.as_array().map_or(Some(types), |types| types.first())?.as_str()
}

fn text<'a>(node: &'a Map<String, Value>, term: &str) -> Option<&'a str> {
    node.get(term).and_then(Value::as_str)
}

/// Returns the parts of a path, each a link to what is there.
fn breadcrumb(base: &str, path: &str) -> String {
    let mut out = format!("<a href=\"{}/\">Hydria</a>", escape(base));
    let path = path.split('?').next().unwrap_or_default();
    let mut below = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        below.push('/');
        below.push_str(part);
        let shown = decode(part).unwrap_or_else(|| part.to_owned());
        let (base, below) = (escape(base), escape(&below));
        _ = write!(out, " / <a href=\"{base}{below}\">{}</a>", escape(&shown));
    }
    out
}

/// Returns a text as it may stand anywhere in HTML, in quotes too.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Returns whether an address may be clicked: one of the web, and of no other kind.
fn is_web(address: &str) -> bool {
    let starts = |scheme: &str| {
        address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    starts("http://") || starts("https://")
}

struct Page<'a> {
    terms: &'a Terms,
    base: &'a str,
    /// Anchors that are in the page already, because each may be there once.
    marked: HashSet<String>,
    out: String,
}

impl Page<'_> {
    /// The node at the top: its neighbours, its members, and what may be done with it.
    fn document(&mut self, node: &Map<String, Value>) {
        let typed = node.get("rdf:type").and_then(|t| t.get("@id")).and_then(Value::as_str);
        if let Some(class) = typed.or_else(|| text(node, "@type")) {
            self.out.push_str("<p>");
            self.link(&self.terms.vocab_iri(class), class.rsplit(':').next().unwrap_or(class));
            self.out.push_str("</p>\n");
        }
        if let Some(view) = node.get("view").and_then(Value::as_object) {
            self.out.push_str("<nav aria-label=\"Pages\">");
            for term in ["first", "previous", "next", "last"] {
                if let Some(address) = text(view, term) {
                    self.link(address, term);
                    self.out.push(' ');
                }
            }
            self.out.push_str("</nav>\n");
        }
        if let Some(members) = node.get("member").and_then(Value::as_array) {
            for member in members.iter().filter_map(Value::as_object) {
                self.folded(member);
            }
        }
        self.entries(node);
        if let Some(operations) = node.get("hydra:operation").and_then(Value::as_array) {
            self.out.push_str("<h2>Operations</h2>\n<ul>\n");
            for operation in operations.iter().filter_map(Value::as_object) {
                self.operation(operation);
            }
            self.out.push_str("</ul>\n");
        }
    }

    fn operation(&mut self, operation: &Map<String, Value>) {
        let said = |term| escape(text(operation, term).unwrap_or_default());
        let (method, title) = (said("hydra:method"), said("hydra:title"));
        _ = write!(self.out, "<li><code>{method}</code> {title}");
        for (term, word) in [("hydra:expects", "takes"), ("hydra:returns", "returns")] {
            if let Some(class) = operation.get(term).and_then(|c| c.get("@id")?.as_str()) {
                _ = write!(self.out, ", {word} ");
                self.link(&self.terms.iri(class), class.rsplit(':').next().unwrap_or(class));
            }
        }
        self.out.push_str("</li>\n");
    }

    /// A node within a document, to be opened.
    fn folded(&mut self, node: &Map<String, Value>) {
        let class = class(node).unwrap_or_default();
        // What has neither name nor class is told by what is said of it.
        let members = || node.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let label = name(node).unwrap_or_else(|| match class {
            "" => members(),
            class => class.to_owned(),
        });
        let id = text(node, "@id").map(|id| self.terms.iri(id).into_owned());
        self.out.push_str("<details");
        // What the vocabulary describes is found by its fragment.
        if let Some((page, anchor)) = id.as_deref().and_then(|id| id.split_once('#'))
            && page.strip_prefix(self.base) == Some("/vocab")
            && !class.is_empty()
            && self.marked.insert(anchor.to_owned())
        {
            _ = write!(self.out, " id=\"{}\"", escape(anchor));
        }
        self.out.push_str("><summary>");
        match &id {
            Some(id) => self.link(id, &label),
            None => self.out.push_str(&escape(&label)),
        }
        if !class.is_empty() && class != label {
            _ = write!(self.out, " {}", escape(class));
        }
        self.out.push_str("</summary>\n");
        self.entries(node);
        self.out.push_str("</details>\n");
    }

    fn entries(&mut self, node: &Map<String, Value>) {
        self.out.push_str("<dl>\n");
        for (key, value) in node.iter().filter(|(key, _)| !ASIDE.contains(&key.as_str())) {
            let Some((iri, coerced)) = self.terms.property(key) else { continue };
            self.out.push_str("<dt>");
            match iri.starts_with(self.base) {
                true => self.link(&iri, key),
                false => self.out.push_str(&escape(key)),
            }
            self.out.push_str("</dt><dd>");
            self.value(value, coerced);
            self.out.push_str("</dd>\n");
        }
        self.out.push_str("</dl>\n");
    }

    fn value(&mut self, value: &Value, coerced: Coerced<'_>) {
        match (value, coerced) {
            (Value::Array(values), _) => {
                self.out.push_str("<ul>");
                for value in values {
                    self.out.push_str("<li>");
                    self.value(value, coerced);
                    self.out.push_str("</li>");
                }
                self.out.push_str("</ul>");
            }
            (Value::Object(node), _) => match text(node, "@id") {
                Some(id) if node.len() == 1 => self.address(&self.terms.iri(id)),
                _ => self.folded(node),
            },
            (Value::String(text), Coerced::Id) => self.address(&self.terms.iri(text)),
            (Value::String(text), Coerced::Vocab) => self.link(&self.terms.vocab_iri(text), text),
            (Value::String(text), Coerced::Datatype(_)) => self.address(text),
            (Value::String(text), Coerced::Plain) => self.out.push_str(&escape(text)),
            (other, _) => self.out.push_str(&escape(&other.to_string())),
        }
    }

    /// An address by itself: below the base, as it is there.
    fn address(&mut self, address: &str) {
        let below = address.strip_prefix(self.base).filter(|below| below.starts_with('/'));
        self.link(address, below.unwrap_or(address));
    }

    /// A link, where the address may be clicked; its text elsewhere.
    fn link(&mut self, address: &str, label: &str) {
        let label = escape(label);
        if is_web(address) {
            let own = address.strip_prefix(self.base).is_some_and(|below| below.starts_with('/'));
            let strange = if own { "" } else { " rel=\"noreferrer nofollow\"" };
            _ = write!(self.out, "<a href=\"{}\"{strange}>{label}</a>", escape(address));
        } else {
            self.out.push_str(&label);
        }
    }
}
