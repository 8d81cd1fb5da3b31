use std::path::PathBuf;

/// How connections to PostgreSQL are encrypted, and whom they trust: libpq's `sslmode` and the
/// parameters beside it, read into what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Whether to encrypt, and what the server has to show.
    pub mode: TlsMode,
    /// What the server is shown in turn.
    pub client: Option<ClientCertificate>,
}

/// Whether to encrypt, and what the server has to show for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Never encrypted.
    Disable,
    /// Encrypted where the server offers it, to whoever answers.
    Prefer,
    /// Encrypted, to whoever answers.
    Require,
    /// Encrypted, to a server with a certificate that descends from one in this file.
    VerifyCa(PathBuf),
    /// Encrypted, to a server whose certificate is in order and of the host's name.
    VerifyFull(Roots),
}

/// Whose certificates are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// Those that the operating system trusts.
    System,
    /// Those in a file.
    File(PathBuf),
}

/// A certificate of the service itself, and its key, in files of PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, and those between it and its root.
    pub certificate: PathBuf,
    /// The private key, unencrypted.
    pub key: PathBuf,
}

impl Tls {
    /// What the parameters of a URL come to. Those that would promise more than they hold are refused.
    pub(super) fn read<'a>(
        parameter: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Self, &'static str> {
        let roots = parameter("sslrootcert").map(|file| match file {
            "system" => Roots::System,
            file => Roots::File(file.into()),
        });
        let mode = match (parameter("sslmode"), roots) {
            (Some("disable"), None) => TlsMode::Disable,
            // libpq's `allow` encrypts only for servers that insist. To encrypt more is no harm.
            (None | Some("prefer" | "allow"), None) => TlsMode::Prefer,
            (Some("require"), None) => TlsMode::Require,
            // As in libpq, where `require` checks the chain once it is told of whom.
            (Some("require" | "verify-ca"), Some(Roots::File(file))) => TlsMode::VerifyCa(file),
            (Some("verify-full"), roots) => TlsMode::VerifyFull(roots.unwrap_or(Roots::System)),
            (None, Some(Roots::System)) => TlsMode::VerifyFull(Roots::System),
            (Some("verify-ca"), None) => return Err(VERIFY_CA_OF_NOBODY),
            (Some("require" | "verify-ca"), Some(Roots::System)) => return Err(SYSTEM_BY_CHAIN),
            (None | Some("disable" | "prefer" | "allow"), Some(_)) => return Err(UNCHECKED_ROOTS),
            (Some(_), _) => return Err(UNKNOWN_MODE),
        };
        let client = match (parameter("sslcert"), parameter("sslkey")) {
            (Some(certificate), Some(key)) => Some(ClientCertificate {
                certificate: certificate.into(),
                key: key.into(),
            }),
            (None, None) => None,
            _ => return Err(HALF_CLIENT),
        };
        Ok(Self { mode, client })
    }
}

const HALF_CLIENT: &str = "a certificate of our own needs both sslcert and sslkey";
const SYSTEM_BY_CHAIN: &str = "anybody can have a certificate that the system trusts, so that the \
                               name must be checked: sslrootcert=system needs sslmode=verify-full";
const UNCHECKED_ROOTS: &str = "sslrootcert is of no use with this sslmode, which accepts a server \
                               that does not encrypt: set sslmode=verify-full";
const UNKNOWN_MODE: &str =
    "expected sslmode to be one of disable, allow, prefer, require, verify-ca, verify-full";
const VERIFY_CA_OF_NOBODY: &str =
    "sslmode=verify-ca needs sslrootcert, the file of the certificates it trusts";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: &[(&str, &'static str)]) -> Result<Tls, &'static str> {
        Tls::read(|name| {
            let mut found = parameters.iter().filter(|(key, _)| *key == name);
            found.next_back().map(|(_, value)| *value)
        })
    }

    fn mode(parameters: &[(&str, &'static str)]) -> Result<TlsMode, &'static str> {
        read(parameters).map(|tls| tls.mode)
    }

    #[test]
    fn a_mode_means_what_it_means_to_libpq() {
        let of = |name| mode(&[("sslmode", name)]);

        assert_eq!(mode(&[]), Ok(TlsMode::Prefer));
        assert_eq!(of("disable"), Ok(TlsMode::Disable));
        assert_eq!(of("prefer"), Ok(TlsMode::Prefer));
        assert_eq!(of("require"), Ok(TlsMode::Require));
        assert_eq!(of("verify-full"), Ok(TlsMode::VerifyFull(Roots::System)));
        assert_eq!(of("verify_full"), Err(UNKNOWN_MODE));
    }

    #[test]
    fn to_encrypt_where_a_server_insists_is_to_encrypt_where_it_offers() {
        assert_eq!(mode(&[("sslmode", "allow")]), Ok(TlsMode::Prefer));
    }

    #[test]
    fn who_is_told_of_roots_verifies() {
        let of = |name| mode(&[("sslmode", name), ("sslrootcert", "ca.pem")]);
        let file = || PathBuf::from("ca.pem");

        assert_eq!(of("require"), Ok(TlsMode::VerifyCa(file())));
        assert_eq!(of("verify-ca"), Ok(TlsMode::VerifyCa(file())));
        assert_eq!(
            of("verify-full"),
            Ok(TlsMode::VerifyFull(Roots::File(file())))
        );
    }

    #[test]
    fn the_roots_of_the_system_go_with_the_check_of_the_name() {
        let of = |name| mode(&[("sslmode", name), ("sslrootcert", "system")]);
        let full = Ok(TlsMode::VerifyFull(Roots::System));

        assert_eq!(of("verify-full"), full);
        assert_eq!(mode(&[("sslrootcert", "system")]), full);
        assert_eq!(of("verify-ca"), Err(SYSTEM_BY_CHAIN));
        assert_eq!(of("require"), Err(SYSTEM_BY_CHAIN));
    }

    #[test]
    fn roots_that_nothing_is_checked_against_are_refused() {
        let of = |name| mode(&[("sslmode", name), ("sslrootcert", "ca.pem")]);

        assert_eq!(of("disable"), Err(UNCHECKED_ROOTS));
        assert_eq!(of("prefer"), Err(UNCHECKED_ROOTS));
        assert_eq!(mode(&[("sslrootcert", "ca.pem")]), Err(UNCHECKED_ROOTS));
        assert_eq!(mode(&[("sslmode", "verify-ca")]), Err(VERIFY_CA_OF_NOBODY));
    }

    #[test]
    fn a_certificate_of_our_own_comes_with_its_key() {
        let both = read(&[("sslcert", "own.pem"), ("sslkey", "own.key")]).unwrap();

        assert_eq!(both.client.unwrap().key, PathBuf::from("own.key"));
        assert_eq!(read(&[("sslcert", "own.pem")]), Err(HALF_CLIENT));
        assert_eq!(read(&[("sslkey", "own.key")]), Err(HALF_CLIENT));
    }
}
