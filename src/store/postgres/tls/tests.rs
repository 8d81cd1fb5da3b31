//! Handshakes with servers of `tests/keys/tls`, in memory.

mod attacks;

use std::path::PathBuf;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConnection, ConfigBuilder, RootCertStore, ServerConfig,
    ServerConnection, SupportedProtocolVersion, WantsVerifier,
};

use super::*;
use crate::settings::DatabaseUrl;

#[test]
fn a_server_with_its_name_from_a_trusted_authority_is_verified() {
    assert_eq!(connect("verify-full", "server"), Ok(()));
    assert_eq!(connect("verify-ca", "server"), Ok(()));
    assert_eq!(connect("require", "server"), Ok(()));
}

#[test]
fn a_server_may_be_verified_by_its_address() {
    let config = client("verify-full", "authority");

    let verified = handshake(config.clone(), "127.0.0.1", server("server"));

    assert_eq!(verified, Ok(()));
    let other = handshake(config, "127.0.0.2", server("server")).unwrap_err();
    assert!(other.contains("NotValidForName"), "{other}");
}

#[test]
fn modes_without_roots_trust_anybody() {
    for certificate in [
        "server",
        "forged",
        "self-signed",
        "expired",
        "first-version",
    ] {
        for mode in ["prefer", "require"] {
            let config = config_of(&format!("sslmode={mode}"));

            let verified = handshake(config, "elsewhere", server(certificate));

            assert_eq!(verified, Ok(()), "{mode} {certificate}");
        }
    }
}

#[test]
fn a_certificate_that_is_trusted_itself_needs_no_authority() {
    for certificate in ["self-signed", "server"] {
        let config = client("verify-full", certificate);

        let verified = handshake(config, "localhost", server(certificate));

        assert_eq!(verified, Ok(()), "{certificate}");
    }
}

#[test]
fn a_certificate_that_is_trusted_itself_has_its_name_and_its_time() {
    let config = client("verify-full", "self-signed");
    let elsewhere = handshake(config, "elsewhere", server("self-signed")).unwrap_err();
    let config = client("verify-ca", "expired");
    let expired = handshake(config, "localhost", server("expired")).unwrap_err();

    assert!(elsewhere.contains("NotValidForName"), "{elsewhere}");
    assert!(expired.contains("Expired"), "{expired}");
}

#[test]
fn a_certificate_that_is_trusted_itself_is_not_trusted_before_its_time() {
    let certificate = certificates("self-signed").remove(0);
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    let verifier = Verifier::of_chains(vec![certificate.clone()], algorithms).unwrap();
    let name = ServerName::try_from("localhost").unwrap();

    let too_early = UnixTime::since_unix_epoch(std::time::Duration::ZERO);
    let refused = verifier.verify_server_cert(&certificate, &[], &name, &[], too_early);

    assert_eq!(refused.unwrap_err(), CertificateError::NotValidYet.into());
}

#[test]
fn a_certificate_without_names_is_refused_where_it_is_verified() {
    let refused = connect("verify-full", "first-version").unwrap_err();

    assert!(refused.contains("UnsupportedCertVersion"), "{refused}");
}

#[test]
fn a_server_that_asks_who_we_are_is_shown_our_certificate() {
    let own = format!(
        "{}&sslcert={}&sslkey={}",
        with_roots("verify-full", "authority"),
        file("tegata").display(),
        file("key").display()
    );

    let shown = handshake(config_of(&own), "localhost", curious_server());
    let nobody = handshake(
        client("verify-full", "authority"),
        "localhost",
        curious_server(),
    );

    assert_eq!(shown, Ok(()));
    assert_eq!(nobody.unwrap_err(), "peer sent no certificates");
}

#[test]
fn a_file_that_is_missing_is_named() {
    let error = refusal("sslmode=verify-full&sslrootcert=/nowhere/ca.pem");

    assert!(
        error.starts_with("cannot read the certificates of sslrootcert, /nowhere/ca.pem"),
        "{error}"
    );
}

#[test]
fn a_file_without_certificates_is_refused() {
    let key = file("key");

    let error = refusal(&format!(
        "sslmode=verify-full&sslrootcert={}",
        key.display()
    ));

    assert!(error.ends_with("it holds no certificate in PEM"), "{error}");
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let error = refusal(&format!(
        "sslcert={}&sslkey={}",
        file("tegata").display(),
        file("another-key").display()
    ));

    assert!(
        error.contains("is not the key of the certificate"),
        "{error}"
    );
}

/// Connects to `localhost`, which shows this certificate, in a mode that trusts the authority.
fn connect(mode: &str, certificate: &str) -> Result<(), String> {
    let config = client(mode, "authority");
    handshake(config, "localhost", server(certificate))
}

fn client(mode: &str, roots: &str) -> ClientConfig {
    config_of(&with_roots(mode, roots))
}

fn with_roots(mode: &str, roots: &str) -> String {
    format!("sslmode={mode}&sslrootcert={}", file(roots).display())
}

fn config_of(parameters: &str) -> ClientConfig {
    config(&tls(parameters)).unwrap()
}

fn refusal(parameters: &str) -> String {
    format!("{:#}", config(&tls(parameters)).err().unwrap())
}

fn tls(parameters: &str) -> Tls {
    let url = format!("postgres://db/shop?{parameters}");
    match DatabaseUrl::try_from(url).unwrap() {
        DatabaseUrl::Postgres(url) => url.tls().clone(),
        DatabaseUrl::Sqlite(_) => unreachable!(),
    }
}

fn server(certificate: &str) -> ServerConfig {
    let server = server_builder(rustls::ALL_VERSIONS).with_no_client_auth();
    server.with_cert_resolver(shows(certificate, "key"))
}

/// Shows a certificate whose key it does not have.
fn impostor(version: &'static SupportedProtocolVersion, certificate: &str) -> ServerConfig {
    let server = server_builder(&[version]).with_no_client_auth();
    server.with_cert_resolver(shows(certificate, "another-key"))
}

/// Wants a certificate of the authority.
fn curious_server() -> ServerConfig {
    let mut roots = RootCertStore::empty();
    roots.add(certificates("authority").remove(0)).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
    server_builder(rustls::ALL_VERSIONS)
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_cert_resolver(shows("server", "key"))
}

fn server_builder(
    versions: &[&'static SupportedProtocolVersion],
) -> ConfigBuilder<ServerConfig, WantsVerifier> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    builder.with_protocol_versions(versions).unwrap()
}

fn shows(certificate: &str, key: &str) -> Arc<Shows> {
    let key = PrivateKeyDer::from_pem_file(file(key)).unwrap();
    let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    Arc::new(Shows(Arc::new(CertifiedKey::new(
        certificates(certificate),
        key,
    ))))
}

/// Does not look whether the two fit, as rustls itself would.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Whether both sides come to trust one another, or what the first to refuse says.
fn handshake(client: ClientConfig, name: &str, server: ServerConfig) -> Result<(), String> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut sent = Vec::new();
        client.write_tls(&mut sent).unwrap();
        server.read_tls(&mut sent.as_slice()).unwrap();
        server
            .process_new_packets()
            .map_err(|error| error.to_string())?;

        let mut sent = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut sent).unwrap();
        }
        client.read_tls(&mut sent.as_slice()).unwrap();
        client
            .process_new_packets()
            .map_err(|error| format!("{error:?}"))?;
    }
    Ok(())
}

fn certificates(name: &str) -> Vec<CertificateDer<'static>> {
    read_certificates(&file(name)).unwrap()
}

fn file(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/tls");
    PathBuf::from(folder).join(name).with_extension("pem")
}
