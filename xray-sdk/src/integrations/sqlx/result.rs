//! Rows affected: each database has a result type of its own.

use std::any::Any;

/// The rows that a statement affected, for databases whose feature is on.
pub(super) fn rows_affected(result: &dyn Any) -> Option<u64> {
    #[cfg(feature = "sqlx-postgres")]
    if let Some(result) = result.downcast_ref::<sqlx::postgres::PgQueryResult>() {
        return Some(result.rows_affected());
    }
    #[cfg(feature = "sqlx-mysql")]
    if let Some(result) = result.downcast_ref::<sqlx::mysql::MySqlQueryResult>() {
        return Some(result.rows_affected());
    }
    #[cfg(feature = "sqlx-sqlite")]
    if let Some(result) = result.downcast_ref::<sqlx::sqlite::SqliteQueryResult>() {
        return Some(result.rows_affected());
    }
    let _ = result;
    None
}
