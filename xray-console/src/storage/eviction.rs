//! Keeps the file within its budget: what arrived first goes first, of whatever kind.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, Transaction};

/// Rows of one kind that go at once; traces by their bytes.
const AT_ONCE: u32 = 2_000;
/// Traces that go at once.
const TRACES_AT_ONCE: u32 = 200;

/// What fills the file. The time of arrival of the oldest is in seconds since the epoch.
struct Kind {
    oldest: &'static str,
    evict: fn(&Transaction<'_>, u64) -> rusqlite::Result<usize>,
}

/// A stream's row has nothing but names and times once its lines are gone; they have, if its last line is older than all lines.
const KINDS: [Kind; 6] = [
    Kind { oldest: "SELECT min(updated) FROM trace", evict: evict_traces },
    Kind {
        oldest: "SELECT ingestion / 1000.0 FROM log_event ORDER BY id LIMIT 1",
        evict: |transaction, _| transaction.execute(LINES, [AT_ONCE]),
    },
    Kind { oldest: "SELECT min(start) FROM datum", evict: |transaction, _| transaction.execute(DATA, [AT_ONCE]) },
    Kind { oldest: "SELECT min(updated) FROM metric", evict: evict_metrics },
    Kind { oldest: "SELECT min(coalesce(last_ingestion, created)) / 1000.0 FROM log_stream", evict: evict_streams },
    Kind { oldest: "SELECT min(received) FROM agent", evict: |transaction, _| transaction.execute(AGENTS, [AT_ONCE]) },
];

const LINES: &str = "DELETE FROM log_event WHERE id IN (SELECT id FROM log_event ORDER BY id LIMIT ?1)";
const DATA: &str = "DELETE FROM datum WHERE (metric, start) IN (SELECT metric, start FROM datum ORDER BY start LIMIT ?1)";
const AGENTS: &str = "DELETE FROM agent WHERE source IN (SELECT source FROM agent ORDER BY received LIMIT ?1)";

/// Bytes of pages that hold something.
pub(super) fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok(u64::try_from(pages * pragma("page_size")?).unwrap_or(0))
}

/// Deletes until a tenth of the budget is free again, so that not every write evicts.
pub(super) fn keep_within(connection: &mut Connection, budget: u64, evicted: &AtomicU64) -> rusqlite::Result<()> {
    if used_bytes(connection)? <= budget {
        return Ok(());
    }
    let goal = budget / 10 * 9;
    loop {
        let used = used_bytes(connection)?;
        if used <= goal {
            break;
        }
        let transaction = connection.transaction()?;
        let rows = evict_oldest(&transaction, used - goal)?;
        transaction.commit()?;
        evicted.fetch_add(rows as u64, Ordering::Relaxed);
        if rows == 0 {
            tracing::warn!(used, budget, "the newest trace alone is larger than the budget (--budget); it stays");
            break;
        }
    }
    let mut vacuum = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut pages = vacuum.query([])?;
    while pages.next()?.is_some() {}
    Ok(())
}

/// Deletes some of the oldest of the kind that has the oldest of all; of other kinds if that one has but the newest trace.
fn evict_oldest(transaction: &Transaction<'_>, bytes: u64) -> rusqlite::Result<usize> {
    let mut kinds = Vec::new();
    for kind in KINDS {
        let oldest = transaction.query_row(kind.oldest, [], |row| row.get::<_, Option<f64>>(0));
        let oldest = oldest.or_else(|error| if error == rusqlite::Error::QueryReturnedNoRows { Ok(None) } else { Err(error) })?;
        kinds.extend(oldest.map(|oldest| (oldest, kind)));
    }
    kinds.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    for (_, kind) in kinds {
        let rows = (kind.evict)(transaction, bytes)?;
        if rows > 0 {
            return Ok(rows);
        }
    }
    Ok(0)
}

/// Deletes as many of the oldest traces as have these bytes, but never the one that was written last.
fn evict_traces(transaction: &Transaction<'_>, bytes: u64) -> rusqlite::Result<usize> {
    let mut oldest = transaction.prepare_cached(
        "SELECT trace_id, coalesce(length(digest), 0) + (SELECT coalesce(sum(length(document)), 0) FROM segment WHERE segment.trace_id = trace.trace_id)
         FROM trace WHERE updated < (SELECT max(updated) FROM trace) ORDER BY updated LIMIT ?1",
    )?;
    let mut traces = oldest.query([TRACES_AT_ONCE])?;
    let (mut freed, mut rows) = (0, 0);
    let minute = "DELETE FROM graph_minute WHERE minute = (SELECT CAST(start / 60 AS INTEGER) FROM trace WHERE trace_id = ?1)";
    while let Some(trace) = traces.next()?.filter(|_| freed < bytes) {
        let id: String = trace.get(0)?;
        freed += trace.get::<_, i64>(1)?.unsigned_abs();
        transaction.prepare_cached(minute)?.execute([&id])?;
        rows += transaction.prepare_cached("DELETE FROM segment WHERE trace_id = ?1")?.execute([&id])?;
        rows += transaction.prepare_cached("DELETE FROM trace WHERE trace_id = ?1")?.execute([&id])?;
    }
    Ok(rows)
}

