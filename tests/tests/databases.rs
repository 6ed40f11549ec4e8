//! Statements through the traced pool to a real PostgreSQL and a real MariaDB.

#![allow(clippy::unwrap_used, reason = "tests")]

use futures_util::TryStreamExt as _;
use sqlx::{Executor as _, MySql, Postgres};
use telemetry_wire::Document;
use xray_sdk::sqlx::{Pool, PoolExt as _};
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::{FutureExt as _, Segment};

fn traced<DB: xray_sdk::sqlx::TracedDatabase, F: Future>(url: &str, work: impl FnOnce(Pool<DB>) -> F) -> Document {
    let (mut documents, _) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let pool = crate::support::databases::connect::<DB>(url).await.traced().record_statements(true);
            work(pool).in_segment(Segment::begin("shop")).await;
        });
    });
    documents.remove(0)
}

/// Statement, rows returned, rows affected, fault.
fn statements(document: &Document) -> Vec<(String, Option<u64>, Option<u64>, bool)> {
    let calls = document.subsegments.iter().filter_map(|call| call.sql.as_ref().map(|sql| (call, sql)));
    calls
        .map(|(call, sql)| {
            let count = |key: &str| call.metadata.get("sql").and_then(|entries| entries.get(key)).and_then(serde_json::Value::as_u64);
            (sql.sanitized_query.clone().unwrap_or_default(), count("rows_returned"), count("rows_affected"), call.fault)
        })
        .collect()
}

fn expected(rows: &[(&str, Option<u64>, Option<u64>, bool)]) -> Vec<(String, Option<u64>, Option<u64>, bool)> {
    rows.iter().map(|(text, returned, affected, fault)| ((*text).to_owned(), *returned, *affected, *fault)).collect()
}

fn assert_no_secret(document: &Document) {
    assert!(!format!("{document:?}").contains("s3cret"), "{document:?}");
}

#[test]
fn postgresql_statements_are_subsegments() {
    let Some(server) = crate::support::databases::postgres() else { return };
    let document = traced::<Postgres, _>(&server.url, |pool| async move {
        let pool = pool.ask_version().await.unwrap();
        sqlx::query("CREATE TABLE orders (id int PRIMARY KEY, who text)").execute(&pool).await.unwrap();
        let mut transaction = pool.begin().await.unwrap();
        sqlx::query("INSERT INTO orders VALUES (1, $$s3cret$$), (2, E'\\'s3cret')").execute(&mut *transaction).await.unwrap();
        sqlx::query("INSERT INTO orders SELECT generate_series(3, 7), $1").bind("s3cret").execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        let rows: Vec<_> = sqlx::query("SELECT * FROM orders WHERE id > $1").bind(2).fetch(&pool).try_collect().await.unwrap();
        assert_eq!(rows.len(), 5);
        assert!(sqlx::query("INSERT INTO orders VALUES (1, 's3cret')").execute(&pool).await.is_err());
        assert!(sqlx::query("SELECT 's3cret'::int").execute(&pool).await.is_err());
    });
    let begun = [
        ("CREATE TABLE orders (id int PRIMARY KEY, who text)", Some(0), Some(0), false),
        ("BEGIN", None, None, false),
        ("INSERT INTO orders VALUES (?)", Some(0), Some(2), false),
        ("INSERT INTO orders SELECT generate_series(?), $1", Some(0), Some(5), false),
        ("COMMIT", None, None, false),
        ("SELECT * FROM orders WHERE id > $1", Some(5), None, false),
        ("INSERT INTO orders VALUES (?)", Some(0), None, true),
        ("SELECT ?::int", Some(0), None, true),
    ];
    assert_eq!(statements(&document), expected(&begun));
    let call = document.child("postgres@127.0.0.1").unwrap();
    let sql = call.sql.as_ref().unwrap();
    assert_eq!(
        (sql.user.as_deref(), sql.database_type.as_deref(), call.namespace.as_deref()),
        (Some("shop"), Some("PostgreSQL"), Some("remote"))
    );
    assert!(sql.database_version.as_ref().unwrap().starts_with("PostgreSQL"));
    assert_no_secret(&document);
}

