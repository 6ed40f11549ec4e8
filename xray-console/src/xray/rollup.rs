//! Graphs of whole minutes, kept until a trace of the minute changes: a map of a day reads 1,440 of them and no trace.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::graph::ServiceGraph;
use super::traces::{Cursor, Digest, Window, load};
use crate::storage::{Storage, StorageError};

/// Traces that are read at once.
const AT_ONCE: usize = 2_000;

/// Calls `take` with all digests of a window, newest first.
pub(super) async fn each_digest(storage: &Storage, window: Window, mut take: impl FnMut(&Digest)) -> Result<(), StorageError> {
    let mut after: Option<Cursor> = None;
    loop {
        let digests = load(storage, window, after, AT_ONCE).await?;
        digests.iter().for_each(&mut take);
        match digests.last() {
            Some(last) if digests.len() == AT_ONCE => after = Some(Cursor::of(last, window)),
            _ => return Ok(()),
        }
    }
}

/// The graph of all traces that began in a window.
pub(super) async fn graph_of(storage: &Storage, from: f64, to: f64) -> Result<ServiceGraph, StorageError> {
    let (first, last) = ((from / 60.0).ceil() as i64, (to / 60.0).floor() as i64);
    let mut graph = ServiceGraph::default();
    if first >= last {
        add_traces(storage, (from, to), &mut graph).await?;
        return Ok(graph);
    }
    add_traces(storage, (from, first as f64 * 60.0), &mut graph).await?;
    let Minutes { mut kept, revisions } = storage.read(move |connection| Minutes::read(connection, first, last)).await?;
    let mut made = Vec::new();
    for (minute, revision) in revisions {
        if let Some(minute) = kept.remove(&minute) {
            graph.merge(&minute);
            continue;
        }
        let mut whole = ServiceGraph::default();
        add_traces(storage, (minute as f64 * 60.0, (minute + 1) as f64 * 60.0), &mut whole).await?;
        graph.merge(&whole);
        made.extend(serde_json::to_string(&whole).ok().map(|text| (minute, revision, text)));
    }
    keep(storage, made).await;
    add_traces(storage, (last as f64 * 60.0, to), &mut graph).await?;
    Ok(graph)
}

async fn add_traces(storage: &Storage, (from, to): (f64, f64), graph: &mut ServiceGraph) -> Result<(), StorageError> {
    if from >= to {
        return Ok(());
    }
    each_digest(storage, Window { from, to, by_update: false }, |digest| graph.add(&digest.facts, digest.start)).await
}

/// What is known of the minutes of a window.
struct Minutes {
    kept: BTreeMap<i64, ServiceGraph>,
    /// The minutes that have traces, each with the sum of their revisions.
    revisions: Vec<(i64, i64)>,
}

const REVISION: &str =
    "SELECT CAST(start / 60 AS INTEGER) AS minute, sum(revision) FROM trace WHERE start >= ?1 * 60.0 AND start < ?2 * 60.0 GROUP BY minute";

impl Minutes {
    fn read(connection: &Connection, first: i64, last: i64) -> rusqlite::Result<Self> {
        let mut revisions = connection.prepare_cached(REVISION)?;
        let revisions: Vec<(i64, i64)> =
            revisions.query_map((first, last), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        let mut kept = connection.prepare_cached("SELECT minute, revision, graph FROM graph_minute WHERE minute >= ?1 AND minute < ?2")?;
        let kept = kept.query_map((first, last), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?)))?;
        let now: BTreeMap<i64, i64> = revisions.iter().copied().collect();
        let mut right = BTreeMap::new();
        for row in kept {
            let (minute, revision, text) = row?;
            if now.get(&minute) == Some(&revision) {
                right.extend(serde_json::from_str(&text).ok().map(|graph| (minute, graph)));
            }
        }
        Ok(Self { kept: right, revisions })
    }
}

