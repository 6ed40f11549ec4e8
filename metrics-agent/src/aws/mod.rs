//! AWS: the official SDK's configuration, its clients with their repeats off, and our own calls of X-Ray.

mod settings;

mod http;

mod region;

mod credentials;

mod load;

mod answer;

mod endpoint;

mod xray;

mod reach;

mod verdict;

pub use load::AwsError;
pub use region::NoRegion;
pub use settings::AwsSettings;

pub(crate) use answer::Answer;
pub(crate) use reach::Reach;
pub(crate) use verdict::{chain_of, verdict_of};
pub(crate) use xray::{CallError, JSON, Xray};
