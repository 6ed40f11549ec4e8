//! [`TracedDatabase`]: what sqlx implements for each of its connections, said in a way that generic code can ask for.
//!
//! A bound such as `for<'c> &'c mut DB::Connection: Executor<'c>` on an implementation of `Executor` for a `&mut` of ours makes the compiler
//! go round in circles in everybody's generic code. This asks the same of the database.

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx::{Database, Describe, Either, Error, Execute, SqlStr};

/// What `fetch_many` gives: how many rows were affected, or a row.
pub type Step<DB> = Either<<DB as Database>::QueryResult, <DB as Database>::Row>;

/// A database whose connections execute statements: PostgreSQL, MySQL and SQLite, each with its feature. For another driver of sqlx,
/// implement it by the methods of the same names of its connection.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a database that xray-sdk traces",
    note = "turn on feature `sqlx-postgres`, `sqlx-mysql` or `sqlx-sqlite` of xray-sdk",
    note = "`sqlx::Any` has no traced form: connect with a pool of the database itself, such as `PgPool`"
)]
pub trait TracedDatabase: Database {
    /// As `Executor::fetch_many`.
    fn fetch_many<'e, 'q: 'e, E>(connection: &'e mut Self::Connection, query: E) -> BoxStream<'e, Result<Step<Self>, Error>>
    where
        E: 'q + Execute<'q, Self>;

    /// As `Executor::fetch_optional`.
    fn fetch_optional<'e, 'q: 'e, E>(connection: &'e mut Self::Connection, query: E) -> BoxFuture<'e, Result<Option<Self::Row>, Error>>
    where
        E: 'q + Execute<'q, Self>;

    /// As `Executor::prepare_with`.
    fn prepare_with<'e>(
        connection: &'e mut Self::Connection,
        sql: SqlStr,
        parameters: &'e [Self::TypeInfo],
    ) -> BoxFuture<'e, Result<Self::Statement, Error>>;

    /// As `Executor::describe`.
    fn describe(connection: &mut Self::Connection, sql: SqlStr) -> BoxFuture<'_, Result<Describe<Self>, Error>>;
}

#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-mysql", feature = "sqlx-sqlite"))]
macro_rules! traced_database {
    ($database:ty) => {
        impl TracedDatabase for $database {
            fn fetch_many<'e, 'q: 'e, E>(connection: &'e mut Self::Connection, query: E) -> BoxStream<'e, Result<Step<Self>, Error>>
            where
                E: 'q + Execute<'q, Self>,
            {
                sqlx::Executor::fetch_many(connection, query)
            }

            fn fetch_optional<'e, 'q: 'e, E>(
                connection: &'e mut Self::Connection,
                query: E,
            ) -> BoxFuture<'e, Result<Option<Self::Row>, Error>>
            where
                E: 'q + Execute<'q, Self>,
            {
                sqlx::Executor::fetch_optional(connection, query)
            }

            fn prepare_with<'e>(
                connection: &'e mut Self::Connection,
                sql: SqlStr,
                parameters: &'e [Self::TypeInfo],
            ) -> BoxFuture<'e, Result<Self::Statement, Error>> {
                sqlx::Executor::prepare_with(connection, sql, parameters)
            }

            fn describe(connection: &mut Self::Connection, sql: SqlStr) -> BoxFuture<'_, Result<Describe<Self>, Error>> {
                sqlx::Executor::describe(connection, sql)
            }
        }
    };
}

#[cfg(feature = "sqlx-postgres")]
traced_database!(sqlx::Postgres);
#[cfg(feature = "sqlx-mysql")]
traced_database!(sqlx::MySql);
#[cfg(feature = "sqlx-sqlite")]
traced_database!(sqlx::Sqlite);
