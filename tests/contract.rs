//! The contract every class keeps, stated once and tried on each.
