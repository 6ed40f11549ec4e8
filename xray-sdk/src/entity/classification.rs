//! [`Classification`].

use telemetry_wire::Flags;

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Classification {
    /// The caller's: bad input, not found.
    Error,
    /// The caller's: too many requests.
    Throttle,
    /// Ours. The default for every `Err`, as in all X-Ray SDKs.
    #[default]
    Fault,
    /// Nobody's: not recorded at all.
    Ignored,
}

impl Classification {
    pub(crate) const fn flags(self) -> Flags {
        match self {
            Self::Error => Flags { error: true, fault: false, throttle: false },
            Self::Throttle => Flags { error: true, fault: false, throttle: true },
            Self::Fault => Flags { error: false, fault: true, throttle: false },
            Self::Ignored => Flags { error: false, fault: false, throttle: false },
        }
    }
}
