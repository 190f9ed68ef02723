//! What it costs that a body is read by its meaning, and not by its names.

use serde_json::{Map, Value, json};

use crate::batch::{BATCHES, images};
use crate::sheet::{Sheet, ratio};
use crate::stage::Stage;
use crate::{Costs, Failure, ROUNDS};

/// Single resources in a round.
const SINGLE: u32 = 300;

/// POST of what is in our own terms, against POST of the same under other prefixes, which is expanded.
pub fn input(stage: &mut Stage) -> Result<(), Failure> {
    let root: Value = serde_json::from_slice(&stage.get("/")?.body)?;
    let base = root.get("@id").and_then(Value::as_str).unwrap_or_default().trim_end_matches('/');
    let vocabulary = format!("{base}/vocab#");
    Sheet::heading("POST of a space, by names and by meaning (CPU ms each: service + database)");
    let space = |n: u32| json!({ "name": format!("space {n}"), "defaultTags": ["new", "old"] });
    compare(stage, SINGLE, "/customers/2/spaces", &|n, plain| match plain {
        true => space(n).to_string(),
        false => prefixed(&space(n), "Space", &vocabulary).to_string(),
    })?;
    Sheet::heading(
        "POST of a batch of 1,000 images, by names and by meaning (CPU ms each: service + database)",
    );
    compare(stage, BATCHES, "/customers/2/queue", &|n, plain| {
        let images = images(&format!("input-{n}"));
        if plain {
            return json!({ "@type": "Collection", "member": images }).to_string();
        }
        let images = images.iter().map(|image| prefixed(image, "Image", &vocabulary));
        let images: Vec<Value> = images.collect();
        let context = json!({ "v": vocabulary, "h": "http://www.w3.org/ns/hydra/core#" });
        json!({ "@context": context, "@type": "h:Collection", "h:member": images }).to_string()
    })?;
    stage.run("DELETE FROM jobs")?;
    stage.run("VACUUM jobs, members, batches, spaces")
}

/// Posts so many bodies of either kind in each round, none like another.
fn compare(
    stage: &mut Stage,
    times: u32,
    path: &str,
    body: &dyn Fn(u32, bool) -> String,
) -> Result<(), Failure> {
    let (mut by_name, mut by_meaning) = (Costs::default(), Costs::default());
    let mut number = 0;
    let mut post = |stage: &mut Stage, costs: &mut Costs, times: u32, plain: bool| {
        let bodies: Vec<String> = (number..number + times).map(|n| body(n, plain)).collect();
        number += times;
        costs.add(stage, times, |stage| {
            bodies.iter().try_for_each(|body| stage.post(path, body).map(|_| ()))
        })
    };
    for plain in [true, false] {
        post(stage, &mut Costs::default(), 1, plain)?;
    }
    for _ in 0..ROUNDS {
        post(stage, &mut by_name, times, true)?;
        post(stage, &mut by_meaning, times, false)?;
    }
    by_name.tell("in our own terms");
    by_meaning.tell("under other prefixes");
    let cpu = |costs: &Costs| -> Vec<f64> {
        costs.service.iter().zip(&costs.database).map(|(service, own)| service + own).collect()
    };
    let (wall, cpu) =
        (ratio(&by_meaning.wall, &by_name.wall), ratio(&cpu(&by_meaning), &cpu(&by_name)));
    Sheet::fact("time by meaning / by names", &format!("{wall:.2}"));
    Sheet::fact("CPU by meaning / by names", &format!("{cpu:.2}"));
    Ok(())
}

/// A resource under prefixes that are not ours.
fn prefixed(resource: &Value, class: &str, vocabulary: &str) -> Value {
    let members = resource.as_object().into_iter().flatten();
    let named = members
        .filter(|(name, _)| *name != "@type")
        .map(|(name, value)| (format!("v:{class}/{name}"), value.clone()));
    let mut all = Map::new();
    // Within a batch, the prefix is given by that.
    if class != "Image" {
        all.insert("@context".into(), json!({ "v": vocabulary }));
    }
    all.insert("@type".into(), format!("v:{class}").into());
    all.extend(named);
    all.into()
}
