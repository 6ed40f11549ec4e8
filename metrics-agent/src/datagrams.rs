//! Reads a UDP port, for segments and StatsD alike.

use tokio::net::UdpSocket;

/// One more byte than the largest payload, so that a cut datagram shows.
pub(crate) const BUFFER: usize = 65_536;
/// Datagrams read before others get their turn: a flood must not keep a thread for itself.
const AT_ONCE: usize = 128;

/// Hands each datagram to `take` until the task is dropped.
pub(crate) async fn receive_datagrams(socket: UdpSocket, port: &str, mut take: impl FnMut(&[u8])) {
    let mut buffer = vec![0; BUFFER];
    loop {
        match socket.recv(&mut buffer).await {
            Ok(length) => {
                take(&buffer[..length]);
                for _ in 0..AT_ONCE {
                    let Ok(length) = socket.try_recv(&mut buffer) else { break };
                    take(&buffer[..length]);
                }
            }
            Err(error) => tracing::warn!(%error, "the {port} port could not be read"),
        }
        tokio::task::yield_now().await;
    }
}
