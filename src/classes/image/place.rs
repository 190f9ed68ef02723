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

/// The images that members of a body may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity<'a> {
    pub customer: i32,
    /// Path of the request.
    pub path: &'a str,
    /// The space that all are in; `None`: each says its own.
    pub space: Option<i32>,
    /// Tells whether each has to say its id, by itself or as a bare text; else one is minted where it is absent.
    pub is_given: bool,
}

/// Reads where each member of a body stands, or is to stand; one that cannot be told is left out, with its fault.
pub(super) fn identify(
    site: &Site,
    identity: Identity<'_>,
    submitted: Vec<Value>,
    faults: &mut Vec<Fault>,
) -> Vec<Member> {
    let mut members = Vec::with_capacity(submitted.len());
    for (index, value) in submitted.into_iter().enumerate() {
        let mut own = Vec::new();
        let value = match value {
            Value::String(id) if identity.is_given => {
                Map::from_iter([("id".into(), id.into())]).into()
            }
            value => value,
        };
        if let Value::Object(mut body) = value {
            if let Some(at) = place(site, identity, &mut body, &mut own) {
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

/// Returns where a member is to stand: by `@id`, or by `space` and `id`.
fn place(
    site: &Site,
    Identity { customer, path, space: only, is_given }: Identity<'_>,
    body: &mut Map<String, Value>,
    faults: &mut Vec<Fault>,
) -> Option<ImageAddress> {
    identity::check_type(body, Image::ACCEPTED, &site.base, faults);
    let named = match body.remove("@id").filter(|v| !v.is_null()) {
        Some(value) => match value.as_str() {
            Some(blank) if blank.starts_with("_:") => None,
            Some(iri) => match identity::named::<Image>(iri, &site.base) {
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
    let given = identity::take_id(body, faults);
    let whole = given.as_deref().and_then(|id| identity::spelled::<Image>(id, &site.base));
    if let Some(at) = &whole {
        if at.customer != customer {
            faults.push(Fault::new("id", "names another customer"));
            return None;
        }
        if space.is_some_and(|space| space != at.space) {
            faults.push(Fault::new("id", "names another space"));
            return None;
        }
    }
    let space = space.or(whole.as_ref().map(|at| at.space)).or(only);
    if let (Some(only), Some(space)) = (only, space)
        && only != space
    {
        faults.push(Fault::new("space", format!("differs from the address, which says {only}")));
        return None;
    }
    let Some(space) = space else {
        if !faults.iter().any(|f| f.member == "space") {
            faults.push(Fault::new("space", "is required: the number of a space"));
        }
        return None;
    };
    let image = match (whole.map(|at| at.image).or(given), named) {
        (Some(id), Some(at)) if at.image != id => {
            faults.push(Fault::new("id", "differs from that of @id"));
            return None;
        }
        (Some(id), _) => id,
        (None, Some(at)) => at.image,
        (None, None) if is_given => {
            if !faults.iter().any(|f| f.member == "id") {
                faults.push(Fault::new("id", "is required: the id of an image"));
            }
            return None;
        }
        (None, None) => uuid::Uuid::new_v4().to_string(),
    };
    Some(ImageAddress { customer, space, image })
}
