//! The keys of `cfg.yaml`: a list, as the daemon has one.

/// What the daemon says of a key that it does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFault {
    /// It never was one.
    Invalid,
    /// It was one once.
    Unsupported,
    /// It is one of the time before version 1.
    Outdated,
}

impl KeyFault {
    /// The daemon's own words, which people look for.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Invalid => "flag is invalid. Please refer to AWS X-Ray Documentation for more information.",
            Self::Unsupported => "flag is not supported any more. Please refer to AWS X-Ray Documentation for more information.",
            Self::Outdated => {
                "flag is not supported. Use X-Ray Daemon Config Migration Script to update the config file. Please refer to AWS X-Ray \
                 Documentation for more information."
            }
        }
    }
}

const VALID: [&str; 19] = [
    "TotalBufferSizeMB",
    "Concurrency",
    "Endpoint",
    "Region",
    "Socket.UDPAddress",
    "Socket.TCPAddress",
    "Logging.LogRotation",
    "Logging.LogLevel",
    "Logging.LogPath",
    "LocalMode",
    "ResourceARN",
    "RoleARN",
    "NoVerifySSL",
    "ProxyAddress",
    "Version",
    // The daemon takes these, by the names that its library gives them, and does nothing with them.
    "proxyserver.idleconntimeout",
    "proxyserver.maxidleconnsperhost",
    "proxyserver.maxidleconns",
    // Ours, for roles that ask for it; the daemon has no such key.
    "ExternalId",
];

const UNSUPPORTED: [&str; 5] =
    ["Profile.CPU", "Profile.Memory", "Socket.BufferSizeKB", "Logging.LogFormat", "Processor.BatchProcessorQueueSize"];

const OUTDATED: [&str; 5] = ["LogRotation", "Processor.Region", "Processor.Endpoint", "Processor.Routine", "MemoryLimit"];

/// What is wrong with a key, if anything is.
pub(super) fn fault_of(key: &str) -> Option<KeyFault> {
    if VALID.contains(&key) {
        None
    } else if UNSUPPORTED.contains(&key) {
        Some(KeyFault::Unsupported)
    } else if OUTDATED.contains(&key) {
        Some(KeyFault::Outdated)
    } else {
        Some(KeyFault::Invalid)
    }
}
