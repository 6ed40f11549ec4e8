//! PostgreSQL's `COPY`.

use std::fmt;
use std::ops::DerefMut;

use bytes::Bytes;
use futures_core::stream::BoxStream;
use sqlx::postgres::{PgConnection, PgCopyIn};
use sqlx::{AssertSqlSafe, Error, Postgres, SqlSafeStr as _};

use super::connection::Connection;
use super::failure;
use super::statement::{Counts, Results, Statement};
use crate::Subsegment;

/// A running `COPY .. FROM STDIN`. Dropped before its end, it is recorded as cancelled.
pub struct CopyIn<'c> {
    copy: PgCopyIn<&'c mut PgConnection>,
    running: Running,
}

impl fmt::Debug for CopyIn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyIn").finish_non_exhaustive()
    }
}

struct Running(Option<Subsegment>);

impl Running {
    fn finish<T>(mut self, result: Result<T, Error>, done: impl FnOnce(&mut Subsegment, &T)) -> Result<T, Error> {
        if let Some(mut subsegment) = self.0.take() {
            match &result {
                Ok(output) => done(&mut subsegment, output),
                Err(error) => failure::record(&mut subsegment, error),
            }
        }
        result
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut subsegment) = self.0.take() {
            subsegment.cancelled();
        }
    }
}

impl CopyIn<'_> {
    /// Sends a piece of the data.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn send(&mut self, data: &[u8]) -> Result<(), Error> {
        self.copy.send(data).await.map(drop)
    }

    /// Ends the data; gives the rows that were copied.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn finish(self) -> Result<u64, Error> {
        let result = self.copy.finish().await;
        let record = |subsegment: &mut Subsegment, rows: &u64| Counts { affected: Some(*rows), ..Counts::default() }.record(subsegment);
        self.running.finish(result, record)
    }

    /// Tells the database to forget what it got.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn abort(self, message: &str) -> Result<(), Error> {
        let result = self.copy.abort(message).await;
        self.running.finish(result, |subsegment, ()| {
            subsegment.cancelled();
        })
    }
}

impl<C: DerefMut<Target = PgConnection> + Send> Connection<Postgres, C> {
    /// `COPY .. FROM STDIN`: the subsegment ends with [`CopyIn::finish`] or [`CopyIn::abort`].
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn copy_in_raw(&mut self, statement: &str) -> Result<CopyIn<'_>, Error> {
        let mut subsegment = self.begin_copy(statement);
        match self.raw.copy_in_raw(statement).await {
            Ok(copy) => Ok(CopyIn { copy, running: Running(Some(subsegment)) }),
            Err(error) => {
                failure::record(&mut subsegment, &error);
                Err(error)
            }
        }
    }

    /// `COPY .. TO STDOUT`: the subsegment ends with the stream.
    ///
    /// # Errors
    /// Those of sqlx.
    pub async fn copy_out_raw(&mut self, statement: &str) -> Result<BoxStream<'_, Result<Bytes, Error>>, Error> {
        let mut subsegment = self.begin_copy(statement);
        match self.raw.copy_out_raw(statement).await {
            Ok(pieces) => Ok(Box::pin(Results::running(subsegment, pieces, |_, _| ()))),
            Err(error) => {
                failure::record(&mut subsegment, &error);
                Err(error)
            }
        }
    }

    fn begin_copy(&self, statement: &str) -> Subsegment {
        Statement::new(&self.target, &AssertSqlSafe(statement).into_sql_str(), false).begin()
    }
}
