//! Statements through the traced pool, with SQLite; `tests/tests/databases.rs` has the servers.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Executor as _, Row as _, Sqlite};
use telemetry_wire::Document;
use xray_sdk::sqlx::{Pool, PoolExt as _};
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::{FutureExt as _, Segment};

/// Runs `work` in a segment, with a pool of one connection to a database in memory that has a table of three orders.
fn traced<F: Future>(work: impl FnOnce(Pool<Sqlite>) -> F) -> (Document, F::Output) {
    let (mut documents, output) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let options = SqlitePoolOptions::new().max_connections(1).acquire_timeout(Duration::from_millis(100));
            let pool = options.connect("sqlite::memory:").await.unwrap();
            pool.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, who TEXT); INSERT INTO orders VALUES (1,'a'),(2,'b'),(3,'c')")
                .await
                .unwrap();
            work(pool.traced()).in_segment(Segment::begin("shop")).await
        })
    });
    (documents.remove(0), output)
}

/// Statement, rows returned and rows affected of each call to the database.
fn statements(document: &Document) -> Vec<(&str, Option<u64>, Option<u64>)> {
    let calls = document.subsegments.iter().filter(|call| call.sql.is_some());
    calls
        .map(|call| {
            let count = |key: &str| call.metadata.get("sql").and_then(|entries| entries.get(key)).and_then(serde_json::Value::as_u64);
            (call.sql.as_ref().unwrap().sanitized_query.as_deref().unwrap_or("-"), count("rows_returned"), count("rows_affected"))
        })
        .collect()
}

#[test]
fn a_statement_is_a_remote_subsegment_without_its_text() {
    let (document, who) = traced(|pool| async move {
        let who: String = sqlx::query_scalar("SELECT who FROM orders WHERE id = ?").bind(2).fetch_one(&pool).await.unwrap();
        who
    });
    assert_eq!(who, "b");
    let call = document.child("memory@localhost").unwrap();
    let sql = call.sql.as_ref().unwrap();
    assert_eq!((&*call.name, call.namespace.as_deref(), call.fault), ("memory@localhost", Some("remote"), false));
    assert_eq!((sql.database_type.as_deref(), sql.preparation.as_deref()), (Some("SQLite"), Some("statement")));
    assert_eq!(statements(&document), [("-", Some(1), None)]);
}

#[test]
fn rows_of_the_statement_before_are_not_counted_again() {
    let (document, ()) = traced(|pool| async move {
        let update = "UPDATE orders SET who = 'x' WHERE id > 1";
        sqlx::query(update).execute(&pool).await.unwrap();
        assert!(sqlx::query("SELECT * FROM orders WHERE id = 9").fetch_all(&pool).await.unwrap().is_empty());
        sqlx::query("CREATE TABLE further (id INTEGER)").execute(&pool).await.unwrap();
        let script = format!("{update}; SELECT 1 WHERE 1 = 2; CREATE TABLE more (id INTEGER); DELETE FROM orders WHERE id = 1");
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&pool).await.unwrap();
    });
    let affected: Vec<_> = statements(&document).into_iter().map(|(_, _, affected)| affected).collect();
    assert_eq!(affected, [Some(2), None, None, Some(3)]);
}

#[test]
fn every_way_to_execute_is_recorded_once_with_its_rows() {
    let (document, ()) = traced(|pool| async move {
        let pool = pool.record_statements(true);
        sqlx::query("UPDATE orders SET who = 'x' WHERE id > 1").execute(&pool).await.unwrap();
        assert_eq!(sqlx::query("SELECT * FROM orders").fetch_all(&pool).await.unwrap().len(), 3);
        assert!(sqlx::query("SELECT * FROM orders WHERE id = 9").fetch_optional(&pool).await.unwrap().is_none());
        assert!(matches!(sqlx::query("SELECT 1 WHERE 1 = 2").fetch_one(&pool).await, Err(sqlx::Error::RowNotFound)));
        let ids: Vec<i64> = sqlx::query("SELECT id FROM orders")
            .map(|row: sqlx::sqlite::SqliteRow| row.get::<i64, _>(0))
            .fetch(&pool)
            .try_collect()
            .await
            .unwrap();
        assert_eq!(ids, [1, 2, 3]);
        let statement = pool.prepare(sqlx::SqlSafeStr::into_sql_str("SELECT who FROM orders WHERE id = ?")).await.unwrap();
        sqlx::Statement::query(&statement).bind(1).fetch_one(&pool).await.unwrap();
        sqlx::raw_sql("DELETE FROM orders WHERE id = 1; DELETE FROM orders").execute(&pool).await.unwrap();
        let mut connection = pool.acquire().await.unwrap();
        sqlx::query("SELECT 'secret'").fetch_one(&mut *connection).await.unwrap();
    });
    let expected = [
        ("UPDATE orders SET who = ? WHERE id > ?", Some(0), Some(2)),
        ("SELECT * FROM orders", Some(3), None),
        ("SELECT * FROM orders WHERE id = ?", Some(0), None),
        ("SELECT ? WHERE ? = ?", Some(0), None),
        ("SELECT id FROM orders", Some(3), None),
        ("SELECT who FROM orders WHERE id = ?", None, None),
        ("SELECT who FROM orders WHERE id = ?", Some(1), None),
        ("DELETE FROM orders WHERE id = ?; DELETE FROM orders", Some(0), Some(3)),
        ("SELECT ?", Some(1), None),
    ];
    assert_eq!(statements(&document), expected);
    assert!(document.subsegments.iter().all(|call| !call.fault && !call.error));
}

