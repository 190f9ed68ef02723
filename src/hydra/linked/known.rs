//! The contexts that a body may name.

/// What is known of the contexts that a body may name.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Whether a context may be named at all.
    pub any: &'a dyn Fn(&str) -> bool,
    /// Whether it says nothing but what holds for the body anyway.
    pub own: &'a dyn Fn(&str) -> bool,
    /// Whether a term means something before any context is given.
    pub term: &'a dyn Fn(&str) -> bool,
}
