//! Conditions on the state that a request meets: `If-Match` and `If-None-Match` (RFC 9110, section 13).

use crate::hydra::{ContentCoding, Problem, Tag, Variant};

/// The conditions of a request; none, as most requests have none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    if_match: Option<Named>,
    if_none_match: Option<Named>,
    /// Content codings that the client accepts, the best first; empty if it said nothing of them.
    codings: Vec<ContentCoding>,
}

/// The states that a condition names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    /// `*`: whatever there is.
    Any,
    Tags(Vec<EntityTag>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct EntityTag {
    weak: bool,
    /// The text between the quotes.
    opaque: String,
}

/// The state that a request meets at its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Current {
    Nothing,
    /// Something that is never shown, and so has no tag.
    Unseen,
    State(Tag),
}

/// The answer to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It has the representation already, in this content coding.
    Unchanged(ContentCoding),
    Changed,
}

impl Conditions {
    /// Reads the values of the two headers, each of which may stand several times.
    ///
    /// What is no entity tag matches nothing.
    pub fn read<'a>(
        if_match: impl Iterator<Item = &'a str>,
        if_none_match: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self { if_match: named(if_match), if_none_match: named(if_none_match), codings: Vec::new() }
    }

    /// Returns the same conditions of a client that accepts content codings, the best first.
    pub fn accepting(self, codings: Vec<ContentCoding>) -> Self {
        Self { codings, ..self }
    }

    pub fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Returns whether something may be done to what is there: any representation's tag counts, a weak one never
    /// for `If-Match`.
    ///
    /// # Errors
    /// Returns [`Problem::PreconditionFailed`] if a condition is not met.
    pub fn allow(&self, current: Current) -> Result<(), Problem> {
        let is = |tag: &EntityTag| match current {
            Current::State(state) => state.is_of(&tag.opaque),
            Current::Nothing | Current::Unseen => false,
        };
        self.check_match(current)?;
        match &self.if_none_match {
            Some(Named::Any) if current != Current::Nothing => Err(failed(
                "If-None-Match: * asks that there is nothing at this address, but there is something",
            )),
            Some(Named::Tags(tags)) if tags.iter().any(is) => {
                Err(failed("the resource is in a state that If-None-Match excludes"))
            }
            _ => Ok(()),
        }
    }

    /// Returns whether a reader who asks for a representation has it already, in a content coding that it accepts.
    ///
    /// Text need not be held in the best of them: what is held and accepted is not sent again in another.
    ///
    /// # Errors
    /// Returns [`Problem::PreconditionFailed`] if `If-Match` is not met.
    pub fn judge(&self, state: Tag, variant: Variant) -> Result<Freshness, Problem> {
        self.check_match(Current::State(state))?;
        let held = match &self.if_none_match {
            None => None,
            Some(Named::Any) => Some(ContentCoding::Identity),
            Some(Named::Tags(tags)) => {
                let is_held = |coding: &ContentCoding| {
                    let wanted = state.opaque_in(variant.suffix, *coding);
                    tags.iter().any(|tag| tag.opaque == wanted)
                };
                self.codings_of(variant).iter().copied().find(is_held)
            }
        };
        Ok(held.map_or(Freshness::Changed, Freshness::Unchanged))
    }

    /// Returns the content codings in which the client accepts a representation.
    fn codings_of(&self, variant: Variant) -> &[ContentCoding] {
        match variant.is_text && !self.codings.is_empty() {
            true => &self.codings,
            false => &[ContentCoding::Identity],
        }
    }

    fn check_match(&self, current: Current) -> Result<(), Problem> {
        match (&self.if_match, current) {
            (None, _) | (Some(Named::Any), Current::State(_) | Current::Unseen) => Ok(()),
            (Some(_), Current::Nothing) => {
                Err(failed("If-Match asks for a state, but there is nothing at this address"))
            }
            (Some(Named::Tags(tags)), Current::State(state))
                if tags.iter().any(|tag| !tag.weak && state.is_of(&tag.opaque)) =>
            {
                Ok(())
            }
            (Some(Named::Tags(_)), Current::State(_)) => Err(failed(
                "the resource is not in the state that If-Match names; GET shows its present one",
            )),
            (Some(Named::Tags(_)), Current::Unseen) => {
                Err(failed("what is here is never shown and has no tag; If-Match can only name *"))
            }
        }
    }
}

fn failed(why: &str) -> Problem {
    Problem::PreconditionFailed(why.to_owned())
}

/// Returns what the lines of one header name together; `None`: there is no such header.
fn named<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Named> {
    let lines: Vec<&str> = lines.map(str::trim).collect();
    match lines.as_slice() {
        [] => None,
        ["*"] => Some(Named::Any),
        lines => Some(Named::Tags(lines.iter().flat_map(|line| tags(line)).collect())),
    }
}

