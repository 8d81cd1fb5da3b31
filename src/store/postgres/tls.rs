//! How a connection to PostgreSQL is encrypted, and whom it trusts.

mod verifier;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::verifier::Verifier;
use crate::settings::{ClientCertificate, PostgresUrl, Roots, Tls, TlsMode};

/// What makes the encrypted connections. The files it names are read once.
pub(super) fn connector(url: &PostgresUrl) -> Result<MakeRustlsConnect> {
    config(url.tls()).map(MakeRustlsConnect::new)
}

fn config(tls: &Tls) -> Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let verifier = match &tls.mode {
        TlsMode::Disable | TlsMode::Prefer | TlsMode::Require => Verifier::of_anybody(algorithms),
        TlsMode::VerifyCa(file) => Verifier::of_chains(read_roots(file)?, algorithms)?,
        TlsMode::VerifyFull(Roots::File(file)) => {
            Verifier::of_names(read_roots(file)?, algorithms)?
        }
        TlsMode::VerifyFull(Roots::System) => Verifier::of_names(system_roots()?, algorithms)?,
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let Some(client) = &tls.client else {
        return Ok(builder.with_no_client_auth());
    };
    let (chain, key) = read_client(client)?;
    let config = builder.with_client_auth_cert(chain, key);
    config.with_context(|| {
        let certificate = client.certificate.display();
        format!("sslkey is not the key of the certificate {certificate}")
    })
}

fn read_client(
    client: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = read_certificates(&client.certificate).with_context(|| {
        let certificate = client.certificate.display();
        format!("cannot read the certificate of sslcert, {certificate}")
    })?;
    let key = PrivateKeyDer::from_pem_file(&client.key);
    // What is wrong with a key may quote it.
    let key = key.map_err(|error| match error {
        pem::Error::Io(error) => anyhow::Error::new(error),
        _ => anyhow::anyhow!("expected an unencrypted private key in PEM"),
    });
    let key =
        key.with_context(|| format!("cannot read the key of sslkey, {}", client.key.display()))?;
    Ok((chain, key))
}

fn read_roots(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    read_certificates(file).with_context(|| {
        format!(
            "cannot read the certificates of sslrootcert, {}",
            file.display()
        )
    })
}

fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_file_iter(file)?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>()?;
    ensure!(!certificates.is_empty(), "it holds no certificate in PEM");
    Ok(certificates)
}

/// The certificates that the operating system trusts. What of them cannot be read is left out, as
/// with every other client there.
fn system_roots() -> Result<Vec<CertificateDer<'static>>> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!("a certificate of the system cannot be read: {error}");
    }
    ensure!(
        !found.certs.is_empty(),
        "the system trusts no certificate: install ca-certificates, or name a file in sslrootcert"
    );
    Ok(found.certs)
}

#[cfg(test)]
mod tests;
