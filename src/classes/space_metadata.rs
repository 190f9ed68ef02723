//! Which values the images of a space hold: links to six lists.

use diesel::prelude::*;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::space::{Space, SpaceAddress};
use super::sql::{shown_number, shown_text};
use crate::hydra::{OperationDoc, Problem, Variable, Writer};
use crate::resource::literal::Literal;
use crate::resource::*;
use crate::schema::images;

#[derive(Debug)]
pub struct SpaceMetadata {
    at: SpaceAddress,
}

impl Resource for SpaceMetadata {
    type Address = SpaceAddress;
    type Draft = ();

    const NAME: &'static str = "SpaceMetadata";
    const TEMPLATE: &'static str = "/customers/{customer}/spaces/{space}/metadata";
    const CLASS: Class<Self> = Class {
        doc: "The different values that the images of a space hold, as one list for each member: a \
              plain JSON array, ascending, without what was never set. It has 10,000 values at \
              most; a Link header with rel=\"next\" leads to those that follow.",
        parent: None,
        properties: &[
            &selection("string1", "Values of string1", "/distinct?field=string1"),
            &selection("string2", "Values of string2", "/distinct?field=string2"),
            &selection("string3", "Values of string3", "/distinct?field=string3"),
            &selection("number1", "Values of number1", "/distinct?field=number1"),
            &selection("number2", "Values of number2", "/distinct?field=number2"),
            &selection("number3", "Values of number3", "/distinct?field=number3"),
        ],
        operations: &[retrieve::<Self>()],
        beneath: &[("distinct", &[DISTINCT])],
    };

    fn address(&self) -> SpaceAddress {
        self.at
    }
    fn draft(&self) {}
}

impl Retrieve for SpaceMetadata {
    fn find(s: &mut Session<'_>, at: &SpaceAddress) -> Result<Self, Problem> {
        Space::find(s, at).map(|_| Self { at: *at })
    }
}

/// Values of an answer, at most; `Link` with `rel="next"` leads to those that follow.
const MAX_VALUES: usize = 10_000;

/// Members whose values are listed.
const FIELDS: [&str; 6] = ["string1", "string2", "string3", "number1", "number2", "number3"];

const DISTINCT: Operation<SpaceAddress> = Operation {
    doc: OperationDoc {
        name: "distinct",
        method: "GET",
        title: "List the different values of one member",
        expects: None,
        returns: Some("rdf:List"),
        statuses: statuses::LISTED,
        parameters: &[Variable { values: &FIELDS, ..Variable::new("field", "The member") }, AFTER],
        administrators_only: false,
    },
    body: Body::None,
    chooses: false,
    act: Act::Read(|s, at, input| {
        Space::find(s, at)?;
        let field = input.query.get("field").unwrap_or_default();
        let mut faults = Vec::new();
        input.query.check_texts(&[AFTER], &mut faults);
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let after = input.query.get(AFTER.name);
        let own = || {
            images::table
                .filter(images::customer.eq(at.customer))
                .filter(images::space.eq(at.space))
                .distinct()
                // One more tells whether there are more.
                .limit(i64::try_from(MAX_VALUES).unwrap_or(i64::MAX).saturating_add(1))
        };
        macro_rules! texts {
            ($column:expr) => {{
                let own = own().filter($column.is_not_null()).select(shown_text($column));
                let own = own.order(shown_text($column));
                page(match after {
                    Some(after) => own.filter(shown_text($column).gt(after)).load(s.conn)?,
                    None => own.load::<String>(s.conn)?,
                })
            }};
        }
        macro_rules! numbers {
            ($column:expr) => {{
                let own = own().filter($column.is_not_null()).select(shown_number($column));
                let own = own.order(shown_number($column));
                page(match after.map(str::parse::<i64>) {
                    Some(Ok(after)) => own.filter(shown_number($column).gt(after)).load(s.conn)?,
                    Some(Err(_not_a_number)) => {
                        return Err(Problem::invalid("after", "must be a whole number"));
                    }
                    None => own.load::<i64>(s.conn)?,
                })
            }};
        }
        let (body, last) = match field {
            "string1" => texts!(images::string1),
            "string2" => texts!(images::string2),
            "string3" => texts!(images::string3),
            "number1" => numbers!(images::number1),
            "number2" => numbers!(images::number2),
            "number3" => numbers!(images::number3),
            _ => {
                let reason = "must be string1, string2, string3, number1, number2 or number3";
                return Err(Problem::invalid("field", reason));
            }
        };
        let next = last.map(|last| {
            let last = utf8_percent_encode(&last, NON_ALPHANUMERIC);
            format!("{}{}?field={field}&after={last}", s.site.base, input.path)
        });
        Ok(Reply::Bare { body, next })
    }),
};

const AFTER: Variable = Variable::new("after", "Values that come after this one");

/// As many values as an answer holds, and the last of them where more follow.
fn page<T: Literal + ToString>(mut values: Vec<T>) -> (Vec<u8>, Option<String>) {
    let more = values.len() > MAX_VALUES;
    values.truncate(MAX_VALUES);
    let mut out = Writer::default();
    values.write(&mut out);
    let last = values.last().filter(|_| more).map(ToString::to_string);
    (out.finish(), last)
}
