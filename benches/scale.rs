//! How long single requests take over ten million images: after a start, after a deletion, and when repeated.

use std::path::{Path, PathBuf};
use std::time::Instant;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};
use hydria::counters::roll_up::{self, Sizes};
use private_postgres::Private;
use serde_json::Value;

use crate::Failure;
use crate::load::ask;
use crate::sheet::{Sheet, median};
use crate::stage::{self, Process, log};

/// Rows such as the service writes, in SQL.
const FILL: &str = include_str!("scale.sql");
/// Times that each request is made in a row.
const TIMES: usize = 5;
/// Longest median, in seconds.
const MEDIAN: f64 = 0.1;
/// Longest of all, in seconds.
const WORST: f64 = 1.0;
/// Longest of what is found by number far into an order or a filter of its own, or else given up.
const FAR: f64 = 5.0;

/// What is asked for, below the customer; `true`: by a number beyond row 100,000 of another order or a filter.
const REQUESTS: [(&str, bool); 38] = [
    ("spaces/1/images", false),
    ("spaces/1/images?page=12", false),
    ("spaces/1/images?page=100", false),
    ("spaces/1/images?page=1000", false),
    ("spaces/1/images?page=50000", false),
    ("spaces/1/images?page=80000", false),
    ("spaces/1/images?page=50000&orderByDescending=created", false),
    ("allImages", false),
    ("allImages?page=12", false),
    ("allImages?page=100", false),
    ("allImages?page=1000", false),
    ("allImages?page=50000", false),
    ("allImages?page=100000", false),
    ("spaces/1/images?orderBy=number1", false),
    ("spaces/1/images?orderBy=number1&page=1000", false),
    ("spaces/1/images?orderByDescending=string1", false),
    ("spaces/1/images?orderBy=finished", false),
    ("spaces/1/images?orderBy=id", false),
    ("allImages?orderBy=number1", false),
    ("allImages?orderBy=string1", false),
    ("allImages?orderBy=id", false),
    ("allImages?orderByDescending=finished", false),
    ("spaces/1/images?orderBy=width", false),
    ("allImages?orderBy=width", false),
    ("spaces/7/images?orderBy=width", false),
    ("spaces/1/images?tags=tag3", false),
    ("spaces/1/images?tags=rare3000", false),
    ("allImages?tags=tag3", false),
    ("allImages?tags=tag3,rare3000", false),
    ("allImages?roles=clickthrough", false),
    ("allImages?number1=3", false),
    ("spaces/1/images?number1=3", false),
    ("allImages?string1=book%2020000", false),
    ("allImages?id=5000001", false),
    ("spaces/1/metadata/distinct?field=number1", false),
    ("spaces/1/metadata/distinct?field=string1", false),
    ("spaces/1/images?orderBy=number1&page=40000", true),
    ("allImages?orderBy=number1&page=1000", true),
];

/// Walks by `next`, from the first page on.
const WALKS: [&str; 6] = [
    "spaces/1/images?orderBy=number1",
    "spaces/1/images?tags=tag3",
    "spaces/1/images?number1=3",
    "allImages?number1=3",
    "allImages?orderBy=number1",
    "allImages?tags=tag3&orderByDescending=created",
];

