//! Reads bodies within limits, inflating gzip.

use std::io::Read as _;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};

/// Bytes of a request, before and after inflation: what gRPC's clients send at most unless told otherwise. A span of two bytes takes a few
/// hundred in memory, so more would be an invitation.
pub(super) const LIMIT: usize = 4 << 20;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the body has more than 4 MB")]
    TooLarge,
    #[error("the content encoding is neither gzip nor identity")]
    Encoding,
    #[error("the body is no gzip: {0}")]
    Gzip(std::io::Error),
    #[error("the body did not arrive: {0}")]
    Read(axum::Error),
}

impl BodyError {
    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Gzip(_) | Self::Read(_) => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads a whole body.
pub(super) async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, BodyError> {
    let encoding = headers.get(header::CONTENT_ENCODING).map_or("identity", |value| value.to_str().unwrap_or_default());
    let is_gzip = encoding.eq_ignore_ascii_case("gzip");
    if !is_gzip && !encoding.eq_ignore_ascii_case("identity") {
        return Err(BodyError::Encoding);
    }
    let bytes = axum::body::to_bytes(body, LIMIT).await.map_err(of_reading)?;
    if is_gzip { inflate(&bytes) } else { Ok(bytes) }
}

fn of_reading(error: axum::Error) -> BodyError {
    let is_limit = std::error::Error::source(&error).is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>());
    if is_limit { BodyError::TooLarge } else { BodyError::Read(error) }
}

fn inflate(bytes: &[u8]) -> Result<Bytes, BodyError> {
    let mut inflated = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(bytes).take(LIMIT as u64 + 1).read_to_end(&mut inflated);
    match read {
        Ok(size) if size > LIMIT => Err(BodyError::TooLarge),
        Ok(_) => Ok(inflated.into()),
        Err(error) => Err(BodyError::Gzip(error)),
    }
}
