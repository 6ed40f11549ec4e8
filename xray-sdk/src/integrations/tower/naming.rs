//! [`Naming`]: what a request's segment is called.

use std::borrow::Cow;

use crate::sampling::matches_pattern;

/// How segments are named. `AWS_XRAY_TRACING_NAME` beats it.
#[derive(Clone, Debug)]
pub enum Naming {
    /// Always this.
    Fixed(Cow<'static, str>),
    /// The `Host` header if it matches the pattern, else the fallback: hosts can be forged, and each name is a node on the map.
    Dynamic {
        /// Knows `*` and `?`, and no case.
        pattern: Cow<'static, str>,
        /// For other hosts, and for requests without one.
        fallback: Cow<'static, str>,
    },
}

impl Naming {
    pub(super) fn name(&self, host: Option<&str>) -> Cow<'static, str> {
        match self {
            Self::Fixed(name) => name.clone(),
            Self::Dynamic { pattern, fallback } => {
                let host = host.map(without_port).filter(|host| matches_pattern(pattern, host));
                host.map_or_else(|| fallback.clone(), |host| Cow::Owned(host.to_owned()))
            }
        }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forged_hosts_get_the_fallback() {
        let naming = Naming::Dynamic { pattern: "*.shop.com".into(), fallback: "shop".into() };
        assert_eq!(naming.name(Some("API.shop.com:8080")), "API.shop.com");
        assert_eq!(naming.name(Some("evil.com")), "shop");
        assert_eq!(naming.name(None), "shop");
        assert_eq!(without_port("[::1]:80"), "[::1]");
    }
}
