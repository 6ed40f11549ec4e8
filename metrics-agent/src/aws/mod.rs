//! Clients: the official SDK, its repeats off.

mod settings;

mod http;

mod region;

mod credentials;

mod load;

mod verdict;

pub use load::AwsError;
pub use region::NoRegion;
pub use settings::AwsSettings;

pub(crate) use http::client_for;
pub(crate) use verdict::{chain_of, verdict_of};
