//! Integrations: one feature, one folder. They never import one another; what several share has a folder
//! of its own: `http_fields`, `message_fields`, `sql_text`.

#[cfg(any(feature = "tower", feature = "reqwest", feature = "hyper", feature = "tonic", feature = "lambda"))]
mod http_fields;
#[cfg(feature = "aws-sdk")]
mod message_fields;
#[cfg(any(feature = "sqlx", feature = "tracing"))]
mod sql_text;

#[cfg(feature = "aws-sdk")]
pub mod aws_sdk;
#[cfg(feature = "connection")]
pub mod connection;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "lambda")]
pub mod lambda;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "sqlx")]
pub mod sqlx;
#[cfg(feature = "sqs")]
pub mod sqs;
#[cfg(feature = "stream")]
pub mod stream;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tonic")]
pub mod tonic;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tracing")]
pub mod tracing;
