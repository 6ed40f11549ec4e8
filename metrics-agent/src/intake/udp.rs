//! Reads the UDP port of the X-Ray daemon.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use telemetry_delivery::Queue;
use tokio::net::UdpSocket;

use super::segment::RawSegment;

/// What arrived, before delivery.
#[derive(Debug, Default)]
pub(crate) struct IntakeCounters {
    pub(crate) received: AtomicU64,
    pub(crate) malformed: AtomicU64,
    pub(crate) truncated: AtomicU64,
}

/// One more byte than the largest payload, so that a cut datagram shows.
const BUFFER: usize = 65_536;

/// Receives until the task is dropped. Never waits for the queue: what does not fit is counted there.
pub(crate) async fn receive_segments(socket: UdpSocket, queue: Arc<Queue<RawSegment>>, counters: Arc<IntakeCounters>) {
    let mut buffer = vec![0; BUFFER];
    loop {
        match socket.recv(&mut buffer).await {
            Ok(length) => {
                take(&buffer[..length], &queue, &counters);
                while let Ok(length) = socket.try_recv(&mut buffer) {
                    take(&buffer[..length], &queue, &counters);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the X-Ray port could not be read");
                tokio::task::yield_now().await;
            }
        }
    }
}

fn take(datagram: &[u8], queue: &Queue<RawSegment>, counters: &IntakeCounters) {
    let count = |cell: &AtomicU64| cell.fetch_add(1, Ordering::Relaxed);
    count(&counters.received);
    if datagram.len() == BUFFER {
        count(&counters.truncated);
        return;
    }
    match RawSegment::of_datagram(datagram) {
        Ok(segment) => {
            queue.push(segment);
        }
        Err(error) => {
            count(&counters.malformed);
            tracing::debug!(%error, "a datagram is refused");
        }
    }
}
