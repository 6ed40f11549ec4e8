//! The client's address, as proxies tell it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderMap;

/// The client as the proxies in front of a server name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forwarded {
    /// Nothing: the peer is the client.
    No,
    /// The address of the client.
    From(IpAddr),
    /// A proxy that names no address, such as `unknown` or `_hidden` (RFC 7239, 6.2 and 6.3). The peer is the proxy, not the client.
    Hidden,
}

impl Forwarded {
    /// Reads `X-Forwarded-For`, else `Forwarded`. The first entry is the client, as far as the proxies tell the truth.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        first_entry(headers, "x-forwarded-for")
            .or_else(|| first_entry(headers, "forwarded").and_then(node_of))
            .map_or(Self::No, |entry| address_in(entry).map_or(Self::Hidden, Self::From))
    }
}

/// Returns the first entry that is not empty of all headers of this name.
fn first_entry<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lists = headers.get_all(name).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).find(|entry| !entry.is_empty())
}

/// Returns the value of `for` in an entry of `Forwarded`.
fn node_of(entry: &str) -> Option<&str> {
    entry.split(';').find_map(|pair| pair.split_once('=').filter(|(key, _)| key.trim().eq_ignore_ascii_case("for"))).map(|(_, node)| node)
}

/// Reads an address with or without port, brackets, quotes, zone and `for=`.
fn address_in(entry: &str) -> Option<IpAddr> {
    let entry = match entry.split_once('=') {
        Some((key, value)) if key.trim().eq_ignore_ascii_case("for") => value,
        _ => entry,
    };
    let node = entry.trim().trim_matches('"').trim();
    let address = node.parse::<SocketAddr>().map(|address| address.ip());
    let address = address.or_else(|_| node.parse()).ok().or_else(|| bracketed(node))?;
    Some(address.to_canonical())
}

/// Reads `[address]`, `[address%zone]:port` and `address%zone`.
fn bracketed(node: &str) -> Option<IpAddr> {
    let inner = match node.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => node,
    };
    let address = inner.split_once('%').map_or(inner, |(address, _)| address);
    address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn read(headers: &[(&'static str, &str)]) -> Forwarded {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Forwarded::read(&map)
    }

    #[test]
    fn an_address_is_found_in_every_form_that_proxies_write() {
        let from = |text: &str| Forwarded::From(text.parse().unwrap());
        for (value, expected) in [
            ("203.0.113.7", from("203.0.113.7")),
            (" 203.0.113.7 , 10.0.0.1", from("203.0.113.7")),
            ("203.0.113.7:4711", from("203.0.113.7")),
            ("2001:db8::1", from("2001:db8::1")),
            ("[2001:db8::1]", from("2001:db8::1")),
            ("[2001:db8::1]:4711", from("2001:db8::1")),
            ("\"[2001:db8::1]:4711\"", from("2001:db8::1")),
            ("fe80::1%eth0", from("fe80::1")),
            ("[fe80::1%25eth0]:1", from("fe80::1")),
            ("::ffff:203.0.113.7", from("203.0.113.7")),
            ("for=203.0.113.7", from("203.0.113.7")),
            ("unknown", Forwarded::Hidden),
            ("_secret, 203.0.113.7", Forwarded::Hidden),
            ("203.0.113.7:x", Forwarded::Hidden),
            ("<script>", Forwarded::Hidden),
            ("", Forwarded::No),
            (" , ", Forwarded::No),
        ] {
            assert_eq!(read(&[("x-forwarded-for", value)]), expected, "{value}");
        }
    }

    #[test]
    fn a_second_header_counts_when_the_first_is_empty() {
        let expected = Forwarded::From("203.0.113.7".parse().unwrap());
        assert_eq!(read(&[("x-forwarded-for", ""), ("x-forwarded-for", "203.0.113.7")]), expected);
    }

    #[test]
    fn the_standard_header_counts_where_the_usual_one_is_absent() {
        let from = |text: &str| Forwarded::From(text.parse().unwrap());
        for (value, expected) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", from("192.0.2.60")),
            ("proto=https; For=\"[2001:db8:cafe::17]:4711\", for=192.0.2.1", from("2001:db8:cafe::17")),
            ("for=unknown", Forwarded::Hidden),
            ("by=203.0.113.43", Forwarded::No),
        ] {
            assert_eq!(read(&[("forwarded", value)]), expected, "{value}");
        }
        assert_eq!(read(&[("forwarded", "for=192.0.2.60"), ("x-forwarded-for", "192.0.2.1")]), from("192.0.2.1"));
    }
}