/// The entity tags of a list; what stands between them and is none is passed over.
fn tags(list: &str) -> Vec<EntityTag> {
    let mut found = Vec::new();
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return found;
        }
        let (weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        match quoted.strip_prefix('"').and_then(|text| text.split_once('"')) {
            Some((opaque, after)) => {
                found.push(EntityTag { weak, opaque: opaque.to_owned() });
                rest = after;
            }
            None => rest = rest.split_once(',').map_or("", |(_, after)| after),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ContentCoding::{Brotli, Gzip, Identity, Zstd};

    fn conditions(if_match: &[&str], if_none_match: &[&str]) -> Conditions {
        Conditions::read(if_match.iter().copied(), if_none_match.iter().copied())
    }

    #[test]
    fn lists_are_read_over_all_lines_and_garbage_is_passed_over() {
        let tag = |weak, opaque: &str| EntityTag { weak, opaque: opaque.into() };
        for (lines, wanted) in [
            (vec!["\"a\""], vec![tag(false, "a")]),
            (vec!["\"a\",\"b\" , W/\"c\""], vec![tag(false, "a"), tag(false, "b"), tag(true, "c")]),
            (vec!["\"a\"", "\"b, c\""], vec![tag(false, "a"), tag(false, "b, c")]),
            (vec![", ,\"\","], vec![tag(false, "")]),
            (vec!["abc, w/\"x\", \"b\", \"open"], vec![tag(false, "b")]),
            (vec!["*, \"b\""], vec![tag(false, "b")]),
            (vec![""], vec![]),
        ] {
            assert_eq!(named(lines.iter().copied()), Some(Named::Tags(wanted)), "{lines:?}");
        }
        assert_eq!(named([].into_iter()), None);
        assert_eq!(named([" * "].into_iter()), Some(Named::Any));
    }

    #[test]
    fn a_writer_is_let_through_as_the_specification_says() {
        let state = Tag::of(b"now");
        let (now, turtle) = (state.entity_tag(""), state.entity_tag("ttl"));
        let gzip = state.entity_tag_in("ttl", Gzip);
        let (weak, old) = (format!("W/{now}"), Tag::of(b"before").entity_tag(""));
        let list = format!("{old}, {turtle}");
        let there = Current::State(state);
        for (if_match, if_none_match, current, allowed) in [
            (None, None, there, true),
            (None, None, Current::Nothing, true),
            (Some(now.as_str()), None, there, true),
            (Some(turtle.as_str()), None, there, true),
            (Some(gzip.as_str()), None, there, true),
            (None, Some(gzip.as_str()), there, false),
            (Some(list.as_str()), None, there, true),
            (Some("*"), None, there, true),
            (Some("*"), None, Current::Unseen, true),
            (Some("*"), None, Current::Nothing, false),
            (Some(now.as_str()), None, Current::Nothing, false),
            (Some(now.as_str()), None, Current::Unseen, false),
            (Some(weak.as_str()), None, there, false),
            (Some(old.as_str()), None, there, false),
            (Some("garbage"), None, there, false),
            (None, Some("*"), there, false),
            (None, Some("*"), Current::Unseen, false),
            (None, Some("*"), Current::Nothing, true),
            (None, Some(now.as_str()), there, false),
            (None, Some(weak.as_str()), there, false),
            (None, Some(turtle.as_str()), there, false),
            (None, Some(old.as_str()), there, true),
            (None, Some("garbage"), there, true),
            (Some(now.as_str()), Some(old.as_str()), there, true),
            (Some(now.as_str()), Some(now.as_str()), there, false),
        ] {
            let read = conditions(if_match.as_slice(), if_none_match.as_slice());
            let told = (if_match, if_none_match, current);
            assert_eq!(read.allow(current).is_ok(), allowed, "{told:?}");
        }
    }

    #[test]
    fn a_reader_is_told_of_its_own_representation_only() {
        let state = Tag::of(b"now");
        let (plain, turtle) = (state.entity_tag(""), state.entity_tag("ttl"));
        let is_unchanged = |none: &str, suffix| {
            let judged = conditions(&[], &[none]).judge(state, Variant::text(suffix));
            judged.expect("no If-Match") == Freshness::Unchanged(Identity)
        };
        assert!(is_unchanged(&plain, "") && is_unchanged(&turtle, "ttl"));
        assert!(is_unchanged(&format!("W/{plain}"), "") && is_unchanged("*", "ttl"));
        assert!(!is_unchanged(&plain, "ttl") && !is_unchanged(&turtle, ""));
        assert!(!is_unchanged("garbage", ""));
        let default = Variant::text("");
        assert!(conditions(&["\"old\""], &[]).judge(state, default).is_err());
        assert!(conditions(&[&turtle], &[]).judge(state, default).is_ok());
    }

    #[test]
    fn a_reader_has_a_text_in_each_content_coding_that_it_accepts() {
        let state = Tag::of(b"now");
        let tag = |coding| state.entity_tag_in("ttl", coding);
        let all = [Zstd, Gzip, Identity].map(tag).join(", ");
        for (none, accepted, variant, expected) in [
            (tag(Gzip), vec![Gzip, Identity], Variant::text("ttl"), Some(Gzip)),
            (tag(Identity), vec![Gzip, Identity], Variant::text("ttl"), Some(Identity)),
            (all.clone(), vec![Gzip, Zstd, Identity], Variant::text("ttl"), Some(Gzip)),
            (all.clone(), vec![Brotli, Identity, Zstd], Variant::text("ttl"), Some(Identity)),
            (all, vec![], Variant::text("ttl"), Some(Identity)),
            (tag(Gzip), vec![], Variant::text("ttl"), None),
            (tag(Gzip), vec![Zstd, Identity], Variant::text("ttl"), None),
            (tag(Identity), vec![Gzip], Variant::text("ttl"), None),
            (tag(Gzip), vec![Gzip, Identity], Variant::text(""), None),
            (state.entity_tag_in("", Gzip), vec![Gzip, Identity], Variant::PIXELS, None),
            (state.entity_tag(""), vec![Gzip], Variant::PIXELS, Some(Identity)),
        ] {
            let told = format!("{none}, {accepted:?}, {variant:?}");
            let conditions = conditions(&[], &[&none]).accepting(accepted);
            let judged = conditions.judge(state, variant).expect("no If-Match");
            let expected = expected.map_or(Freshness::Changed, Freshness::Unchanged);
            assert_eq!(judged, expected, "{told}");
        }
    }
}
