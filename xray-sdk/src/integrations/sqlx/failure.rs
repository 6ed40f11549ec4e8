//! From sqlx's errors to exceptions.

use crate::api::describe_database_error;
use crate::recorder::current_recorder;
use crate::{Classification, Exceptions, Subsegment};

/// Records an error as a fault: of the database's own errors code, kind, table, column and constraint, and its message only on request.
pub(super) fn record(subsegment: &mut Subsegment, error: &sqlx::Error) {
    subsegment.failure(Classification::Fault, || describe(error));
}

fn describe(error: &sqlx::Error) -> Exceptions {
    let shows_messages = current_recorder().is_some_and(|recorder| recorder.hooks.shows_database_messages);
    match error {
        sqlx::Error::Database(error) => {
            let message = if shows_messages { format!(": {}", error.message()) } else { String::new() };
            Exceptions::new("DatabaseError", &(describe_database_error(&**error) + &message))
        }
        sqlx::Error::Io(error) => Exceptions::of(error),
        other if shows_messages => Exceptions::new(kind_of(other), &other.to_string()),
        other => Exceptions::new(kind_of(other), &harmless_text(other)),
    }
}

/// The text of an error that cannot hold a value, or what it is about.
fn harmless_text(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::ColumnDecode { index, .. } => format!("column {index} could not be decoded"),
        sqlx::Error::Decode(_) => "a value could not be decoded".to_owned(),
        sqlx::Error::Encode(_) => "a value could not be encoded".to_owned(),
        sqlx::Error::Protocol(_) => "unexpected data from the server".to_owned(),
        // Options, URLs among them.
        sqlx::Error::Configuration(_) | sqlx::Error::InvalidArgument(_) => "invalid configuration or argument".to_owned(),
        other => other.to_string(),
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
