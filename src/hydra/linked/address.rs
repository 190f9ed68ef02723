//! Where the service is, and what an IRI in a body is from there.

/// Stands for this service in the base of a body, so that what was relative can be told afterwards.
const RELATIVE: &str = "http://relative.invalid";

/// The public address of the service, and the names that begin with it.
#[derive(Debug, Clone)]
pub struct Here {
    base: String,
    /// Scheme and authority of the base.
    origin: String,
    /// Path of the base; empty, or begins with a slash.
    path: String,
    pub vocabulary: String,
}

impl Here {
    pub fn new(base: &str) -> Self {
        let after_scheme = base.find("://").map_or(0, |at| at + 3);
        let rest = base.get(after_scheme..).unwrap_or_default();
        let end = rest.find('/').map_or(base.len(), |at| after_scheme + at);
        let (origin, path) = base.split_at(end);
        Self {
            base: base.to_owned(),
            origin: origin.to_owned(),
            path: path.to_owned(),
            vocabulary: format!("{base}/vocab#"),
        }
    }

    /// What relative references of a body relate to: the address asked for, marked.
    pub fn marked(&self, path: &str) -> String {
        format!("{RELATIVE}{}{path}", self.path)
    }

    /// The address of a published context, by the name of its class.
    pub fn context(&self, name: &str) -> String {
        format!("{}/contexts/{name}.jsonld", self.base)
    }

    /// An IRI as it comes of a relative reference.
    pub fn relative(&self, iri: &str) -> String {
        match iri.strip_prefix(&self.base) {
            Some(path) => self.marked(path),
            None => iri.to_owned(),
        }
    }

    /// An IRI with the mark replaced by what it stands for.
    pub fn absolute(&self, iri: &str) -> String {
        match iri.strip_prefix(RELATIVE) {
            Some(path) => format!("{}{path}", self.origin),
            None => iri.to_owned(),
        }
    }

    /// A link as a body without a context would give it.
    ///
    /// What was relative is a path again; what named something beside the address asked for is one bare
    /// segment, for that may be an id (`rules.md` 4.9).
    pub fn reference(&self, iri: &str, asked: &str) -> String {
        let Some(path) = iri.strip_prefix(RELATIVE) else { return iri.to_owned() };
        let folder = asked.rfind('/').and_then(|at| asked.get(..=at)).unwrap_or_default();
        let beside = path
            .strip_prefix(&self.path)
            .and_then(|path| path.strip_prefix(folder))
            .filter(|segment| !segment.is_empty() && !segment.contains(['/', '?', '#']));
        beside.unwrap_or(path).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_relative_is_told_from_what_was_whole() {
        for base in ["http://localhost:8080", "https://example.org/api"] {
            let here = Here::new(base);
            let asked = "/customers/1/roles/staff";
            let marked = here.marked(asked);
            let folder = marked.strip_suffix("staff").expect("the last segment");
            assert_eq!(here.absolute(&marked), format!("{base}{asked}"));
            assert_eq!(here.reference(&format!("{folder}login"), asked), "login");
            let whole = format!("{base}/customers/1/roles/login");
            assert_eq!(here.reference(&whole, asked), whole);
            let elsewhere = here.reference(&format!("{folder}a/b"), asked);
            assert!(elsewhere.ends_with("/customers/1/roles/a/b"), "{elsewhere}");
        }
    }
}
