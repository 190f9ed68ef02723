//! The contexts that a body may name.

/// The knowledge of the contexts that a body may name.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Tells whether a context may be named at all.
    pub any: &'a dyn Fn(&str) -> bool,
    /// Tells whether it says nothing but what holds for the body anyway.
    pub own: &'a dyn Fn(&str) -> bool,
    /// Tells whether a term means something before any context is given.
    pub term: &'a dyn Fn(&str) -> bool,
    /// Tells whether texts of a term are names of nodes before any context is given.
    pub reference: &'a dyn Fn(&str) -> bool,
}
