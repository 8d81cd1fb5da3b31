//! The certificate that the service shows, and the handshake.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::ExposeSecret;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::connection::Connection;
use crate::keys;
use crate::settings::ServerTls;

/// What a TLS handshake needs. Clones are one and the same, and show one certificate.
#[derive(Clone)]
pub struct Tls(Arc<ArcSwap<ServerConfig>>);

impl Tls {
    /// Reads the files of `[server.tls]` and checks all that can be checked of them; nothing where
    /// it names none.
    pub fn read(settings: &ServerTls, now: DateTime<Utc>) -> Result<Option<Self>> {
        let (Some(certificate), Some(key)) = (&settings.certificate_file, &settings.key_file)
        else {
            return Ok(None);
        };
        let chain = read_chain(certificate, now)?;
        let config = config(chain, read_key(key)?);
        let config = config.with_context(|| {
            format!(
                "{}, [server.tls] key_file, cannot be used with the certificate of {}: give the \
                 key that the certificate was issued for",
                key.display(),
                certificate.display()
            )
        })?;
        Ok(Some(Self(Arc::new(ArcSwap::from_pointee(config)))))
    }

    /// Reads the files once more, for a service that shows what `current` is: nothing where it
    /// shows none. What is read takes its place by [`Tls::replace`].
    pub fn reread(
        current: Option<&Self>,
        settings: &ServerTls,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>> {
        let next = Self::read(settings, now)?;
        ensure!(
            current.is_some() == next.is_some(),
            "[server.tls] cannot be turned on or off by a reload: restart the service"
        );
        Ok(next)
    }

    /// Shows the certificate of another one, from the next handshake on.
    pub fn replace(&self, other: &Self) {
        self.0.store(other.0.load_full());
    }

    /// Takes part in a client's handshake.
    pub(super) async fn accept(
        &self,
        connection: Connection,
    ) -> std::io::Result<TlsStream<Connection>> {
        TlsAcceptor::from(self.0.load_full())
            .accept(connection)
            .await
    }
}

/// Whether a client asked for HTTP/2 in its handshake.
pub(super) fn chose_http2(stream: &TlsStream<Connection>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(HTTP2)
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    Ok(config)
}

fn read_chain(path: &Path, now: DateTime<Utc>) -> Result<Vec<CertificateDer<'static>>> {
    let told = || {
        format!(
            "cannot use {}, [server.tls] certificate_file",
            path.display()
        )
    };
    let metadata = fs::metadata(path).with_context(told)?;
    // A pipe would be waited for without end, in a reload, too.
    ensure!(metadata.is_file(), "{}: it is not a file", told());
    ensure!(metadata.len() <= MAX_BYTES, "{}: it is too long", told());
    let text = fs::read(path).with_context(told)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain
        .map_err(|_| anyhow!("it is damaged: expected certificates in PEM"))
        .with_context(told)?;
    let certificates: Result<Vec<_>, _> = chain
        .iter()
        .map(|certificate| Certificate::from_der(certificate))
        .collect();
    let certificates = certificates
        .map_err(|_| anyhow!("it is damaged: what its PEM holds is not a certificate"))
        .with_context(told)?;
    let first = certificates.first();
    let first = first
        .context("it holds no certificate: expected one in PEM")
        .with_context(told)?;
    warn_unless_valid(first, path, now);
    Ok(chain)
}

/// Clients whose clock is wrong, too, are better served than nobody.
fn warn_unless_valid(certificate: &Certificate, path: &Path, now: DateTime<Utc>) {
    let shown = path.display();
    let validity = certificate.tbs_certificate.validity;
    let moment = |time: x509_cert::time::Time| DateTime::<Utc>::from(time.to_system_time());
    let (begin, end) = (moment(validity.not_before), moment(validity.not_after));
    if now > end {
        tracing::warn!("the certificate of {shown} expired at {end}: clients refuse it; renew it");
    } else if now < begin {
        tracing::warn!("the certificate of {shown} is not valid before {begin}: clients refuse it");
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    keys::warn_if_public(path);
    let told = || format!("cannot use {}, [server.tls] key_file", path.display());
    let text = keys::read(path).with_context(told)?;
    let key = PrivateKeyDer::from_pem_slice(text.expose_secret().as_bytes());
    // What is wrong with a key may quote it.
    key.map_err(|_: pem::Error| {
        anyhow!("expected an unencrypted private key in PEM (PKCS#8, SEC1 or PKCS#1)")
    })
    .with_context(told)
}

const HTTP1: &[u8] = b"http/1.1";
const HTTP2: &[u8] = b"h2";
/// Far above the longest of chains.
const MAX_BYTES: u64 = 1024 * 1024;

#[cfg(test)]
mod tests;
