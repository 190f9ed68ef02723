//! `hydria register`: images of a CSV file, a list of URLs or a folder are registered through the API, as any client could do it.

mod api;
mod digest;
mod folder;
mod progress;
mod record;
mod rows;
mod table;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::{Failure, admin};
use crate::config::Config;
use api::{Api, members, number, text};
use progress::{Counts, Progress};
use record::Record;
use rows::{Input, Row};

/// Bytes of a body, at most: half of what a service reads.
const MAX_BODY_BYTES: usize = 8 << 20;
/// Interval at which batches under way are looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// Batches that are looked at each time.
const WATCHED: usize = 8;

/// Arguments of `hydria register`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A CSV file with a header line; a text file (.txt) with a URL a line; or a folder of images.
    input: PathBuf,
    /// Address of the root of the API; without it, that of the service on this machine.
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    /// Name or number of the customer, where the key may act for several.
    #[arg(long)]
    customer: Option<String>,
    /// Name or number of the space of lines that name none.
    #[arg(long)]
    space: Option<String>,
    /// Address at which the service finds the files of the folder, such as that of a web server.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Images a batch, at most; no more than `HYDRIA_BATCH_LIMIT` of the service.
    #[arg(long, value_name = "IMAGES", default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=50_000))]
    batch_size: u32,
    /// Submit them to the queue that goes first.
    #[arg(long)]
    priority: bool,
    /// End when all are registered, and do not wait for their processing.
    #[arg(long)]
    no_wait: bool,
    /// File in which it is noted what is registered; without it, beside the input, its name with `.registered`.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// Registers what the arguments name.
///
/// # Errors
/// Fails if the input cannot be read, the API refuses the whole, or lines failed, which are printed before.
pub fn run(config: &Config, arguments: &Arguments) -> Result<(), Failure> {
    let key = config
        .api_key
        .clone()
        .or_else(|| admin::kept_key(config))
        .ok_or("a key of the API is needed: set HYDRIA_KEY to key:secret")?;
    let root = arguments.api.clone().unwrap_or_else(|| {
        let port = config.listen.rsplit(':').next().unwrap_or_default();
        let local = || format!("http://localhost:{port}");
        config.public_url.clone().unwrap_or_else(local)
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(register(Api::new(&root, key)?, arguments))
}

async fn register(api: Api, arguments: &Arguments) -> Result<(), Failure> {
    let customer = api.customer(arguments.customer.as_deref()).await?;
    let space = match &arguments.space {
        Some(space) => Some(api.space(&customer, space).await?),
        None => None,
    };
    let input = read(arguments, space)?;
    let queue = api.queue(&customer, arguments.priority).await?;
    let path = arguments.record.clone().unwrap_or_else(|| beside(&arguments.input));
    let record = Record::open(&path, &queue)?;
    let name = arguments.input.display().to_string();
    let mut run = Run { api, queue, record, name, failed: 0, progress: Progress::new() };
    let Input { rows, rejected } = input;
    let lines = rows.len() + rejected.len();
    for (line, reason) in &rejected {
        run.fail(Some(*line), reason);
    }
    let (known, pending): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| run.record.holds(&run.queue, row));
    run.progress.counts = Counts { lines, registered: known.len(), ..Counts::default() };
    let batch_size = usize::try_from(arguments.batch_size)?;
    for batch in batches(&pending, batch_size) {
        run.submit(batch).await?;
    }
    let by_place: HashMap<(i64, &str), usize> =
        rows.iter().map(|row| ((row.space, row.id.as_str()), row.line)).collect();
    if !arguments.no_wait {
        run.wait(&by_place).await?;
    }
    run.progress.end();
    let Counts { registered, processed, .. } = run.progress.counts;
    let new = registered - known.len();
    eprintln!("{lines} lines: {new} images registered now, {} before", known.len());
    if !arguments.no_wait {
        eprintln!("{processed} images processed, in {} batches", run.record.batches().len());
    }
    match run.failed {
        0 => Ok(()),
        failed => Err(format!(
            "{failed} failed; correct their lines and run the same command again (docs/register.md)"
        )
        .into()),
    }
}

fn read(arguments: &Arguments, space: Option<i64>) -> Result<Input, Failure> {
    let path = &arguments.input;
    let is_list = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("txt"));
    match &arguments.base_url {
        Some(base) if path.is_dir() => folder::read(path, base, space),
        None if path.is_dir() => {
            Err("a folder needs --base-url: the address at which the service finds its files"
                .into())
        }
        Some(_) => Err("--base-url is for folders; a file names its origins itself".into()),
        None if is_list => rows::list(path, space),
        None => table::read(path, space),
    }
}

