//! The `sql` block.

use serde::Deserialize;

use crate::document::object::Object;

/// A query to a database. Nothing here may hold a password or a literal of the query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Sql {
    /// For databases that have no URL.
    pub connection_string: Option<String>,
    /// The database's URL without credentials.
    pub url: Option<String>,
    /// The statement, literals removed.
    pub sanitized_query: Option<String>,
    /// `PostgreSQL`, `MySQL`, `SQLite`, ...
    pub database_type: Option<String>,
    /// The server's version.
    pub database_version: Option<String>,
    /// The driver's name and version.
    pub driver_version: Option<String>,
    /// The database user.
    pub user: Option<String>,
    /// `statement` for a prepared statement, `call` for a stored procedure.
    pub preparation: Option<String>,
}

impl Sql {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut sql = Object::begin(out);
        sql.some_text("connection_string", self.connection_string.as_deref())
            .some_text("url", self.url.as_deref())
            .some_text("sanitized_query", self.sanitized_query.as_deref())
            .some_text("database_type", self.database_type.as_deref())
            .some_text("database_version", self.database_version.as_deref())
            .some_text("driver_version", self.driver_version.as_deref())
            .some_text("user", self.user.as_deref())
            .some_text("preparation", self.preparation.as_deref());
        sql.end();
    }
}
