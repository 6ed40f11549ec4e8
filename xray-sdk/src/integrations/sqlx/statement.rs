//! One statement: its subsegment, and the stream of its rows.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use sqlx::{Database, Either, Error, SqlStr};

use telemetry_wire::{Sql, SqlDialect, changes_rows, sanitize_sql};

use super::database::Step;
use super::failure;
use super::result::rows_affected;
use super::split::SplitQuery;
use super::target::Target;
use crate::api::Owned;
use crate::integrations::sql_text::Quiet;
use crate::{Context, Subsegment};

/// A statement before its subsegment begins.
#[derive(Debug)]
pub(super) struct Statement {
    target: Arc<Target>,
    text: SqlStr,
    is_prepared: bool,
}

impl Statement {
    pub(super) fn of<DB: Database>(target: &Arc<Target>, query: &SplitQuery<DB>) -> Self {
        Self::new(target, query.statement(), query.is_prepared())
    }

    pub(super) fn new(target: &Arc<Target>, text: &SqlStr, is_prepared: bool) -> Self {
        Self { target: Arc::clone(target), text: text.clone(), is_prepared }
    }

    pub(super) fn begin(&self) -> Subsegment {
        let mut subsegment = self.target.begin(if self.is_prepared { &self.target.prepared } else { &self.target.sql });
        if self.target.records_statements && subsegment.is_recording() {
            let text = sanitize_sql(self.text.as_str(), self.target.dialect);
            subsegment.sql(|sql| sql.sanitized_query = Some(text));
        }
        subsegment
    }

    /// Runs `work` as this statement.
    pub(super) fn run<T>(
        self,
        work: impl Future<Output = Result<T, Error>>,
        done: impl FnOnce(&mut Subsegment, &T),
    ) -> impl Future<Output = Result<T, Error>> {
        drive(move || self.begin(), work, done)
    }
}

impl Target {
    /// A subsegment of this database in the current context.
    pub(super) fn begin(&self, sql: &Arc<Sql>) -> Subsegment {
        let context = Context::current();
        if !context.is_recording() {
            return Subsegment::begin_in(context, "");
        }
        let mut subsegment = Subsegment::begin_in(context, self.name.clone());
        subsegment.namespace("remote").shared_sql(Arc::clone(sql));
        subsegment
    }

    /// Runs `work` as a statement whose text holds no literals, such as `COMMIT`.
    pub(super) fn run<T>(
        self: Arc<Self>,
        text: String,
        work: impl Future<Output = Result<T, Error>>,
    ) -> impl Future<Output = Result<T, Error>> {
        let begin = move || {
            let mut subsegment = self.begin(&self.sql);
            subsegment.sql(|sql| sql.sanitized_query = Some(text));
            subsegment
        };
        drive(begin, work, |_, _| ())
    }
}

async fn drive<T>(
    begin: impl FnOnce() -> Subsegment,
    work: impl Future<Output = Result<T, Error>>,
    done: impl FnOnce(&mut Subsegment, &T),
) -> Result<T, Error> {
    let finish = |subsegment: &mut Subsegment, result: &Result<T, Error>| match result {
        Ok(output) => done(subsegment, output),
        Err(error) => failure::record(subsegment, error),
    };
    let subsegment = begin();
    let quiet = Quiet::new(subsegment.is_recording());
    let mut work = pin!(work);
    Owned::new(subsegment, poll_fn(|cx| quiet.in_scope(|| work.as_mut().poll(cx))), finish).await
}

/// The statements of a text whose count of changed rows is their own, by place, the first in the lowest bit. SQLite counts the rows of the last
/// statement that changed any again for each statement that changes none (`sqlite3_changes`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Changing(u64);

impl Default for Changing {
    fn default() -> Self {
        Self(u64::MAX)
    }
}

impl Changing {
    fn of(statement: &Statement) -> Self {
        let dialect = statement.target.dialect;
        if dialect != SqlDialect::Sqlite {
            return Self::default();
        }
        // The highest bit stands for all further statements, whose rows are not counted.
        let of_first = changes_rows(statement.text.as_str(), dialect).into_iter().take(63);
        Self(of_first.enumerate().filter(|(_, changes)| *changes).fold(0, |bits, (place, _)| bits | 1 << place))
    }

    /// Takes the next statement. Returns whether it changes rows.
    const fn next(&mut self) -> bool {
        let changes = self.0 & 1 == 1;
        // All ones stay all ones.
        self.0 = (self.0.cast_signed() >> 1).cast_unsigned();
        changes
    }
}

