//! Where keys may come from: what URLs may look like, and which addresses a document of somebody
//! else may send us to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

/// Reads a URL that keys may come from: `https`, or `http` within this machine, or anywhere where
/// that is allowed.
pub(super) fn parse(text: &str, allow_http: bool) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "it is no URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has a user's name or password");
    }
    if url.fragment().is_some() {
        return Err("it has a fragment");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if allow_http || is_within_this_machine(&url) => Ok(url),
        "http" => Err("http without TLS is for this machine, or where `allow_http` is set"),
        _ => Err("its scheme is not https"),
    }
}

/// A URL as messages have it: without what may be secret.
pub(super) fn shown(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        let end = text.find(['?', '#', '@']).unwrap_or(text.len());
        return text[..end].chars().take(MAX_SHOWN).collect();
    };
    if url.cannot_be_a_base() {
        return format!("{}:\u{2026}", url.scheme());
    }
    url.set_query(None);
    url.set_fragment(None);
    // Where it can have neither, there is nothing to take away.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.as_str().chars().take(MAX_SHOWN).collect()
}

/// The address that stands in a URL in place of a name: of those no resolver is asked.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_matches(['[', ']']).parse().ok()
}

fn is_within_this_machine(url: &Url) -> bool {
    match literal(url) {
        Some(address) => address.is_loopback(),
        None => url.host_str() == Some("localhost"),
    }
}

/// Whether an address is out in the internet, and nothing special (IANA's registries of
/// special-purpose addresses, RFC 6890).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    let is_within = |&(net, length): &(Ipv4Addr, u32)| (bits ^ net.to_bits()) >> (32 - length) == 0;
    !SPECIAL_V4.iter().any(is_within)
}

/// Of what is not assigned yet, nothing is public. An address of the first version is public in
/// one clothing alone: that of networks that have no other way to it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let is_within =
        |&(net, length): &(Ipv6Addr, u32)| (bits ^ net.to_bits()) >> (128 - length) == 0;
    if is_within(&NAT64) {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    is_within(&GLOBAL_V6) && !SPECIAL_V6.iter().any(is_within)
}

const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    // This network, and `0.0.0.0`, which leads to this machine.
    (Ipv4Addr::UNSPECIFIED, 8),
    // Private (RFC 1918).
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Shared with the provider (RFC 6598).
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // This machine.
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // This link, and what clouds tell their machines.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Protocols, documentation, measurements.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // To many, reserved, to all.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// What has been assigned to the internet at all.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    // Protocols, Teredo among them.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // 6to4 has an address of the first version inside.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];
/// RFC 6052 2.1.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
/// Far above what URLs of key sets have.
const MAX_SHOWN: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn public(addresses: &[&str]) -> Vec<bool> {
        let public = |address: &&str| is_public(address.parse().unwrap());
        addresses.iter().map(public).collect()
    }

    #[test]
    fn addresses_within_reach_of_us_alone_are_not_public() {
        let addresses = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.168.1.1",
            "198.19.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "fec0::1",
            "100::1",
        ];

        assert_eq!(public(&addresses), [false; 22]);
    }

    #[test]
    fn a_private_address_in_the_clothes_of_version_6_is_not_public() {
        let addresses = [
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::10.0.0.1",
            "2002:0a00:0001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        ];

        assert_eq!(public(&addresses), [false; 9]);
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        let addresses = [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "64:ff9b::8.8.8.8",
        ];

        assert_eq!(public(&addresses), [true; 13]);
    }

    #[test]
    fn http_is_for_this_machine_or_where_it_is_allowed() {
        let refused = Err("http without TLS is for this machine, or where `allow_http` is set");

        assert!(parse("https://id.example/jwks", false).is_ok());
        assert!(parse("http://127.8.0.1:1/jwks", false).is_ok());
        assert!(parse("http://[::1]:1/jwks", false).is_ok());
        assert!(parse("http://LOCALHOST/jwks", false).is_ok());
        assert_eq!(parse("http://id.example/jwks", false), refused);
        assert_eq!(parse("http://localhost.id.example/jwks", false), refused);
        assert_eq!(parse("http://10.0.0.1/jwks", false), refused);
        assert!(parse("http://id.example/jwks", true).is_ok());
    }

    #[test]
    fn a_url_of_another_scheme_is_refused() {
        let refused = |url| parse(url, true).unwrap_err();

        assert_eq!(refused("file:///etc/passwd"), "its scheme is not https");
        assert_eq!(refused("ftp://id.example/jwks"), "its scheme is not https");
        assert_eq!(
            refused("data:application/json,{}"),
            "its scheme is not https"
        );
        assert_eq!(refused("unix:/run/socket"), "its scheme is not https");
        assert_eq!(refused("id.example/jwks"), "it is no URL");
    }

    #[test]
    fn a_url_with_a_password_or_a_fragment_is_refused() {
        let refused = |url| parse(url, true).unwrap_err();

        assert_eq!(
            refused("https://me:pw@a.example/"),
            "it has a user's name or password"
        );
        assert_eq!(
            refused("https://me@a.example/"),
            "it has a user's name or password"
        );
        assert_eq!(
            refused("https://:pw@a.example/"),
            "it has a user's name or password"
        );
        assert_eq!(refused("https://a.example/#keys"), "it has a fragment");
    }

    #[test]
    fn a_url_is_shown_without_what_may_be_secret() {
        assert_eq!(
            shown("https://me:pw@a.example/jwks?key=1#x"),
            "https://a.example/jwks"
        );
        assert_eq!(shown("https//me?key=1"), "https//me");
        assert_eq!(shown("me:pw@a.example"), "me:…");
        assert_eq!(shown("pw@a.example/"), "pw");
    }

    #[test]
    fn an_address_in_other_figures_is_the_same_address() {
        let address = |url| literal(&Url::parse(url).unwrap());

        assert_eq!(address("http://2130706433/"), "127.0.0.1".parse().ok());
        assert_eq!(address("http://0x7f.1/"), "127.0.0.1".parse().ok());
        assert_eq!(
            address("https://[::ffff:a00:1]/"),
            "::ffff:10.0.0.1".parse().ok()
        );
        assert_eq!(address("https://id.example/"), None);
    }
}
