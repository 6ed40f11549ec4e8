//! [`Target`]: the database that statements go to, as it is shown.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use sqlx::{ConnectOptions, Database};
use telemetry_wire::{Sql, SqlDialect};

use super::interned::interned;

/// What the subsegments of one pool share.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// `database@host`.
    pub(super) name: Cow<'static, str>,
    pub(super) sql: Arc<Sql>,
    /// The same, of a prepared statement.
    pub(super) prepared: Arc<Sql>,
    pub(super) dialect: SqlDialect,
    pub(super) records_statements: bool,
}

/// The options that a connection of a database is made with.
pub(super) type Options<DB> = <<DB as Database>::Connection as sqlx::Connection>::Options;

/// Where a database is, without credentials.
#[derive(Debug)]
struct Place {
    name: String,
    url: Option<String>,
    user: Option<String>,
}

impl Target {
    pub(super) fn of<DB: Database>(options: &Options<DB>) -> Self {
        let place = Place::of::<DB>(options);
        let sql = Sql {
            url: place.url,
            database_type: Some(DB::NAME.to_owned()),
            driver_version: Some("sqlx 0.9".to_owned()),
            user: place.user,
            ..Sql::default()
        };
        let dialect = SqlDialect::of(DB::NAME);
        let mut target =
            Self { name: interned(&place.name), sql: Arc::default(), prepared: Arc::default(), dialect, records_statements: false };
        target.set_sql(sql);
        target
    }

    pub(super) fn set_sql(&mut self, sql: Sql) {
        self.prepared = Arc::new(Sql { preparation: Some("statement".to_owned()), ..sql.clone() });
        self.sql = Arc::new(sql);
    }
}

impl Place {
    /// Drivers may have no `to_url_lossy`, and then it panics; so does SQLite's for a database in memory.
    fn of<DB: Database>(options: &Options<DB>) -> Self {
        match DB::NAME {
            "PostgreSQL" | "MySQL" => Self::of_server::<DB>(options),
            "SQLite" => Self::of_file(file_of(options)),
            other => Self { name: format!("{}@localhost", other.to_lowercase()), url: None, user: None },
        }
    }

    fn of_server<DB: Database>(options: &Options<DB>) -> Self {
        let url = options.to_url_lossy();
        let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let database = Some(url.path().trim_matches('/')).filter(|name| !name.is_empty()).unwrap_or("default");
        Self {
            name: format!("{database}@{host}"),
            url: Some(format!("{}://{host}{port}/{database}", url.scheme())),
            user: Some(url.username().to_owned()).filter(|user| !user.is_empty()),
        }
    }

    fn of_file(file: Option<String>) -> Self {
        let file = file.filter(|file| !file.contains("in-memory") && !file.contains(":memory:"));
        let name = file.as_deref().and_then(|file| file.rsplit('/').next()).unwrap_or("memory");
        Self { name: format!("{name}@localhost"), url: file.as_ref().map(|file| format!("sqlite:{file}")), user: None }
    }
}

/// The file of an SQLite database, if that driver's feature is on.
fn file_of(options: &dyn Any) -> Option<String> {
    #[cfg(feature = "sqlx-sqlite")]
    return options
        .downcast_ref::<sqlx::sqlite::SqliteConnectOptions>()
        .map(|options| options.get_filename().to_string_lossy().into_owned());
    #[cfg(not(feature = "sqlx-sqlite"))]
    return {
        let _ = options;
        Some("sqlite".to_owned())
    };
}

#[cfg(test)]
#[cfg(all(feature = "sqlx-sqlite", feature = "sqlx-postgres"))]
mod tests {
    use super::*;

    fn sqlite(url: &str) -> Target {
        Target::of::<sqlx::Sqlite>(&url.parse().unwrap())
    }

    #[test]
    fn a_file_is_a_database_of_this_host() {
        let target = sqlite("sqlite:///var/lib/orders.db?mode=rwc");
        assert_eq!((&*target.name, target.sql.url.as_deref()), ("orders.db@localhost", Some("sqlite:/var/lib/orders.db")));
        let memory = sqlite("sqlite::memory:");
        assert_eq!((&*memory.name, memory.sql.url.clone()), ("memory@localhost", None));
    }

    #[test]
    fn credentials_and_options_are_left_out() {
        let options: sqlx::postgres::PgConnectOptions =
            "postgres://shop:s3cret@db.internal:6432/orders?sslmode=prefer&options=x".parse().unwrap();
        let target = Target::of::<sqlx::Postgres>(&options);
        assert_eq!(&*target.name, "orders@db.internal");
        assert_eq!(target.sql.url.as_deref(), Some("postgres://db.internal:6432/orders"));
        assert_eq!((target.sql.user.as_deref(), target.sql.database_type.as_deref()), (Some("shop"), Some("PostgreSQL")));
        assert!(!format!("{target:?}").contains("s3cret"));
    }
}
