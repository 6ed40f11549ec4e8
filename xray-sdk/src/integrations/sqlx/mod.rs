//! Databases with sqlx 0.9: a subsegment per statement.
//!
//! ```
//! # async fn run() -> Result<(), sqlx::Error> {
//! use xray_sdk::sqlx::PoolExt as _;
//!
//! let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?.traced();
//! let mut transaction = pool.begin().await?;
//! sqlx::query("CREATE TABLE orders (id INTEGER)").execute(&mut *transaction).await?;
//! sqlx::query("INSERT INTO orders VALUES (?)").bind(7).execute(&mut *transaction).await?;
//! transaction.commit().await?;
//! let orders: i64 = sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&pool).await?;
//! # assert_eq!(orders, 1);
//! # Ok(()) }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run()).unwrap();
//! ```
//!
//! [`Pool`], [`PoolConnection`] and [`Transaction`] stand where sqlx's own stood: `&pool`, `&mut *connection` and `&mut *transaction` are
//! executors. What has no traced form is behind `untraced()`, `COPY` by a pool and `sqlx::Any` among it: nothing executes untraced by coercion. The subsegment is named `database@host`, has namespace `remote`, the `sql` block without credentials and statement, and
//! rows as metadata; it ends when the stream of rows ends, errs or is dropped. `BEGIN`, `COMMIT` and `ROLLBACK` have subsegments of their
//! own, and so has a wait of a millisecond for a connection of the pool: the
//! database's own time stays its own.
//!
//! Statements are shown, without their literals, when [`Pool::record_statements`] asks for it. Errors of the database are faults with its
//! code, its kind, and the names of table, column and constraint. A server's message may quote values, so it is recorded only with
//! [`Builder::database_messages`](crate::Builder::database_messages). The same holds for every error around it: a `sqlx::Error` that a function with
//! `#[traced]` passes on with `?` shows no more.
//!
//! Databases have features of their own: `sqlx-postgres`, `sqlx-mysql`, `sqlx-sqlite`; PostgreSQL's brings `COPY` too.

mod acquire;
mod connection;
#[cfg(feature = "sqlx-postgres")]
mod copy;
mod database;
mod failure;
mod interned;
mod pool;
mod result;
mod split;
mod statement;
mod target;
mod transaction;

pub use connection::{Connection, PoolConnection};
#[cfg(feature = "sqlx-postgres")]
pub use copy::CopyIn;
pub use database::{Step, TracedDatabase};
pub use pool::{Pool, PoolExt};
pub use transaction::Transaction;
