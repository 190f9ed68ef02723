//! Images that a body names by their ids.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::place::{Identity, identify};
use super::super::{Image, removal};
use super::selection::{Strength, lock_keys};
use crate::addresses::ImageAddress;
use crate::hydra::{Fault, Problem};
use crate::resource::*;

pub(super) use super::super::place::Member as Named;

/// Reads the ids of members, and what they say of each image; `within`: the customer, and the space that all are in.
///
/// Members that cannot be told, and those that repeat others, are left out, with their faults.
pub(super) fn read(
    site: &Site,
    (customer, space): (i32, Option<i32>),
    input: &Input,
    members: Vec<Value>,
    faults: &mut Vec<Fault>,
) -> Vec<Named> {
    let identity = Identity { customer, path: &input.path, space, is_given: true };
    let mut first: HashMap<ImageAddress, usize> = HashMap::with_capacity(members.len());
    let mut named = identify(site, identity, members, faults);
    named.retain(|named| {
        if let Some(first) = first.get(&named.at) {
            let reason = format!("and space repeat those of member[{first}]");
            faults.push(Fault::new("id", reason).within(named.index));
            return false;
        }
        first.insert(named.at.clone(), named.index);
        true
    });
    named
}

/// Reads the ids of members, and nothing else of them; where the request is strict, members that no image has are faults.
pub(super) fn read_ids(
    site: &Site,
    customer: i32,
    input: &Input,
    members: Vec<Value>,
    faults: &mut Vec<Fault>,
) -> Vec<Named> {
    let named = read(site, (customer, None), input, members, faults);
    for Named { index, body, .. } in named.iter().filter(|_| input.strict) {
        let is_known = |name: &str| Image::CLASS.properties.iter().any(|p| p.name() == name);
        let rest: Map<String, Value> = body
            .iter()
            .filter(|(name, _)| !is_known(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut own = Vec::new();
        strict::check_rest(&rest, &mut own);
        faults.extend(own.into_iter().map(|fault| fault.within(*index)));
    }
    named
}

/// Returns the keys of images, ordered, for what is no id finds nothing.
fn keys(named: &[Named]) -> Vec<(i32, &str)> {
    let could_be = named.iter().filter(|named| named.at.fault().is_none());
    let mut keys: Vec<(i32, &str)> =
        could_be.map(|named| (named.at.space, named.at.image.as_str())).collect();
    keys.sort_unstable();
    keys
}

/// Finds images, in the order in which they are named; each that is not there is a fault.
pub(super) fn find(
    s: &mut UnitOfWork<'_>,
    customer: i32,
    named: &[Named],
    faults: &mut Vec<Fault>,
) -> Result<Vec<Image>, Problem> {
    let mut found = Vec::with_capacity(named.len());
    let keys: Vec<(i32, String)> =
        keys(named).into_iter().map(|(space, id)| (space, id.to_owned())).collect();
    let images = super::super::select::load_keys(s.conn, customer, keys)?;
    let mut images: HashMap<ImageAddress, Image> =
        images.into_iter().map(|image| (image.address(), image)).collect();
    for named in named {
        match images.remove(&named.at) {
            Some(image) => found.push(image),
            None => faults.push(missing(named)),
        }
    }
    Ok(found)
}

/// Locks images in the order of their keys; each that is not there is a fault.
pub(super) fn lock(
    s: &mut UnitOfWork<'_>,
    customer: i32,
    named: &[Named],
    strength: Strength,
    faults: &mut Vec<Fault>,
) -> Result<HashMap<ImageAddress, Image>, Problem> {
    let keys = keys(named);
    let load = |conn: &mut _| lock_keys(conn, customer, &keys, strength);
    let images = match strength {
        Strength::Change => load(s.conn)?,
        Strength::Delete => removal::lock(s.conn, customer, &keys, load)?,
    };
    let images: HashMap<ImageAddress, Image> =
        images.into_iter().map(|image| (image.address(), image)).collect();
    faults.extend(named.iter().filter(|named| !images.contains_key(&named.at)).map(missing));
    Ok(images)
}

fn missing(named: &Named) -> Fault {
    let ImageAddress { customer, space, image } = &named.at;
    let reason = format!("names {customer}/{space}/{image}, which is not there");
    Fault::new("id", reason).within(named.index)
}
