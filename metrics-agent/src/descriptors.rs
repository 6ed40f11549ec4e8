//! File descriptors: log files may not take those that sockets need.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of descriptors to the hard one: shells and systemd set 1,024 for the sake of `select`, which is not used here.
pub(crate) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        Ok(()) => tracing::debug!(from = limit.current, to = limit.maximum, "limit of file descriptors raised"),
        Err(error) => tracing::warn!(%error, limit = limit.current, "the limit of file descriptors cannot be raised"),
    }
}

/// Returns how many log files may be open at once.
#[cfg(feature = "logs")]
pub(crate) fn for_log_files() -> usize {
    log_files_of(getrlimit(Resource::Nofile).current)
}

#[cfg(feature = "logs")]
fn log_files_of(limit: Option<u64>) -> usize {
    /// Descriptors that stay for sockets: ports, their connections, calls to AWS.
    const FOR_SOCKETS: u64 = 64;
    /// Descriptors that stay for the spool, the journal, the log and libraries.
    const FOR_THE_REST: u64 = 64;
    /// More open files than that gain nothing.
    const AT_MOST: u64 = 8_192;
    let left = limit.unwrap_or(u64::MAX).saturating_sub(FOR_SOCKETS + FOR_THE_REST);
    usize::try_from(left.clamp(16, AT_MOST)).unwrap_or(16)
}

#[cfg(all(test, feature = "logs"))]
mod tests {
    use super::*;

    #[test]
    fn sockets_keep_their_share() {
        assert_eq!([Some(1_024), Some(64), None].map(log_files_of), [896, 16, 8_192]);
    }
}
