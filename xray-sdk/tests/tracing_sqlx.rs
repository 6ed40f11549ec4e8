//! sqlx's events. A file of its own: SQLite's driver works on a thread of its own, so the subscriber has to be that of the process.

#![allow(clippy::unwrap_used, reason = "tests")]

use sqlx::Executor as _;
use telemetry_wire::Document;
use tracing::Instrument as _;
use tracing_subscriber::layer::SubscriberExt as _;
use xray_sdk::sqlx::PoolExt as _;
use xray_sdk::testing::with_recorded_documents;
use xray_sdk::tracing::Layer;
use xray_sdk::{FutureExt as _, Segment};

async fn work() {
    let plain = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
    let traced = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap().traced();
    plain.execute("SELECT 's3cret'").instrument(tracing::info_span!("plain")).await.unwrap();
    traced.execute("SELECT 's3cret'").instrument(tracing::info_span!("traced")).await.unwrap();
    // The driver's threads have said everything when they are gone.
    plain.close().await;
    traced.close().await;
}

#[test]
fn events_of_sqlx_are_statements_once() {
    let layer = Layer::new().database("orders@localhost", "SQLite").record_statements(true);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
    let (documents, ()) = with_recorded_documents(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work().in_segment(Segment::begin("shop")));
    });
    assert!(!format!("{documents:?}").contains("s3cret"));
    let statement = |span: &str| {
        let calls: Vec<&Document> = documents[0].child(span).unwrap().subsegments.iter().filter(|call| call.sql.is_some()).collect();
        assert_eq!(calls.len(), 1, "{documents:?}");
        (calls[0].name.clone(), calls[0].sql.as_ref().unwrap().sanitized_query.clone())
    };
    assert_eq!(statement("plain"), ("orders@localhost".to_owned(), Some("SELECT ?".to_owned())));
    assert_eq!(statement("traced"), ("memory@localhost".to_owned(), None));
}
