//! Which values the images of a space hold: links to six lists.

use diesel::prelude::*;

use super::space::{Space, SpaceAddress};
use super::sql::{shown_number, shown_text};
use crate::hydra::{OperationDoc, Problem, Writer};
use crate::resource::literal::Literal as _;
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
              plain JSON array, ascending, without what was never set.",
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

const DISTINCT: Operation<SpaceAddress> = Operation {
    doc: OperationDoc {
        name: "distinct",
        method: "GET",
        title: "List the different values of one member",
        expects: None,
        returns: None,
        statuses: statuses::LISTED,
        administrators_only: false,
    },
    body: Body::None,
    chooses: false,
    act: Act::Read(|s, at, input| {
        Space::find(s, at)?;
        let field = input.query.get("field").unwrap_or_default();
        let own = || {
            images::table
                .filter(images::customer.eq(at.customer))
                .filter(images::space.eq(at.space))
        };
        macro_rules! texts {
            ($column:expr) => {
                own()
                    .filter($column.is_not_null())
                    .select(shown_text($column))
                    .distinct()
                    .order(shown_text($column))
                    .load::<String>(s.conn)?
            };
        }
        macro_rules! numbers {
            ($column:expr) => {
                own()
                    .filter($column.is_not_null())
                    .select(shown_number($column))
                    .distinct()
                    .order(shown_number($column))
                    .load::<i64>(s.conn)?
            };
        }
        let mut out = Writer::default();
        let texts = match field {
            "string1" => Some(texts!(images::string1)),
            "string2" => Some(texts!(images::string2)),
            "string3" => Some(texts!(images::string3)),
            _ => None,
        };
        let numbers = match field {
            "number1" => Some(numbers!(images::number1)),
            "number2" => Some(numbers!(images::number2)),
            "number3" => Some(numbers!(images::number3)),
            _ => None,
        };
        match (texts, numbers) {
            (Some(texts), _) => texts.write(&mut out),
            (_, Some(numbers)) => numbers.write(&mut out),
            (None, None) => {
                let reason = "must be string1, string2, string3, number1, number2 or number3";
                return Err(Problem::invalid("field", reason));
            }
        }
        Ok(Reply::Bare { body: out.finish(), next: None })
    }),
};
