//! [`Transaction`]: begin, commit and rollback are statements too.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::pool::MaybePoolConnection;
use sqlx::{Database, Error};

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
        Transaction::begin(MaybePoolConnection::Connection(&mut *self.raw), Arc::clone(&self.target)).await
    }
}

impl<'c, DB: Database> Transaction<'c, DB> {
    pub(super) async fn begin(connection: MaybePoolConnection<'c, DB>, target: Arc<Target>) -> Result<Self, Error> {
        let begun = Arc::clone(&target).run("BEGIN", sqlx::Transaction::begin(connection, None)).await?;
        let open = Open { target: Some(Arc::clone(&target)) };
        Ok(Self { connection: Connection::over(begun, target), open })
    }

    /// Commits the transaction, or releases the savepoint.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn commit(self) -> Result<(), Error> {
        self.open.close();
        let Connection { raw, target, .. } = self.connection;
        target.run("COMMIT", raw.commit()).await
    }

    /// Takes back everything since the begin.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn rollback(self) -> Result<(), Error> {
        self.open.close();
        let Connection { raw, target, .. } = self.connection;
        target.run("ROLLBACK", raw.rollback()).await
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
}

impl Open {
    fn close(mut self) {
        self.target = None;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(target) = self.target.take() {
            let mut subsegment = target.begin(&target.sql);
            subsegment.sql(|sql| sql.sanitized_query = Some("ROLLBACK".to_owned())).metadata_in("sql", "queued", true);
        }
    }
}
