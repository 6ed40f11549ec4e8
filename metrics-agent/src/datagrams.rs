//! Reads a UDP port, for segments and StatsD alike.

use std::io::Read as _;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::UdpSocket;

/// One more byte than the largest payload, so that a cut datagram shows.
pub(crate) const BUFFER: usize = 65_536;
/// Datagrams read before others get their turn: a flood must not keep a thread for itself.
const AT_ONCE: usize = 128;
/// Datagrams read at the end: what the kernel holds, however small, and no more of a flood.
const AT_THE_END: usize = 65_536;
/// How long datagrams wait in the kernel for others while few come: to be woken for one costs as much as to read thirty.
const PAUSE: Duration = Duration::from_millis(20);
/// With so much room in the kernel, as it counts, nobody fills it in a pause: with 3,000 documents of 1 kB, or 120 of 64 kB.
const ROOM_FOR_A_PAUSE: usize = 8 << 20;

/// Hands each datagram to `take` until the task is dropped, and then those that the kernel has: who sent them has sent them to us.
pub(crate) async fn receive_datagrams(socket: UdpSocket, port: &str, take: impl FnMut(&[u8])) {
    let room = SockRef::from(&socket).recv_buffer_size().unwrap_or_default();
    let mut reader = Reader { socket, buffer: vec![0; BUFFER], take };
    loop {
        let read = match reader.socket.readable().await {
            Ok(()) => reader.read(AT_ONCE),
            Err(error) => {
                tracing::warn!(%error, "the {port} port could not be read");
                0
            }
        };
        if read == AT_ONCE || room < ROOM_FOR_A_PAUSE {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// A port that is read empty when it is dropped.
struct Reader<F: FnMut(&[u8])> {
    socket: UdpSocket,
    buffer: Vec<u8>,
    take: F,
}

impl<F: FnMut(&[u8])> Reader<F> {
    /// Takes what is there already; how many.
    fn read(&mut self, most: usize) -> usize {
        for read in 0..most {
            let Ok(length) = self.socket.try_recv(&mut self.buffer) else { return read };
            (self.take)(&self.buffer[..length]);
        }
        most
    }
}

impl<F: FnMut(&[u8])> Drop for Reader<F> {
    fn drop(&mut self) {
        // The runtime may not know yet that there is something to read; the kernel does.
        let socket = SockRef::from(&self.socket);
        for _ in 0..AT_THE_END {
            let Ok(length) = (&*socket).read(&mut self.buffer) else { return };
            (self.take)(&self.buffer[..length]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test]
    async fn what_the_kernel_has_at_the_end_is_taken() {
        const COUNT: usize = AT_ONCE + 10;
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let mut tasks = JoinSet::new();
        tasks.spawn(receive_datagrams(socket, "test", move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        tokio::task::yield_now().await;
        let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        (0..COUNT).for_each(|_| assert_eq!(sender.send_to(b"x", address).unwrap(), 1));
        tasks.shutdown().await;
        assert_eq!(taken.load(Ordering::Relaxed), COUNT);
    }
}