#[test]
fn transactions_show_begin_commit_and_rollback() {
    let (document, left) = traced(|pool| async move {
        let mut kept = pool.begin().await.unwrap();
        sqlx::query("INSERT INTO orders VALUES (4, 'd')").execute(&mut *kept).await.unwrap();
        let mut savepoint = kept.begin().await.unwrap();
        sqlx::query("DELETE FROM orders").execute(&mut *savepoint).await.unwrap();
        savepoint.rollback().await.unwrap();
        kept.commit().await.unwrap();
        let mut dropped = pool.begin().await.unwrap();
        sqlx::query("DELETE FROM orders").execute(&mut *dropped).await.unwrap();
        drop(dropped);
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM orders").fetch_one(&pool).await.unwrap()
    });
    assert_eq!(left, 4);
    let texts: Vec<_> = statements(&document).into_iter().map(|(text, ..)| text).collect();
    assert_eq!(texts, ["BEGIN", "-", "SAVEPOINT", "-", "ROLLBACK TO SAVEPOINT", "COMMIT", "BEGIN", "-", "ROLLBACK", "-"]);
}

#[test]
fn an_error_is_a_fault_without_values() {
    let (document, ()) = traced(|pool| async move {
        assert!(sqlx::query("SELECT json('s3cret')").fetch_one(&pool).await.is_err());
        assert!(sqlx::query("INSERT INTO orders VALUES (1, 's3cret')").execute(&pool).await.is_err());
    });
    let calls: Vec<_> = document.subsegments.iter().filter(|call| call.sql.is_some()).map(|call| call.fault).collect();
    assert_eq!(calls, [true, true], "{document:?}");
    assert!(!format!("{document:?}").contains("s3cret"));
}

#[test]
fn a_stream_that_is_dropped_ends_its_subsegment() {
    let (document, ()) = traced(|pool| async move {
        let mut rows = sqlx::query("SELECT * FROM orders").fetch(&pool);
        rows.try_next().await.unwrap().unwrap();
        drop(rows);
        let mut never = sqlx::query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n").fetch(&pool);
        let waited = tokio::time::timeout(Duration::from_millis(20), never.try_next()).await;
        assert!(waited.is_err());
    });
    let calls: Vec<_> = document.subsegments.iter().filter(|call| call.sql.is_some()).map(|call| call.error).collect();
    assert_eq!(calls, [false, true], "rows that were not wanted are no error, a statement that had not answered was cancelled");
}

#[test]
fn an_exhausted_pool_is_a_fault_of_the_pool_not_of_the_database() {
    let (document, ()) = traced(|pool| async move {
        let held = pool.acquire().await.unwrap();
        let error = sqlx::query("SELECT 1").execute(&pool).await.unwrap_err();
        assert!(matches!(error, sqlx::Error::PoolTimedOut));
        drop(held);
    });
    assert!(document.subsegments.iter().all(|child| child.name == "pool acquire" && child.sql.is_none()), "{document:?}");
    // On a busy machine the first `acquire` waits long enough to be shown too.
    assert_eq!(document.subsegments.iter().filter(|wait| wait.fault).count(), 1);
}

#[test]
fn a_statement_of_a_megabyte_is_cut() {
    let (document, ()) = traced(|pool| async move {
        let text = format!("SELECT {}", "é,".repeat(500_000));
        let pool = pool.record_statements(true).ask_version().await.unwrap();
        assert!(sqlx::query(sqlx::AssertSqlSafe(text)).execute(&pool).await.is_err());
    });
    let sql = document.child("memory@localhost").unwrap().sql.as_ref().unwrap();
    assert!(sql.sanitized_query.as_ref().unwrap().len() <= 4_096);
    assert!(sql.database_version.as_ref().unwrap().starts_with('3'));
}

#[test]
fn nothing_is_recorded_outside_a_segment() {
    let (documents, counted) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let pool = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap().traced();
            sqlx::query_scalar::<_, i64>("SELECT 1").fetch_one(&pool).await.unwrap()
        })
    });
    assert_eq!((documents.len(), counted), (0, 1));
}

