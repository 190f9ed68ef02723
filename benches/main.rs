//! How fast the service is, as ratios: each is of two things run in turn, on one machine in one go.
//!
//! `script/bench [--strict] [item] [page] [conditions] [input] [batch] [start] [scale] [images] [crawl]
//! [jobs] [throughput] [fairness] [deletion]`;
//! `docs/performance.md` says what is measured and why. Rates depend on the machine and its other load; the ratios hardly do.

mod batch;
mod engine;
mod images;
mod input;
mod load;
mod scale;
mod sheet;
mod stage;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use load::drive;
use sheet::{Sheet, median, ratio};
use stage::{COLUMNS, CREATED, Ceiling, Cpu, FIRST, IMAGES, SPACE, Stage};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Times that each thing is measured, in turn with the others.
const ROUNDS: usize = 3;
/// How long each is measured in a round.
const TIME: Duration = Duration::from_secs(3);
/// Requests under way at once.
const CONNECTIONS: u64 = 64;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if given.first().is_some_and(|word| word == "static") {
        return told(serve_static().map(|()| true));
    }
    let strict = given.iter().any(|word| word == "--strict");
    // Cargo adds `--bench`.
    let sections: Vec<&str> =
        given.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    told(measure(&sections).map(|met| met || !strict))
}