#[test]
fn postgresql_copy_shows_its_rows_and_a_dying_server_is_a_fault() {
    let Some(server) = crate::support::databases::postgres() else { return };
    let document = traced::<Postgres, _>(&server.url, |pool| async move {
        let mut connection = pool.acquire().await.unwrap();
        connection.execute("CREATE TABLE t (a int)").await.unwrap();
        let mut copy = connection.copy_in_raw("COPY t FROM STDIN").await.unwrap();
        copy.send(b"1\n2\n3\n").await.unwrap();
        assert_eq!(copy.finish().await.unwrap(), 3);
        let pieces: Vec<_> = connection.copy_out_raw("COPY t TO STDOUT").await.unwrap().try_collect().await.unwrap();
        assert_eq!(pieces.concat(), b"1\n2\n3\n");
        drop(connection.copy_in_raw("COPY t FROM STDIN").await.unwrap());
        drop(connection);
        let mut victim = pool.acquire().await.unwrap();
        let mut rows = victim.fetch("SELECT repeat('x', 20000), pg_sleep(0.05) FROM generate_series(1, 200)");
        rows.try_next().await.unwrap();
        pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT repeat(%' AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
        while let Ok(Some(_)) = rows.try_next().await {}
    });
    let seen = statements(&document);
    let of = |text: &str| {
        seen.iter()
            .filter(|(statement, ..)| statement.starts_with(text))
            .map(|(_, _, affected, fault)| (*affected, *fault))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("COPY t FROM STDIN"), [(Some(3), false), (None, false)]);
    assert_eq!(of("COPY t TO STDOUT"), [(None, false)]);
    assert_eq!(of("SELECT repeat"), [(None, true)], "{seen:?}");
    let cancelled = document.subsegments.iter().filter(|call| call.error).count();
    assert_eq!(cancelled, 1, "the copy that was dropped");
}

#[test]
fn mariadb_statements_are_subsegments() {
    let Some(server) = crate::support::databases::mariadb() else { return };
    let document = traced::<MySql, _>(&server.url, |pool| async move {
        let pool = pool.ask_version().await.unwrap();
        sqlx::query("CREATE TABLE orders (id int PRIMARY KEY, who text)").execute(&pool).await.unwrap();
        sqlx::query(r#"INSERT INTO orders VALUES (1, "s3cret"), (2, 'it\'s s3cret') # s3cret"#).execute(&pool).await.unwrap();
        let found = sqlx::query("SELECT * FROM orders WHERE id IN (?, ?)").bind(1).bind(2).fetch_all(&pool).await.unwrap();
        assert_eq!(found.len(), 2);
        let error = sqlx::query("INSERT INTO orders VALUES (1, 's3cret')").execute(&pool).await.unwrap_err();
        assert!(error.to_string().contains('1'));
        let mut transaction = pool.begin().await.unwrap();
        sqlx::query("DELETE FROM orders").execute(&mut *transaction).await.unwrap();
        transaction.rollback().await.unwrap();
    });
    let begun = [
        ("CREATE TABLE orders (id int PRIMARY KEY, who text)", Some(0), Some(0), false),
        // The backslash leaves open where the string ends.
        ("INSERT INTO orders VALUES (?), (?", Some(0), Some(2), false),
        ("SELECT * FROM orders WHERE id IN (?)", Some(2), None, false),
        ("INSERT INTO orders VALUES (?)", Some(0), None, true),
        ("BEGIN", None, None, false),
        ("DELETE FROM orders", Some(0), Some(2), false),
        ("ROLLBACK", None, None, false),
    ];
    assert_eq!(statements(&document), expected(&begun));
    let call = document.child("orders@127.0.0.1").unwrap();
    assert!(call.sql.as_ref().unwrap().database_version.as_ref().unwrap().contains("MariaDB"));
    assert_no_secret(&document);
}

/// A function of the application's, which passes the error on.
#[xray_sdk::traced]
async fn passed_on<DB: xray_sdk::sqlx::TracedDatabase>(pool: &Pool<DB>, statement: &'static str) -> Result<(), sqlx::Error> {
    pool.execute(statement).await.map(drop)
}

/// Runs each statement, which fails, and asserts that no value of any reaches the document.
fn assert_values_stay_hidden<DB: xray_sdk::sqlx::TracedDatabase>(url: &str, statements: &'static [&'static str]) {
    let document = traced::<DB, _>(url, |pool| async move {
        let pool = pool.record_statements(false);
        for statement in statements {
            passed_on(&pool, statement).await.unwrap_err();
        }
    });
    let failed = document.subsegments.iter().filter(|child| child.name == "passed_on" && child.fault).count();
    assert_eq!(failed, statements.len());
    let shown = format!("{document:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn values_in_messages_of_databases_stay_hidden_at_every_level() {
    let (Some(postgres), Some(mariadb)) = (crate::support::databases::postgres(), crate::support::databases::mariadb()) else { return };
    assert_values_stay_hidden::<Postgres>(
        &postgres.url,
        &[
            "SELECT 'hunter2 z'::int",
            "SELECT 'a\"hunter2'::int",
            "DO $$ BEGIN RAISE EXCEPTION 'hunter2 is the password'; END $$",
            "SELECT * FROM users WHERE a = 1 AN n = 'hunter2'",
        ],
    );
    assert_values_stay_hidden::<MySql>(
        &mariadb.url,
        &[
            "SELECT * FROM users WHERE a = 1 AN n = 'hunter2 z'",
            "BEGIN NOT ATOMIC CREATE OR REPLACE TABLE u (n varchar(20) PRIMARY KEY); INSERT INTO u VALUES ('O''hunter2'), ('O''hunter2'); END",
            "BEGIN NOT ATOMIC SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bad password hunter2'; END",
        ],
    );
}

#[test]
fn literals_stay_hidden_in_the_odd_modes_of_the_servers() {
    let (Some(postgres), Some(mariadb)) = (crate::support::databases::postgres(), crate::support::databases::mariadb()) else { return };
    let document = traced::<Postgres, _>(&postgres.url, |pool| async move {
        pool.execute("SELECT E'foo'\n'b\\'hunter2 z'").await.unwrap();
        pool.execute("SELECT -- it's\r 'a\nhunter2 z'").await.unwrap();
        pool.execute("CREATE OPERATOR |` (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)").await.unwrap();
        pool.execute("SELECT 1 |` 2, 'hunter2 z'").await.unwrap();
        let mut connection = pool.acquire().await.unwrap();
        connection.execute("SET standard_conforming_strings = off").await.unwrap();
        connection.execute("SELECT 'a\\'hunter2 z'").await.unwrap();
    });
    assert!(!format!("{document:?}").contains("hunter2"), "{document:?}");
    let document = traced::<MySql, _>(&mariadb.url, |pool| async move {
        pool.execute("SELECT 5--'1\nhunter2 z'").await.unwrap();
        let mut connection = pool.acquire().await.unwrap();
        connection.execute("SET sql_mode = 'NO_BACKSLASH_ESCAPES'").await.unwrap();
        connection.execute("SELECT 'a\\', 'hunter2 z'").await.unwrap();
    });
    assert!(!format!("{document:?}").contains("hunter2"), "{document:?}");
}