/// As repositories are written that take a pool, a connection or a transaction.
async fn count<'e, E: sqlx::Executor<'e, Database = sqlx::Sqlite>>(executor: E) -> i64 {
    sqlx::query_scalar("SELECT 7").fetch_one(executor).await.unwrap()
}

async fn count_twice<'p, P>(pool: &'p P) -> i64
where
    &'p P: sqlx::Executor<'p, Database = sqlx::Sqlite>,
{
    count(pool).await + count(pool).await
}

async fn count_on<C>(connection: &mut C) -> i64
where
    for<'c> &'c mut C: sqlx::Executor<'c, Database = sqlx::Sqlite>,
{
    count(&mut *connection).await + count(&mut *connection).await
}

#[test]
fn generic_code_takes_ours_as_it_took_sqlxs() {
    let (documents, ()) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let work = async {
            let plain = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
            let pool = plain.clone().traced();
            assert_eq!(count_twice(&plain).await + count_twice(&pool).await, 28);
            let mut connection = pool.acquire().await.unwrap();
            assert_eq!(count_on(&mut *connection).await, 14);
            let mut own = plain.acquire().await.unwrap();
            assert_eq!(count_on(&mut *own).await, 14);
        };
        runtime.block_on(work.in_segment(Segment::begin("shop")));
    });
    assert_eq!(documents[0].subsegments.iter().filter(|call| call.sql.is_some()).count(), 4);
}

#[derive(Debug)]
struct Wrapped(sqlx::Error);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot save: {} ({:?})", self.0, self.0)
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[xray_sdk::traced]
async fn save(pool: &Pool<Sqlite>) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO orders VALUES (1, 'hunter2')").execute(pool).await?;
    Ok(())
}

#[xray_sdk::traced]
async fn save_wrapped(pool: &Pool<Sqlite>) -> Result<(), Wrapped> {
    save(pool).await.map_err(Wrapped)
}

#[xray_sdk::traced]
async fn save_boxed(pool: &Pool<Sqlite>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Ok(save_wrapped(pool).await?)
}

#[test]
fn a_databases_message_is_shown_at_no_level_of_the_trace_unless_asked_for() {
    let texts = |shows: bool| {
        let (documents, _, ()) = xray_sdk::testing::with_recorder(
            |builder| builder.database_messages(shows),
            || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
                    pool.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, who TEXT); INSERT INTO orders VALUES (1,'a')")
                        .await
                        .unwrap();
                    let pool = pool.traced();
                    save_boxed(&pool).in_segment(Segment::begin("shop")).await.unwrap_err();
                });
            },
        );
        let all = documents.iter().flat_map(Document::walk).filter_map(|entity| entity.cause.as_ref());
        all.flat_map(|cause| cause.exceptions()).filter_map(|exception| exception.message.clone()).collect::<Vec<_>>()
    };
    let hidden = texts(false);
    assert!(hidden.len() >= 6 && hidden.iter().all(|text| !text.contains("constraint failed")), "{hidden:#?}");
    assert!(hidden.iter().filter(|text| text.contains("1555: unique violation")).count() >= 4, "{hidden:#?}");
    assert!(texts(true).iter().any(|text| text.contains("UNIQUE constraint failed: orders.id")));
}

#[xray_sdk::traced]
async fn read_number(pool: &Pool<Sqlite>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT 'hunter2' AS secret").fetch_one(pool).await
}

#[test]
fn a_value_that_cannot_be_decoded_is_not_shown() {
    let (document, ()) = traced(|pool| async move {
        read_number(&pool).await.unwrap_err();
    });
    assert!(!format!("{document:?}").contains("hunter2"), "{document:?}");
    assert!(document.child("read_number").unwrap().fault);
}

#[test]
fn transactions_begin_in_every_way_and_savepoints_are_called_so() {
    let (document, ()) = traced(|pool| async move {
        let mut outer = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let mut inner = outer.begin().await.unwrap();
        inner.execute("DELETE FROM orders").await.unwrap();
        inner.rollback().await.unwrap();
        outer.begin().await.unwrap().commit().await.unwrap();
        outer.commit().await.unwrap();
        // The connection comes back on a task of sqlx's.
        let begun = loop {
            match pool.try_begin().await.unwrap() {
                Some(begun) => break begun,
                None => tokio::task::yield_now().await,
            }
        };
        begun.rollback().await.unwrap();
        assert_eq!((pool.size(), pool.is_closed()), (1, false));
        pool.close().await;
    });
    let texts: Vec<&str> = statements(&document).into_iter().map(|(text, ..)| text).collect();
    let expected =
        ["BEGIN IMMEDIATE", "SAVEPOINT", "-", "ROLLBACK TO SAVEPOINT", "SAVEPOINT", "RELEASE SAVEPOINT", "COMMIT", "BEGIN", "ROLLBACK"];
    assert_eq!(texts, expected);
}
