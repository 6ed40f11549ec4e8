//! Reads a UDP port, for segments and StatsD alike.

use std::io;
use std::net::UdpSocket;
use std::time::Duration;

use socket2::SockRef;

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
    let has_room = SockRef::from(&socket).recv_buffer_size().unwrap_or_default() >= ROOM_FOR_A_PAUSE;
    let mut reader = Reader { socket, buffer: vec![0; BUFFER], take };
    loop {
        match reader.read(AT_ONCE) {
            AT_ONCE => tokio::task::yield_now().await,
            0 => reader.wait(port).await,
            _ if has_room => tokio::time::sleep(PAUSE).await,
            _ => tokio::task::yield_now().await,
        }
    }
}

/// A port that is read empty when it is dropped. It does not block, and the runtime does not know it but while it is waited for: each
/// datagram would wake a thread.
struct Reader<F: FnMut(&[u8])> {
    socket: UdpSocket,
    buffer: Vec<u8>,
    take: F,
}

impl<F: FnMut(&[u8])> Reader<F> {
    /// Takes what is there already; how many.
    fn read(&mut self, most: usize) -> usize {
        for read in 0..most {
            let Ok(length) = self.socket.recv(&mut self.buffer) else { return read };
            (self.take)(&self.buffer[..length]);
        }
        most
    }

    /// Waits for a datagram; if that cannot be, for a pause.
    async fn wait(&self, port: &str) {
        if let Err(error) = readable(&self.socket).await {
            tracing::debug!(%error, "the {port} port cannot be waited for; it is looked at");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn readable(socket: &UdpSocket) -> io::Result<()> {
    tokio::net::UdpSocket::from_std(socket.try_clone()?)?.readable().await
}

impl<F: FnMut(&[u8])> Drop for Reader<F> {
    fn drop(&mut self) {
        self.read(AT_THE_END);
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;

    use super::*;

    fn port() -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        socket
    }

    fn send(count: usize, address: SocketAddr) {
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        (0..count).for_each(|_| assert_eq!(sender.send_to(b"x", address).unwrap(), 1));
    }

    #[tokio::test]
    async fn what_the_kernel_has_at_the_end_is_taken() {
        const COUNT: usize = AT_ONCE + 10;
        let socket = port();
        let address = socket.local_addr().unwrap();
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let mut tasks = JoinSet::new();
        tasks.spawn(receive_datagrams(socket, "test", move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        tokio::task::yield_now().await;
        send(COUNT, address);
        tasks.shutdown().await;
        assert_eq!(taken.load(Ordering::Relaxed), COUNT);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_while_it_waits_wakes_it_each_time() {
        let socket = port();
        let address = socket.local_addr().unwrap();
        let (taken, mut takes) = tokio::sync::mpsc::unbounded_channel();
        let receiving = tokio::spawn(receive_datagrams(socket, "test", move |_| taken.send(()).unwrap()));
        for _ in 0..3 {
            send(2, address);
            for _ in 0..2 {
                takes.recv().await.unwrap();
            }
            // It has found nothing more, and waits.
            tokio::time::sleep(2 * PAUSE).await;
        }
        receiving.abort();
    }
}
