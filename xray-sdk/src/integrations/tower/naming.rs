//! [`Naming`]: what a request's segment is called.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use crate::integrations::http_fields::{host_of, without_port};
use crate::sampling::matches_pattern;

/// Names segments by the heads of requests.
type NameOf = dyn Fn(&Parts) -> Cow<'static, str> + Send + Sync;

/// How segments are named. `AWS_XRAY_TRACING_NAME` beats it.
#[derive(Clone)]
pub enum Naming {
    /// Always this.
    Fixed(Cow<'static, str>),
    /// The host in lower case if it matches the pattern, else the fallback: hosts can be forged, and each name is a node on the map.
    Dynamic {
        /// Knows `*` and `?`, and no case.
        pattern: Cow<'static, str>,
        /// For other hosts, and for requests without one.
        fallback: Cow<'static, str>,
    },
    /// What the application says; see [`Naming::by`].
    By(Arc<NameOf>),
}

impl fmt::Debug for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(name) => f.debug_tuple("Fixed").field(name).finish(),
            Self::Dynamic { pattern, fallback } => f.debug_struct("Dynamic").field("pattern", pattern).field("fallback", fallback).finish(),
            Self::By(_) => f.write_str("By(..)"),
        }
    }
}

impl Naming {
    /// Names by anything in a request's head. Each name is a node on the map, so take none that callers can invent.
    pub fn by(name: impl Fn(&Parts) -> Cow<'static, str> + Send + Sync + 'static) -> Self {
        Self::By(Arc::new(name))
    }

    pub(super) fn name(&self, request: &Parts) -> Cow<'static, str> {
        match self {
            Self::Fixed(name) => name.clone(),
            Self::By(name) => name(request),
            Self::Dynamic { pattern, fallback } => {
                let host = host_of(&request.uri, &request.headers).map(without_port).filter(|host| matches_pattern(pattern, host));
                // Hosts have no case (RFC 9110, 4.2.3), and each name is a node on the map.
                host.map_or_else(|| fallback.clone(), |host| Cow::Owned(host.to_ascii_lowercase()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(naming: &Naming, host: Option<&str>) -> String {
        let request = http::Request::get("/").header("x-tenant", "gold");
        let request = host.into_iter().fold(request, |request, host| request.header("host", host));
        naming.name(&request.body(()).expect("a request").into_parts().0).into_owned()
    }

    #[test]
    fn forged_hosts_get_the_fallback() {
        let naming = Naming::Dynamic { pattern: "*.shop.com".into(), fallback: "shop".into() };
        assert_eq!(name(&naming, Some("API.shop.com:8080")), "api.shop.com");
        assert_eq!(name(&naming, Some("user:PASSWORD@api.shop.com")), "api.shop.com");
        assert_eq!(name(&naming, Some("evil.com")), "shop");
        assert_eq!(name(&naming, None), "shop");
    }

    #[test]
    fn the_application_may_name_by_anything() {
        let naming = Naming::by(|request| if request.headers.contains_key("x-tenant") { "tenants".into() } else { "shop".into() });
        assert_eq!(name(&naming, None), "tenants");
    }
}
