//! Reads bodies within limits, inflating gzip.

use std::io::Read as _;

use axum::body::Body;
use axum::http::HeaderMap;
use bytes::Bytes;

use super::error::ApiError;

/// Bytes of a body, before and after inflation. AWS's own limits are lower; this keeps a bomb from filling the memory.
const LIMIT: usize = 16 * 1024 * 1024;

/// Reads a whole body.
pub(crate) async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    let bytes = axum::body::to_bytes(body, LIMIT).await.map_err(|error| too_large(&error.to_string()))?;
    let encoding = headers.get("content-encoding").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if encoding.split(',').any(|part| part.trim().eq_ignore_ascii_case("gzip")) { inflate(&bytes) } else { Ok(bytes) }
}

fn inflate(bytes: &[u8]) -> Result<Bytes, ApiError> {
    let mut inflated = Vec::new();
    let read = flate2::read::MultiGzDecoder::new(bytes).take(LIMIT as u64 + 1).read_to_end(&mut inflated);
    match read {
        Ok(size) if size > LIMIT => Err(too_large("it inflates to more than 16 MB")),
        Ok(_) => Ok(inflated.into()),
        Err(error) => Err(ApiError::client("SerializationException", format!("the body is no gzip: {error}"))),
    }
}

fn too_large(why: &str) -> ApiError {
    ApiError {
        status: axum::http::StatusCode::PAYLOAD_TOO_LARGE,
        code: "RequestEntityTooLarge",
        message: format!("the body is refused: {why}"),
    }
}
