//! Matching of paths against the templates of addresses.

use crate::resource::address::decode;

/// A URI template, cut at its slashes.
///
/// `{name}` stands for one segment, which is not empty; `{+name}` at the end stands for all that follows (RFC 6570,
/// reserved expansion).
pub struct Pattern(Vec<Segment>);

enum Segment {
    Fixed(String),
    Variable,
    Rest,
}

impl Pattern {
    pub fn of(template: &str) -> Self {
        let segments = template.trim_start_matches('/').split('/').map(|part| {
            if part.starts_with("{+") {
                Segment::Rest
            } else if part.starts_with('{') {
                Segment::Variable
            } else {
                Segment::Fixed(part.to_owned())
            }
        });
        Self(segments.collect())
    }

    /// Returns the number of segments that a matching path has, or at least has if it ends in `{+name}`.
    pub fn segments(&self) -> usize {
        self.0.len()
    }

    /// Returns the values of the variables if a path matches, which is given as its segments.
    ///
    /// Variables are percent-decoded; the rest of a path is not, because its slashes separate segments.
    pub fn matches(&self, path: &[&str]) -> Option<Vec<String>> {
        let has_rest = matches!(self.0.last(), Some(Segment::Rest));
        if path.len() < self.segments() || (path.len() > self.segments() && !has_rest) {
            return None;
        }
        let mut values = Vec::new();
        for (index, (wanted, given)) in self.0.iter().zip(path).enumerate() {
            match wanted {
                Segment::Fixed(name) if name == given => {}
                Segment::Fixed(_) => return None,
                Segment::Variable if given.is_empty() => return None,
                // What is no text is no id either, and is answered like one.
                Segment::Variable => values.push(decode(given).unwrap_or_default()),
                Segment::Rest => values.push(path.get(index..).unwrap_or_default().join("/")),
            }
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_matches_paths_of_its_form_only() {
        for (template, path, wanted) in [
            ("/vocab", "/vocab", Some(vec![])),
            ("/vocab", "/vocab/", None),
            ("/contexts/{context}", "/contexts/Sp%61ce.jsonld", Some(vec!["Space.jsonld"])),
            ("/contexts/{context}", "/contexts/", None),
            ("/contexts/{context}", "/contexts/a/b", None),
            ("/thumbs/{+image}", "/thumbs/1/2/a%2Fb", Some(vec!["1/2/a%2Fb"])),
            ("/thumbs/{+image}", "/thumbs/", Some(vec![""])),
            ("/thumbs/{+image}", "/thumbs", None),
            ("/thumbs/{+image}", "/thumb/1", None),
        ] {
            let path: Vec<&str> = path.trim_start_matches('/').split('/').collect();
            let found = Pattern::of(template).matches(&path);
            let wanted = wanted.map(|values| values.into_iter().map(str::to_owned).collect());
            assert_eq!(found, wanted, "{template} {path:?}");
        }
    }
}