/// Returns where the record of an input is kept.
fn beside(input: &Path) -> PathBuf {
    let whole = input.canonicalize().unwrap_or_else(|_| input.to_owned());
    let mut name = whole.file_name().unwrap_or_default().to_owned();
    name.push(".registered");
    whole.with_file_name(name)
}

/// Divides rows into batches, which are the same whenever the rows are.
fn batches<'a>(rows: &[&'a Row], size: usize) -> Vec<Vec<&'a Row>> {
    let mut batches: Vec<Vec<&Row>> = Vec::new();
    let mut bytes = 0;
    for row in rows {
        bytes += row.member.len() + 1;
        let has_room = |batch: &&mut Vec<&Row>| batch.len() < size && bytes < MAX_BODY_BYTES;
        if let Some(batch) = batches.last_mut().filter(has_room) {
            batch.push(row);
        } else {
            bytes = row.member.len();
            batches.push(vec![row]);
        }
    }
    batches
}

/// A registration under way.
struct Run {
    api: Api,
    queue: String,
    record: Record,
    /// Name of the input, as messages give it.
    name: String,
    failed: usize,
    progress: Progress,
}

impl Run {
    /// Prints why a line failed.
    fn fail(&mut self, line: Option<usize>, reason: &str) {
        self.failed += 1;
        self.progress.clear();
        match line {
            Some(line) => println!("{}:{line}: {reason}", self.name),
            None => println!("{}: {reason}", self.name),
        }
    }

    /// Submits rows as one batch; those that the service finds wrong are printed, and the others submitted without them.
    async fn submit(&mut self, mut rows: Vec<&Row>) -> Result<(), Failure> {
        while !rows.is_empty() {
            let each: Vec<&str> = rows.iter().map(|row| row.member.as_str()).collect();
            let body = format!("{{\"@type\":\"Collection\",\"member\":[{}]}}", each.join(","));
            // The same rows have the same key, so that a run that broke off here makes no second batch.
            let key = digest::digest([self.queue.as_bytes(), body.as_bytes()]);
            let answer = self.api.post(&self.queue, &key, body).await?;
            match answer.status {
                201 => {
                    let batch = text(&answer.body, "@id").to_owned();
                    self.record.add(&self.queue, &batch, &rows)?;
                    self.progress.counts.registered += rows.len();
                    self.progress.show();
                    return Ok(());
                }
                400 => {
                    let faults = faults(&answer.body, rows.len());
                    if faults.is_empty() {
                        return Err(answer.failure("the batch is refused"));
                    }
                    for (index, reasons) in &faults {
                        let line = rows.get(*index).map(|row| row.line);
                        self.fail(line, &reasons.join("; "));
                    }
                    let mut index = 0;
                    rows.retain(|_| {
                        index += 1;
                        !faults.contains_key(&(index - 1))
                    });
                }
                _ => return Err(answer.failure("the batch is refused")),
            }
        }
        Ok(())
    }

