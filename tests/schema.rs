//! The schema against PostgreSQL's own catalogue: words, tenants, the way up and the way down.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use diesel::migration::{Migration, MigrationSource as _};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text};
use diesel_migrations::MigrationHarness as _;
use hydria::database::migrate;

use crate::support::database;

/// Tables that are looked up without a customer (portal log-ins are, too, by an index of their own).
const LOOKED_UP_WITHOUT_A_CUSTOMER: [&str; 4] = ["jobs", "journal", "keys", "sessions"];

/// Tables of which each row would be checked against its customer, which is never removed.
const HELD_TO_NOTHING: [&str; 1] = ["changes"];

/// Tables that `diesel.toml` leaves out of `src/schema.rs`.
const NOT_PRINTED: [&str; 1] = ["journal"];

#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    table_words: Option<String>,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    required: bool,
    #[diesel(sql_type = Nullable<Text>)]
    words: Option<String>,
    /// Columns of the table's primary key, in its order.
    #[diesel(sql_type = Array<Text>)]
    key: Vec<String>,
    /// Whether it leads a foreign key to another table: to customers, or to one that is held to them itself.
    #[diesel(sql_type = Bool)]
    is_customer: bool,
}

const COLUMNS: &str = "
    SELECT c.relname::text AS table_name, obj_description(c.oid) AS table_words, a.attname::text AS name,
        t.typname::text AS kind, a.attnotnull AS required, col_description(c.oid, a.attnum) AS words,
        ARRAY(SELECT k.attname::text FROM pg_index i
            CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS part (number, place)
            JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = part.number
            WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY part.place) AS key,
        EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f'
            AND f.confrelid <> f.conrelid AND f.conkey[1] = a.attnum
            AND (f.confrelid = to_regclass('customers') OR EXISTS (SELECT FROM pg_attribute other
                WHERE other.attrelid = f.confrelid AND other.attnum = f.confkey[1]
                    AND other.attname = 'customer'))) AS is_customer
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0
        AND NOT a.attisdropped AND NOT c.relispartition AND c.relname <> '__diesel_schema_migrations'
    ORDER BY c.relname COLLATE \"C\", a.attnum";

/// What a database holds, apart from the list of migrations: tables, functions, types, sequences, indexes.
const THINGS: &str = "
    SELECT kind || ' ' || name AS text FROM (
        SELECT 'relation ' || relkind::text AS kind, relname::text AS name FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '%\\_\\_diesel%'
        UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT 'type', typname::text FROM pg_type
            WHERE typnamespace = 'public'::regnamespace AND typname NOT LIKE '%\\_\\_diesel%'
        UNION ALL SELECT 'trigger', tgrelid::regclass::text || ' ' || tgname FROM pg_trigger
            WHERE NOT tgisinternal
        UNION ALL SELECT 'constraint', conrelid::regclass::text || ' ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE conrelid <> 0 AND connamespace = 'public'::regnamespace
                AND conrelid::regclass::text NOT LIKE '%\\_\\_diesel%'
    ) things ORDER BY (kind || ' ' || name) COLLATE \"C\"";

#[derive(Debug, QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

fn columns(conn: &mut PgConnection) -> Vec<Column> {
    diesel::sql_query(COLUMNS).load(conn).expect("the catalogue")
}

fn things(conn: &mut PgConnection) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(THINGS).load(conn).expect("the catalogue");
    lines.into_iter().map(|line| line.text).collect()
}

fn migrations() -> Vec<Box<dyn Migration<Pg>>> {
    migrate::MIGRATIONS.migrations().expect("migrations")
}

fn migrated() -> PgConnection {
    PgConnection::establish(&database::fresh()).expect("a database")
}

/// Takes back all migrations from this one on.
fn revert(conn: &mut PgConnection, first: &str) {
    let mut last = || conn.revert_last_migration(migrate::MIGRATIONS).expect("down").to_string();
    while !last().starts_with(first) {}
}

#[test]
fn migrations_go_up_and_down_and_up_again() {
    let mut conn = PgConnection::establish(&database::empty()).expect("a database");
    let there = migrations().len();
    let nothing = things(&mut conn);
    assert!(nothing.is_empty(), "{nothing:?}");

    assert_eq!(migrate::migrate(&mut conn).expect("up").len(), there);
    let (first, columns_first) = (things(&mut conn), columns(&mut conn));
    assert!(first.len() > 100, "{first:?}");
    assert_eq!(migrate::migrate(&mut conn).expect("up to date").len(), 0);

    let reverted = conn.revert_all_migrations(migrate::MIGRATIONS).expect("down");
    assert_eq!(reverted.len(), there);
    let left = things(&mut conn);
    assert!(left.is_empty(), "down.sql leaves {left:#?}");

    assert_eq!(migrate::migrate(&mut conn).expect("up again").len(), there);
    assert_eq!(things(&mut conn), first);
    assert_eq!(columns(&mut conn), columns_first);
}

