use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::postgres::is_socket;
use super::{PostgresUrl, Tls};

impl PostgresUrl {
    /// Reads what stands after `postgres://`. No message repeats a part of it: a password with a
    /// special character could be anywhere.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let (text, query) = text.split_once('?').unwrap_or((text, ""));
        let (authority, name) = text.split_once('/').unwrap_or((text, ""));
        let (user, hosts) = authority.split_once('@').unwrap_or(("", authority));
        if hosts.contains('@') || name.contains(['@', '/']) {
            return Err(UNENCODED);
        }
        let mut read = Read::default();
        read.user(user)?;
        read.authority(hosts)?;
        read.name = decoded(name)?;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or(UNENCODED)?;
            read.parameter(&decoded(key)?, decoded(value)?)?;
        }
        read.finish()
    }
}

/// A URL as far as it was read.
#[derive(Default)]
struct Read {
    user: String,
    password: String,
    hosts: Vec<String>,
    ports: Vec<u16>,
    name: String,
    parameters: Vec<(String, String)>,
}

impl Read {
    fn user(&mut self, text: &str) -> Result<(), &'static str> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        self.user = decoded(user)?;
        self.password = decoded(password)?;
        Ok(())
    }

    fn authority(&mut self, text: &str) -> Result<(), &'static str> {
        for one in text.split(',').filter(|_| !text.is_empty()) {
            let (host, port) = match one.strip_prefix('[') {
                Some(address) => address.split_once(']').ok_or(WRONG_HOST)?,
                None => one.split_at(one.find(':').unwrap_or(one.len())),
            };
            self.hosts.push(decoded(host)?);
            let port = match port {
                "" => "",
                port => port.strip_prefix(':').ok_or(WRONG_HOST)?,
            };
            self.ports.push(parse_port(&decoded(port)?)?);
        }
        Ok(())
    }

    /// A parameter wins over what stands before it, as with libpq.
    fn parameter(&mut self, key: &str, value: String) -> Result<(), &'static str> {
        match key {
            "user" => self.user = value,
            "password" => self.password = value,
            "dbname" => self.name = value,
            "host" => self.hosts = value.split(',').map(str::to_owned).collect(),
            "port" => self.ports = value.split(',').map(parse_port).collect::<Result<_, _>>()?,
            key if !PARAMETERS.contains(&key) => return Err(UNKNOWN_PARAMETER),
            key => match fault(key, &value) {
                Some(fault) => return Err(fault),
                None => self.parameters.push((key.to_owned(), value)),
            },
        }
        Ok(())
    }

    fn finish(self) -> Result<PostgresUrl, &'static str> {
        if self.hosts.is_empty() || self.hosts.iter().any(String::is_empty) {
            return Err(NO_HOST);
        }
        if !self
            .hosts
            .iter()
            .all(|host| is_host(host) || is_socket(host))
        {
            return Err(WRONG_HOST);
        }
        if self.name.is_empty() {
            return Err(NO_NAME);
        }
        let ports = match self.ports[..] {
            [] => vec![DEFAULT_PORT; self.hosts.len()],
            [port] => vec![port; self.hosts.len()],
            _ if self.ports.len() == self.hosts.len() => self.ports,
            _ => return Err(WRONG_PORT),
        };
        let tls = Tls::read(|name| {
            let mut named = self.parameters.iter().filter(|(key, _)| key == name);
            named.next_back().map(|(_, value)| value.as_str())
        })?;
        Ok(PostgresUrl {
            user: Some(self.user).filter(|user| !user.is_empty()),
            password: Some(self.password)
                .filter(|password| !password.is_empty())
                .map(SecretString::from),
            hosts: self.hosts.into_iter().zip(ports).collect(),
            name: self.name,
            parameters: self.parameters,
            tls,
        })
    }
}

/// What is wrong with the value of a parameter. Those of TLS are read together.
fn fault(key: &str, value: &str) -> Option<&'static str> {
    let (is_fit, fault) = match key {
        "channel_binding" => (
            ["disable", "prefer", "require"].contains(&value),
            "expected channel_binding to be disable, prefer or require",
        ),
        "load_balance_hosts" => (
            ["disable", "random"].contains(&value),
            "expected load_balance_hosts to be disable or random",
        ),
        "target_session_attrs" => (
            ["any", "primary", "read-write"].contains(&value),
            "the service writes: expected target_session_attrs to be any, primary or read-write",
        ),
        "connect_timeout"
        | "keepalives"
        | "keepalives_count"
        | "keepalives_idle"
        | "keepalives_interval" => (
            value.parse::<u32>().is_ok(),
            "expected connect_timeout and the keepalives to be whole numbers",
        ),
        _ => return None,
    };
    (!is_fit).then_some(fault)
}

/// A port; none is the one that PostgreSQL has by itself.
fn parse_port(text: &str) -> Result<u16, &'static str> {
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or(WRONG_PORT)
}

/// The name of a host, or its address, perhaps with a zone.
fn is_host(text: &str) -> bool {
    let is_of_host = |c: char| c.is_ascii_alphanumeric() || "-._:%".contains(c);
    text.chars().all(is_of_host)
}

/// A text without its percent-encoding, which is whole, of UTF-8 and without NUL.
fn decoded(text: &str) -> Result<String, &'static str> {
    let is_encoded = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_encoded) {
        return Err(UNENCODED);
    }
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| UNENCODED)?;
    if decoded.contains('\0') {
        return Err(UNENCODED);
    }
    Ok(decoded.into_owned())
}

const DEFAULT_PORT: u16 = 5432;
/// libpq's, of which the service knows what they mean, besides those of [`Read::parameter`].
const PARAMETERS: [&str; 14] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "options",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
];

const NO_HOST: &str = "expected a host: postgres://user@host/name, or for a socket \
                       postgres://user@/name?host=/var/run/postgresql";
const NO_NAME: &str = "expected the name of a database: postgres://user@host/name";
const UNENCODED: &str = "what is special in a user, a password or a name is percent-encoded: `%` as \
                         %25, `/` as %2F, `?` as %3F, `@` as %40";
const UNKNOWN_PARAMETER: &str = "an unknown parameter, expected some of user, password, host, port, \
                                 dbname, application_name, channel_binding, connect_timeout, \
                                 keepalives, keepalives_count, keepalives_idle, \
                                 keepalives_interval, load_balance_hosts, options, sslcert, sslkey, \
                                 sslmode, sslrootcert, target_session_attrs";
const WRONG_HOST: &str = "expected hosts to be names, addresses, or the folders of sockets";
const WRONG_PORT: &str = "expected ports to be numbers, one for all hosts or one for each; in a \
                          password `/` is written %2F, and `?` %3F";

#[cfg(test)]
mod tests;
