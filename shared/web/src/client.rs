//! Where a request comes from, whatever stands between the client and this program.

use axum::http::{Extensions, HeaderMap};
use service::Via;
use std::net::{IpAddr, SocketAddr};

/// The other end of the connection as the host knows it: the TCP peer, or the source that AWS names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The client's address; none if nothing trustworthy tells it.
pub(crate) fn client_ip(via: Via, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
    let peer = extensions.get::<Peer>().map(|peer| peer.0);
    let told = match via {
        Via::Direct => None,
        Via::Railway => values(headers, "x-real-ip").next_back(),
        // Counted from the right: what stands further left was sent by the client.
        Via::Proxies(hops) => values(headers, "x-forwarded-for").nth_back(usize::from(hops) - 1),
    };
    told.and_then(address)
        .or(peer)
        .map(|ip: IpAddr| ip.to_canonical())
}

/// An address as proxies write it: alone, in brackets, with or without the port that it was called from.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let with_port = || text.parse().ok().map(|socket: SocketAddr| socket.ip());
    bare.unwrap_or(text).parse().ok().or_else(with_port)
}

/// The values of a header that may be a list, and may come more than once.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl DoubleEndedIterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn ip(via: Via, peer: &str, headers: &[(&'static str, &str)]) -> String {
        let headers = headers.iter();
        let headers: HeaderMap = headers
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append(name, value);
                map
            });
        let mut extensions = Extensions::new();
        if let Ok(peer) = peer.parse() {
            extensions.insert(Peer(peer));
        }
        client_ip(via, &headers, &extensions).map_or_else(String::new, |ip| ip.to_string())
    }

    const SPOOF: (&str, &str) = ("x-forwarded-for", "1.2.3.4");

    #[test] // R8
    fn headers_count_for_nothing_without_a_proxy() {
        let headers = [
            SPOOF,
            ("x-real-ip", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4"),
        ];
        assert_eq!(ip(Via::Direct, "192.0.2.9", &headers), "192.0.2.9");
        assert_eq!(ip(Via::Direct, "::ffff:192.0.2.9", &headers), "192.0.2.9");
        assert_eq!(ip(Via::Direct, "", &headers), "");
    }

    #[test] // R8
    fn proxies_are_counted_from_the_right() {
        let two = ("x-forwarded-for", "198.51.100.7, 10.0.0.2");
        assert_eq!(ip(Via::Proxies(1), "10.0.0.1", &[SPOOF, two]), "10.0.0.2");
        assert_eq!(
            ip(Via::Proxies(2), "10.0.0.1", &[SPOOF, two]),
            "198.51.100.7"
        );
        // Whoever comes with too few hops did not come through the proxies.
        assert_eq!(ip(Via::Proxies(2), "192.0.2.9", &[SPOOF]), "192.0.2.9");
        let noise = ("x-forwarded-for", "not-an-address");
        assert_eq!(ip(Via::Proxies(1), "192.0.2.9", &[noise]), "192.0.2.9");
    }

    #[test] // R8
    fn an_address_may_have_brackets_and_a_port() {
        for (written, read) in [
            ("203.0.113.7:54321", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[::ffff:203.0.113.7]:1", "203.0.113.7"),
        ] {
            let through = [SPOOF, ("x-forwarded-for", written)];
            assert_eq!(ip(Via::Proxies(1), "10.0.0.1", &through), read);
            assert_eq!(
                ip(Via::Railway, "10.0.0.1", &[("x-real-ip", written)]),
                read
            );
        }
        for written in [
            "203.0.113.7:",
            "203.0.113.7:x",
            "[2001:db8::1",
            "[]",
            ":443",
        ] {
            let through = [("x-forwarded-for", written)];
            assert_eq!(ip(Via::Proxies(1), "10.0.0.1", &through), "10.0.0.1");
        }
    }

    #[test] // R8
    fn on_railway_its_own_header_counts() {
        let own = ("x-real-ip", "198.51.100.7");
        assert_eq!(
            ip(Via::Railway, "100.64.0.2", &[SPOOF, own]),
            "198.51.100.7"
        );
        assert_eq!(ip(Via::Railway, "100.64.0.2", &[SPOOF]), "100.64.0.2");
    }
}