#[test]
fn counts_of_batches_and_given_media_types_are_made_up_for_what_is_there() {
    let mut conn = migrated();
    revert(&mut conn, "20261127030000");
    let mut run = |sql: &str| diesel::sql_query(sql).execute(&mut conn).expect(sql);
    run("INSERT INTO customers VALUES (2, 'library', 'library', FALSE, FALSE)");
    run("INSERT INTO spaces VALUES (2, 1, 'maps', now(), '{}', '{}', -1)");
    run(
        "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
         media_type, ingesting) \
         SELECT 2, 1, id, now(), origin, -1, '{}', '{}', kind, FALSE FROM (VALUES \
         ('inferred', 'https://example.org/A.JPG?x=1.png', 'image/jpeg'), \
         ('own', 'https://example.org/1.jpg', 'image/own'), \
         ('found', 'https://example.org/1', 'image/png'), \
         ('other', 'https://example.org/1.png#x', 'image/tiff')) AS i (id, origin, kind)",
    );
    run("INSERT INTO batches (customer, id, count) VALUES (2, 1, 4), (2, 2, 1)");
    run("INSERT INTO members (customer, batch, space, image, outcome) VALUES \
         (2, 1, 1, 'inferred', 'completed'), (2, 1, 1, 'own', 'failed'), \
         (2, 1, 1, 'found', 'deleted'), (2, 1, 1, 'other', NULL), (2, 2, 1, 'own', NULL)");
    migrate::migrate(&mut conn).expect("up again");
    let found: Vec<Line> = diesel::sql_query(
        "SELECT concat_ws(' ', id, completed, errors) AS text FROM batches UNION ALL \
         SELECT id FROM images WHERE media_type_given ORDER BY text",
    )
    .load(&mut conn)
    .expect("the rows");
    let found: Vec<&str> = found.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(found, ["1 1 2", "2 0 0", "other", "own"]);
}

#[test]
fn what_was_made_of_images_moves_to_its_table_and_back_and_totals_stay() {
    const TOTALS: &str = "SELECT concat_ws(' ', total(images), total(size), total(thumbnail_size)) AS text \
        FROM tally_changes";
    const MADE: &str = "SELECT concat_ws(' ', image, object, size, derived_size, checked AT TIME ZONE 'UTC') AS text \
        FROM derivatives";
    const BEFORE: &str = "SELECT concat_ws(' ', id, derivative, size, thumbnail_size, \
        checked AT TIME ZONE 'UTC') AS text FROM images ORDER BY id";
    let mut conn = migrated();
    let back = |conn: &mut PgConnection| revert(conn, "20261128030000");
    let run = |conn: &mut PgConnection, sql: &str| {
        diesel::sql_query(sql).execute(conn).expect(sql);
    };
    let told = |conn: &mut PgConnection, sql: &str| {
        let lines: Vec<Line> = diesel::sql_query(sql).load(conn).expect(sql);
        lines.into_iter().map(|line| line.text).collect::<Vec<_>>()
    };
    back(&mut conn);
    run(&mut conn, "INSERT INTO customers VALUES (2, 'library', 'library', FALSE, FALSE)");
    run(&mut conn, "INSERT INTO spaces VALUES (2, 1, 'maps', now(), '{}', '{}', -1)");
    run(
        &mut conn,
        "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
         media_type, ingesting, derivative, size, thumbnail_size, checked) \
         SELECT 2, 1, id, now(), 'https://example.org/', -1, '{}', '{}', 'image/jpeg', FALSE, object, \
         size, thumbnails, checked FROM (VALUES ('made', 'thumbnails/000/1-1', 300, 20, \
         TIMESTAMPTZ '2026-11-01 00:00:00Z'), ('waits', NULL, 0, 0, NULL)) \
         AS i (id, object, size, thumbnails, checked)",
    );
    migrate::migrate(&mut conn).expect("up again");
    let made = ["made thumbnails/000/1-1 300 20 2026-11-01 00:00:00"];
    assert_eq!(told(&mut conn, MADE), made);
    assert_eq!(told(&mut conn, TOTALS), ["2 300 20"]);

    back(&mut conn);
    assert_eq!(told(&mut conn, BEFORE), [made[0], "waits 0 0"]);
    migrate::migrate(&mut conn).expect("up again");
    run(&mut conn, "DELETE FROM images WHERE id = 'made'");
    assert!(told(&mut conn, MADE).is_empty());
    assert_eq!(told(&mut conn, TOTALS), ["1 0 0"]);
}

