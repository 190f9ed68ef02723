//! Metadata of a space, the different values that its images hold: links to six lists.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::addresses::{self, SpaceAddress};
use super::image::metadata::{MEMBERS, NUMBERS, TEXTS, metadata_members};
use crate::hydra::{Problem, Variable, Writer};
use crate::resource::literal::Literal;
use crate::resource::*;
use crate::schema::spaces;

#[derive(Debug)]
pub struct SpaceMetadata {
    at: SpaceAddress,
}

/// The rows: a list for each member.
macro_rules! lists {
    (texts: [$($text:ident)+] numbers: [$($number:ident)+]) => {
        &[$(&lists!($text),)+ $(&lists!($number)),+]
    };
    ($name:ident) => {
        selection(
            stringify!($name),
            concat!("Values of ", stringify!($name)),
            concat!("/distinct?field=", stringify!($name)),
        )
    };
}

impl Resource for SpaceMetadata {
    type Address = SpaceAddress;
    type Draft = ();

    const NAME: &'static str = "SpaceMetadata";
    const TEMPLATE: &'static str = addresses::SPACE_METADATA;
    const CLASS: Class<Self> = Class {
        doc: "The different values that the images of a space hold, as one list for each member: a \
              plain JSON array, ascending, without what was never set. It has 2,000 values at \
              most; a Link header with rel=\"next\" leads to those that follow.",
        properties: metadata_members!(lists),
        operations: &[retrieve::<Self>()],
        children: &[("distinct", &[DISTINCT])],
        ..Class::EMPTY
    };

    fn address(&self) -> SpaceAddress {
        self.at
    }
    fn draft(&self) {}
}

impl Retrieve for SpaceMetadata {
    fn find(s: &mut UnitOfWork<'_>, at: &SpaceAddress) -> Result<Self, Problem> {
        check_space(s.conn, at).map(|()| Self { at: *at })
    }
}

/// Returns nothing where there is such a space.
///
/// # Errors
/// Returns [`Problem::NotFound`] where there is none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "an act is given its address by reference")]
fn check_space(conn: &mut PgConnection, at: &SpaceAddress) -> Result<(), Problem> {
    let space = spaces::table.find((at.customer, at.space)).select(spaces::id);
    Ok(space.first::<i32>(conn).map(|_| ())?)
}

/// Values of an answer, at most; `Link` with `rel="next"` leads to those that follow.
const MAX_VALUES: usize = 2000;

const DISTINCT: Operation<SpaceAddress> =
    get("distinct", "List the different values of one member")
        .returns_a("rdf:List")
        .answering(statuses::LISTED)
        // Six bytes of JSON for each, at worst.
        .answers_up_to(MAX_VALUES * MAX_INDEXED * 6)
        .parameters(&[Variable { values: &MEMBERS, ..Variable::new("field", "The member") }, AFTER])
        .reads(|s, at, input| {
            check_space(s.conn, at)?;
            let field = input.query.get("field").unwrap_or_default();
            let mut faults = Vec::new();
            input.query.check_texts(&[AFTER], &mut faults);
            if !faults.is_empty() {
                return Err(faults.into());
            }
            let after = input.query.get(AFTER.name);
            let (body, last) = if TEXTS.contains(&field) {
                page(distinct_texts(s.conn, at, field, after.map(str::to_owned))?)
            } else if NUMBERS.contains(&field) {
                let after = after.map(str::parse::<i64>).transpose();
                let after = after
                    .map_err(|_not_a_number| Problem::invalid("after", "must be a whole number"))?;
                page(distinct_numbers(s.conn, at, field, after)?)
            } else {
                let [others @ .., last] = &MEMBERS;
                let reason = format!("must be {} or {last}", others.join(", "));
                return Err(Problem::invalid("field", reason));
            };
            let next = last.map(|last| {
                let last = utf8_percent_encode(&last, NON_ALPHANUMERIC);
                format!("{}{}?field={field}&after={last}", s.site.base, input.path)
            });
            Ok(Reply::Bare { body, next })
        });

const AFTER: Variable = Variable::new("after", "Values that come after this one");

/// Defines a function that finds the different values of a column after one, ascending, with one more than an
/// answer holds.
///
/// Each is found by a step of the index from the one before, however many images have it. `$empty` is what an unset
/// value is shown as, the smallest there is; `$is_set` says whether it was set somewhere, so that it counts.
macro_rules! distinct {
    ($name:ident, $type:ty, $sql:ident, $empty:literal, $is_set:literal) => {
        fn $name(
            conn: &mut PgConnection,
            at: &SpaceAddress,
            column: &str,
            after: Option<$type>,
        ) -> Result<Vec<$type>, Problem> {
            #[derive(QueryableByName)]
            struct Row {
                #[diesel(sql_type = $sql)]
                value: $type,
            }
            let own = "images WHERE customer = $1 AND space = $2";
            let sql = format!(
                "WITH RECURSIVE found (value) AS (\
                   (SELECT shown({column}) FROM {own} \
                    AND shown({column}) > GREATEST($3, {empty}) ORDER BY shown({column}) LIMIT 1) \
                   UNION ALL SELECT next.value FROM found CROSS JOIN LATERAL (\
                     SELECT shown({column}) AS value FROM {own} AND shown({column}) > found.value \
                     ORDER BY shown({column}) LIMIT 1) AS next\
                 ) (SELECT {empty} AS value WHERE ($3 IS NULL OR $3 < {empty}) \
                    AND EXISTS (SELECT FROM {own} AND {is_set})) \
                 UNION ALL (SELECT value FROM found LIMIT $4)",
                empty = $empty,
                is_set = format!($is_set, column = column),
            );
            let limit = i64::try_from(MAX_VALUES).unwrap_or(i64::MAX).saturating_add(1);
            let query = diesel::sql_query(sql)
                .bind::<Integer, _>(at.customer)
                .bind::<Integer, _>(at.space)
                .bind::<Nullable<$sql>, _>(after)
                .bind::<BigInt, _>(limit);
            let rows: Vec<Row> = conn.build_transaction().read_only().run(|conn| {
                // While its statistics are stale, the planner would read and sort a space for each value.
                conn.batch_execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")?;
                query.load(conn)
            })?;
            Ok(rows.into_iter().map(|row| row.value).collect())
        }
    };
}
// Empty texts are not kept.
distinct!(distinct_texts, String, Text, "''::text", "{column} IS NULL AND FALSE");
distinct!(distinct_numbers, i64, BigInt, "0::bigint", "{column} = 0");

/// As many values as an answer holds, and the last of them where more follow.
fn page<T: Literal + ToString>(mut values: Vec<T>) -> (Vec<u8>, Option<String>) {
    let more = values.len() > MAX_VALUES;
    values.truncate(MAX_VALUES);
    let mut out = Writer::default();
    values.write(&mut out);
    let last = values.last().filter(|_| more).map(ToString::to_string);
    (out.finish(), last)
}
