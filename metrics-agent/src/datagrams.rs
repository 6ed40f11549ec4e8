//! Reads a UDP port, for segments and StatsD alike.

use std::time::Duration;

use telemetry_delivery::DrainSignal;
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

/// Hands each datagram to `take` until told to stop, and then those that the kernel has already.
pub(crate) async fn receive_datagrams(socket: UdpSocket, port: &str, mut stop: DrainSignal, mut take: impl FnMut(&[u8])) {
    let mut buffer = vec![0; BUFFER];
    let room = socket2::SockRef::from(&socket).recv_buffer_size().unwrap_or_default();
    let pause = if room < ROOM_FOR_A_PAUSE { Duration::ZERO } else { PAUSE };
    loop {
        let read = tokio::select! {
            ready = socket.readable() => match ready {
                Ok(()) => read_some(&socket, &mut buffer, AT_ONCE, &mut take),
                Err(error) => {
                    tracing::warn!(%error, "the {port} port could not be read");
                    0
                }
            },
            () = stop.ordered() => {
                read_some(&socket, &mut buffer, AT_THE_END, &mut take);
                return;
            }
        };
        if read == AT_ONCE || pause.is_zero() {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.ordered() => {}
        }
    }
}

/// Takes what is there already; how many.
fn read_some(socket: &UdpSocket, buffer: &mut [u8], most: usize, take: &mut impl FnMut(&[u8])) -> usize {
    for read in 0..most {
        let Ok(length) = socket.try_recv(buffer) else { return read };
        take(&buffer[..length]);
    }
    most
}

#[cfg(test)]
mod tests {
    use telemetry_delivery::Drain;

    use super::*;

    #[tokio::test]
    async fn what_the_kernel_has_at_the_end_is_taken() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for number in 0..100_u8 {
            sender.send_to(&[number], socket.local_addr().unwrap()).await.unwrap();
        }
        let (drain, stop) = Drain::new();
        drain.begin(tokio::time::Instant::now());
        let mut taken = Vec::new();
        receive_datagrams(socket, "test", stop, |datagram| taken.extend_from_slice(datagram)).await;
        assert_eq!(taken, (0..100).collect::<Vec<u8>>());
    }
}
