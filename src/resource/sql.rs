//! SQL functions that queries of classes name.

use diesel::expression::AsExpression;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text};
use diesel::{Expression, define_sql_function};

define_sql_function! {
    /// Text without distinction of case, as the unique indexes on names have it.
    fn lower(text: Text) -> Text;
}

define_sql_function! {
    /// Metadata as it is shown: what was never set is an empty text.
    #[sql_name = "shown"]
    fn shown_text(text: Nullable<Text>) -> Text;
}

define_sql_function! {
    /// Metadata as it is shown: what was never set is 0.
    #[sql_name = "shown"]
    fn shown_number(number: Nullable<BigInt>) -> BigInt;
}

define_sql_function! {
    /// The sum of numbers, which stays a bigint and is 0 of nothing.
    #[aggregate]
    fn total(number: BigInt) -> BigInt;
}

define_sql_function! {
    /// Words with their customer before each, as the indexes on tags and roles have them.
    fn tenant_words(customer: Integer, words: Array<Text>) -> Array<Text>;
}

diesel::infix_operator!(StartsWith, " ^@ ", backend: diesel::pg::Pg);

/// Whether a text begins with another: an index on the text has them in a row where texts are collated by code points.
pub fn starts_with<T, U>(text: T, prefix: U) -> StartsWith<T, U::Expression>
where
    T: Expression<SqlType = Text>,
    U: AsExpression<Text>,
{
    StartsWith::new(text, prefix.as_expression())
}
