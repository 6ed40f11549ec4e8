//! [`OtlpEndpoint`]: which collector, and what it wants to be told with each request.

use std::fmt;

use ureq::http::Uri;

/// Where OpenTelemetry's own SDKs send to when nothing is configured.
const DEFAULT: &str = "http://localhost:4318";

/// A collector: the URL that takes traces, and headers.
///
/// ```
/// use xray_sdk::OtlpEndpoint;
///
/// # fn run() -> Result<(), xray_sdk::OtlpEndpointError> {
/// let collector = OtlpEndpoint::new("https://otlp.example.com/v1/traces")?.header("x-api-key", "..");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct OtlpEndpoint {
    pub(super) url: Uri,
    pub(super) headers: Vec<(String, String)>,
}

/// Headers hold keys, so their values are not shown.
impl fmt::Debug for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("OtlpEndpoint").field("url", &self.url.to_string()).field("headers", &names).finish()
    }
}

/// A URL or a list of headers that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpEndpointError(String);

impl fmt::Display for OtlpEndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OtlpEndpointError {}

impl OtlpEndpoint {
    /// The whole URL, such as `http://localhost:4318/v1/traces`. A URL without a path is given `/v1/traces`.
    ///
    /// # Errors
    /// When it is no `http` or `https` URL.
    pub fn new(url: &str) -> Result<Self, OtlpEndpointError> {
        let wrong = || OtlpEndpointError(format!("`{url}` is no http or https URL"));
        let has_path = url.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/').contains('/'));
        let whole = if has_path { url.to_owned() } else { format!("{}/v1/traces", url.trim_end_matches('/')) };
        let parsed: Uri = whole.parse().map_err(|_| wrong())?;
        let is_http = matches!(parsed.scheme_str(), Some("http" | "https"));
        if is_http && parsed.host().is_some() { Ok(Self { url: parsed, headers: Vec::new() }) } else { Err(wrong()) }
    }

    /// Reads OpenTelemetry's variables: `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` as it is, else `OTEL_EXPORTER_OTLP_ENDPOINT` with `/v1/traces`
    /// behind it, else `http://localhost:4318/v1/traces`; and `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, else `OTEL_EXPORTER_OTLP_HEADERS`,
    /// as `name=value,name=value`.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn from_env() -> Result<Self, OtlpEndpointError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, OtlpEndpointError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let base = || variable("OTEL_EXPORTER_OTLP_ENDPOINT").unwrap_or_else(|| DEFAULT.into());
        let url = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").unwrap_or_else(|| format!("{}/v1/traces", base().trim_end_matches('/')));
        let mut endpoint = Self::new(&url)?;
        let headers = variable("OTEL_EXPORTER_OTLP_TRACES_HEADERS").or_else(|| variable("OTEL_EXPORTER_OTLP_HEADERS"));
        for header in headers.iter().flat_map(|headers| headers.split(',')).filter(|header| !header.trim().is_empty()) {
            let (name, value) = header.split_once('=').ok_or_else(|| OtlpEndpointError("a header of OTLP is no name=value".into()))?;
            endpoint = endpoint.header(name.trim(), value.trim());
        }
        Ok(endpoint)
    }

    /// A header of each request, such as a key.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(pairs: &[(&str, &str)]) -> String {
        let find = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        OtlpEndpoint::from_variables(find).map_or_else(|error| error.to_string(), |endpoint| endpoint.url.to_string())
    }

    #[test]
    fn the_variables_are_read_as_opentelemetry_reads_them() {
        assert_eq!(url(&[]), "http://localhost:4318/v1/traces");
        assert_eq!(url(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1/base/")]), "http://c:1/base/v1/traces");
        assert_eq!(url(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c/own")]), "https://c/own");
        assert_eq!(url(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "c:1")]), "`c:1/v1/traces` is no http or https URL");
        assert_eq!(url(&[("OTEL_EXPORTER_OTLP_HEADERS", "novalue")]), "a header of OTLP is no name=value");
    }

    #[test]
    fn keys_in_headers_are_not_shown() {
        let endpoint = OtlpEndpoint::new("http://c").map(|endpoint| endpoint.header("x-key", "s3cret"));
        let shown = format!("{endpoint:?}");
        assert!(shown.contains("x-key") && shown.contains("http://c/v1/traces") && !shown.contains("s3cret"), "{shown}");
    }
}