    /// Waits until all batches are finished, and prints what failed.
    async fn wait(&mut self, lines: &HashMap<(i64, &str), usize>) -> Result<(), Failure> {
        let mut open: Vec<String> = self.record.batches().to_vec();
        let (mut processed, mut errors) = (0, 0);
        while !open.is_empty() {
            let (mut settled, mut failing) = (0, 0);
            let mut finished = Vec::new();
            for address in open.iter().take(WATCHED) {
                let batch = self.api.get(address).await?;
                let count = |member| usize::try_from(number(&batch, member)).unwrap_or_default();
                let (completed, failed) = (count("completed"), count("errors"));
                if batch.get("finished").is_some() {
                    (processed, errors) = (processed + completed + failed, errors + failed);
                    finished.push((
                        address.clone(),
                        failed,
                        text(&batch, "errorImages").to_owned(),
                    ));
                } else {
                    (settled, failing) = (settled + completed + failed, failing + failed);
                }
            }
            self.progress.counts.processed = processed + settled;
            self.progress.counts.errors = errors + failing;
            self.progress.show();
            open.retain(|address| finished.iter().all(|(done, ..)| done != address));
            for (_, _, images) in finished.iter().filter(|(_, failed, _)| *failed > 0) {
                self.tell_errors(images, lines).await?;
            }
            if finished.is_empty() {
                tokio::time::sleep(INTERVAL).await;
            }
        }
        Ok(())
    }

    /// Prints the images of a list, with their errors.
    async fn tell_errors(
        &mut self,
        list: &str,
        lines: &HashMap<(i64, &str), usize>,
    ) -> Result<(), Failure> {
        let mut next = Some(format!("{list}?pageSize=500"));
        while let Some(address) = next {
            let page = self.api.get(&address).await?;
            for image in members(&page) {
                let (space, id) = (number(image, "space"), text(image, "id"));
                let line = lines.get(&(space, id)).copied();
                self.fail(line, &format!("image {id} of space {space}: {}", text(image, "error")));
            }
            let view = page.get("view").unwrap_or(&Value::Null);
            next = view.get("next").and_then(Value::as_str).map(str::to_owned);
        }
        Ok(())
    }
}

/// Returns the reasons for which members of a batch are refused, by their index.
fn faults(problem: &Value, members: usize) -> std::collections::BTreeMap<usize, Vec<String>> {
    let mut found = std::collections::BTreeMap::<usize, Vec<String>>::new();
    let violations = problem.get("violations").and_then(Value::as_array);
    for violation in violations.into_iter().flatten() {
        let index = text(violation, "pointer").strip_prefix("#/member/").and_then(|rest| {
            rest.split('/').next()?.parse::<usize>().ok().filter(|index| *index < members)
        });
        if let Some(index) = index {
            let message = text(violation, "message");
            let own = message.strip_prefix(&format!("member[{index}]")).unwrap_or(message);
            found.entry(index).or_default().push(own.trim_start_matches(['.', ' ']).to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn batches_are_bounded_in_images_and_bytes() {
        let row = |line: usize, bytes: usize| Row {
            line,
            space: 1,
            id: line.to_string(),
            member: "x".repeat(bytes),
        };
        let rows: Vec<Row> = (0..7).map(|line| row(line, 10)).collect();
        let sizes = |rows: &[Row], size| -> Vec<usize> {
            let rows: Vec<&Row> = rows.iter().collect();
            batches(&rows, size).iter().map(Vec::len).collect()
        };
        assert_eq!(sizes(&rows, 3), [3, 3, 1]);
        let large: Vec<Row> = (0..3).map(|line| row(line, MAX_BODY_BYTES / 2)).collect();
        assert_eq!(sizes(&large, 3), [1, 1, 1]);
        assert!(sizes(&[], 3).is_empty());
    }

    #[test]
    fn faults_are_told_of_the_member_that_they_are_about() {
        let problem = json!({ "violations": [
            { "pointer": "#/member/1/origin", "message": "member[1].origin is required" },
            { "pointer": "#/member/1", "message": "member[1] is wrong" },
            { "pointer": "#/member/9/origin", "message": "of none that was sent" },
            { "pointer": "#", "message": "of the whole" },
        ] });
        let found = faults(&problem, 2);
        assert_eq!(found.len(), 1);
        assert_eq!(found[&1], ["origin is required", "is wrong"]);
    }
}
