//! Texts without credentials: of URLs, of connection strings, of headers that OpenTelemetry records as attributes.

use std::borrow::Cow;

/// Replaces a value that is not shown.
const REDACTED: &str = "REDACTED";
/// Parameters of presigned URLs, in lower case. The first four are those that OpenTelemetry's conventions name.
const PARAMETERS: [&str; 8] = [
    "awsaccesskeyid",
    "signature",
    "sig",
    "x-goog-signature",
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "access_token",
];
/// Headers whose values are credentials, in lower case, as the last part of an attribute's key.
const HEADERS: [&str; 5] = ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];
/// Keys of connection strings that hold no secret, in lower case without blanks and underscores.
const HARMLESS_KEYS: [&str; 16] = [
    "host",
    "hostaddr",
    "hostname",
    "server",
    "address",
    "datasource",
    "port",
    "database",
    "dbname",
    "initialcatalog",
    "applicationname",
    "encrypt",
    "sslmode",
    "timeout",
    "connecttimeout",
    "provider",
];

/// Removes `user:password@` from all URLs in a text, and the values of parameters that sign them. Borrows what has none.
#[must_use]
pub fn redact_urls(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>')).unwrap_or(after.len());
        let (url, following) = after.split_at_checked(end).unwrap_or((after, ""));
        clean.push_str(before);
        clean.push_str("://");
        push_url(&mut clean, url);
        rest = following;
    }
    clean.push_str(rest);
    if clean == text { Cow::Borrowed(text) } else { Cow::Owned(clean) }
}

/// Pushes what follows `://`.
fn push_url(clean: &mut String, url: &str) {
    let (plain, query) = url.split_at_checked(url.find(['?', '#']).unwrap_or(url.len())).unwrap_or((url, ""));
    let authority = plain.split('/').next().unwrap_or(plain);
    let has_port = authority.rsplit_once(':').is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    // A password may hold a `/` or an `@` that is not escaped, so the last `@` counts. Without credentials an `@` belongs to the path.
    let has_credentials = authority.contains('@') || !has_port;
    let host_at = if has_credentials { plain.rfind('@').map_or(0, |at| at + 1) } else { 0 };
    clean.push_str(plain.get(host_at..).unwrap_or_default());
    push_query(clean, query);
}

/// Pushes the query with its `?`, without the values of parameters that sign the request.
fn push_query(clean: &mut String, query: &str) {
    for (place, parameter) in query.split('&').enumerate() {
        if place > 0 {
            clean.push('&');
        }
        let (key, is_redacted) = match parameter.split_once('=') {
            Some((key, _)) => (key, PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(key.trim_start_matches(['?', '#'])))),
            None => (parameter, false),
        };
        if is_redacted {
            clean.push_str(key);
            clean.push('=');
            clean.push_str(REDACTED);
        } else {
            clean.push_str(parameter);
        }
    }
}

/// Returns a connection string without what may be a secret: a URL loses credentials and parameters; of `key=value` pairs only those stay whose
/// keys are known to be harmless.
#[must_use]
pub fn redact_connection_string(text: &str) -> String {
    // `file:` is SQLite's.
    if text.contains("://") || text.starts_with("file:") {
        let plain = text.split(['?', '#']).next().unwrap_or_default();
        return redact_urls(plain).into_owned();
    }
    let pairs: Vec<&str> = if text.contains(';') { text.split(';').collect() } else { text.split_whitespace().collect() };
    let separator = if text.contains(';') { ";" } else { " " };
    let is_harmless = |pair: &&str| {
        let key: String = pair.split('=').next().unwrap_or_default().chars().filter(|c| !c.is_whitespace() && *c != '_').collect();
        HARMLESS_KEYS.iter().any(|known| known.eq_ignore_ascii_case(&key))
    };
    pairs.into_iter().map(str::trim).filter(is_harmless).collect::<Vec<_>>().join(separator)
}

/// Returns the value of an attribute as it may be shown, by its key.
#[must_use]
pub fn redact_attribute<'a>(key: &str, value: &'a str) -> Cow<'a, str> {
    let name = key.rsplit('.').next().unwrap_or(key).replace('_', "-");
    if HEADERS.iter().any(|header| header.eq_ignore_ascii_case(&name)) {
        return Cow::Borrowed(REDACTED);
    }
    if key.ends_with("connection_string") { Cow::Owned(redact_connection_string(value)) } else { redact_urls(value) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn urls_lose_credentials_wherever_they_stand() {
        for (text, expected) in [
            ("postgres://u:PASSWORD@db/shop", "postgres://db/shop"),
            ("cannot reach http://u:PASSWORD@a:81/b, nor https://c/d", "cannot reach http://a:81/b, nor https://c/d"),
            ("redis://:PASSWORD@cache:6379/0", "redis://cache:6379/0"),
            ("http://a@b@host/", "http://host/"),
            ("amqp://u:PASS/WORD@host/v", "amqp://host/v"),
            ("http://host:80/a@b", "http://host:80/a@b"),
            ("amqp://u:a@b/PASSWORD@host/v", "amqp://host/v"),
            ("http://host/a@b?c=d@e", "http://host/a@b?c=d@e"),
            ("mail bob@x.com", "mail bob@x.com"),
        ] {
            assert_eq!(redact_urls(text), expected, "{text}");
        }
    }

    #[test]
    fn presigned_urls_lose_what_signs_them() {
        let url = "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA&X-Amz-Date=1&X-Amz-Signature=abc&x-amz-security-token=t";
        let expected =
            "https://b.s3.amazonaws.com/k?X-Amz-Credential=REDACTED&X-Amz-Date=1&X-Amz-Signature=REDACTED&x-amz-security-token=REDACTED";
        assert_eq!(redact_urls(url), expected);
    }

    #[test]
    fn connection_strings_keep_what_is_known_to_be_harmless() {
        for (text, expected) in [
            ("postgres://u:PASSWORD@db/shop?password=PASSWORD", "postgres://db/shop"),
            ("Server=db,1433;Database=shop;User Id=u;Password=PASSWORD;Encrypt=true", "Server=db,1433;Database=shop;Encrypt=true"),
            ("host=db port=5432 user=u password=PASSWORD dbname=shop", "host=db port=5432 dbname=shop"),
            ("file:shop.db?key=PASSWORD", "file:shop.db"),
            ("PASSWORD", ""),
        ] {
            assert_eq!(redact_connection_string(text), expected, "{text}");
        }
    }

    #[test]
    fn headers_with_credentials_are_not_shown() {
        assert_eq!(redact_attribute("http.request.header.authorization", "Bearer PASSWORD"), "REDACTED");
        assert_eq!(redact_attribute("http.request.header.x_api_key", "PASSWORD"), "REDACTED");
        assert_eq!(redact_attribute("db.connection_string", "password=PASSWORD"), "");
        assert_eq!(redact_attribute("note", "plain"), "plain");
    }

    proptest! {
        #[test]
        fn no_password_of_a_url_survives(
            user in "[a-z]{0,5}", noise in "[a-zA-Z0-9%._~!$&'()*+,;=:@-]{0,8}", host in "[a-z]{1,9}", path in "(/[a-z0-9]{0,5}){0,3}",
        ) {
            let text = format!("x postgres://{user}:{noise}s3cret@{host}{path} y");
            prop_assert_eq!(redact_urls(&text), format!("x postgres://{host}{path} y"));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            drop(redact_urls(&text));
            drop(redact_connection_string(&text));
        }
    }
}
