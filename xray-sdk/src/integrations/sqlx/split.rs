//! [`SplitQuery`]: a query of which the statement is known before it is executed.

use sqlx::error::BoxDynError;
use sqlx::{Database, Execute, SqlStr};

/// [`Execute::sql`] consumes the query, so it is taken apart and handed on in its parts, exactly as it was.
pub(super) struct SplitQuery<DB: Database> {
    sql: SqlStr,
    statement: Option<DB::Statement>,
    arguments: Option<Result<Option<DB::Arguments>, BoxDynError>>,
    is_persistent: bool,
}

impl<DB: Database> SplitQuery<DB> {
    /// Arguments are taken before `persistent` is asked, as drivers do: what `query!` makes answers by whether it still has them.
    pub(super) fn new<'q>(mut query: impl Execute<'q, DB>) -> Self {
        let statement = query.statement().cloned();
        let arguments = Some(query.take_arguments());
        let is_persistent = query.persistent();
        Self { sql: query.sql(), statement, arguments, is_persistent }
    }

    pub(super) const fn statement(&self) -> &SqlStr {
        &self.sql
    }

    /// Whether the driver will prepare it.
    pub(super) const fn is_prepared(&self) -> bool {
        matches!(self.arguments, Some(Ok(Some(_))))
    }
}

impl<DB: Database> Execute<'_, DB> for SplitQuery<DB> {
    fn sql(self) -> SqlStr {
        self.sql
    }

    fn statement(&self) -> Option<&DB::Statement> {
        self.statement.as_ref()
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        self.arguments.take().unwrap_or(Ok(None))
    }

    fn persistent(&self) -> bool {
        self.is_persistent
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Arguments as _, Sqlite};

    use super::*;

    /// Everything a driver asks, in its order.
    fn asked<'q>(mut query: impl Execute<'q, Sqlite>) -> (Option<String>, Result<Option<usize>, ()>, bool, String) {
        let statement = query.statement().map(|statement| sqlx::Statement::sql(statement).as_str().to_owned());
        let arguments = query.take_arguments().map(|arguments| arguments.map(|arguments| arguments.len())).map_err(drop);
        let is_persistent = query.persistent();
        (statement, arguments, is_persistent, query.sql().as_str().to_owned())
    }

    macro_rules! assert_unchanged {
        ($query:expr) => {
            assert_eq!(asked(SplitQuery::<Sqlite>::new($query)), asked($query))
        };
    }

    #[test]
    fn a_driver_cannot_tell_it_from_the_original() {
        struct NoText;
        impl sqlx::Type<Sqlite> for NoText {
            fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
                <i32 as sqlx::Type<Sqlite>>::type_info()
            }
        }
        impl sqlx::Encode<'_, Sqlite> for NoText {
            fn encode_by_ref(&self, _: &mut <Sqlite as Database>::ArgumentBuffer) -> Result<sqlx::encode::IsNull, BoxDynError> {
                Err("on purpose".into())
            }
        }
        assert_unchanged!("SELECT 1");
        assert_unchanged!(sqlx::query("SELECT 1"));
        assert_unchanged!(sqlx::query("SELECT ?, ?").bind(1).bind("a"));
        assert_unchanged!(sqlx::query("SELECT ?").bind(1).persistent(false));
        assert_unchanged!(sqlx::query("SELECT ?").bind(NoText));
        assert_unchanged!(sqlx::query("SELECT ?").bind(1).map(|_: sqlx::sqlite::SqliteRow| ()));
        assert_unchanged!(sqlx::raw_sql("SELECT 1; SELECT 2"));
        assert_unchanged!(sqlx::query_scalar::<_, i64>("SELECT ?").bind(1));
    }
}
