//! Addresses of images: which are allowed for new ones, and the space that a body names (`docs/rules.md` 2.1, 2.2).

use serde_json::{Map, Value};

use crate::addresses::{self, ImageAddress, SpaceAddress};
use crate::hydra::Fault;
use crate::resource::address::{self, ID_RULE};
use crate::resource::reference::resolve_address;

/// Longest `customer/space/id`, in bytes (`docs/rules.md` 2.1).
const MAX_JOINED: usize = 220;

impl ImageAddress {
    /// Returns what is wrong with it as the address of something new, if anything is.
    pub fn fault(&self) -> Option<Fault> {
        if !address::is_id(&self.image) {
            return Some(Fault::new("id", ID_RULE));
        }
        let joined = format!("{}/{}/{}", self.customer, self.space, self.image).len();
        let reason = || format!("makes customer/space/id {joined} bytes; {MAX_JOINED} are allowed");
        (joined > MAX_JOINED).then(|| Fault::new("id", reason()))
    }
}

/// Takes `space` out of a body that was sent to `path`, and refuses another than that of the address.
pub fn check_space(
    at: &SpaceAddress,
    path: &str,
    body: &mut Map<String, Value>,
    faults: &mut Vec<Fault>,
) {
    if let Some(given) = body.remove("space")
        && !given.is_null()
        && given_space(&given, at.customer, path).is_none_or(|given| given != at.space)
    {
        let space = at.space;
        faults.push(Fault::new("space", format!("differs from the address, which says {space}")));
    }
}

/// Returns the number of a space of a customer as bodies give it: a number, its text, or the address of the space.
pub fn given_space(value: &Value, customer: i32, path: &str) -> Option<i32> {
    resolve_address::<SpaceAddress>("Space", addresses::SPACE, value, Some(customer), path)
        .ok()
        .map(|at| at.space)
}
