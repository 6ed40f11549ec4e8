//! [`Pool`].

use std::sync::Arc;

use async_stream::try_stream;
use futures_core::TryStream as _;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx::pool::MaybePoolConnection;
use sqlx::{ColumnIndex, Database, Decode, Describe, Error, Execute, Executor, Row as _, SqlSafeStr, SqlStr, Type};
use telemetry_wire::Sql;

use super::acquire::acquire;
use super::connection::{Connection, PoolConnection};
use super::database::{Step, TracedDatabase};
use super::interned::interned;
use super::target::Target;
use super::transaction::{Level, Transaction};

/// A pool whose statements are subsegments. Clones share it, as sqlx's do.
///
/// It does not dereference to sqlx's pool: a function that takes `&sqlx::PgPool` would then execute statements that nobody sees. Make such a function
/// generic over [`Executor`], let it take this type, or say with [`Self::untraced`] that its statements are not recorded.
#[derive(Debug)]
pub struct Pool<DB: Database> {
    pool: sqlx::Pool<DB>,
    target: Arc<Target>,
}

/// Traces pools in one line.
pub trait PoolExt {
    /// The database.
    type Database: TracedDatabase;

    /// This pool, its statements as subsegments.
    fn traced(self) -> Pool<Self::Database>;
}

impl<DB: TracedDatabase> PoolExt for sqlx::Pool<DB> {
    type Database = DB;

    fn traced(self) -> Pool<DB> {
        let target = Arc::new(Target::of::<DB>(&self.connect_options()));
        Pool { pool: self, target }
    }
}

impl<DB: Database> Clone for Pool<DB> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), target: Arc::clone(&self.target) }
    }
}

impl<DB: Database> Pool<DB> {
    /// Whether statements are shown, with each literal replaced by `?` and cut at 4 kB. Default: no. Values that are bound are never shown.
    #[must_use]
    pub fn record_statements(mut self, record: bool) -> Self {
        Arc::make_mut(&mut self.target).records_statements = record;
        self
    }

    /// Names the database; default `database@host`. The map has a node per name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        Arc::make_mut(&mut self.target).name = interned(name);
        self
    }

    /// Takes a connection; a wait is shown as the subsegment `pool acquire`.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn acquire(&self) -> Result<PoolConnection<DB>, Error> {
        Ok(PoolConnection { connection: Connection::over(acquire(&self.pool).await?, Arc::clone(&self.target)) })
    }

    /// Takes a connection if one is idle.
    #[must_use]
    pub fn try_acquire(&self) -> Option<PoolConnection<DB>> {
        let connection = self.pool.try_acquire()?;
        Some(PoolConnection { connection: Connection::over(connection, Arc::clone(&self.target)) })
    }

    /// Takes a connection and begins a transaction.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn begin(&self) -> Result<Transaction<'static, DB>, Error> {
        self.begin_on(acquire(&self.pool).await?, None).await
    }

    /// Takes a connection and begins a transaction with a statement of the application's, such as `BEGIN ISOLATION LEVEL SERIALIZABLE`.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn begin_with(&self, statement: impl SqlSafeStr) -> Result<Transaction<'static, DB>, Error> {
        self.begin_on(acquire(&self.pool).await?, Some(statement.into_sql_str())).await
    }

    /// Begins a transaction if a connection is idle.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn try_begin(&self) -> Result<Option<Transaction<'static, DB>>, Error> {
        match self.pool.try_acquire() {
            Some(connection) => self.begin_on(connection, None).await.map(Some),
            None => Ok(None),
        }
    }

    async fn begin_on(
        &self,
        connection: sqlx::pool::PoolConnection<DB>,
        statement: Option<SqlStr>,
    ) -> Result<Transaction<'static, DB>, Error> {
        let connection = MaybePoolConnection::PoolConnection(connection);
        Transaction::begin(connection, Arc::clone(&self.target), Level::Transaction, statement).await
    }

    /// Returns sqlx's own pool, for what has no traced form. Statements that it executes are not recorded.
    #[must_use]
    pub const fn untraced(&self) -> &sqlx::Pool<DB> {
        &self.pool
    }

    /// Closes the pool, as sqlx's does.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Returns whether [`Self::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    /// Returns the number of connections.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.pool.size()
    }

    /// Returns the number of connections that wait to be taken.
    #[must_use]
    pub fn num_idle(&self) -> usize {
        self.pool.num_idle()
    }

    /// Returns what the pool was made with.
    #[must_use]
    pub fn options(&self) -> &sqlx::pool::PoolOptions<DB> {
        self.pool.options()
    }
}

impl<DB: TracedDatabase> Pool<DB>
where
    for<'r> String: Decode<'r, DB> + Type<DB>,
    usize: ColumnIndex<DB::Row>,
{
    /// Asks the server for its version, once, to show it with each statement.
    ///
    /// # Errors
    /// When there is no connection, or no answer.
    pub async fn ask_version(mut self) -> Result<Self, Error> {
        let question = if DB::NAME == "SQLite" { "SELECT sqlite_version()" } else { "SELECT version()" };
        let mut connection = self.pool.acquire().await?;
        let row = DB::fetch_optional(&mut connection, question).await?.ok_or(Error::RowNotFound)?;
        let answer: String = row.try_get(0)?;
        let target = Arc::make_mut(&mut self.target);
        target.set_sql(Sql { database_version: Some(answer), ..Sql::clone(&target.sql) });
        Ok(self)
    }
}

impl<'p, DB> Executor<'p> for &Pool<DB>
where
    DB: TracedDatabase,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step<DB>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let pool = self.clone();
        Box::pin(try_stream! {
            let mut connection = pool.acquire().await?;
            let mut steps = (&mut *connection).fetch_many(query);
            while let Some(step) = std::future::poll_fn(|cx| steps.as_mut().try_poll_next(cx)).await {
                yield step?;
            }
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let pool = self.clone();
        Box::pin(async move { pool.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [DB::TypeInfo]) -> BoxFuture<'e, Result<DB::Statement, Error>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        Box::pin(async move { pool.acquire().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        'p: 'e,
    {
        let pool = self.clone();
        Box::pin(async move { pool.acquire().await?.describe(sql).await })
    }
}
