//! The shape for `reqwest_middleware`.

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use super::call::{DescribeCall, Settings, begin, drive};
use crate::Exceptions;

/// Traces the calls of a `reqwest_middleware::ClientWithMiddleware`. Put it behind a retry middleware to see each attempt.
///
/// ```
/// let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
///     .with(xray_sdk::reqwest::TraceMiddleware::default())
///     .build();
/// # drop(client);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceMiddleware {
    settings: Settings,
}

impl TraceMiddleware {
    /// A middleware with these settings; [`Default`] has the default ones.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

#[async_trait::async_trait]
impl Middleware for TraceMiddleware {
    async fn handle(&self, mut request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let subsegment = begin(&mut request, self.settings);
        drive(subsegment, next.run(request, extensions)).await
    }
}

impl DescribeCall for Error {
    fn describe(&self) -> Exceptions {
        match self {
            Self::Reqwest(error) => error.describe(),
            Self::Middleware(error) => Exceptions::of_display(error),
        }
    }
}
