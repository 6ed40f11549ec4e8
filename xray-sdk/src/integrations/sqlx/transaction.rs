//! [`Transaction`]: begin, commit and rollback are statements too.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::pool::MaybePoolConnection;
use sqlx::{Database, Error, SqlSafeStr, SqlStr};
use telemetry_wire::sanitize_sql;

use super::connection::Connection;
use super::target::Target;

/// A transaction or savepoint; `&mut *transaction` is an executor. Dropped open, it is rolled back when its connection is used
/// next, as sqlx does it; that is recorded when it is dropped.
pub struct Transaction<'c, DB: Database> {
    connection: Connection<DB, sqlx::Transaction<'c, DB>>,
    open: Open,
}

impl<DB: Database, C: DerefMut<Target = DB::Connection>> Connection<DB, C> {
    /// Begins a transaction, or a savepoint within one.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn begin(&mut self) -> Result<Transaction<'_, DB>, Error> {
        let level = if self.is_in_transaction { Level::Savepoint } else { Level::Transaction };
        let connection = MaybePoolConnection::Connection(&mut *self.raw);
        Transaction::begin(connection, Arc::clone(&self.target), level, None).await
    }

    /// Begins a transaction with a statement of the application's, such as `BEGIN ISOLATION LEVEL SERIALIZABLE`.
    ///
    /// # Errors
    /// Those of sqlx; there is no such savepoint.
    pub async fn begin_with(&mut self, statement: impl SqlSafeStr) -> Result<Transaction<'_, DB>, Error> {
        let connection = MaybePoolConnection::Connection(&mut *self.raw);
        Transaction::begin(connection, Arc::clone(&self.target), Level::Transaction, Some(statement.into_sql_str())).await
    }
}

/// Decides the statements that sqlx sends to begin, commit and roll back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Transaction,
    /// A transaction in a transaction.
    Savepoint,
}

impl Level {
    const fn begin(self) -> &'static str {
        if matches!(self, Self::Transaction) { "BEGIN" } else { "SAVEPOINT" }
    }

    const fn commit(self) -> &'static str {
        if matches!(self, Self::Transaction) { "COMMIT" } else { "RELEASE SAVEPOINT" }
    }

    const fn rollback(self) -> &'static str {
        if matches!(self, Self::Transaction) { "ROLLBACK" } else { "ROLLBACK TO SAVEPOINT" }
    }
}

impl<'c, DB: Database> Transaction<'c, DB> {
    pub(super) async fn begin(
        connection: MaybePoolConnection<'c, DB>,
        target: Arc<Target>,
        level: Level,
        statement: Option<SqlStr>,
    ) -> Result<Self, Error> {
        let text = statement.as_ref().map_or_else(|| level.begin().to_owned(), |text| sanitize_sql(text.as_str(), target.dialect));
        let begun = Arc::clone(&target).run(text, sqlx::Transaction::begin(connection, statement)).await?;
        let open = Open { target: Some(Arc::clone(&target)), level };
        let connection = Connection { is_in_transaction: true, ..Connection::over(begun, target) };
        Ok(Self { connection, open })
    }

    /// Commits the transaction, or releases the savepoint.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn commit(self) -> Result<(), Error> {
        let level = self.open.close();
        let Connection { raw, target, .. } = self.connection;
        target.run(level.commit().to_owned(), raw.commit()).await
    }

    /// Takes back everything since the begin.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn rollback(self) -> Result<(), Error> {
        let level = self.open.close();
        let Connection { raw, target, .. } = self.connection;
        target.run(level.rollback().to_owned(), raw.rollback()).await
    }
}

impl<'c, DB: Database> Deref for Transaction<'c, DB> {
    type Target = Connection<DB, sqlx::Transaction<'c, DB>>;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl<DB: Database> DerefMut for Transaction<'_, DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

impl<DB: Database> fmt::Debug for Transaction<'_, DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connection.fmt(f)
    }
}

/// Says that a transaction was dropped open.
struct Open {
    target: Option<Arc<Target>>,
    level: Level,
}

impl Open {
    fn close(mut self) -> Level {
        self.target = None;
        self.level
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(target) = self.target.take() {
            let mut subsegment = target.begin(&target.sql);
            subsegment.sql(|sql| sql.sanitized_query = Some(self.level.rollback().to_owned())).metadata_in("sql", "queued", true);
        }
    }
}
