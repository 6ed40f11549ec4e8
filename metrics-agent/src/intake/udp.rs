//! Reads the UDP port of the X-Ray daemon.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use telemetry_delivery::Queue;

use super::segment::RawSegment;
use crate::DAEMON_LINES;
use crate::datagrams::{BUFFER, receive_datagrams};

/// What arrived, before delivery.
#[derive(Debug, Default)]
pub(crate) struct IntakeCounters {
    pub(crate) received: AtomicU64,
    pub(crate) malformed: AtomicU64,
    pub(crate) truncated: AtomicU64,
}

/// Receives until the task is dropped. Never waits for the queue: what does not fit is counted there.
pub(crate) async fn receive_segments(socket: UdpSocket, queue: Arc<Queue<RawSegment>>, counters: Arc<IntakeCounters>) {
    receive_datagrams(socket, "X-Ray", |datagram| take(datagram, &queue, &counters)).await;
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
            tracing::warn!(target: DAEMON_LINES, "Invalid header: {error}");
        }
    }
}