fn told(result: Result<bool, Failure>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves the answer that comes on standard input: a page is too long for an argument.
fn serve_static() -> Result<(), Failure> {
    let (headers, body): (_, String) = serde_json::from_reader(std::io::stdin())?;
    load::serve_static(headers, body.into_bytes())
}

/// A section, and what measures it.
type Section = (&'static str, fn(&mut Sheet) -> Result<(), Failure>);

/// Sections about the engine, which take minutes each.
const ENGINE: [Section; 4] = [
    ("jobs", engine::jobs),
    ("throughput", engine::throughput),
    ("fairness", engine::fairness),
    ("deletion", engine::deletion),
];

/// Measures what is asked for, or everything; says whether every goal was met.
fn measure(sections: &[&str]) -> Result<bool, Failure> {
    let wanted = |section: &str| sections.is_empty() || sections.contains(&section);
    let mut sheet = Sheet { met: true };
    if wanted("start") {
        start(&mut sheet)?;
    }
    // Not among everything: it fills some fifteen gigabytes.
    if sections.contains(&"scale") {
        scale::scale(&mut sheet)?;
    }
    // They compare with programs that nothing else needs.
    if sections.contains(&"images") {
        images::images(&mut sheet)?;
    }
    if sections.contains(&"crawl") {
        images::crawl(&mut sheet)?;
    }
    for (section, measure) in ENGINE {
        if sections.contains(&section) {
            measure(&mut sheet)?;
        }
    }
    if ["item", "page", "conditions", "input", "batch"].into_iter().any(wanted) {
        let mut stage = Stage::set()?;
        if wanted("item") {
            item(&mut stage, &mut sheet)?;
        }
        if wanted("page") {
            page(&mut stage, &mut sheet)?;
        }
        if wanted("conditions") {
            conditions(&mut stage, &mut sheet)?;
        }
        if wanted("input") {
            input::input(&mut stage)?;
        }
        if wanted("batch") {
            batch::batch(&mut stage, &mut sheet)?;
        }
        let idle = stage::resident_mb(stage.service.id())?;
        Sheet::fact("resident memory of the service after that", &format!("{idle:.0} MB"));
        stage.service.stop();
    }
    Ok(sheet.met)
}

/// One thing that is measured: requests a second, and what each cost.
#[derive(Default)]
struct Series {
    rates: Vec<f64>,
    service_us: Vec<f64>,
    database_us: Vec<f64>,
}

impl Series {
    fn add(
        &mut self,
        stage: &Stage,
        run: impl FnOnce() -> Result<f64, Failure>,
    ) -> Result<(), Failure> {
        let (before, began) = (stage.cpu(), Instant::now());
        let rate = run()?;
        let Cpu { service, database } = stage.cpu() - before;
        let requests = rate * began.elapsed().as_secs_f64();
        self.rates.push(rate);
        self.service_us.push(service * 1e6 / requests);
        self.database_us.push(database * 1e6 / requests);
        Ok(())
    }

    fn rate(&self) -> f64 {
        median(&self.rates)
    }

    fn tell(&self, what: &str) {
        let (service, database) = (median(&self.service_us), median(&self.database_us));
        let rate = self.rate();
        Sheet::fact(what, &format!("{rate:.0}/s, {service:.0} + {database:.0} us"));
    }
}

/// GET of one image, against a static answer and against the database's own select.
fn item(stage: &mut Stage, sheet: &mut Sheet) -> Result<(), Failure> {
    Sheet::heading("GET of one image among a million, 64 connections (CPU: service + database)");
    let ceiling = Ceiling::of(stage.get(&format!("{SPACE}/images/{FIRST}"))?)?;
    let script = format!(
        "\\set n random({FIRST}, {})\n\
         SELECT {COLUMNS} FROM images WHERE customer = 2 AND space = 1 AND id = :n;\n",
        FIRST + IMAGES - 1
    );
    let path: load::Path = Arc::new(|number| format!("{SPACE}/images/{}", FIRST + number % IMAGES));
    let (mut fixed, mut own, mut select) =
        (Series::default(), Series::default(), Series::default());
    let asked = |address, time| drive(address, &stage.authorization, &path, CONNECTIONS, time);
    asked(stage.address, Duration::from_secs(2))?;
    for _ in 0..ROUNDS {
        fixed.add(stage, || asked(ceiling.address, TIME))?;
        own.add(stage, || asked(stage.address, TIME))?;
        select.add(stage, || stage.pgbench(&script, TIME))?;
    }
    fixed.tell("a static answer of the same length");
    own.tell("the image");
    select.tell("pgbench, the same columns by key, prepared");
    sheet.at_least("image / static answer", ratio(&own.rates, &fixed.rates), 0.25);
    sheet.at_least("image / pgbench", ratio(&own.rates, &select.rates), 0.75);
    Ok(())
}

/// GET of a page of 100, anywhere, against a static answer and the database's own select of 100 rows.
fn page(stage: &mut Stage, sheet: &mut Sheet) -> Result<(), Failure> {
    Sheet::heading(
        "GET of a page of 100 among a million, 64 connections (CPU: service + database)",
    );
    let pages = IMAGES / 100;
    let select = |from: &str| {
        format!(
            "\\set n random(0, {})\n\
             SELECT {COLUMNS} FROM images WHERE customer = 2 AND space = 1 {from} \
             ORDER BY created, space, id LIMIT 100;\n",
            IMAGES - 100
        )
    };
    let sought = format!("AND created >= {CREATED} + :n * interval '1 ms'");
    let first: load::Path = Arc::new(|_| format!("{SPACE}/images"));
    let any: load::Path =
        Arc::new(move |number| format!("{SPACE}/images?page={}", 1 + number % pages));
    let last: load::Path = Arc::new(move |_| format!("{SPACE}/images?page={pages}"));
    let ceiling = Ceiling::of(stage.get(&format!("{SPACE}/images"))?)?;
    let ask = |address, path, time| drive(address, &stage.authorization, path, CONNECTIONS, time);
    let asked = |path, time| ask(stage.address, path, time);
    asked(&any, Duration::from_secs(3))?;
    let ordered: load::Path = Arc::new(|_| "/customers/2/allImages?orderBy=string1".to_owned());
    let [mut fixed, mut own, mut theirs, mut own_any, mut theirs_any, mut own_last, mut by_string1] =
        std::array::from_fn(|_| Series::default());
    for _ in 0..ROUNDS {
        fixed.add(stage, || ask(ceiling.address, &first, TIME))?;
        own.add(stage, || asked(&first, TIME))?;
        theirs.add(stage, || stage.pgbench(&select(""), TIME))?;
        own_any.add(stage, || asked(&any, TIME))?;
        theirs_any.add(stage, || stage.pgbench(&select(&sought), TIME))?;
        own_last.add(stage, || asked(&last, TIME))?;
        by_string1.add(stage, || asked(&ordered, TIME))?;
    }
    fixed.tell("a static answer of the same length");
    own.tell("the first page, with its total");
    theirs.tell("pgbench, its 100 rows, prepared");
    own_any.tell("any page, at random");
    theirs_any.tell("pgbench, 100 rows from anywhere, prepared");
    own_last.tell("the last page");
    by_string1.tell("the first page of all spaces, by string1");
    let of_static = ratio(&own.rates, &fixed.rates);
    Sheet::fact("first page / static answer", &format!("{of_static:.2}"));
    sheet.at_least("first page / pgbench", ratio(&own.rates, &theirs.rates), 0.5);
    sheet.at_least("any page / pgbench", ratio(&own_any.rates, &theirs_any.rates), 0.5);
    sheet.at_most("time of the last page / the first", ratio(&own.rates, &own_last.rates), 3.0);
    sheet.at_most("time of any page / the first", ratio(&own.rates, &own_any.rates), 3.0);
    Ok(())
}

/// GET of what the client has already, against GET of the same by one that has nothing.
fn conditions(stage: &mut Stage, sheet: &mut Sheet) -> Result<(), Failure> {
    Sheet::heading("GET with the tag of what is there, 64 connections (CPU: service + database)");
    for (what, address, goal) in [
        ("an image", format!("{SPACE}/images/{FIRST}"), 0.95),
        ("the first page of 100", format!("{SPACE}/images"), 1.0),
    ] {
        let answer = stage.get(&address)?;
        let tag = answer.headers.iter().find(|(name, _)| name == "etag");
        let (_, tag) = tag.ok_or("an answer without a tag")?;
        let held = format!("{}\r\nIf-None-Match: {tag}", stage.authorization);
        let path: load::Path = Arc::new(move |_| address.clone());
        let asked = |headers: &str| drive(stage.address, headers, &path, CONNECTIONS, TIME);
        asked(&stage.authorization)?;
        let [mut whole, mut unchanged] = std::array::from_fn(|_| Series::default());
        for _ in 0..ROUNDS {
            whole.add(stage, || asked(&stage.authorization))?;
            unchanged.add(stage, || asked(&held))?;
        }
        whole.tell(&format!("{what}, 200"));
        unchanged.tell(&format!("{what}, 304"));
        sheet.at_least(&format!("{what}: 304 / 200"), ratio(&unchanged.rates, &whole.rates), goal);
    }
    Ok(())
}

/// What one of several things costs, in ms: CPU, and time.
#[derive(Default)]
struct Costs {
    service: Vec<f64>,
    database: Vec<f64>,
    wall: Vec<f64>,
}

impl Costs {
    fn add(
        &mut self,
        stage: &mut Stage,
        times: u32,
        run: impl FnOnce(&mut Stage) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (before, began) = (stage.cpu(), Instant::now());
        run(stage)?;
        let each = 1000.0 / f64::from(times);
        self.wall.push(began.elapsed().as_secs_f64() * each);
        let Cpu { service, database } = stage.cpu() - before;
        self.service.push(service * each);
        self.database.push(database * each);
        Ok(())
    }

    fn tell(&self, what: &str) {
        let (service, database) = (median(&self.service), median(&self.database));
        let wall = median(&self.wall);
        Sheet::fact(what, &format!("{wall:.0} ms, {service:.0} + {database:.0} ms"));
    }
}

/// From nothing to an answer, and again with what is there.
fn start(sheet: &mut Sheet) -> Result<(), Failure> {
    Sheet::heading("Start");
    let (mut cold, mut warm, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let data = stage::folder()?;
        let (mut service, _, took) = stage::serve(data.path())?;
        cold.push(took.as_secs_f64());
        service.stop();
        let (mut service, _, took) = stage::serve(data.path())?;
        warm.push(took.as_secs_f64());
        std::thread::sleep(Duration::from_secs(1));
        idle.push(stage::resident_mb(service.id())?);
        service.stop();
    }
    sheet.at_most("ready from nothing, s", median(&cold), 3.0);
    sheet.at_most("ready with what is there, s", median(&warm), 0.5);
    sheet.at_most("resident memory when idle, without PostgreSQL, MB", median(&idle), 60.0);
    Ok(())
}