/// Keeps graphs with the revision that was read before their traces were. On a full disk they are made again for the next reader.
async fn keep(storage: &Storage, made: Vec<(i64, i64, String)>) {
    if made.is_empty() {
        return;
    }
    let put = move |transaction: &rusqlite::Transaction<'_>| {
        let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO graph_minute (minute, revision, graph) VALUES (?1, ?2, ?3)")?;
        made.iter().try_for_each(|minute| put.execute((minute.0, minute.1, &minute.2)).map(drop))
    };
    if let Err(error) = storage.write(put).await {
        tracing::debug!(%error, "graphs of minutes were not kept");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::xray::put_trace_segments;

    async fn put(storage: &Storage, number: u64, start: f64, more: Value) {
        let mut document = json!({ "name": "shop", "id": format!("{number:016x}"), "trace_id": format!("1-5759e988-{number:024x}"), "start_time": start, "end_time": start + 0.1 });
        let fields = document.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        fields.retain(|_, value| !value.is_null());
        let (answer, count, _) = put_trace_segments(storage, &json!({ "TraceSegmentDocuments": [document.to_string()] })).await.unwrap();
        assert_eq!(count, 1, "{answer}");
    }

    fn counts(graph: &ServiceGraph) -> Vec<(String, u64, u64)> {
        let node = |node: &super::super::graph::GraphNode| (node.name.clone(), node.statistics.ok, node.statistics.fault);
        let services = graph.nodes.iter().filter(|node| node.kind.as_deref() != Some("client"));
        services.map(node).collect()
    }

    #[tokio::test]
    async fn minutes_that_are_kept_follow_their_traces() {
        let storage = Storage::open(None, 1 << 30).unwrap();
        let begin = 1_700_000_040.0;
        for number in 0..300 {
            put(&storage, number, begin + number as f64, json!({})).await;
        }
        let (from, to) = (begin - 1.5, begin + 299.5);
        for _ in 0..2 {
            assert_eq!(counts(&graph_of(&storage, from, to).await.unwrap()), [("shop".to_owned(), 300, 0)]);
        }
        let kept =
            storage.read(|connection| connection.query_row("SELECT count(*) FROM graph_minute", [], |row| row.get::<_, i64>(0))).await;
        assert_eq!(kept.unwrap(), 4);
        // A document of an old trace, a trace in an old minute, a trace that begins earlier than was known.
        put(&storage, 100, begin + 100.0, json!({ "fault": true })).await;
        put(&storage, 500, begin + 150.0, json!({ "name": "other" })).await;
        put(&storage, 501, begin + 250.0, json!({ "in_progress": true, "end_time": null })).await;
        put(&storage, 501, begin + 20.0, json!({})).await;
        let expected = [("shop".to_owned(), 300, 1), ("other".to_owned(), 1, 0)];
        let mut found = counts(&graph_of(&storage, from, to).await.unwrap());
        found.sort_by(|a, b| b.0.cmp(&a.0));
        assert_eq!(found, expected);
        assert_eq!(counts(&graph_of(&storage, begin + 10.2, begin + 19.2).await.unwrap()), [("shop".to_owned(), 9, 0)], "within a minute");
    }

    #[tokio::test]
    async fn two_services_with_one_id_are_both_kept_and_milliseconds_are_refused() {
        let storage = Storage::open(None, 1 << 30).unwrap();
        put(&storage, 1, 1_700_000_000.0, json!({})).await;
        put(&storage, 1, 1_700_000_000.0, json!({ "name": "other" })).await;
        put(&storage, 1, 1_700_000_000.0, json!({ "name": "other", "fault": true })).await;
        let found = counts(&graph_of(&storage, 1_699_999_999.0, 1_700_000_001.0).await.unwrap());
        assert_eq!(found, [("shop".to_owned(), 1, 0), ("other".to_owned(), 0, 1)]);
        let document = json!({ "name": "late", "id": "0000000000000002", "trace_id": "1-5759e988-000000000000000000000002", "start_time": 1.796e12, "end_time": 1.797e12 });
        let (answer, count, _) = put_trace_segments(&storage, &json!({ "TraceSegmentDocuments": [document.to_string()] })).await.unwrap();
        assert_eq!(count, 0);
        assert!(answer["UnprocessedTraceSegments"][0]["Message"].as_str().unwrap().contains("milliseconds"), "{answer}");
    }
}
