//! Anonymous HTTP and HTTPS: what holds where no rule matches.

use super::{Fetch, Kind, Opening};
use crate::origins::credentials::CredentialUse;
use crate::origins::http::{Anonymous, SCHEMES};

/// Asks without credentials.
#[derive(Debug)]
pub struct Default;

impl Kind for Default {
    fn id(&self) -> &'static str {
        "default"
    }

    fn name(&self) -> &'static str {
        "Default"
    }

    fn schemes(&self) -> &'static [&'static str] {
        SCHEMES
    }

    fn credentials(&self) -> CredentialUse {
        CredentialUse::Never
    }

    fn open<'a>(&'a self, Fetch { url, network, .. }: Fetch<'a>) -> Opening<'a> {
        Box::pin(async move { network.http.get(url, &Anonymous).await })
    }
}
