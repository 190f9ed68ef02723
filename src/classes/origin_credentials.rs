//! Credentials of an origin strategy at an address of their own: written, never shown (`docs/rules.md` 7.2).

use super::CustomerOriginStrategy;
use super::addresses::{self, CustomerOriginStrategyAddress};
use super::customer_origin_strategy::CustomerOriginStrategyDraft;
use crate::hydra::{Access, Fault, PropertyDoc, Range, Writer};
use crate::origins::{CREDENTIAL_FIELDS, CredentialField, Strategy};
use crate::resource::credentials::Credentials;
use crate::resource::*;

#[derive(Debug)]
pub struct OriginCredentials(CustomerOriginStrategyAddress);

/// A member of some strategy's credentials.
#[derive(Clone, Copy)]
struct Member(CredentialField);

impl Property<OriginCredentials> for Member {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn describe(&self) -> PropertyDoc {
        PropertyDoc {
            access: Access::WriteOnly,
            max_bytes: Some(self.0.max_bytes),
            example: self.0.example,
            ..PropertyDoc::new(self.0.name, self.0.doc, Range::Literal("xsd:string"))
        }
    }

    fn show(&self, _: &OriginCredentials, _: RenderContext<'_>, _: &str, _: &mut Writer) {}
}

const COUNT: usize = CREDENTIAL_FIELDS.len();
#[expect(clippy::indexing_slicing, reason = "the compiler does it, and both have as many")]
static MEMBERS: [Member; COUNT] = {
    let [first, ..] = CREDENTIAL_FIELDS;
    let (mut members, mut n) = ([Member(first); COUNT], 1);
    while n < COUNT {
        members[n] = Member(CREDENTIAL_FIELDS[n]);
        n += 1;
    }
    members
};
#[expect(clippy::indexing_slicing, reason = "the compiler does it, and both have as many")]
static PROPERTIES: [&dyn Property<OriginCredentials>; COUNT] = {
    let [first, ..] = &MEMBERS;
    let mut properties: [&dyn Property<OriginCredentials>; COUNT] = [first; COUNT];
    let mut n = 1;
    while n < COUNT {
        properties[n] = &MEMBERS[n];
        n += 1;
    }
    properties
};

impl Resource for OriginCredentials {
    type Address = CustomerOriginStrategyAddress;
    type Draft = ();

    const NAME: &'static str = "Credentials";
    const TEMPLATE: &'static str = addresses::ORIGIN_CREDENTIALS;
    const CLASS: Class<Self> = Class {
        doc: "What a strategy shows to the origins that it fetches. They are written by PUT to \
              …/credentials of a strategy that needs some, and never shown; which members they \
              have, the strategy decides.",
        properties: &PROPERTIES,
        operations: &[PUT],
        ..Class::EMPTY
    };

    fn address(&self) -> CustomerOriginStrategyAddress {
        self.0.clone()
    }
    fn draft(&self) {}
}

const PUT: Operation<CustomerOriginStrategyAddress> =
    put("replace", "Store credentials").expects::<OriginCredentials>().writes(|s, at, input| {
        let mut body = input.object(OriginCredentials::NAME)?;
        let mut faults = Vec::new();
        identity::check_type(&mut body, OriginCredentials::ACCEPTED, &s.site.base, &mut faults);
        let locked = Locked::lock_for_part(s, at, input, |locked: &CustomerOriginStrategy| {
            locked.credentials.is_some()
        })?;
        if input.strict {
            let known = OriginCredentials::CLASS.properties.iter().map(|p| p.name());
            let mut rest = body.clone();
            known.for_each(|name| drop(rest.remove(name)));
            strict::check_rest(&rest, &mut faults);
        }
        let strategy = Strategy::parse(&locked.origin_strategy);
        let given = match strategy.and_then(|strategy| strategy.credentials().shape()) {
            Some(shape) => shape.read(&body),
            None => {
                Err(vec![("credentials", "are given to a strategy that takes none".to_owned())])
            }
        };
        let given = given.map(|given| Credentials::Given(given.to_kept()));
        let given = given.unwrap_or_else(|wrong| {
            faults.extend(wrong.into_iter().map(|(member, reason)| Fault::new(member, reason)));
            Credentials::None
        });
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let new = locked.credentials.is_none();
        let draft = CustomerOriginStrategyDraft { credentials: given, ..locked.draft() };
        CustomerOriginStrategy::save(s, locked, draft)?;
        Ok(Reply::Stored { new })
    });
