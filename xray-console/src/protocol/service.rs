//! [`Service`].

/// The services that have operations here, or at least a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    XRay,
    CloudWatch,
    Logs,
    Sqs,
    Sts,
    /// Known by its protocol only.
    Other,
}
