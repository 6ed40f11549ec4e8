//! What the kernel dropped because we were too slow.

/// Datagrams dropped on the UDP ports given, as the kernel counts them; `None` where there is no `/proc`.
pub(crate) fn kernel_drops(ports: &[u16]) -> Option<u64> {
    let tables = ["/proc/net/udp", "/proc/net/udp6"].map(|path| std::fs::read_to_string(path).ok());
    let mut drops = None;
    for table in tables.iter().flatten() {
        *drops.get_or_insert(0) += table.lines().skip(1).filter_map(|line| drops_of(line, ports)).sum::<u64>();
    }
    drops
}

/// The last field of a line whose local port is one of ours.
fn drops_of(line: &str, ports: &[u16]) -> Option<u64> {
    let mut fields = line.split_whitespace();
    let (_, port) = fields.nth(1)?.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    ports.contains(&port).then(|| fields.last()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_the_last_field_of_our_ports_lines() {
        let line =
            "  361: 0100007F:07D0 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 38126 2 00000000d8a6aa11 17";
        assert_eq!(drops_of(line, &[2000]), Some(17));
        assert_eq!(drops_of(line, &[8125]), None);
        assert_eq!(drops_of("garbage", &[2000]), None);
    }
}
