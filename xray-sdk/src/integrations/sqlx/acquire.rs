//! The wait for a connection of the pool.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Error, Pool};

use super::failure;
use crate::api::Owned;
use crate::{Context, Subsegment};

/// A shorter wait is not worth a line: sqlx asks an idle connection whether it is alive before it hands it out.
const WORTH_SHOWING: Duration = Duration::from_millis(1);

/// Takes a connection. Only a wait is shown, as local work: the database is not asked yet.
pub(super) async fn acquire<DB: Database>(pool: &Pool<DB>) -> Result<PoolConnection<DB>, Error> {
    let mut waiting = pin!(pool.acquire());
    let first = poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx))).await;
    if let Poll::Ready(Ok(connection)) = first {
        return Ok(connection);
    }
    let context = Context::current();
    let name = if context.is_recording() { "pool acquire" } else { "" };
    let rest = async {
        match first {
            Poll::Ready(done) => done,
            Poll::Pending => waiting.await,
        }
    };
    Owned::new(Subsegment::begin_in(context, name), rest, |subsegment: &mut Subsegment, result: &Result<_, Error>| match result {
        Ok(_) => subsegment.forget_if_shorter(WORTH_SHOWING),
        Err(error) => failure::record(subsegment, error),
    })
    .await
}
