//! [`ApiError`]: what a client is told.

use axum::http::StatusCode;

use crate::storage::StorageError;

/// An error of an operation, with the code that the service's own clients know.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl ApiError {
    /// The caller's mistake.
    pub(crate) fn client(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    /// X-Ray's only word for bad input.
    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self::client("InvalidRequestException", message)
    }

    /// The Logs API's word for bad input.
    pub(crate) fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::client("InvalidParameterException", message)
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        tracing::error!(%error, "a call failed");
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, code: "InternalFailure", message: error.to_string() }
    }
}
