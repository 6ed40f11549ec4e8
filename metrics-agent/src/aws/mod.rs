//! Clients: the official SDK, its repeats off.

mod settings;

mod http;

mod region;

mod credentials;

mod load;

mod signer;

mod reach;

mod verdict;

pub use load::AwsError;
pub use region::NoRegion;
pub use settings::AwsSettings;

pub(crate) use reach::Reach;
pub(crate) use signer::{SignError, Signer};
#[cfg(feature = "otlp")]
pub(crate) use verdict::learn_of;
pub(crate) use verdict::{chain_of, verdict_of};
