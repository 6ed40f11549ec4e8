//! One stream of hints that something changed; pages then fetch what they show.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, KeepAliveStream, Sse};
use tokio::sync::watch;

use crate::api::Api;

/// At most four hints a second.
const PACE: Duration = Duration::from_millis(250);

pub(super) async fn stream(State(api): State<Api>) -> Sse<KeepAliveStream<Hints>> {
    Sse::new(Hints { next: Box::pin(hint(api.activity.watch())) }).keep_alive(KeepAlive::default())
}

type NextHint = std::pin::Pin<Box<dyn Future<Output = Option<(u64, watch::Receiver<u64>)>> + Send>>;

/// The stream of versions.
pub(super) struct Hints {
    next: NextHint,
}

async fn hint(mut versions: watch::Receiver<u64>) -> Option<(u64, watch::Receiver<u64>)> {
    versions.changed().await.ok()?;
    tokio::time::sleep(PACE).await;
    let version = *versions.borrow_and_update();
    Some((version, versions))
}

impl futures_core::Stream for Hints {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Option<Self::Item>> {
        self.next.as_mut().poll(cx).map(|hint| {
            let (version, versions) = hint?;
            self.next = Box::pin(self::hint(versions));
            Some(Ok(Event::default().data(version.to_string())))
        })
    }
}
