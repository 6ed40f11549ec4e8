//! Clients: the official SDK, its repeats off.

mod http;

mod region;

mod settings;

mod verdict;

pub use region::NoRegion;
pub use settings::AwsSettings;

pub(crate) use http::client_for;
pub(crate) use verdict::verdict_of;
