//! Integrations: one feature, one folder. They never import one another; what the HTTP ones share is `http_fields`.

#[cfg(any(feature = "tower", feature = "reqwest"))]
mod http_fields;

#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "tower")]
pub mod tower;
