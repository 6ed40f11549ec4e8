//! The one-line shape.

use std::future::Future;

use reqwest::{Client, Error, Request, RequestBuilder, Response};

use super::call::{Settings, begin, begin_invalid, drive};

/// Adds traced calls to `reqwest::RequestBuilder`.
pub trait RequestBuilderExt {
    /// Sends the request in a subsegment; what `send` would do otherwise.
    ///
    /// # Errors
    /// Those of `send`.
    fn send_traced(self) -> impl Future<Output = Result<Response, Error>> + Send;
}

impl RequestBuilderExt for RequestBuilder {
    async fn send_traced(self) -> Result<Response, Error> {
        let (client, request) = self.build_split();
        match request {
            Ok(request) => client.execute_traced(request).await,
            Err(error) => {
                let call = drive(begin_invalid(), std::future::ready(Err(error)));
                call.await
            }
        }
    }
}

/// Adds traced calls to `reqwest::Client`.
pub trait ClientExt {
    /// Executes the request in a subsegment.
    ///
    /// # Errors
    /// Those of `execute`.
    fn execute_traced(&self, request: Request) -> impl Future<Output = Result<Response, Error>> + Send;
}

impl ClientExt for Client {
    async fn execute_traced(&self, mut request: Request) -> Result<Response, Error> {
        let subsegment = begin(&mut request, Settings::default());
        drive(subsegment, self.execute(request)).await
    }
}
