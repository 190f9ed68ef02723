//! Collections of images as bodies submit them.

use serde_json::Value;

use crate::hydra::{Fault, Problem};
use crate::resource::*;

/// The types that a submission may give itself.
const COLLECTIONS: &[&str] = &["Collection", "ImageCollection"];

/// A collection of images that is submitted.
#[derive(Debug, Clone, Copy)]
pub struct Submission {
    /// Images that it holds at most (`docs/rules.md` 6.1).
    pub limit: usize,
    /// Names what holds them, with its article.
    pub holder: &'static str,
}

/// Returns the members of a submitted collection, within its limit; `faults` takes those of the collection itself.
///
/// # Errors
/// Fails if the body is no object.
pub fn members(
    site: &Site,
    input: &Input,
    submission: &Submission,
    faults: &mut Vec<Fault>,
) -> Result<Vec<Value>, Problem> {
    let mut body = input.object("collection of images")?;
    identity::check_type(&mut body, COLLECTIONS, &site.base, faults);
    if input.strict {
        strict::check_collection(&body, faults);
    }
    if body.get("view").is_some_and(|view| !view.is_null()) {
        let reason = "must be left out: a page of a collection is not accepted, only a whole one";
        faults.push(Fault::new("view", reason));
    }
    let Submission { limit, holder } = submission;
    Ok(match body.remove("member") {
        Some(Value::Array(members)) if members.is_empty() => {
            faults.push(Fault::new("member", "must not be empty"));
            Vec::new()
        }
        Some(Value::Array(members)) if members.len() > *limit => {
            let reason = format!("has {} images; {holder} holds {limit} at most", members.len());
            faults.push(Fault::new("member", reason));
            Vec::new()
        }
        Some(Value::Array(members)) => members,
        // One value of a property that may hold several need not stand in an array (JSON-LD).
        Some(member @ Value::Object(_)) => vec![member],
        Some(Value::Null) | None => {
            faults.push(Fault::new("member", "is required: the images"));
            Vec::new()
        }
        Some(_) => {
            faults.push(Fault::new("member", "must be an array of images"));
            Vec::new()
        }
    })
}

/// Returns the number of the member that a pointer into a collection leads to; 0 for all else.
pub(super) fn index_of(pointer: &str) -> usize {
    pointer.split('/').nth(2).and_then(|index| index.parse().ok()).unwrap_or_default()
}
