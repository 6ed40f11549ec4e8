//! Folders for what outlives the process.

use std::path::PathBuf;

/// The folder where systemd sets none.
const FOLDER: &str = "/var/lib/metrics-agent";

/// Returns the folder of this name in `$STATE_DIRECTORY`, else in `/var/lib/metrics-agent`.
pub(crate) fn folder(name: &str) -> PathBuf {
    base(&|name| std::env::var(name).ok()).join(name)
}

/// `$STATE_DIRECTORY` may name several, separated by colons; the first is the unit's own.
fn base(lookup: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let state = lookup("STATE_DIRECTORY").and_then(|folders| folders.split(':').next().map(PathBuf::from));
    state.filter(|folder| folder.is_absolute()).unwrap_or_else(|| FOLDER.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_says_where_state_is() {
        let folder = |value: Option<&str>| base(&|_| value.map(str::to_owned)).display().to_string();
        assert_eq!(folder(None), "/var/lib/metrics-agent");
        assert_eq!(folder(Some("/var/lib/private/x:/b")), "/var/lib/private/x");
        assert_eq!(folder(Some("")), "/var/lib/metrics-agent");
    }
}