#[test]
fn images_that_have_an_index_of_tiles_say_so_from_then_on() {
    let mut conn = migrated();
    revert(&mut conn, "20261128050000");
    let mut run = |sql: &str| diesel::sql_query(sql).execute(&mut conn).expect(sql);
    run("INSERT INTO customers VALUES (2, 'library', 'library', FALSE, FALSE)");
    run("INSERT INTO spaces VALUES (2, 1, 'maps', now(), '{}', '{}', -1)");
    run(
        "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
         media_type, ingesting) SELECT 2, 1, id, now(), 'https://example.org/', -1, '{}', '{}', \
         'image/jpeg', FALSE FROM unnest('{tiles,thumbnails,waits}'::text[]) AS id",
    );
    run(
        "INSERT INTO derivatives (customer, space, image, object, size, derived_size, checked, index) \
         VALUES (2, 1, 'tiles', 'a', 1, 1, now(), 'index'), (2, 1, 'thumbnails', 'b', 1, 1, now(), NULL)",
    );
    migrate::migrate(&mut conn).expect("up again");
    let found: Vec<Line> = diesel::sql_query("SELECT id AS text FROM images WHERE has_tiles")
        .load(&mut conn)
        .expect("rows");
    let found: Vec<&str> = found.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(found, ["tiles"]);
}

#[test]
fn every_table_and_every_column_is_explained() {
    let columns = columns(&mut migrated());
    assert!(columns.len() > 100, "only {} columns", columns.len());
    let silent: Vec<String> = columns
        .iter()
        .filter(|c| {
            [&c.words, &c.table_words].iter().any(|w| w.as_deref().unwrap_or("").is_empty())
        })
        .map(|c| format!("{}.{}", c.table_name, c.name))
        .collect();
    assert!(silent.is_empty(), "without a comment: {silent:?}");
}

#[test]
fn every_customer_column_leads_a_foreign_key_and_its_primary_key() {
    let columns = columns(&mut migrated());
    let of_customers: Vec<&Column> = columns.iter().filter(|c| c.name == "customer").collect();
    assert!(of_customers.len() > 10, "only {} tables", of_customers.len());
    let mut wrong = Vec::new();
    for column in of_customers {
        let table = &column.table_name;
        let is_held = column.is_customer || HELD_TO_NOTHING.contains(&table.as_str());
        if !is_held || !column.required {
            wrong.push(format!("{table}.customer is no foreign key that is always there"));
        }
        let leads = column.key.first().is_some_and(|first| first == "customer");
        if leads == LOOKED_UP_WITHOUT_A_CUSTOMER.contains(&table.as_str()) {
            wrong.push(format!("the primary key of {table} is {:?}", column.key));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn foreign_keys_between_tables_of_customers_lead_with_the_customer() {
    let keys: Vec<Line> = diesel::sql_query(
        "SELECT f.conrelid::regclass || ' ' || pg_get_constraintdef(f.oid) AS text FROM pg_constraint f
         WHERE f.contype = 'f' AND f.confrelid <> to_regclass('customers')
            AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = f.confrelid AND attname = 'customer')
         ORDER BY 1",
    )
    .load(&mut migrated())
    .expect("the catalogue");
    assert!(keys.len() > 5, "only {} keys", keys.len());
    for key in keys {
        assert!(key.text.contains(" FOREIGN KEY (customer, "), "{}", key.text);
    }
}

/// The catalogue's type in diesel's words.
fn type_of(column: &Column) -> String {
    let plain = |kind: &str| match kind {
        "int4" => "Int4",
        "int8" => "Int8",
        "float8" => "Float8",
        "text" => "Text",
        "bool" => "Bool",
        "bytea" => "Bytea",
        "timestamptz" => "Timestamptz",
        other => panic!("{other}, of {}, has no name here", column.table_name),
    };
    let named = match column.kind.strip_prefix('_') {
        Some(item) => format!("Array<{}>", plain(item)),
        None => plain(&column.kind).to_owned(),
    };
    if column.required { named } else { format!("Nullable<{named}>") }
}

/// What `src/schema.rs` must say, by the catalogue.
fn printed(columns: &[Column], joinable: &[Line]) -> String {
    let mut text = "// @generated automatically by Diesel CLI.\n".to_owned();
    let mut tables: BTreeMap<&str, Vec<&Column>> = BTreeMap::new();
    for column in columns.iter().filter(|c| !NOT_PRINTED.contains(&c.table_name.as_str())) {
        tables.entry(&column.table_name).or_default().push(column);
    }
    for (name, columns) in &tables {
        let words = |words: &Option<String>| words.clone().unwrap_or_default();
        let first = columns.first().expect("a column");
        let (doc, key) = (words(&first.table_words), first.key.join(", "));
        write!(text, "\ndiesel::table! {{\n    /// {doc}\n    {name} ({key}) {{\n").expect("text");
        for column in columns {
            let (doc, name, kind) = (words(&column.words), &column.name, type_of(column));
            write!(text, "        /// {doc}\n        {name} -> {kind},\n").expect("text");
        }
        text.push_str("    }\n}\n");
    }
    text.push('\n');
    let is_left_out = |pair: &Line| NOT_PRINTED.iter().any(|name| pair.text.starts_with(name));
    for pair in joinable.iter().filter(|pair| !is_left_out(pair)) {
        writeln!(text, "diesel::joinable!({});", pair.text).expect("text");
    }
    text.push_str("\ndiesel::allow_tables_to_appear_in_same_query!(\n");
    for name in tables.keys() {
        writeln!(text, "    {name},").expect("text");
    }
    text + ");\n"
}

/// Tables that one column joins, in one way only: what diesel offers for joins without a condition.
fn joinable(conn: &mut PgConnection) -> Vec<Line> {
    diesel::sql_query(
        "SELECT child || ' -> ' || parent || ' (' || min(attname) || ')' AS text FROM (
            SELECT c.relname AS child, p.relname AS parent, a.attname, cardinality(f.conkey) AS wide
            FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
            JOIN pg_class p ON p.oid = f.confrelid
            JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
            WHERE f.contype = 'f' AND f.conrelid <> f.confrelid) AS keys
         GROUP BY child, parent HAVING count(*) = 1 AND max(wide) = 1
         ORDER BY child COLLATE \"C\", parent COLLATE \"C\"",
    )
    .load(conn)
    .expect("the catalogue")
}

#[test]
fn the_schema_in_the_sources_is_that_of_the_database() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/schema.rs");
    let held = std::fs::read_to_string(file).expect("the file");
    let mut conn = migrated();
    let expected = printed(&columns(&mut conn), &joinable(&mut conn));
    if held != expected {
        let differ = held.lines().zip(expected.lines()).enumerate().find(|(_, (a, b))| a != b);
        let (line, (is, wanted)) = differ.unwrap_or((0, ("its end", "another end")));
        panic!("src/schema.rs, line {}: {is}\nthe database: {wanted}", line + 1);
    }
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    line: String,
}

