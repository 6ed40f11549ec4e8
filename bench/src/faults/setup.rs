//! [`Setup`]: how the agent is configured for a fault.

/// How the agent is configured, and what it is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    pub(super) spool: Spool,
    /// More lines of `[traces]`.
    pub(super) traces: &'static str,
    /// Documents that the spool cannot compress.
    pub(super) is_noisy: bool,
    /// HTTPS.
    pub(super) is_encrypted: bool,
}

/// The agent's `traces.spool`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spool {
    Off,
    Overflow,
    Always,
}

impl Spool {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Overflow => "overflow",
            Self::Always => "always",
        }
    }
}

impl Setup {
    /// Lines of `[traces]`.
    pub(super) fn lines(self) -> String {
        format!("spool = \"{}\"\n{}", self.spool.name(), self.traces)
    }
}
