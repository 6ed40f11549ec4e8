//! [`Generator`]: sends numbered documents, many with one system call.

use std::error::Error;
use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};

use super::document::Documents;
use crate::namespace::Namespace;

/// Datagrams of one system call.
const AT_ONCE: usize = 64;

/// How much, how fast.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) per_second: u32,
    pub(crate) lasts: Duration,
    /// Datagrams without a pause between them; 1 for as even as can be.
    pub(crate) burst: u32,
}

impl Load {
    /// Even, at this rate.
    pub(crate) const fn even(per_second: u32, lasts: Duration) -> Self {
        Self { per_second, lasts, burst: 1 }
    }

    fn total(self) -> u64 {
        (f64::from(self.per_second) * self.lasts.as_secs_f64()) as u64
    }
}

/// Sends documents; each has the next number.
#[derive(Debug)]
pub(crate) struct Generator {
    socket: UdpSocket,
    to: SocketAddrAny,
    documents: Documents,
    buffers: Vec<Vec<u8>>,
    /// How many were sent so far.
    pub(crate) sent: u64,
}

impl Generator {
    pub(crate) fn new(to: SocketAddr, documents: Documents) -> Result<Self, Box<dyn Error>> {
        Self::with(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?, to, documents)
    }

    /// Sends from within a network namespace.
    pub(crate) fn within(namespace: &Namespace, to: SocketAddr, documents: Documents) -> Result<Self, Box<dyn Error>> {
        Self::with(namespace.within(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)))??, to, documents)
    }

    fn with(socket: UdpSocket, to: SocketAddr, documents: Documents) -> Result<Self, Box<dyn Error>> {
        Ok(Self { socket, to: SocketAddrAny::from(to), documents, buffers: vec![Vec::new(); AT_ONCE], sent: 0 })
    }

    /// Sends all of it; how long that took. A machine that is too slow for the rate takes longer.
    pub(crate) fn send(&mut self, load: Load) -> Result<Duration, Box<dyn Error>> {
        /// A pause costs about this much.
        const TICK: Duration = Duration::from_micros(500);
        let (began, total) = (Instant::now(), load.total());
        let mut sent = 0;
        while sent < total {
            let due = ((began.elapsed().as_secs_f64() * f64::from(load.per_second)) as u64).min(total);
            let due = if due == total { due } else { due - due % u64::from(load.burst) };
            if due > sent {
                self.send_now((due - sent) as usize)?;
                sent = due;
            } else {
                std::thread::sleep(TICK);
            }
        }
        Ok(began.elapsed())
    }

    /// The next documents, for another way than UDP; they count as sent.
    pub(crate) fn hand_out(&mut self, count: u64) -> Vec<String> {
        let numbers = self.sent..self.sent + count;
        self.sent = numbers.end;
        numbers.map(|number| self.documents.document(number)).collect()
    }

    /// Sends so many without a pause.
    pub(crate) fn send_now(&mut self, mut count: usize) -> Result<(), Box<dyn Error>> {
        while count > 0 {
            let wanted = count.min(AT_ONCE);
            for (number, buffer) in (self.sent..).zip(&mut self.buffers[..wanted]) {
                self.documents.write(number, buffer);
            }
            let done = self.send_buffers(wanted)?;
            self.sent += done as u64;
            count -= done;
        }
        Ok(())
    }

    fn send_buffers(&self, count: usize) -> Result<usize, Box<dyn Error>> {
        let slices: Vec<[IoSlice<'_>; 1]> = self.buffers[..count].iter().map(|buffer| [IoSlice::new(buffer)]).collect();
        let mut nothing: Vec<_> = (0..count).map(|_| SendAncillaryBuffer::default()).collect();
        let headers = slices.iter().zip(&mut nothing).map(|(slice, nothing)| MMsgHdr::new_with_addr(&self.to, slice, nothing));
        Ok(sendmmsg(&self.socket, &mut headers.collect::<Vec<_>>(), SendFlags::empty())?)
    }
}
