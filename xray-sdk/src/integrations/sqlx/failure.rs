//! From sqlx's errors to exceptions.

use crate::integrations::sql_text::without_quoted;
use crate::{Classification, Exceptions, Subsegment};

/// Records an error as a fault, without the values that databases quote in their messages.
pub(super) fn record(subsegment: &mut Subsegment, error: &sqlx::Error) {
    subsegment.failure(Classification::Fault, || describe(error));
}

fn describe(error: &sqlx::Error) -> Exceptions {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().map(|code| format!("{code}: ")).unwrap_or_default();
            Exceptions::new("DatabaseError", &format!("{code}{}", without_quoted(error.message())))
        }
        sqlx::Error::Io(error) => Exceptions::of(error),
        other => Exceptions::new(kind_of(other), &without_quoted(&other.to_string())),
    }
}

fn kind_of(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::PoolTimedOut => "PoolTimedOut",
        sqlx::Error::PoolClosed => "PoolClosed",
        sqlx::Error::Tls(_) => "TlsError",
        sqlx::Error::Protocol(_) => "ProtocolError",
        sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => "CodecError",
        sqlx::Error::WorkerCrashed => "WorkerCrashed",
        _ => "sqlx::Error",
    }
}
