//! Members and a page become a `hydra:Collection` with a `hydra:PartialCollectionView`.

use super::{CollectionDoc, OperationDoc, Variable, Writer};

/// A page as asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Counts from 1.
    pub number: i64,
    /// Members, 1 to 500.
    pub size: i64,
}

/// The member that says that a total is an estimate (`docs/rules.md` 5.4).
pub const ESTIMATED: &str = "totalItemsEstimated";
/// The description of that member.
pub const ESTIMATED_DOC: &str =
    "Whether totalItems is an estimate, of two significant digits; absent where it is exact";

/// Members of a page when nothing is said (`docs/rules.md` 5.1).
pub const DEFAULT_SIZE: i64 = 100;
/// Members of a page at most (`docs/rules.md` 5.1).
pub const MAX_SIZE: i64 = 500;

/// The query parameter with the key of a page, which page links of some collections carry.
pub const PAGE_KEY: Variable = Variable::new(
    "pageKey",
    "Where the page begins or ends: opaque, as page links have it; it wins over page",
);

/// Query parameters of every collection.
pub const PAGING: [Variable; 3] = [
    Variable::new("page", "Number of the page, from 1"),
    Variable::new("pageSize", "Members a page, at most 500"),
    PAGE_KEY,
];

/// Parameters of every collection that are read, and that no template offers.
pub const UNOFFERED: [&str; 1] = ["itemsPerPage"];

/// Query parameters of every collection that say in which order.
pub const ORDER: [Variable; 2] = [
    Variable::new("orderBy", "Name of the member to order by, ascending; any case is read"),
    Variable::new(
        "orderByDescending",
        "Name of the member to order by, descending; any case is read",
    ),
];

/// An order that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The member, in the spelling shown.
    pub by: &'static str,
    pub descending: bool,
}

impl Page {
    pub const FIRST: Self = Self { number: 1, size: DEFAULT_SIZE };

    /// Members that stand before this page.
    pub fn offset(self) -> i64 {
        (self.number - 1).saturating_mul(self.size)
    }

    /// Number of the last page of a collection of `total`; 1 when it is empty.
    pub fn last(self, total: i64) -> i64 {
        ((total + self.size - 1) / self.size).max(1)
    }
}

/// A page that a view links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLink {
    pub number: i64,
    /// The key of the page; `None` if it is found by its number.
    pub key: Option<String>,
}

impl From<i64> for PageLink {
    fn from(number: i64) -> Self {
        Self { number, key: None }
    }
}

/// The pages that a view links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLinks {
    pub first: PageLink,
    pub previous: Option<PageLink>,
    pub next: Option<PageLink>,
    pub last: PageLink,
}

impl PageLinks {
    /// Returns the links of a page of a collection of `total`, by numbers alone.
    pub fn by_number(page: Page, total: i64) -> Self {
        let last = page.last(total);
        Self {
            first: 1.into(),
            previous: (page.number > 1).then(|| (page.number - 1).min(last).into()),
            next: (page.number < last).then(|| (page.number + 1).into()),
            last: last.into(),
        }
    }
}

/// The collection of a page, and the part of the query that is not paging.
pub struct Frame<'a> {
    pub base: &'a str,
    /// Path of the collection below the base.
    pub path: &'a str,
    /// Filters and order as received, encoded; empty, or `name=value&…`.
    pub query: &'a str,
    /// The address asked for, path and query as received, below the base; `None` for a bare address.
    pub asked: Option<&'a str>,
    pub page: Page,
    pub total: i64,
    /// Tells whether the total is an estimate.
    pub is_estimated: bool,
    pub links: &'a PageLinks,
    /// The key of the search template: prefixed where the members own the term `template`.
    pub template: &'static str,
}

impl Frame<'_> {
    /// Address of the collection: with filters and order, without paging.
    pub fn id(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}{}{mark}{}", self.base, self.path, self.query)
    }

    fn page_address(&self, link: &PageLink) -> String {
        let and = if self.query.is_empty() { "" } else { "&" };
        let (base, path, query, size) = (self.base, self.path, self.query, self.page.size);
        let mut address = format!("{base}{path}?{query}{and}page={}&pageSize={size}", link.number);
        if let Some(key) = &link.key {
            address.extend(["&", PAGE_KEY.name, "=", key]);
        }
        address
    }

    /// Writes the collection; `members` are the members as JSON, objects with commas between.
    pub fn write(
        &self,
        doc: &CollectionDoc,
        operations: &[OperationDoc],
        members: &str,
        out: &mut Writer,
    ) {
        out.object(|out| {
            out.key("@context");
            out.address(&[self.base, "/contexts/", doc.name, ".jsonld"]);
            out.entry("@id", &self.id());
            out.entry("@type", "Collection");
            out.key("rdf:type");
            out.object(|out| {
                out.key("@id");
                out.address(&["vocab:", doc.name]);
            });
            out.key("totalItems");
            out.number(self.total);
            if self.is_estimated {
                out.key(ESTIMATED);
                out.flag(true);
            }
            out.key("member");
            out.array(|out| out.raw(members));
            for term in ["memberAssertion", "manages"] {
                out.key(term);
                out.object(|out| {
                    out.entry("property", "rdf:type");
                    out.entry("object", doc.member);
                });
            }
            self.write_view(out);
            self.write_search(doc, out);
            if !operations.is_empty() {
                out.key("hydra:operation");
                out.array(|out| operations.iter().for_each(|o| o.write_inline(out)));
            }
        });
    }

    fn write_view(&self, out: &mut Writer) {
        let PageLinks { first, previous, next, last } = self.links;
        out.key("view");
        out.object(|out| {
            // The page of an address without paging is another thing than the collection itself.
            let asked = self.asked.map(|asked| format!("{}{asked}", self.base));
            let own = asked.filter(|asked| *asked != self.id());
            let own = own.unwrap_or_else(|| self.page_address(&self.page.number.into()));
            out.entry("@id", &own);
            out.entry("@type", "PartialCollectionView");
            out.entry("first", &self.page_address(first));
            if let Some(previous) = previous {
                out.entry("previous", &self.page_address(previous));
            }
            if let Some(next) = next {
                out.entry("next", &self.page_address(next));
            }
            out.entry("last", &self.page_address(last));
        });
    }

    fn write_search(&self, doc: &CollectionDoc, out: &mut Writer) {
        let variables = || doc.variables().chain(&PAGING);
        let names = variables().map(|v| v.name).collect::<Vec<_>>().join(",");
        out.key("search");
        out.object(|out| {
            out.entry("@type", "IriTemplate");
            out.entry(self.template, &format!("{}{}{{?{names}}}", self.base, self.path));
            out.entry("variableRepresentation", "hydra:BasicRepresentation");
            out.key("mapping");
            out.array(|out| {
                for variable in variables() {
                    out.object(|out| {
                        out.entry("@type", "IriTemplateMapping");
                        out.entry("variable", variable.name);
                        out.entry("property", term_of(variable.name));
                        out.key("required");
                        out.flag(false);
                    });
                }
            });
        });
    }
}

/// Returns the term that a variable stands for.
pub fn term_of(variable: &'static str) -> &'static str {
    match variable {
        "page" => "pageIndex",
        "pageSize" => "limit",
        "pageKey" => "pageReference",
        other => other,
    }
}