/// Times every request of the table over ten million images, in a folder that is filled where it is empty.
pub fn scale(sheet: &mut Sheet) -> Result<(), Failure> {
    let kept = std::env::var_os("HYDRIA_BENCH_DATA").map(PathBuf::from);
    let temporary = if kept.is_none() { Some(stage::folder()?) } else { None };
    let data = kept.as_deref().or_else(|| temporary.as_ref().map(tempfile::TempDir::path));
    let data = data.ok_or("no folder")?;
    std::fs::create_dir_all(data)?;
    let (mut service, mut address, _) = stage::serve(data)?;
    let authorization = stage::administrator();
    let mut conn = PgConnection::establish(Private::join(data)?.url())?;
    conn.batch_execute("SET statement_timeout = 0")?;
    let get = |address, path: &str| {
        let path = format!("/customers/2/{path}");
        ask(address, "GET", &path, Some(&authorization), "")
    };
    if get(address, "spaces/2001")?.status != 200 {
        log("filling ten million images, which takes a while");
        let name = r#"{"name": "measured"}"#;
        ask(address, "POST", "/customers", Some(&authorization), name)?;
        conn.batch_execute(FILL)?;
        // Not in one message: that would be one transaction, in which there is no VACUUM.
        for statement in ["VACUUM (ANALYZE) images", "ANALYZE", "CHECKPOINT"] {
            conn.batch_execute(statement)?;
        }
    }
    roll_up_all(&mut conn)?;
    Sheet::heading(
        "Requests over ten million images, ms: first after a start, after a deletion, then the median",
    );
    let mut medians = Vec::new();
    for (path, far) in REQUESTS {
        restart(&mut service, &mut address, data)?;
        let time = |address| -> Result<(f64, u16), Failure> {
            let began = Instant::now();
            let status = get(address, path)?.status;
            Ok((began.elapsed().as_secs_f64(), status))
        };
        let (first, status) = time(address)?;
        // The database was started anew with the service.
        let mut conn = PgConnection::establish(Private::join(data)?.url())?;
        conn.batch_execute(
            "DELETE FROM images WHERE ctid IN (SELECT ctid FROM images WHERE customer = 2 AND space = 1 \
             ORDER BY created, id LIMIT 1)",
        )?;
        let (after, _) = time(address)?;
        let mut times = Vec::new();
        for _ in 0..TIMES {
            times.push(time(address)?.0);
        }
        let middle = median(&times);
        let worst = times.iter().copied().fold(first.max(after), f64::max);
        let ms = |s: f64| s * 1000.0;
        let line = format!("{:.0}, {:.0}, {:.1}  {status}", ms(first), ms(after), ms(middle));
        Sheet::fact(path, &line);
        if far {
            sheet.at_most("  its worst, s", worst, FAR);
        } else if middle > MEDIAN || worst > WORST {
            sheet.at_most("  its median, s", middle, MEDIAN);
            sheet.at_most("  its worst, s", worst, WORST);
        }
        medians.push(middle);
    }
    Sheet::heading(
        "Walks by next, ms a page: the median of the first ten pages, of the last ten of 200, the longest",
    );
    for path in WALKS {
        restart(&mut service, &mut address, data)?;
        let mut next = Some(format!("/customers/2/{path}"));
        let mut times = Vec::new();
        while let Some(page) = next.filter(|_| times.len() < 200) {
            let began = Instant::now();
            let answer = ask(address, "GET", &page, Some(&authorization), "")?;
            times.push(began.elapsed().as_secs_f64());
            let body: Value = serde_json::from_slice(&answer.body)?;
            let link = body.pointer("/view/next").and_then(Value::as_str);
            next = link.and_then(|link| Some(link.get(link.find("/customers")?..)?.to_owned()));
        }
        let worst = times.iter().copied().fold(0.0, f64::max);
        let (first, last) = (times.get(..10), times.get(times.len().saturating_sub(10)..));
        let (first, last) = (median(first.unwrap_or(&times)), median(last.unwrap_or(&times)));
        let line = format!("{:.1}, {:.1}, {:.0}", first * 1000.0, last * 1000.0, worst * 1000.0);
        Sheet::fact(path, &line);
        sheet.at_most("  its median, s", last, MEDIAN);
        sheet.at_most("  its worst, s", worst, WORST);
    }
    sheet.at_most("the largest median of all, s", medians.into_iter().fold(0.0, f64::max), FAR);
    service.stop();
    Ok(())
}

fn restart(
    service: &mut Process,
    address: &mut std::net::SocketAddr,
    data: &Path,
) -> Result<(), Failure> {
    service.stop();
    let (started, at, _) = stage::serve(data)?;
    (*service, *address) = (started, at);
    Ok(())
}

/// Does what the workers would: chunks are split until none is too large.
pub fn roll_up_all(conn: &mut PgConnection) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        let mut more = false;
        for customer in roll_up::customers(conn, Sizes::DEFAULT).map_err(|e| e.to_string())? {
            conn.batch_execute("BEGIN")?;
            let done = roll_up::roll_up(conn, customer, Sizes::DEFAULT);
            more |= done.map_err(|e| e.to_string())?;
            conn.batch_execute("COMMIT")?;
        }
        if !more {
            log(&format!("rolled up in {:.1} s", began.elapsed().as_secs_f64()));
            return Ok(());
        }
    }
}
