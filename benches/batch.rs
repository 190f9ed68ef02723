//! What it costs that a batch of images is registered.

use serde_json::{Value, json};

use crate::sheet::{Sheet, median, ratio};
use crate::stage::Stage;
use crate::{Costs, Failure, ROUNDS};

/// Batches in a round.
pub const BATCHES: u32 = 10;
/// Images in a batch.
const BATCH: u32 = 1000;

/// The most CPU that a request may take, as a multiple of that of COPY: 60 ms on the machine of the first figures, where COPY took 29.
const WHOLE: f64 = 2.07;

/// POST of 1,000 images, against a COPY of the rows that it makes.
pub fn batch(stage: &mut Stage, sheet: &mut Sheet) -> Result<(), Failure> {
    Sheet::heading("POST of a batch of 1,000 images (CPU ms a batch: service + database)");
    let mut number = 0;
    let (mut posts, mut agains, mut copies) =
        (Costs::default(), Costs::default(), Costs::default());
    stage.post("/customers/2/queue", &submission(u32::MAX))?;
    for _ in 0..ROUNDS {
        let round = number..number + BATCHES;
        number += BATCHES;
        posts.add(stage, BATCHES, |stage| {
            round
                .clone()
                .try_for_each(|n| stage.post("/customers/2/queue", &submission(n)).map(|_| ()))
        })?;
        let files: Vec<_> = round.clone().map(|n| save(stage, n)).collect::<Result<_, _>>()?;
        copies
            .add(stage, BATCHES, |stage| files.iter().try_for_each(|files| copy(stage, files)))?;
        agains.add(stage, BATCHES, |stage| {
            round
                .clone()
                .try_for_each(|n| stage.post("/customers/2/queue", &submission(n)).map(|_| ()))
        })?;
        stage.run("DELETE FROM jobs")?;
        stage.run("VACUUM jobs, members, batches")?;
    }
    posts.tell("new images");
    agains.tell("the same images again");
    copies.tell("COPY of images, members and jobs, committed");
    let in_database = ratio(&posts.database, &copies.database);
    sheet.at_most("time in the database, new images / COPY", in_database, 3.0);
    let again = ratio(&agains.database, &copies.database);
    Sheet::fact("time in the database, the same images again / COPY", &format!("{again:.2}"));
    let whole: Vec<f64> = posts.database.iter().zip(&posts.service).map(|(d, s)| d + s).collect();
    Sheet::fact("CPU of the whole request, ms", &format!("{:.0}", median(&whole)));
    sheet.at_most("CPU of the whole request / COPY", ratio(&whole, &copies.database), WHOLE);
    Ok(())
}

fn submission(batch: u32) -> String {
    let images = images(&format!("batch-{batch}"));
    json!({ "@type": "Collection", "member": images }).to_string()
}

/// The images of a batch.
pub fn images(batch: &str) -> Vec<Value> {
    (0..BATCH)
        .map(|n| {
            json!({
                "@type": "Image",
                "space": 1,
                "id": format!("{batch}-{n:04}"),
                "origin": format!("https://images.example.org/batches/{batch}/{n}.jpg"),
                "tags": ["new", format!("tag{}", n % 10)],
                "string1": batch,
                "string2": format!("page {n}"),
                "number1": n,
            })
        })
        .collect()
}

/// The tables a batch goes into, with what they are given.
const TABLES: [(&str, &str); 3] = [
    (
        "images",
        "customer, space, id, created, origin, initial_origin, max_unauthorised, roles, tags, string1, \
         string2, string3, number1, number2, number3, media_type, batch, queued, ingesting",
    ),
    ("members", "customer, batch, space, image"),
    ("jobs", "customer, space, image, immediate"),
];

/// Saves the rows of a batch under other ids, where the server can read them.
fn save(stage: &mut Stage, batch: u32) -> Result<Vec<String>, Failure> {
    let folder = stage.data.path().join("postgres");
    let mut saved = Vec::new();
    for (table, columns) in TABLES {
        let file = folder.join(format!("bench-{table}-{batch}")).display().to_string();
        let id = if table == "images" { "id" } else { "image" };
        let renamed: Vec<String> = columns
            .split(", ")
            .map(|column| match column == id {
                true => format!("'copy-' || {column}"),
                false => column.to_owned(),
            })
            .collect();
        stage.run(&format!(
            "COPY (SELECT {} FROM {table} WHERE customer = 2 AND {} LIKE 'batch-{batch}-%') TO '{file}'",
            renamed.join(", "),
            if table == "images" { "space = 1 AND id" } else { id },
        ))?;
        saved.push(file);
    }
    Ok(saved)
}

/// What the database could do at best: the same rows into the same tables and indexes, nothing checked.
fn copy(stage: &mut Stage, files: &[String]) -> Result<(), Failure> {
    let copies: Vec<String> = TABLES
        .iter()
        .zip(files)
        .map(|((table, columns), file)| format!("COPY {table} ({columns}) FROM '{file}'"))
        .collect();
    // Foreign keys and totals are triggers, which do not fire for a replica.
    stage.run(&format!(
        "BEGIN; SET LOCAL session_replication_role = replica; {}; COMMIT",
        copies.join("; ")
    ))
}
