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
/// Datagrams read before others get their turn: a flood must not keep a thread for itself.
const AT_ONCE: usize = 128;

/// Receives until the task is dropped. Never waits for the queue: what does not fit is counted there.
pub(crate) async fn receive_segments(socket: UdpSocket, queue: Arc<Queue<RawSegment>>, counters: Arc<IntakeCounters>) {
    let mut buffer = vec![0; BUFFER];
    loop {
        match socket.recv(&mut buffer).await {
            Ok(length) => {
                take(&buffer[..length], &queue, &counters);
                for _ in 0..AT_ONCE {
                    let Ok(length) = socket.try_recv(&mut buffer) else { break };
                    take(&buffer[..length], &queue, &counters);
                }
                tokio::task::yield_now().await;
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