/// What a statement has given so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) changing: Changing,
    pub(super) has_answered: bool,
    pub(super) returned: u64,
    pub(super) affected: Option<u64>,
}

impl Counts {
    pub(super) fn step<DB: Database>(&mut self, step: &Step<DB>) {
        match step {
            Either::Left(result) => {
                if self.changing.next()
                    && let Some(rows) = rows_affected(result)
                {
                    *self.affected.get_or_insert(0) += rows;
                }
            }
            Either::Right(_) => self.returned += 1,
        }
    }

    /// Adds the counts as metadata. A statement that returns rows affects none, although PostgreSQL counts them as such.
    pub(super) fn record(self, subsegment: &mut Subsegment) {
        if subsegment.is_recording() {
            subsegment.metadata_in("sql", "rows_returned", self.returned);
            if let Some(affected) = self.affected.filter(|_| self.returned == 0) {
                subsegment.metadata_in("sql", "rows_affected", affected);
            }
        }
    }
}

/// The results of a statement. The subsegment begins at the first poll.
pub(super) struct Results<'e, T> {
    inner: BoxStream<'e, Result<T, Error>>,
    count: fn(&mut Counts, &T),
    counts: Counts,
    state: State,
}

enum State {
    Waiting(Statement),
    Running(Subsegment, Quiet),
    Ended,
}

impl<'e, T> Results<'e, T> {
    pub(super) fn new(statement: Statement, inner: BoxStream<'e, Result<T, Error>>, count: fn(&mut Counts, &T)) -> Self {
        Self { inner, count, counts: Counts::default(), state: State::Waiting(statement) }
    }

    /// Results of a statement that runs already.
    #[cfg(feature = "sqlx-postgres")]
    pub(super) fn running(subsegment: Subsegment, inner: BoxStream<'e, Result<T, Error>>, count: fn(&mut Counts, &T)) -> Self {
        let quiet = Quiet::new(subsegment.is_recording());
        Self { inner, count, counts: Counts::default(), state: State::Running(subsegment, quiet) }
    }

    /// Rows that nobody wanted any more are no error; a statement that had not answered yet was cancelled.
    fn finish(&mut self, end: End<'_>) {
        let State::Running(mut subsegment, _) = std::mem::replace(&mut self.state, State::Ended) else { return };
        self.counts.record(&mut subsegment);
        match end {
            End::Done => {}
            End::Failed(error) => failure::record(&mut subsegment, error),
            End::Dropped if self.counts.has_answered => {}
            End::Dropped => {
                subsegment.cancelled();
            }
        }
    }
}

enum End<'a> {
    Done,
    Failed(&'a Error),
    Dropped,
}

impl<T> Stream for Results<'_, T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let State::Waiting(statement) = &this.state {
            let subsegment = statement.begin();
            let quiet = Quiet::new(subsegment.is_recording());
            if subsegment.is_recording() {
                this.counts.changing = Changing::of(statement);
            }
            this.state = State::Running(subsegment, quiet);
        }
        let State::Running(subsegment, quiet) = &this.state else { return this.inner.as_mut().poll_next(cx) };
        if !subsegment.is_recording() {
            return this.inner.as_mut().poll_next(cx);
        }
        let inner = &mut this.inner;
        let polled = subsegment.context().in_scope(|| quiet.in_scope(|| inner.as_mut().poll_next(cx)));
        match &polled {
            Poll::Ready(Some(Ok(item))) => {
                this.counts.has_answered = true;
                (this.count)(&mut this.counts, item);
            }
            Poll::Ready(Some(Err(error))) => this.finish(End::Failed(error)),
            Poll::Ready(None) => this.finish(End::Done),
            Poll::Pending => {}
        }
        polled
    }
}

impl<T> Drop for Results<'_, T> {
    fn drop(&mut self) {
        self.finish(End::Dropped);
    }
}

/// Runs a `fetch_optional` as a statement.
pub(super) fn fetch_optional<'e, DB: Database>(
    statement: Statement,
    inner: BoxFuture<'e, Result<Option<DB::Row>, Error>>,
) -> BoxFuture<'e, Result<Option<DB::Row>, Error>> {
    Box::pin(statement.run(inner, |subsegment, row| Counts { returned: row.iter().count() as u64, ..Counts::default() }.record(subsegment)))
}
