//! A query of SQLite in memory.

use std::error::Error;

use sqlx::Sqlite;
use tokio::runtime::Runtime;
use xray_sdk::sqlx::PoolExt as _;

use super::peers::Before;
use super::rounds::{Way, compare};
use super::table::{CALLS_PER_TRACE, Traces, in_turns};

const CALLS: u32 = 500;

/// Prints the rows.
pub(super) fn rows(runtime: &Runtime, traces: &Traces<'_>) -> Result<(), Box<dyn Error>> {
    let before = Before::install();
    let pool = runtime.block_on(sqlx::pool::PoolOptions::<Sqlite>::new().max_connections(1).connect("sqlite::memory:"))?;
    let traced = pool.clone().traced();
    let other = sqlx_otel::PoolBuilder::from(pool.clone()).build();
    // Code that is generic over executors does not compile beside sqlx-otel.
    macro_rules! ask {
        ($pool:expr) => {
            |count| {
                runtime.block_on(async {
                    for _ in 0..count {
                        let answer: i64 = sqlx::query_scalar("SELECT ?").bind(7_i64).fetch_one($pool).await?;
                        if answer != 7 {
                            return Err("another answer".into());
                        }
                    }
                    Ok(())
                })
            }
        };
    }
    let (bare, ours, theirs) = (ask!(&pool), ask!(&traced), ask!(&other));
    compare(
        "sqlx query, SQLite in memory",
        CALLS,
        &[
            Way::new("bare", |count| in_turns(count, bare), || ()),
            Way::new("**xray-sdk**", |count| traces.sampled(count, ours), || traces.flush()),
            Way::new("**xray-sdk**, not sampled", |count| traces.not_sampled(count, ours), || ()),
            Way::new(
                "sqlx-otel",
                |count| (0..count / CALLS_PER_TRACE).try_for_each(|_| before.in_root(|| theirs(CALLS_PER_TRACE))),
                || before.flush(),
            ),
        ],
    )
}
