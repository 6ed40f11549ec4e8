//! A receiver's socket, as the kernel sees it.

use std::error::Error;

/// A UDP socket of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Socket {
    /// Bytes that it has not read.
    pub(crate) waiting: u64,
    /// Datagrams that the kernel dropped because there was no room.
    pub(crate) drops: u64,
}

/// The socket at a port, in the network namespace of a process.
pub(crate) fn socket_of(process: u32, port: u16) -> Result<Socket, Box<dyn Error>> {
    let table = std::fs::read_to_string(format!("/proc/{process}/net/udp"))?;
    let found = table.lines().skip(1).find_map(|line| socket_in(line, port));
    found.ok_or_else(|| format!("process {process} has no socket at UDP port {port}").into())
}

fn socket_in(line: &str, port: u16) -> Option<Socket> {
    let mut fields = line.split_whitespace().skip(1);
    let (_, local) = fields.next()?.rsplit_once(':')?;
    if u16::from_str_radix(local, 16).ok()? != port {
        return None;
    }
    let (_, waiting) = fields.nth(2)?.split_once(':')?;
    Some(Socket { waiting: u64::from_str_radix(waiting, 16).ok()?, drops: fields.last()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_waits_and_what_was_dropped() {
        let line =
            "  361: 0100007F:07D0 00000000:0000 07 00000000:00000A00 00:00000000 00000000     0        0 38126 2 00000000d8a6aa11 17";
        let socket = socket_in(line, 2000).map(|socket| (socket.waiting, socket.drops));
        assert_eq!((socket, socket_in(line, 8125).is_none()), (Some((2_560, 17)), true));
    }
}
