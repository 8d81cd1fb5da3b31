use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::error::ApiError;
use crate::request;
use crate::settings::Network;

/// The address a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The address of the connection; or where that is of a trusted proxy, what it says in
    /// `X-Forwarded-For`. Counted from the right, for what stands on the left the client may have
    /// written: the first that is no trusted proxy is the client.
    #[must_use]
    pub fn find(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut client = peer.to_canonical();
        if !headers.contains_key(FORWARDED_FOR) {
            return Self(client);
        }
        if !is_trusted(client) {
            warn_once(client);
            return Self(client);
        }

        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops {
            // What is no address tells nothing, nor does what stands left of it.
            let Some(address) = std::str::from_utf8(hop).ok().and_then(parse) else {
                break;
            };
            client = address;
            if !is_trusted(client) {
                break;
            }
        }
        Self(client)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let client = request::Request::present(|request| request.client);
        client.map(Self).ok_or(ApiError::Internal)
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address, with a port or without: `192.0.2.1:80`, `[2001:db8::1]`.
fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse();
    let address = address.or_else(|_| hop.parse().map(|address: SocketAddr| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

fn warn_once(peer: IpAddr) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            %peer,
            "X-Forwarded-For is not believed: if this is your proxy, name it in [server] \
             trusted_proxies"
        );
    }
}

const FORWARDED_FOR: &str = "x-forwarded-for";

#[cfg(test)]
mod tests {
    use super::*;

    /// The client of a request from this peer, with these lines of the header, where 10.0.0.0/8 is
    /// trusted.
    fn client(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let trusted = [Network::try_from("10.0.0.0/8".to_owned()).unwrap()];
        let client = ClientAddress::find(peer.parse().unwrap(), &headers, &trusted);
        client.to_string()
    }

    #[test]
    fn an_address_that_the_client_forges_is_not_believed() {
        assert_eq!(client("192.0.2.9", &["198.51.100.1"]), "192.0.2.9");
        assert_eq!(
            client("10.0.0.1", &["198.51.100.1, 192.0.2.9"]),
            "192.0.2.9"
        );
        assert_eq!(
            client("10.0.0.1", &["198.51.100.1", "192.0.2.9, 10.0.0.2"]),
            "192.0.2.9"
        );
    }

    #[test]
    fn a_trusted_proxy_says_whose_request_it_is() {
        assert_eq!(client("10.0.0.1", &["192.0.2.9"]), "192.0.2.9");
        assert_eq!(client("10.0.0.1", &["192.0.2.9:50000"]), "192.0.2.9");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(
            client("::ffff:10.0.0.1", &["::ffff:192.0.2.9"]),
            "192.0.2.9"
        );
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_is_no_address_hides_nobody() {
        assert_eq!(client("10.0.0.1", &["192.0.2.9, unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["192.0.2.9, , 10.0.0.3"]), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &["10.0.0.9"]), "10.0.0.9");
    }
}
