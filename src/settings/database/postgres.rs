use std::fmt::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;

use super::{Tls, TlsMode};

/// A database of a PostgreSQL server, and how to reach it: a URL as libpq reads it.
///
/// Shown as `postgres://user@host:port/name`, for debugging with its parameters, never with its
/// password.
#[derive(Clone)]
pub struct PostgresUrl {
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretString>,
    /// Names, addresses, and folders of sockets, to be tried in this order.
    pub(super) hosts: Vec<(String, u16)>,
    pub(super) name: String,
    /// What stands after the `?`, except what is said above.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) tls: Tls,
}

impl PostgresUrl {
    /// How connections are encrypted.
    #[must_use]
    pub fn tls(&self) -> &Tls {
        &self.tls
    }

    /// What a client is told of this URL, as a connection string of keywords and values: all but the
    /// password, and of TLS only whether to encrypt.
    #[must_use]
    pub fn parameters(&self) -> String {
        let (hosts, ports): (Vec<_>, Vec<_>) = self.hosts.iter().cloned().unzip();
        let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
        let mut all = vec![
            ("host", hosts.join(",")),
            ("port", ports.join(",")),
            ("dbname", self.name.clone()),
            ("sslmode", self.sslmode().to_owned()),
            ("application_name", APPLICATION_NAME.to_owned()),
        ];
        all.extend(self.user.clone().map(|user| ("user", user)));
        for (key, value) in &self.parameters {
            match (key.as_str(), value.as_str()) {
                // The client's own word for it.
                ("keepalives_count", count) => all.push(("keepalives_retries", count.to_owned())),
                ("target_session_attrs", "primary") => {
                    all.push(("target_session_attrs", "read-write".to_owned()));
                }
                (key, _) if key.starts_with("ssl") => {}
                (key, value) => all.push((key, value.to_owned())),
            }
        }
        let quoted = |value: &str| value.replace('\\', r"\\").replace('\'', r"\'");
        let pair = |(key, value): &(&str, String)| format!("{key}='{}'", quoted(value));
        all.iter().map(pair).collect::<Vec<_>>().join(" ")
    }

    /// The password, where the URL holds it.
    #[must_use]
    pub fn password(&self) -> Option<&SecretString> {
        self.password.as_ref()
    }

    /// The three modes that a client itself has to know. As in libpq, sockets are not encrypted.
    fn sslmode(&self) -> &'static str {
        match self.tls.mode {
            _ if self.hosts.iter().all(|(host, _)| is_socket(host)) => "disable",
            TlsMode::Disable => "disable",
            TlsMode::Prefer => "prefer",
            TlsMode::Require | TlsMode::VerifyCa(_) | TlsMode::VerifyFull(_) => "require",
        }
    }

    /// The URL anew, with this after the user's name.
    fn write(&self, f: &mut fmt::Formatter<'_>, password: &str) -> fmt::Result {
        f.write_str("postgres://")?;
        let user = self.user.as_deref().unwrap_or_default();
        if !(user.is_empty() && password.is_empty()) {
            write!(f, "{}{password}@", encoded(user))?;
        }
        for (index, (host, port)) in self.hosts.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "," })?;
            if host.contains(':') {
                write!(f, "[{host}]:{port}")?;
            } else {
                write!(f, "{}:{port}", encoded(host))?;
            }
        }
        write!(f, "/{}", encoded(&self.name))
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.as_ref().map_or("", |_| ":[redacted]");
        self.write(f, password)?;
        for (index, (key, value)) in self.parameters.iter().enumerate() {
            f.write_char(if index == 0 { '?' } else { '&' })?;
            write!(f, "{key}={}", utf8_percent_encode(value, IN_QUERY))?;
        }
        Ok(())
    }
}

/// The folder of a socket.
pub(super) fn is_socket(host: &str) -> bool {
    host.starts_with('/')
}

fn encoded(text: &str) -> impl fmt::Display {
    utf8_percent_encode(text, ENCODED)
}

const APPLICATION_NAME: &str = "tegata";
/// What is bare wherever it stands in a URL (RFC 3986 2.3), and the slash where it stands in a query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const IN_QUERY: &AsciiSet = &ENCODED.remove(b'/');

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> PostgresUrl {
        PostgresUrl::read(text).unwrap()
    }

    #[test]
    fn a_message_names_the_database_without_its_password() {
        let url = parse("tegata:hunter2@db.example/shop?sslmode=require");

        assert_eq!(url.to_string(), "postgres://tegata@db.example:5432/shop");
    }

    #[test]
    fn what_is_printed_for_debugging_shows_all_but_the_password() {
        let url = parse("tegata:hunter2@a:1,[::1]:2/shop?sslmode=verify-full&sslrootcert=/ca.pem");

        assert_eq!(
            format!("{url:?}"),
            "postgres://tegata:[redacted]@a:1,[::1]:2/shop?sslmode=verify-full&sslrootcert=/ca.pem"
        );
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let url = parse("a%40b@%2Fvar%2Frun:5433/%C3%A9?options=-c%20search_path%3Da");

        let again = parse(format!("{url:?}").strip_prefix("postgres://").unwrap());

        assert_eq!(again.parameters(), url.parameters());
    }

    #[test]
    fn a_client_is_told_all_but_the_password() {
        let url = parse("tegata:hunter2@a:1,b/shop?application_name=it%27s&options=a%5Cb");

        assert_eq!(
            url.parameters(),
            r"host='a,b' port='1,5432' dbname='shop' sslmode='prefer' application_name='tegata' user='tegata' application_name='it\'s' options='a\\b'"
        );
    }

    #[test]
    fn a_client_is_told_in_its_own_words() {
        let url = parse("db/shop?keepalives_count=3&target_session_attrs=primary");

        let told = url.parameters();

        assert!(told.ends_with("keepalives_retries='3' target_session_attrs='read-write'"));
    }

    #[test]
    fn who_must_be_verified_must_encrypt() {
        let told = parse("db/shop?sslmode=verify-full").parameters();

        assert!(told.contains("sslmode='require'"), "{told}");
    }

    #[test]
    fn a_socket_is_not_encrypted_whatever_the_mode() {
        let told = parse("/shop?host=/var/run/postgresql&sslmode=verify-full").parameters();

        assert!(told.contains("sslmode='disable'"), "{told}");
    }
}
