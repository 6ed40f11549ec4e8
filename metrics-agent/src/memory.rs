//! How much memory there is for waiting segments: the cgroup's, not the host's.

use std::path::Path;

/// What the configuration may take at most: another program may need the rest.
const SHARE: u64 = 4;

/// Bytes for `megabytes` that were asked for.
pub(crate) fn room_for(megabytes: usize) -> usize {
    let wanted = (megabytes as u64) << 20;
    let most = available(Path::new("/")).map_or(wanted, |bytes| bytes / SHARE);
    if most < wanted {
        tracing::warn!("memory for {} MB of segments, not for {megabytes}: a quarter of what this machine or container has", most >> 20);
    }
    wanted.min(most) as usize
}

/// The least of the host's memory and the limits of the cgroups, versions 2 and 1.
fn available(root: &Path) -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let host = read("proc/meminfo").and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
    });
    let limits = ["sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"];
    limits.iter().filter_map(|path| read(path)?.trim().parse().ok()).chain(host).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_host_and_container_counts() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert_eq!(available(root.path()), None);
        write("proc/meminfo", "MemTotal:       24540672 kB\nMemFree: 1 kB\n");
        assert_eq!(available(root.path()), Some(24_540_672 << 10));
        write("sys/fs/cgroup/memory.max", "max\n");
        assert_eq!(available(root.path()), Some(24_540_672 << 10));
        write("sys/fs/cgroup/memory.max", "134217728\n");
        assert_eq!(available(root.path()), Some(128 << 20));
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
        assert_eq!(available(root.path()), Some(128 << 20));
    }
}
