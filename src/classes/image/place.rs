//! The addresses of the images of a submission: by `@id`, or by `space` and `id` (`docs/rules.md` 2.2, 2.3).

use serde_json::{Map, Value};

use super::{Image, given_space};
use crate::addresses::ImageAddress;
use crate::hydra::Fault;
use crate::resource::*;

/// One image of a submission, its identity read.
pub(super) struct Member {
    pub index: usize,
    pub at: ImageAddress,
    pub body: Map<String, Value>,
}

/// Reads where each member of a submission to `path` is to stand; one that cannot be told is left out, with its
/// fault.
pub(super) fn identify(
    site: &Site,
    (customer, path): (i32, &str),
    submitted: Vec<Value>,
    faults: &mut Vec<Fault>,
) -> Vec<Member> {
    let mut members = Vec::with_capacity(submitted.len());
    for (index, value) in submitted.into_iter().enumerate() {
        let mut own = Vec::new();
        if let Value::Object(mut body) = value {
            if let Some(at) = place(site, (customer, path), &mut body, &mut own) {
                members.push(Member { index, at, body });
            }
            faults.extend(own.into_iter().map(|fault| fault.within(index)));
        } else {
            let member = format!("member[{index}]");
            let pointer = format!("/member/{index}");
            let fault = Fault::new(member, "must be an object that describes an Image");
            faults.push(Fault { pointer, ..fault });
        }
    }
    members
}

/// Returns where a member is to stand: by `@id`, or by `space` and `id`, the latter minted where it is absent.
fn place(
    site: &Site,
    (customer, path): (i32, &str),
    body: &mut Map<String, Value>,
    faults: &mut Vec<Fault>,
) -> Option<ImageAddress> {
    identity::check_type(body, Image::ACCEPTED, &site.base, faults);
    let named = match body.remove("@id").filter(|v| !v.is_null()) {
        Some(value) => match value.as_str() {
            Some(blank) if blank.starts_with("_:") => None,
            Some(iri) => match address::path_of(iri)
                .filter(|_| iri.starts_with(&site.base) || iri.starts_with('/'))
                .and_then(|_| iri.strip_prefix(&site.base).or(Some(iri)))
                .and_then(|path| address::unfill::<ImageAddress>(Image::TEMPLATE, path))
            {
                Some(at) if at.customer == customer => Some(at),
                _ => {
                    faults.push(Fault::new("@id", "is no address of an image of this customer"));
                    return None;
                }
            },
            None => {
                faults.push(Fault::new("@id", "must be the address of an image"));
                return None;
            }
        },
        None => None,
    };
    let space = match (body.remove("space").filter(|v| !v.is_null()), &named) {
        (Some(given), named) => match given_space(&given, customer, path) {
            Some(space) if named.as_ref().is_none_or(|at| at.space == space) => Some(space),
            Some(_) => {
                faults.push(Fault::new("space", "differs from that of @id"));
                None
            }
            None => {
                faults.push(Fault::new("space", "must be the number of a space of this customer"));
                None
            }
        },
        (None, Some(at)) => Some(at.space),
        (None, None) => None,
    };
    let choice = identity::take_choice(body, Image::TEMPLATE, faults);
    let (whole, id) = match &choice {
        Some(given) => whole_id(site, given),
        None => (None, None),
    };
    if let Some((of, in_space)) = whole {
        if of != customer {
            faults.push(Fault::new("id", "names another customer"));
            return None;
        }
        if space.is_some_and(|space| space != in_space) {
            faults.push(Fault::new("id", "names another space"));
            return None;
        }
    }
    let space = space.or(whole.map(|(_, space)| space));
    let Some(space) = space else {
        if !faults.iter().any(|f| f.member == "space") {
            faults.push(Fault::new("space", "is required: the number of a space"));
        }
        return None;
    };
    let image = match (id, named) {
        (Some(id), Some(at)) if at.image != id => {
            faults.push(Fault::new("id", "differs from that of @id"));
            return None;
        }
        (Some(id), _) => id,
        (None, Some(at)) => at.image,
        (None, None) => uuid::Uuid::new_v4().to_string(),
    };
    Some(ImageAddress { customer, space, image })
}

/// Customer and space of an id in its whole form, and the bare id.
fn whole_id(site: &Site, given: &str) -> (Option<(i32, i32)>, Option<String>) {
    let path = given.strip_prefix(&site.base).unwrap_or(given);
    if let Some(at) = address::unfill::<ImageAddress>(Image::TEMPLATE, path) {
        return (Some((at.customer, at.space)), Some(at.image));
    }
    match given.split('/').collect::<Vec<_>>().as_slice() {
        [customer, space, id] => {
            let numbers = address::canonical_number(customer).zip(address::canonical_number(space));
            match numbers {
                Some(numbers) => (Some(numbers), Some((*id).to_owned())),
                None => (None, Some(given.to_owned())),
            }
        }
        _ => (None, Some(given.to_owned())),
    }
}