#[test]
fn a_new_database_finds_images_by_their_primary_key_from_the_first_on() {
    let mut conn = migrated();
    let mut run = |sql: &str| diesel::sql_query(sql).execute(&mut conn).expect("it is done");
    // As it is a minute later, when what the planner was shown has been tidied away.
    run("VACUUM images");
    run("INSERT INTO customers VALUES (2, 'library', 'library', FALSE, FALSE)");
    run("INSERT INTO spaces VALUES (2, 1, 'maps', now(), '{}', '{}', -1)");
    run(
        "INSERT INTO images (customer, space, id, created, origin, max_unauthorised, roles, tags, \
         media_type, ingesting) \
         VALUES (2, 1, 'one', now(), 'https://example.org/one', -1, '{}', '{}', 'image/jpeg', TRUE)",
    );
    // Else what is so little is best read whole.
    run("SET enable_seqscan = off");
    for (condition, index) in [
        ("id = 'one'", "images_pkey"),
        ("id = ANY ('{one,two}') ORDER BY id", "images_pkey"),
        ("shown(string1) = 'one' ORDER BY created, id LIMIT 100", "images_string1"),
    ] {
        let explain = format!(
            "EXPLAIN SELECT * FROM images WHERE customer = 2 AND space = 1 AND {condition}"
        );
        let plan: Vec<Plan> = diesel::sql_query(explain).load(&mut conn).expect("a plan");
        let plan: Vec<String> = plan.into_iter().map(|plan| plan.line).collect();
        assert!(plan.iter().any(|line| line.contains(index)), "{condition}: {plan:#?}");
        let condition = plan.iter().find(|line| line.contains("Index Cond")).expect("a condition");
        assert!(condition.contains("(id = ") || condition.contains("(COALESCE("), "{plan:#?}");
    }
}

#[test]
fn nothing_is_left_of_what_the_planner_was_shown() {
    let left: Vec<Line> = diesel::sql_query(
        "SELECT name AS text FROM customers UNION ALL SELECT id FROM images
         UNION ALL SELECT name FROM spaces UNION ALL SELECT images::text FROM tally_changes",
    )
    .load(&mut migrated())
    .expect("the rows");
    assert!(left.is_empty(), "{left:?}");
}
