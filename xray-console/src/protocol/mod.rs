//! AWS's wire protocols, told apart by content: all services share one port.
//!
//! A request becomes a [`Call`] (service, operation, input as JSON); the answer goes back in the protocol that the caller
//! spoke. CBOR and JSON inputs are one [`serde_json::Value`], so no operation knows the protocol.

mod body;
mod call;
mod cbor;
mod error;
mod members;
mod query;
mod reply;
mod service;
mod xml;

pub(crate) use body::read_body;
pub(crate) use call::{Call, Protocol};
pub(crate) use error::ApiError;
pub(crate) use members::check as check_members;
pub(crate) use reply::{render, render_error};
pub(crate) use service::Service;
