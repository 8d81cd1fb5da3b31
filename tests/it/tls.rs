//! TLS from a client's side, and the certificates of `tests/keys/tls`.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tegata::settings::ServerTls;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A file of `tests/keys/tls`.
pub(crate) fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/keys/tls");
    folder.join(name).with_extension("pem")
}

/// What a service is given to show one of these certificates.
pub(crate) fn server(certificate: &str) -> ServerTls {
    ServerTls {
        certificate_file: Some(file(certificate)),
        key_file: Some(file("key")),
    }
}

/// `[server.tls]` with one of these certificates.
pub(crate) fn table(certificate: &str, key: &str) -> String {
    let (certificate, key) = (file(certificate), file(key));
    format!(
        "[server.tls]\ncertificate_file = \"{}\"\nkey_file = \"{}\"\n",
        certificate.display(),
        key.display()
    )
}

/// Shakes hands as a client that trusts the authority of the tests.
pub(crate) async fn connect(
    stream: TcpStream,
    protocols: &[&str],
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(file("authority")).unwrap();
    roots.add(authority).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().into())
        .collect();
    let name = "localhost".try_into().unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}
