mod tls;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use documented::DocumentedFields;
use ipnet::{IpNet, Ipv4Net};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tegata_jwt::Lifetime;

use super::{list, number};

pub use self::tls::ServerTls;

/// `[server]`: where the service listens, and to how many.
#[derive(Clone, Debug, Deserialize, DocumentedFields, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address and port to listen on. Port 0 takes a free one.
    #[serde(deserialize_with = "address")]
    pub bind: SocketAddr,
    /// An address and a port of their own for `/metrics`, `/livez` and `/readyz`, in plain HTTP
    /// whatever `[server.tls]` says, and for 64 connections at a time. `/metrics` is then no longer
    /// answered where the others are.
    #[serde(
        deserialize_with = "address_or_none",
        serialize_with = "address_or_empty"
    )]
    pub metrics_bind: Option<SocketAddr>,
    /// The path under which `/token/pair` and its like live, without a slash at its end.
    pub api_prefix: PathPrefix,
    /// Whether `/docs` and `/openapi.json`, under that path, tell what the endpoints are and let one
    /// try them out, as those of Django Ninja do.
    pub docs: bool,
    /// The addresses or networks of the proxies in front, such as `["127.0.0.1", "10.0.0.0/8"]`: only
    /// they are believed when they say in `X-Forwarded-For` whose request it is. Without them the
    /// address of a client is that of its connection.
    #[serde(deserialize_with = "list::deserialize")]
    pub trusted_proxies: Vec<Network>,
    /// How many connections are open at a time at `bind`; those beyond are closed at once.
    /// Each takes some 120 KiB of memory at worst. Of HTTP/2 as many requests are under way at a time
    /// on all connections together; those beyond are answered 503. Where the process may open too few
    /// files for it, there are fewer, and the log says so at the start.
    #[serde(deserialize_with = "number::at_least_one")]
    pub max_connections: u32,
    /// How long requests under way may take to end after SIGTERM, and how long the process lives
    /// on at most.
    pub drain_time: Lifetime,
    /// TLS 1.2 and 1.3, with HTTP/2. The files are read at the start and at each reload (SIGHUP);
    /// whether there are any is not changed by a reload.
    pub tls: ServerTls,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            bind: (Ipv4Addr::LOCALHOST, 8000).into(),
            metrics_bind: None,
            api_prefix: PathPrefix("/api".to_owned()),
            docs: true,
            trusted_proxies: Vec::new(),
            max_connections: 4096,
            drain_time: Lifetime::seconds(15),
            tls: ServerTls::default(),
        }
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_address(&text).map_err(D::Error::custom)
}

fn address_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let address = (!text.is_empty()).then(|| parse_address(&text));
    address.transpose().map_err(D::Error::custom)
}

#[expect(clippy::ref_option, reason = "serde hands over the field")]
fn address_or_empty<S: Serializer>(
    address: &Option<SocketAddr>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let text = address.map(|address| address.to_string());
    text.unwrap_or_default().serialize(serializer)
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let expected = "an address and a port such as \"127.0.0.1:8000\" or \"[::1]:8000\"";
    text.parse()
        .map_err(|_| format!("`{text}` is not {expected}"))
}

/// The beginning of a URL path: `""`, or `/` and a segment, any number of times.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub struct PathPrefix(String);

impl PathPrefix {
    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PathPrefix {
    type Error = String;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        let mut segments = path.split('/');
        let begins_with_slash = segments.next() == Some("");
        let is_segment = |segment: &str| !segment.is_empty() && segment.chars().all(is_plain);
        if begins_with_slash && segments.all(is_segment) {
            return Ok(Self(path));
        }
        Err(format!(
            "`{path}` is not a path such as \"/api\": a slash first, none at the end"
        ))
    }
}

/// An address, or all that begin alike: `"10.0.0.0/8"`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

impl Network {
    /// Whether an address is one of these.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let network = address.or_else(|_| text.parse::<IpNet>());
        let expected = "an address or a network such as \"10.0.0.1\" or \"10.0.0.0/8\"";
        network
            .map(|network| Self(canonical(network)))
            .map_err(|_| format!("`{text}` is not {expected}"))
    }
}

/// Addresses of IPv4 in IPv6's clothes, `::ffff:10.0.0.0/104`, as the addresses they are: so is that
/// of a client.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let address = v6.addr().to_ipv4_mapped();
    let v4 = address
        .zip(v6.prefix_len().checked_sub(96))
        .and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
    v4.map_or(network, IpNet::from)
}

impl From<Network> for String {
    fn from(Network(network): Network) -> Self {
        if network.prefix_len() == network.max_prefix_len() {
            network.addr().to_string()
        } else {
            network.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_path_without_a_slash_at_its_end() {
        for path in ["", "/api", "/v1/auth.api"] {
            assert!(PathPrefix::try_from(path.to_owned()).is_ok(), "{path}");
        }
        for path in ["api", "/", "/api/", "//api", "/{id}", "/a b", "/a?b"] {
            assert!(PathPrefix::try_from(path.to_owned()).is_err(), "{path}");
        }
    }

    #[test]
    fn a_network_of_ipv4_is_one_whichever_way_it_is_written() {
        let network = |text: &str| Network::try_from(text.to_owned()).unwrap();
        let proxy = IpAddr::from([10, 0, 0, 1]);

        for text in ["10.0.0.0/8", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1"] {
            assert!(network(text).contains(proxy), "{text}");
        }
        assert!(!network("::ffff:10.0.0.0/112").contains([10, 1, 0, 1].into()));
        assert!(!network("::/0").contains(proxy));
    }
}