/// Deletes the series that were written to longest ago, with what data they have.
fn evict_metrics(transaction: &Transaction<'_>, _: u64) -> rusqlite::Result<usize> {
    let oldest = "SELECT id FROM metric ORDER BY updated LIMIT ?1";
    let data = transaction.execute(&format!("DELETE FROM datum WHERE metric IN ({oldest})"), [AT_ONCE])?;
    Ok(data + transaction.execute(&format!("DELETE FROM metric WHERE id IN ({oldest})"), [AT_ONCE])?)
}

fn evict_streams(transaction: &Transaction<'_>, _: u64) -> rusqlite::Result<usize> {
    let last = "coalesce(last_ingestion, created)";
    let streams = transaction.execute(
        &format!(
            "DELETE FROM log_stream WHERE id IN (SELECT id FROM log_stream
             WHERE {last} < coalesce((SELECT ingestion FROM log_event ORDER BY id LIMIT 1), 9e18) ORDER BY {last} LIMIT ?1)"
        ),
        [AT_ONCE],
    )?;
    let empty =
        "created < coalesce((SELECT ingestion FROM log_event ORDER BY id LIMIT 1), 9e18) AND id NOT IN (SELECT log_group FROM log_stream)";
    Ok(streams + transaction.execute(&format!("DELETE FROM log_group WHERE {empty}"), [])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let connection = super::super::schema::open(&folder.path().join("x.db")).unwrap();
        (folder, connection)
    }

    fn put_trace(connection: &Connection, n: i64, bytes: usize) {
        let id = format!("trace-{n}");
        let put = "INSERT INTO segment (trace_id, id, in_progress, document, received) VALUES (?1, 's', 0, ?2, 0)";
        connection.execute(put, (&id, "x".repeat(bytes))).unwrap();
        connection.execute("INSERT INTO trace (trace_id, start, updated, revision) VALUES (?1, ?2, ?3, 1)", (&id, -n, n)).unwrap();
    }

    fn count(connection: &Connection, table: &str) -> i64 {
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn the_oldest_goes_and_it_is_counted() {
        let (_folder, mut connection) = open();
        let put = "INSERT INTO log_event (log_group, log_stream, timestamp, ingestion, message) VALUES (1, 1, ?1, ?1, ?2)";
        for n in 0..6_000_i64 {
            connection.execute(put, (n * 1_000, "x".repeat(200))).unwrap();
        }
        put_trace(&connection, 1_000_000_000, 1);
        let evicted = AtomicU64::new(0);
        let budget = used_bytes(&connection).unwrap() / 2;
        keep_within(&mut connection, budget, &evicted).unwrap();
        assert!(used_bytes(&connection).unwrap() <= budget);
        let left: i64 = connection.query_row("SELECT min(timestamp) FROM log_event", [], |row| row.get(0)).unwrap();
        assert_eq!(left, evicted.load(Ordering::Relaxed) as i64 * 1_000);
        assert_eq!(count(&connection, "trace"), 1, "a new trace stays while old lines go");
    }

    #[test]
    fn large_traces_go_one_by_one_and_the_last_to_arrive_stays() {
        let (_folder, mut connection) = open();
        let budget = 20 << 20;
        for n in 0..120 {
            // Later ones begin earlier: what counts is when they arrived.
            put_trace(&connection, n, 200_000);
            keep_within(&mut connection, budget, &AtomicU64::new(0)).unwrap();
            let kept = count(&connection, "trace");
            assert!(kept >= n.min(88), "{kept} of {n} traces are kept");
        }
        let oldest: f64 = connection.query_row("SELECT min(updated) FROM trace", [], |row| row.get(0)).unwrap();
        assert_eq!(oldest as i64, 120 - count(&connection, "trace"), "the oldest went");
        put_trace(&connection, 120, 30 << 20);
        keep_within(&mut connection, budget, &AtomicU64::new(0)).unwrap();
        assert_eq!(count(&connection, "trace"), 1, "one that is larger than the budget is alone, and stays");
    }

    #[test]
    fn names_of_metrics_and_streams_go_too_and_nothing_newer_goes_for_them() {
        let (_folder, mut connection) = open();
        for n in 0..20_000_i64 {
            let put = "INSERT INTO metric (namespace, name, dimensions, unit, updated) VALUES ('n', ?1, ?2, 'None', ?3)";
            connection.execute(put, (format!("name-{n}"), "d".repeat(100), n)).unwrap();
            let put = "INSERT INTO log_stream (log_group, name, created) VALUES (1, ?1, ?2)";
            connection.execute(put, (format!("stream-{n}"), n * 1_000)).unwrap();
        }
        connection.execute("INSERT INTO log_group (id, name, created) VALUES (1, 'g', 0)", []).unwrap();
        (0..60).for_each(|n| put_trace(&connection, 30_000 + n, 1_000));
        let budget = used_bytes(&connection).unwrap() / 2;
        keep_within(&mut connection, budget, &AtomicU64::new(0)).unwrap();
        assert!(used_bytes(&connection).unwrap() <= budget);
        assert_eq!(count(&connection, "trace"), 60);
        let newest: f64 = connection.query_row("SELECT max(updated) FROM metric", [], |row| row.get(0)).unwrap();
        assert_eq!((newest as i64, count(&connection, "log_group")), (19_999, 1));
        assert!(count(&connection, "metric") > 5_000 && count(&connection, "log_stream") > 5_000);
    }
}
