//! [`TracedResolver`]: around the resolver of host names.

use std::error::Error;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use super::connect::LookUp;
use crate::api::Owned;
use crate::{Classification, Context, Exceptions, Subsegment};

type BoxError = Box<dyn Error + Send + Sync>;
type Resolving<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Records look-ups, with their addresses as metadata. By default it asks the system's resolver.
#[derive(Clone, Debug)]
pub struct TracedResolver<R = GaiResolver> {
    inner: R,
}

impl Default for TracedResolver {
    fn default() -> Self {
        Self { inner: GaiResolver::new() }
    }
}

impl<R> TracedResolver<R> {
    /// Wraps another resolver of hyper-util.
    pub const fn new(inner: R) -> Self {
        Self { inner }
    }
}

fn looked_up(subsegment: &mut Subsegment, result: &Result<std::vec::IntoIter<SocketAddr>, BoxError>) {
    match result {
        Ok(addresses) => {
            let addresses: Vec<String> = addresses.as_slice().iter().map(|address| address.ip().to_string()).collect();
            subsegment.metadata_in("http", "dns", serde_json::json!({ "addresses": addresses }));
        }
        Err(error) => {
            subsegment.failure(Classification::Fault, || Exceptions::of_source(&**error));
        }
    }
}

impl<R> Service<Name> for TracedResolver<R>
where
    R: Service<Name> + Clone + Send + 'static,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send + 'static,
{
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Resolving<Self::Response>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let context = Context::current();
        let subsegment = if context.is_recording() { Subsegment::begin_in(context, "dns") } else { Subsegment::noop() };
        let (look_up, resolving) = (LookUp::begin(), self.inner.call(name));
        let work = async move {
            let _look_up = look_up;
            let addresses: Vec<SocketAddr> = resolving.await.map_err(Into::into)?.collect();
            Ok(addresses.into_iter())
        };
        Box::pin(Owned::new(subsegment, work, looked_up))
    }
}

#[cfg(feature = "reqwest")]
impl reqwest::dns::Resolve for TracedResolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let mut resolver = self.clone();
        let resolving = name.as_str().parse().map(|name: Name| resolver.call(name));
        Box::pin(async move { Ok(Box::new(resolving?.await?) as reqwest::dns::Addrs) })
    }
}
