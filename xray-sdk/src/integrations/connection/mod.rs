//! The phases of a call, as X-Ray's SDK for Go has them: `connect` with `dns` and `dial` in it, then `response` until the first byte.
//!
#![cfg_attr(
    feature = "reqwest",
    doc = r#"```
use xray_sdk::connection::{ConnectLayer, TracedResolver};

let client = reqwest::Client::builder().connector_layer(ConnectLayer::new()).dns_resolver(TracedResolver::default()).build();
# drop(client);
```
"#
)]
//! With hyper-util: `ConnectLayer::new().layer(HttpConnector::new_with_resolver(TracedResolver::default()))` in place of the connector.
//!
//! A call that opens a connection has a `connect` and metadata `connection: {reused: false}`; one that finds an idle connection has neither, as
//! has a call of a client without the layer. `dial` includes TLS: neither library has a seam between the two. `dns` is there where the resolver is
//! ours, and for host names only. A phase that fails or times out is a fault. A connect that loses against a connection that became idle goes on in
//! the background, and its subsegment follows by itself.

mod call;
mod connect;
mod resolve;

pub use call::InCall;
pub use connect::{Connect, ConnectLayer, Connecting};
pub use resolve::TracedResolver;
