//! Keeps the file within its budget: the oldest traces and log lines go first.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{Connection, Transaction};

/// Traces, and blocks of log lines, that go at once.
const AT_ONCE: u32 = 200;

/// Bytes of pages that hold something.
pub(super) fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let pages = pragma("page_count")? - pragma("freelist_count")?;
    Ok(u64::try_from(pages * pragma("page_size")?).unwrap_or(0))
}

/// Deletes until a tenth of the budget is free again, so that not every write evicts. What is oldest goes, of whatever kind.
pub(super) fn keep_within(connection: &mut Connection, budget: u64, evicted: &AtomicU64) -> rusqlite::Result<()> {
    if used_bytes(connection)? <= budget {
        return Ok(());
    }
    while used_bytes(connection)? > budget / 10 * 9 {
        let transaction = connection.transaction()?;
        let rows = evict_oldest(&transaction)?;
        transaction.commit()?;
        evicted.fetch_add(rows as u64, Ordering::Relaxed);
        if rows == 0 {
            break;
        }
    }
    let mut vacuum = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut pages = vacuum.query([])?;
    while pages.next()?.is_some() {}
    Ok(())
}

/// Times of the three kinds are epoch seconds here; those of log events are kept in milliseconds.
fn evict_oldest(transaction: &Transaction<'_>) -> rusqlite::Result<usize> {
    let oldest = |query: &str| transaction.query_row(query, [], |row| row.get::<_, Option<f64>>(0)).map(|time| time.unwrap_or(f64::MAX));
    let trace = oldest("SELECT min(start) FROM trace")?;
    let log = oldest("SELECT min(timestamp) / 1000.0 FROM (SELECT timestamp FROM log_event ORDER BY id LIMIT 1000)")?;
    let datum = oldest("SELECT min(start) FROM datum")?;
    if trace <= log && trace <= datum {
        let traces = "SELECT trace_id FROM trace ORDER BY start LIMIT ?1";
        let rows = transaction.execute(&format!("DELETE FROM segment WHERE trace_id IN ({traces})"), [AT_ONCE])?;
        return Ok(rows + transaction.execute(&format!("DELETE FROM trace WHERE trace_id IN ({traces})"), [AT_ONCE])?);
    }
    if log <= datum {
        return transaction.execute("DELETE FROM log_event WHERE id IN (SELECT id FROM log_event ORDER BY id LIMIT ?1 * 20)", [AT_ONCE]);
    }
    transaction.execute("DELETE FROM datum WHERE start < ?1 + 3600", [datum])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_and_it_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = super::super::schema::open(&folder.path().join("x.db")).unwrap();
        let put = "INSERT INTO log_event (log_group, log_stream, timestamp, ingestion, message) VALUES (1, 1, ?1, 0, ?2)";
        for n in 0..6_000_i64 {
            connection.execute(put, (n * 1_000, "x".repeat(200))).unwrap();
        }
        connection.execute("INSERT INTO trace (trace_id, start, updated, revision) VALUES ('new', 1e9, 0, 1)", []).unwrap();
        let evicted = AtomicU64::new(0);
        let budget = used_bytes(&connection).unwrap() / 2;
        keep_within(&mut connection, budget, &evicted).unwrap();
        assert!(used_bytes(&connection).unwrap() <= budget);
        let left: i64 = connection.query_row("SELECT min(timestamp) FROM log_event", [], |row| row.get(0)).unwrap();
        let traces: i64 = connection.query_row("SELECT count(*) FROM trace", [], |row| row.get(0)).unwrap();
        assert_eq!((left, traces), (evicted.load(Ordering::Relaxed) as i64 * 1_000, 1), "a new trace stays while old lines go");
    }
}
