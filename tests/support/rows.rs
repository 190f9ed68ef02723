//! What is left behind: rows and files, looked at directly.

use std::path::{Path, PathBuf};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The number `n` that a statement selects.
#[track_caller]
pub fn number(conn: &mut PgConnection, sql: &str) -> i64 {
    let found: Number = diesel::sql_query(sql).get_result(conn).expect(sql);
    found.n
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The values `text` of the rows that a statement selects.
#[track_caller]
pub fn texts(conn: &mut PgConnection, sql: &str) -> Vec<String> {
    let found: Vec<Line> = diesel::sql_query(sql).load(conn).expect(sql);
    found.into_iter().map(|line| line.text).collect()
}

/// Does something to the rows that no request could.
#[track_caller]
pub fn execute(conn: &mut PgConnection, sql: &str) -> usize {
    diesel::sql_query(sql).execute(conn).expect(sql)
}

/// Makes objects due for removal at once that would be due within the given time, such as "1 minute", except for rows
/// that a running service has locked.
#[track_caller]
pub fn hurry_discards(conn: &mut PgConnection, within: &str) {
    execute(
        conn,
        &format!(
            "UPDATE discards SET due = now() WHERE object IN (SELECT object FROM discards \
             WHERE due BETWEEN now() AND now() + interval '{within}' FOR UPDATE SKIP LOCKED)"
        ),
    );
}

/// All files below a folder, hidden and half written ones too, but not the marker of a storage; none where there
/// is no folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with("hydria.json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Registers so many images in a space, which were tried and failed, without any work.
pub fn fill(conn: &mut PgConnection, customer: i64, space: i64, images: i64) {
    let sql = format!(
        "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
         string1, number1, media_type, ingesting, finished, error) \
         SELECT {customer}, {space}, 'filled-' || n, now() - interval '1 hour' + n * interval '1 ms', \
         'https://example.org/a.png', -1, '{{}}', '{{}}', 'filled', n % 2, 'image/png', FALSE, now(), \
         'it was not found' FROM generate_series(1, {images}) AS n"
    );
    execute(conn, &sql);
}
