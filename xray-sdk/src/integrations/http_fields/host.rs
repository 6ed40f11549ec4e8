//! The host of a request, never with credentials.

use http::{HeaderMap, Uri, header};

/// Returns host and port that the caller asked for: the authority of the URI (HTTP/2, and HTTP/1 in absolute form), else the `Host` header.
///
/// A URI's authority may begin with `user:password@` (RFC 3986, 3.2.1), and a client may write the same into `Host`; that part is left out.
pub(crate) fn host_of<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let authority = uri.authority().map(http::uri::Authority::as_str);
    let host = authority.or_else(|| headers.get(header::HOST)?.to_str().ok())?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    (!host.is_empty()).then_some(host)
}

/// Returns the host without `:port`; brackets of IPv6 addresses stay.
#[cfg(any(feature = "tower", feature = "tonic"))]
pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Returns the URL without credentials and query. The path of `OPTIONS *` is empty (RFC 9112, 3.3).
pub(crate) fn url_of(uri: &Uri, headers: &HeaderMap) -> String {
    let path = if uri.path() == "*" { "" } else { uri.path() };
    match host_of(uri, headers) {
        Some(host) => format!("{}://{host}{path}", uri.scheme_str().unwrap_or("http")),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn request(uri: &str, host: Option<&str>) -> http::request::Parts {
        let builder = http::Request::builder().uri(uri);
        host.into_iter().fold(builder, |builder, host| builder.header("host", host)).body(()).unwrap().into_parts().0
    }

    fn url(uri: &str, host: Option<&str>) -> String {
        let parts = request(uri, host);
        url_of(&parts.uri, &parts.headers)
    }

    #[test]
    fn credentials_are_left_out_of_every_form() {
        assert_eq!(url("http://user:PASSWORD@host.example:81/ok?a=1", None), "http://host.example:81/ok");
        assert_eq!(url("https://token@host.example/ok", Some("other")), "https://host.example/ok");
        assert_eq!(url("/ok", Some("user:PASSWORD@host.example:81")), "http://host.example:81/ok");
        assert_eq!(url("/ok", Some("a@b@host.example")), "http://host.example/ok");
        assert_eq!(url("/ok", Some("user:PASSWORD@")), "/ok");
        assert_eq!(url("/ok", None), "/ok");
    }

    #[test]
    fn the_asterisk_is_no_path() {
        assert_eq!(url("*", Some("x")), "http://x");
    }

    #[test]
    fn ports_go_and_brackets_stay() {
        assert_eq!((without_port("a:80"), without_port("[::1]:80"), without_port("[::1]")), ("a", "[::1]", "[::1]"));
    }

    proptest! {
        #[test]
        fn no_userinfo_reaches_a_url(user in "[a-z0-9:%._~!$&'()*+,;=-]{1,20}", host in "[a-z]{1,9}", absolute in any::<bool>()) {
            let secret = format!("{user}@");
            let (uri, header) = if absolute { (format!("http://{secret}{host}/"), None) } else { ("/".to_owned(), Some(format!("{secret}{host}"))) };
            let builder = http::Request::builder().uri(&uri);
            let Ok(request) = header.iter().fold(builder, |builder, host| builder.header("host", host)).body(()) else { return Ok(()) };
            prop_assert_eq!(url_of(request.uri(), request.headers()), format!("http://{host}/"));
        }
    }
}
