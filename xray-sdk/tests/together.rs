//! The tests that share a process, one module a behaviour: one program links in a tenth of the time of sixteen. A test that installs a
//! recorder, a listener or a subscriber changes the whole process, so it is a program of its own beside this one.

#[cfg(all(feature = "sqs", feature = "eventbridge"))]
mod aws_sdk;
#[cfg(all(feature = "hyper", feature = "connection", feature = "reqwest"))]
mod hyper;
#[cfg(feature = "lambda")]
mod lambda;
#[cfg(all(feature = "lambda", feature = "axum"))]
mod lambda_http;
mod large_and_long_traces;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "platform")]
mod platform;
mod recording;
mod reported_elsewhere;
#[cfg(feature = "reqwest-middleware")]
mod reqwest;
#[cfg(feature = "sqlx-sqlite")]
mod sqlx;
#[cfg(all(feature = "tonic", feature = "tower"))]
mod tonic;
#[cfg(feature = "axum")]
mod tower;
mod traced;
#[cfg(feature = "tracing")]
mod tracing;
mod udp;
mod watched;
