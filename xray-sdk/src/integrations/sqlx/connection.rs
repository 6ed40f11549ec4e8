//! [`Connection`]: the executor that all the others end in.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx::{Database, Describe, Error, Execute, Executor, SqlStr};

use super::database::{Step, TracedDatabase};
use super::split::SplitQuery;
use super::statement::{Counts, Results, Statement, fetch_optional};
use super::target::{Options, Target};

/// A connection whose statements are subsegments; `C` is sqlx's own, wherever it comes from.
pub struct Connection<DB: Database, C> {
    pub(super) raw: C,
    pub(super) target: Arc<Target>,
    /// In a transaction, so that what is begun here is a savepoint.
    pub(super) is_in_transaction: bool,
    pub(super) database: PhantomData<fn() -> DB>,
}

impl<'c, DB: Database> Connection<DB, &'c mut DB::Connection> {
    /// Traces a connection that belongs to no pool. `options` are those that it was made with.
    pub fn new(connection: &'c mut DB::Connection, options: &Options<DB>) -> Self {
        Self::over(connection, Arc::new(Target::of::<DB>(options)))
    }

    /// Shows statements, see [`super::Pool::record_statements`].
    #[must_use]
    pub fn record_statements(mut self, record: bool) -> Self {
        Arc::make_mut(&mut self.target).records_statements = record;
        self
    }
}

impl<DB: Database, C: DerefMut<Target = DB::Connection>> Connection<DB, C> {
    pub(super) const fn over(raw: C, target: Arc<Target>) -> Self {
        Self { raw, target, is_in_transaction: false, database: PhantomData }
    }

    /// sqlx's own connection, for what has no traced form. What is done with it is not recorded.
    pub fn untraced(&mut self) -> &mut DB::Connection {
        &mut self.raw
    }
}

impl<DB: Database, C> fmt::Debug for Connection<DB, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("name", &self.target.name).finish_non_exhaustive()
    }
}

impl<'t, DB, C> Executor<'t> for &'t mut Connection<DB, C>
where
    DB: TracedDatabase,
    C: DerefMut<Target = DB::Connection> + Send,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step<DB>, Error>>
    where
        't: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let query = SplitQuery::new(query);
        let statement = Statement::of(&self.target, &query);
        Box::pin(Results::new(statement, DB::fetch_many(&mut self.raw, query), Counts::step::<DB>))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
    where
        't: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let query = SplitQuery::new(query);
        let statement = Statement::of(&self.target, &query);
        fetch_optional::<DB>(statement, DB::fetch_optional(&mut self.raw, query))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [DB::TypeInfo]) -> BoxFuture<'e, Result<DB::Statement, Error>>
    where
        't: 'e,
    {
        let statement = Statement::new(&self.target, &sql, true);
        Box::pin(statement.run(DB::prepare_with(&mut self.raw, sql, parameters), |_, _| ()))
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, Error>>
    where
        't: 'e,
    {
        let statement = Statement::new(&self.target, &sql, false);
        Box::pin(statement.run(DB::describe(&mut self.raw, sql), |_, _| ()))
    }
}

/// A connection of a [`super::Pool`]; `&mut *connection` is an executor.
pub struct PoolConnection<DB: Database> {
    pub(super) connection: Connection<DB, sqlx::pool::PoolConnection<DB>>,
}

impl<DB: Database> Deref for PoolConnection<DB> {
    type Target = Connection<DB, sqlx::pool::PoolConnection<DB>>;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl<DB: Database> DerefMut for PoolConnection<DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

impl<DB: Database> fmt::Debug for PoolConnection<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connection.fmt(f)
    }
}
