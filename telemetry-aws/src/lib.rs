//! One way to call AWS.
//!
//! [`KeptCredentials`] keeps credentials until they expire or AWS refuses them, [`Refusal`] says of every answer what delivery should do with
//! the batch, [`Refusals`] logs it once. With the feature `http` a [`Service`] makes signed calls; with `config` an [`Aws`] finds region,
//! credentials and endpoints, for these calls and for the clients of the SDK.

mod clock;

mod credentials;

mod refusal;

mod answer;

#[cfg(feature = "http")]
mod service;

#[cfg(feature = "config")]
mod endpoint;

#[cfg(feature = "config")]
mod settings;

#[cfg(feature = "config")]
mod http;

#[cfg(feature = "config")]
mod region;

#[cfg(feature = "config")]
mod load;

#[cfg(feature = "config")]
mod aws;

pub use answer::Answer;
#[cfg(feature = "config")]
pub use aws::Aws;
pub use clock::{LearnedClock, signing_now};
pub use credentials::{KeptCredentials, NewProvider};
#[cfg(feature = "config")]
pub use load::AwsError;
pub use refusal::{Refusal, Refusals, chain_of};
#[cfg(feature = "config")]
pub use region::NoRegion;
#[cfg(feature = "http")]
pub use service::{CallError, JSON, Service};
#[cfg(feature = "config")]
pub use settings::AwsSettings;
