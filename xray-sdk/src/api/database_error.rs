//! Errors of databases, without the values that they repeat.
//!
//! A server's message quotes values: `Duplicate entry 'bob@x.com' for key 'email'`. sqlx puts it into the text of its error, and errors around
//! that one put it into theirs, so it would reach every subsegment that the error passes through with `?`. The same holds for values that
//! cannot be decoded: `invalid type: string "bob@x.com", expected u64`.

use std::error::Error;

/// Names with which the `Debug` forms of sqlx's errors of databases begin. They are known without the feature `sqlx` too, for applications
/// that trace functions and not statements.
const KINDS: [&str; 3] = ["PgDatabaseError", "MySqlDatabaseError", "SqliteError"];
/// The variants of `sqlx::Error` that wrap the error of a decoder.
const CODECS: [&str; 3] = ["ColumnDecode", "Decode", "Encode"];
/// Shown instead of a text in which a message may be hidden in another form.
const NOT_SHOWN: &str = "not shown: the text repeats an error of a database";

/// A text that may hold values, and what is shown in its place.
#[derive(Debug)]
pub(super) struct Confidential {
    /// As the errors around it may repeat it.
    forms: [String; 2],
    shown: String,
}

impl Confidential {
    /// Returns what must not be shown of an error in a chain of sources.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let debug = format!("{error:?}");
        if KINDS.iter().any(|kind| debug.starts_with(kind)) {
            return Some(Self { shown: described(error), forms: [error.to_string(), debug] });
        }
        if is_codec(error, &debug) { error.source().map(Self::value) } else { None }
    }

    /// Returns what must not be shown of an error of this type, of which only a borrow is known.
    pub(super) fn below(type_name: &str, debug: impl FnOnce() -> String, source: Option<&(dyn Error + 'static)>) -> Option<Self> {
        let is_sqlx = type_name.starts_with("sqlx_core::");
        if is_sqlx && is_variant(&debug(), &CODECS) { source.map(Self::value) } else { None }
    }

    fn value(error: &(dyn Error + 'static)) -> Self {
        Self { forms: [error.to_string(), format!("{error:?}")], shown: "not shown: it may contain a value".to_owned() }
    }

    /// Removes it from the text of this error or of one around it.
    pub(super) fn remove_from(&self, text: &str) -> String {
        let clean = self.forms.iter().filter(|form| !form.is_empty()).fold(text.to_owned(), |text, form| text.replace(form, &self.shown));
        // `{:#?}` of an error around it has other line breaks than the form that is known.
        if KINDS.iter().any(|kind| clean.contains(kind)) { NOT_SHOWN.to_owned() } else { clean }
    }
}

fn is_variant(debug: &str, names: &[&str]) -> bool {
    names.iter().any(|name| debug.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '(', '{'])))
}

#[cfg(feature = "sqlx")]
fn is_codec(error: &(dyn Error + 'static), debug: &str) -> bool {
    error.is::<sqlx::Error>() && is_variant(debug, &CODECS)
}

/// Without sqlx the type cannot be asked for.
#[cfg(not(feature = "sqlx"))]
fn is_codec(_: &(dyn Error + 'static), debug: &str) -> bool {
    is_variant(debug, &CODECS)
}

#[cfg(feature = "sqlx")]
fn described(error: &(dyn Error + 'static)) -> String {
    let boxed = error.downcast_ref::<Box<dyn sqlx::error::DatabaseError>>();
    boxed.map_or_else(|| UNKNOWN.to_owned(), |error| describe_database_error(&**error))
}

/// Without sqlx the error cannot be asked.
#[cfg(not(feature = "sqlx"))]
fn described(_: &(dyn Error + 'static)) -> String {
    UNKNOWN.to_owned()
}

const UNKNOWN: &str = "the database refused the statement";

/// Returns the code of the error, its kind, and the names of table, column and constraint that the server gives apart from its message.
#[cfg(feature = "sqlx")]
pub(crate) fn describe_database_error(error: &dyn sqlx::error::DatabaseError) -> String {
    use sqlx::error::ErrorKind;
    let kind = match error.kind() {
        ErrorKind::UniqueViolation => "unique violation",
        ErrorKind::ForeignKeyViolation => "foreign key violation",
        ErrorKind::NotNullViolation => "not null violation",
        ErrorKind::CheckViolation => "check violation",
        _ => UNKNOWN,
    };
    let code = error.code().map(|code| format!("{code}: ")).unwrap_or_default();
    let mut text = format!("{code}{kind}");
    for (what, name) in [("table", error.table()), ("column", column_of(error)), ("constraint", error.constraint())] {
        if let Some(name) = name {
            text.push_str(&format!(", {what} {name}"));
        }
    }
    text
}

#[cfg(feature = "sqlx-postgres")]
fn column_of(error: &dyn sqlx::error::DatabaseError) -> Option<&str> {
    error.as_error().downcast_ref::<sqlx::postgres::PgDatabaseError>()?.column()
}

/// Only PostgreSQL gives the column.
#[cfg(all(feature = "sqlx", not(feature = "sqlx-postgres")))]
fn column_of(_: &dyn sqlx::error::DatabaseError) -> Option<&str> {
    None
}
