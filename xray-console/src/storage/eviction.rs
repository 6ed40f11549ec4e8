//! Keeps the file within its budget: the oldest traces and log lines go first.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

/// Traces, and blocks of log lines, that go at once.
const AT_ONCE: u32 = 200;

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
    while used_bytes(connection)? > budget / 10 * 9 {
        let transaction = connection.transaction()?;
        let mut rows =
            transaction.execute("DELETE FROM segment WHERE trace_id IN (SELECT trace_id FROM trace ORDER BY start LIMIT ?1)", [AT_ONCE])?;
        transaction.execute("DELETE FROM trace WHERE trace_id IN (SELECT trace_id FROM trace ORDER BY start LIMIT ?1)", [AT_ONCE])?;
        rows += transaction.execute("DELETE FROM log_event WHERE id IN (SELECT id FROM log_event ORDER BY id LIMIT ?1 * 20)", [AT_ONCE])?;
        transaction.commit()?;
        evicted.fetch_add(rows as u64, Ordering::Relaxed);
        if rows == 0 {
            return Ok(());
        }
    }
    connection.execute_batch("PRAGMA incremental_vacuum")
}
