//! Digests of stored traces: made when first asked for, kept until a document arrives.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use telemetry_rules::filter::TraceFacts;
use telemetry_wire::Document;

use super::digest::digest;
use super::tree::TraceTree;
use crate::storage::{Storage, StorageError};

/// What lists, filters and the map need of a trace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Digest {
    pub(crate) id: String,
    pub(crate) start: f64,
    pub(crate) updated: f64,
    pub(crate) revision: i64,
    pub(crate) entities: usize,
    pub(crate) facts: TraceFacts,
}

/// A window of time, in epoch seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: f64,
    pub(super) to: f64,
    /// Look at when traces changed, not at when they began.
    pub(super) by_update: bool,
}

/// The row after which a page goes on: the time that rows are ordered by, and the trace's id.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cursor {
    pub(super) time: f64,
    pub(super) id: String,
}

impl Cursor {
    pub(super) fn token(&self) -> String {
        format!("{:016x}{}", self.time.to_bits(), self.id)
    }

    pub(super) fn parse(token: &str) -> Option<Self> {
        let (bits, id) = token.split_at_checked(16)?;
        Some(Self { time: f64::from_bits(u64::from_str_radix(bits, 16).ok()?), id: id.to_owned() })
    }

    pub(super) fn of(digest: &Digest, window: Window) -> Self {
        Self { time: if window.by_update { digest.updated } else { digest.start }, id: digest.id.clone() }
    }
}

/// Loads the digests of a window, newest first and after the cursor, and keeps those that had to be made.
pub(super) async fn load(storage: &Storage, window: Window, after: Option<Cursor>, limit: usize) -> Result<Vec<Digest>, StorageError> {
    let (digests, made) = storage.read(move |connection| read(connection, window, after, limit)).await?;
    if !made.is_empty() {
        let keep = move |transaction: &rusqlite::Transaction<'_>| {
            let mut keep = transaction.prepare_cached("UPDATE trace SET digest = ?2 WHERE trace_id = ?1 AND revision = ?3")?;
            for (id, revision, text) in made {
                keep.execute((id, text, revision))?;
            }
            Ok(())
        };
        // On a full disk it is made again for the next reader.
        if let Err(error) = storage.write(keep).await {
            tracing::debug!(%error, "what lists need of traces was not kept");
        }
    }
    Ok(digests)
}

type Made = (String, i64, String);

fn read(connection: &Connection, window: Window, after: Option<Cursor>, limit: usize) -> rusqlite::Result<(Vec<Digest>, Vec<Made>)> {
    let after = after.unwrap_or(Cursor { time: f64::MAX, id: String::new() });
    let column = if window.by_update { "updated" } else { "start" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT trace_id, start, updated, revision, digest FROM trace WHERE {column} >= ?1 AND {column} < ?2 AND ({column}, trace_id) < (?4, ?5)
         ORDER BY {column} DESC, trace_id DESC LIMIT ?3"
    ))?;
    let rows = statement.query_map((window.from, window.to, limit as i64, after.time, after.id), |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, f64>(1)?,
            row.get::<_, f64>(2)?,
            row.get::<_, i64>(3)?,
            row.get::<_, Option<String>>(4)?,
        ))
    })?;
    let (mut digests, mut made) = (Vec::new(), Vec::new());
    for row in rows {
        let (id, start, updated, revision, kept) = row?;
        if let Some(digest) = kept.and_then(|text| serde_json::from_str::<Digest>(&text).ok()) {
            digests.push(digest);
            continue;
        }
        let tree = TraceTree::join(load_documents(connection, &id)?);
        let digest = Digest { id, start, updated, revision, entities: tree.entities.len(), facts: digest(&tree).facts };
        if let Ok(text) = serde_json::to_string(&digest) {
            made.push((digest.id.clone(), revision, text));
        }
        digests.push(digest);
    }
    Ok((digests, made))
}

/// The documents of a trace, in the order of their arrival. What cannot be read any more is left out.
pub(crate) fn load_documents(connection: &Connection, trace_id: &str) -> rusqlite::Result<Vec<Document>> {
    let mut statement = connection.prepare_cached("SELECT document FROM segment WHERE trace_id = ?1 ORDER BY rowid")?;
    let texts = statement.query_map([trace_id], |row| row.get::<_, String>(0))?;
    texts.map(|text| Ok(Document::parse(text?.as_bytes()).ok())).filter_map(Result::transpose).collect()
}
