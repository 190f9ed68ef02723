//! The methods of an address, as `Allow` lists them.

/// The methods that the service answers at any address, for `OPTIONS *`.
pub const ANYWHERE: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Returns the methods for `Allow`: those that are answered, HEAD beside GET, and OPTIONS.
pub fn allowed(methods: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut methods: Vec<_> = methods.collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods
}
