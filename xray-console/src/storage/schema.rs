//! Tables and connection settings.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::error::StorageError;

const VERSION: u32 = 3;

/// Times are epoch seconds; log times are epoch milliseconds, as their API has them.
const TABLES: &str = "
CREATE TABLE segment (
    trace_id TEXT NOT NULL, id TEXT NOT NULL, in_progress INTEGER NOT NULL, document TEXT NOT NULL, received REAL NOT NULL);
CREATE UNIQUE INDEX segment_id ON segment (trace_id, id);
CREATE TABLE trace (
    trace_id TEXT PRIMARY KEY, start REAL NOT NULL, updated REAL NOT NULL, revision INTEGER NOT NULL, digest TEXT);
CREATE INDEX trace_start ON trace (start);
CREATE INDEX trace_updated ON trace (updated);
CREATE TABLE metric (
    id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, dimensions TEXT NOT NULL, unit TEXT NOT NULL, updated REAL NOT NULL,
    UNIQUE (namespace, name, dimensions, unit));
CREATE TABLE datum (
    metric INTEGER NOT NULL, start INTEGER NOT NULL, count REAL NOT NULL, sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL,
    PRIMARY KEY (metric, start)) WITHOUT ROWID;
CREATE TABLE log_group (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL);
CREATE TABLE log_stream (
    id INTEGER PRIMARY KEY, log_group INTEGER NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
    first_event INTEGER, last_event INTEGER, last_ingestion INTEGER, UNIQUE (log_group, name));
CREATE TABLE log_event (
    id INTEGER PRIMARY KEY, log_group INTEGER NOT NULL, log_stream INTEGER NOT NULL, timestamp INTEGER NOT NULL, ingestion INTEGER NOT NULL,
    message TEXT NOT NULL, trace_id TEXT);
CREATE INDEX log_event_time ON log_event (log_group, timestamp, id);
CREATE INDEX log_event_all_times ON log_event (timestamp, id);
CREATE INDEX log_event_trace ON log_event (trace_id) WHERE trace_id IS NOT NULL;
CREATE TABLE agent (source TEXT PRIMARY KEY, record TEXT NOT NULL, received REAL NOT NULL);
";

/// What version 2 added.
const TABLES_2: &str = "
CREATE TABLE sampling_rule (name TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE trace_group (name TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
";

/// What version 3 added: the oldest are found without reading all, minutes have their graphs, two services may share an id.
const TABLES_3: &str = "
CREATE INDEX metric_updated ON metric (updated);
CREATE INDEX datum_start ON datum (start);
ALTER TABLE log_group ADD COLUMN record TEXT NOT NULL DEFAULT '{}';
CREATE TABLE graph_minute (minute INTEGER PRIMARY KEY, revision INTEGER NOT NULL, graph TEXT NOT NULL);
ALTER TABLE segment ADD COLUMN name TEXT NOT NULL DEFAULT '';
DROP INDEX segment_id;
CREATE UNIQUE INDEX segment_id ON segment (trace_id, id, name);
";

/// Opens the writing connection and makes the tables.
pub(super) fn open(path: &Path) -> Result<Connection, StorageError> {
    // Traces and logs are nobody else's business; SQLite itself would go by the umask.
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| StorageError::File(path.to_owned(), error))?;
    let connection = Connection::open(path)?;
    let unreadable = |error| StorageError::Unreadable(path.to_owned(), error);
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(unreadable)?;
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).map_err(unreadable)?;
    match (version, tables) {
        (0, 1..) => return Err(StorageError::Foreign(path.to_owned())),
        (VERSION.., _) if version > VERSION => return Err(StorageError::Newer { file: path.to_owned(), version }),
        _ => {}
    }
    connection.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY;",
    )?;
    let steps = [TABLES, TABLES_2, TABLES_3];
    let missing = steps.get(version as usize..).unwrap_or_default().concat();
    if !missing.is_empty() {
        connection.execute_batch(&format!("BEGIN; {missing} PRAGMA user_version = {VERSION}; COMMIT;"))?;
    }
    Ok(connection)
}

/// Deletes all rows of all tables.
pub(super) fn empty(transaction: &rusqlite::Transaction<'_>) -> rusqlite::Result<()> {
    let mut tables = transaction.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?;
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    tables.iter().try_for_each(|table| transaction.execute(&format!("DELETE FROM \"{table}\""), []).map(drop))
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, StorageError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_program_or_of_a_later_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        Connection::open(path("foreign.db")).unwrap().execute_batch("CREATE TABLE songs (name TEXT)").unwrap();
        assert!(open(&path("foreign.db")).unwrap_err().to_string().contains("another program"));
        drop(open(&path("ours.db")).unwrap());
        open(&path("ours.db")).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
        let error = open(&path("ours.db")).unwrap_err().to_string();
        assert!(error.contains("ours.db") && error.contains("version 99"), "{error}");
        std::fs::write(path("garbage.db"), "x".repeat(10_000)).unwrap();
        let error = open(&path("garbage.db")).unwrap_err().to_string();
        assert!(error.contains("garbage.db") && error.contains("--data"), "{error}");
    }

    #[test]
    fn a_file_of_each_earlier_version_gets_what_it_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let steps = [TABLES, TABLES_2];
        for version in 1..=steps.len() {
            let path = folder.path().join(format!("{version}.db"));
            let made = steps[..version].concat();
            Connection::open(&path).unwrap().execute_batch(&format!("{made} PRAGMA user_version = {version}")).unwrap();
            let connection = open(&path).unwrap();
            connection.execute("INSERT INTO setting VALUES ('a', 'b')", []).unwrap();
            let indexes: u32 =
                connection.query_row("SELECT count(*) FROM sqlite_master WHERE name = 'datum_start'", [], |row| row.get(0)).unwrap();
            assert_eq!(indexes, 1);
        }
    }
}
