//! The members of images that are the customer's own, named once: all else that lists them derives from here.

/// Gives a macro the names of the metadata members: those of texts, then those of numbers.
macro_rules! metadata_members {
    ($then:ident) => {
        $then! { texts: [string1 string2 string3] numbers: [number1 number2 number3] }
    };
}
pub(crate) use metadata_members;

/// Lists the names, and puts them into sentences.
macro_rules! names {
    (texts: [$($text:ident)+] numbers: [$($number:ident)+]) => {
        /// Members that hold a text.
        pub const TEXTS: [&str; 3] = [$(stringify!($text)),+];
        /// Parameters that say what a text begins with.
        pub const PREFIXES: [&str; 3] = [$(concat!(stringify!($text), "Prefix")),+];
        /// Members that hold a whole number.
        pub const NUMBERS: [&str; 3] = [$(stringify!($number)),+];
        /// All of them.
        pub const MEMBERS: [&str; 6] = [$(stringify!($text),)+ $(stringify!($number)),+];
    };
}
metadata_members!(names);
