//! What is particular to a class; what is the same for all stands in `contract`.

mod space;
