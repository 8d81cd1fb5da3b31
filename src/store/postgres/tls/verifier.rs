use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};

/// Verifies a server as libpq's modes do. Whatever the mode, whoever answers proves to have the key
/// of the certificate it shows: channel binding rests on that.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None` trusts anybody.
    trusted: Option<Trusted>,
    checks_name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// Of `prefer` and `require`.
    pub(super) fn of_anybody(algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self {
            trusted: None,
            checks_name: false,
            algorithms,
        }
    }

    /// Of `verify-ca`: who has a certificate from these may call itself as it likes.
    pub(super) fn of_chains(
        certificates: Vec<CertificateDer<'static>>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Result<Self, Error> {
        Ok(Self {
            trusted: Some(Trusted::new(certificates)?),
            ..Self::of_anybody(algorithms)
        })
    }

    /// Of `verify-full`.
    pub(super) fn of_names(
        certificates: Vec<CertificateDer<'static>>,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Result<Self, Error> {
        Ok(Self {
            checks_name: true,
            ..Self::of_chains(certificates, algorithms)?
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(trusted) = &self.trusted {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            if trusted.certificates.contains(end_entity) {
                // As servers are that sign for themselves. An authority's own certificate, which
                // OpenSSL makes by default, would be refused in a chain.
                check_validity(end_entity, now)?;
            } else {
                verify_server_cert_signed_by_trust_anchor(
                    &certificate,
                    &trusted.roots,
                    intermediates,
                    now,
                    self.algorithms.all,
                )?;
            }
            if self.checks_name {
                verify_server_name(&certificate, server_name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // By the key alone: certificates of X.509's first version, as PostgreSQL's manual makes
        // them, would not be read otherwise, and modes that trust anybody must take them.
        let certificate = parse(cert)?;
        let key = certificate.tbs_certificate.subject_public_key_info.to_der();
        let key = key.map_err(|_| CertificateError::BadEncoding)?;
        let key = SubjectPublicKeyInfoDer::from(key);
        verify_tls13_signature_with_raw_key(message, &key, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Certificates that are trusted, as they are and as roots of others.
#[derive(Debug)]
struct Trusted {
    certificates: Vec<CertificateDer<'static>>,
    roots: RootCertStore,
}

impl Trusted {
    fn new(certificates: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        let (readable, _) = roots.add_parsable_certificates(certificates.iter().cloned());
        if readable == 0 {
            return Err(CertificateError::BadEncoding.into());
        }
        Ok(Self {
            certificates,
            roots,
        })
    }
}

/// Refuses a certificate before and after its time.
fn check_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let validity = parse(certificate)?.tbs_certificate.validity;
    let now = now.as_secs();
    if now < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > validity.not_after.to_unix_duration().as_secs() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

fn parse(certificate: &CertificateDer<'_>) -> Result<Certificate, Error> {
    Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding.into())
}
