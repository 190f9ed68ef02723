//! Credentials of an origin strategy at an address of their own: written, never shown (`docs/rules.md` 7.2).

use super::CustomerOriginStrategy;
use super::addresses::{self, CustomerOriginStrategyAddress};
use super::customer_origin_strategy::CustomerOriginStrategyDraft;
use crate::hydra::Fault;
use crate::origins::Strategy;
use crate::resource::credentials::Credentials;
use crate::resource::literal::Literal as _;
use crate::resource::*;

#[derive(Debug)]
pub struct OriginCredentials(CustomerOriginStrategyAddress);

/// The credentials in a body; never printed, for it holds a password.
#[derive(Default)]
pub struct OriginCredentialsDraft {
    user: String,
    password: String,
}

impl Resource for OriginCredentials {
    type Address = CustomerOriginStrategyAddress;
    type Draft = OriginCredentialsDraft;

    const NAME: &'static str = "Credentials";
    const TEMPLATE: &'static str = addresses::ORIGIN_CREDENTIALS;
    const CLASS: Class<Self> = Class {
        doc: "User and password with which the origins of a strategy are fetched. They are written \
              by PUT to …/credentials of a strategy that needs some, and never shown.",
        properties: &[
            &secret("user", "User name; no colon", |d: &mut OriginCredentialsDraft| &mut d.user)
                .required()
                .max_bytes(MAX_INDEXED)
                .example("reader"),
            &secret("password", "Password", |d: &mut OriginCredentialsDraft| &mut d.password)
                .required()
                .max_bytes(MAX_INDEXED)
                .example("open sesame"),
        ],
        operations: &[PUT],
        ..Class::EMPTY
    };

    fn address(&self) -> CustomerOriginStrategyAddress {
        self.0.clone()
    }
    fn draft(&self) -> OriginCredentialsDraft {
        OriginCredentialsDraft::default()
    }
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
        // Read as the strategy's own member is, so that both are held to the same rules.
        let given = Credentials::read(&body.into());
        let given = given.unwrap_or_else(|reason| {
            faults.push(Fault::new("credentials", reason));
            Credentials::None
        });
        if !Strategy::parse(&locked.origin_strategy).is_some_and(Strategy::requires_credentials) {
            faults.push(Fault::new("credentials", "are given to a strategy that takes none"));
        }
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let new = locked.credentials.is_none();
        let draft = CustomerOriginStrategyDraft { credentials: given, ..locked.draft() };
        CustomerOriginStrategy::save(s, locked, draft)?;
        Ok(Reply::Stored { new })
    });
